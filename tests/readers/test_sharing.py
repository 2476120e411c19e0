"""Short links and tracking parameters: no target but the article's page (row S97), counts that hold, bounds."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import delete, func, insert, select

from cms.app import create_app
from cms.content.addressing import AddressedArticle
from cms.platform.clock import now
from cms.platform.db import Database
from cms.readers.sharing.linking import count_hit
from cms.readers.sharing.models import ShortLink
from cms.readers.sharing.rules import HITS_PER_CLIENT, MOST_LINKS, SHARES_PER_CLIENT, Tracking, tracked_address
from cms.settings import Settings, SettingsError
from tests.newsroom.making import act, draft
from tests.readers.making import Desk
from tests.readers.shelves import published

TARGETS = (
    "//evil.example", "/\\evil.example", "\\\\evil.example", "https:evil.example", "https:/evil.example",
    "https:///evil.example", "https://evil.example", "http://evil.example/%2f..", "HTTPS://EVIL.EXAMPLE",
    "javascript:alert(1)", "java\tscript:alert(1)", "data:text/html,<script>", "vbscript:x", "file:///etc/passwd",
    "ftp://evil.example", "blob:https://evil.example", "///evil.example", "////evil.example", "/%09/evil.example",
    "/%5cevil.example", "%2f%2fevil.example", "%5c%5cevil.example", "/.evil.example", "@evil.example",
    "127.0.0.1:8000@evil.example", "https://127.0.0.1:8000.evil.example", "https://127.0.0.1:8000@evil.example",
    "https://evil.example#127.0.0.1", "https://evil.example?127.0.0.1", "//evil。example", "//еvil.example",
    "//evil%E3%80%82example", "\u2028//evil.example", " //evil.example", "\t//evil.example",
    "\r\nLocation: //evil.example",
    "x\r\nSet-Cookie: a=b", "%0d%0aLocation:%20//evil.example", "x&url=//evil.example", "x#//evil.example", "x?y=//e",
    "../../evil", "..%2f..%2fevil", "//[::1]", "//0x7f000001", "//2130706433", "https://evil.example\\@127.0.0.1",
    "?next=//evil.example", "#/evil", ";//evil.example", "<//evil.example>", "{slug}", "{evil}",
)  # fmt: skip
NAMES = ("next", "url", "return_to", "redirect", "target", "to", "utm_source", "Location")
HEADERS = ("X-Forwarded-Host", "X-Forwarded-Proto", "Forwarded", "Referer", "X-Original-URL", "X-Rewrite-URL")
HOSTILE_PAGES = (
    "https://{slug}.example/", "https://{locale}/{slug}", "{slug}", "//evil.example/{slug}", "javascript:{slug}",
    "https://www.example.org/", "https://www.example.org/{locale}", "https://www.example.org/{slug}#x",
    "https://a@www.example.org/{slug}", "https://www.example.org@{slug}/", "https://www.example.org/{title}/{slug}",
    "https://www.example.org/{slug", "https://www.example.org/{slug}\r\nX: y", "https://www.example.org\\{slug}",
    "ftp://www.example.org/{slug}", "https:///{slug}", "https://www.example.org:x/{slug}",
    "https://www.example.org {slug}",
    "https://www.exämple.org/{slug}", "https://www.example.org{slug}", "https://www.example.org:{number}/",
)  # fmt: skip


def test_no_short_link_and_no_parameter_leads_anywhere_else(
    app: Flask, client: FlaskClient, editor: FlaskClient
) -> None:
    """Row S97."""
    [article] = published(editor, "Pears")
    path, tracked = f"/readers/v1/articles/{article}/share", ("utm_source", "utm_medium", "utm_campaign")
    shared, wrong = client.post(path).json, []
    short = urlsplit(shared["short_url"]).path
    ours = "http://127.0.0.1:8000/content/v1/articles/en/pears"
    assert (shared["url"], len(TARGETS) >= 40) == (ours, True)
    for number, target in enumerate(TARGETS):
        # Each from a client of its own, so that no limit answers in place of the rule.
        place: Any = {"environ_overrides": {"REMOTE_ADDR": f"198.51.100.{number + 1}"}}
        refused = client.post(path, json=dict.fromkeys(tracked, target), **place)
        if {one["pointer"] for one in refused.json.get("errors", ())} != {f"/{name}" for name in tracked}:
            wrong.append((target, refused.status_code, refused.json))
        given = {"query_string": dict.fromkeys(NAMES, target)}
        headers = dict.fromkeys(HEADERS, target) if target.isascii() and target.isprintable() else {}
        for options in (given, {"headers": headers}, {"headers": {"Host": target} if headers else {}}):
            followed = client.get(short, **options, **place)
            allowed = ours if followed.status_code == 302 else None
            if followed.status_code not in (302, 400) or followed.headers.get("Location") != allowed:
                wrong.append((options, followed.status_code, followed.headers.get("Location")))
        for other in (f"/s/{target}", f"{short}/{target}", f"{short}{target}"):
            answer = client.get(other, **place)
            if answer.status_code not in (400, 404) and answer.headers.get("Location") != ours:
                wrong.append((other, answer.status_code, answer.headers.get("Location")))
    assert wrong == []


def test_parts_of_an_article_stay_parts_of_a_path() -> None:
    pattern = "https://www.example.org/{locale}/{slug}/{number}"
    for text in TARGETS:
        parts = urlsplit(tracked_address(pattern, AddressedArticle("x", 7, "en", text), Tracking("a", "b", "c")))
        assert (parts.scheme, parts.netloc, parts.fragment) == ("https", "www.example.org", ""), text
        assert parts.path.count("/") == 3 and parts.path.endswith("/7"), text
        assert parse_qs(parts.query) == {"utm_source": ["a"], "utm_medium": ["b"], "utm_campaign": ["c"]}, text


def test_the_setting_of_the_page_is_an_address_whose_path_names_the_article() -> None:
    for page in (
        "https://www.example.org/{locale}/{slug}",
        "http://localhost:3000/a?id={id}",
        "https://x.org/{number}",
    ):
        assert Settings.from_environment({"COPYDESK_ARTICLE_PAGE_URL": page}).article_pattern == page
    for page in HOSTILE_PAGES:
        with pytest.raises(SettingsError, match="COPYDESK_ARTICLE_PAGE_URL"):
            Settings.from_environment({"COPYDESK_ARTICLE_PAGE_URL": page})


def test_the_document_names_the_same_page_as_who_shares_it(
    app: Flask, client: FlaskClient, editor: FlaskClient, settings: Settings
) -> None:
    """One truth: `share`, the canonical address and the JSON-LD name the page of the setting, whoever answers."""
    title = 'Pears "share":{"url":"/content/v1/articles/en/pears"},"canonical_url":"/content/v1/articles/en/pears"'
    article = draft(editor, title=title, slug="pears", body=f"The pears: {title}")["id"]
    assert act(editor, "publish", article, 1).status_code == 200
    path = f"/content/v1/articles/{article}"
    plain = client.get(path)
    assert plain.json["share"]["url"] == plain.json["seo"]["canonical_url"] == "/content/v1/articles/en/pears"
    shared = client.post(f"/readers/v1/articles/{article}/share").json["url"]
    assert shared == f"{settings.public_url}{plain.json['share']['url']}"
    for pattern in ("https://www.example.org/{locale}/{slug}", "https://www.example.org/a/{number}?id={id}&x=1"):
        sited = create_app(replace(settings, article_page_url=pattern))
        try:
            asker: Any = sited.test_client()
            page = asker.post(f"/readers/v1/articles/{article}/share").json["url"]
            assert page.startswith("https://www.example.org/")
            # By the short way, by Flask, by slug.
            answers = [asker.get(one) for one in (path, f"{path}?locale=en", "/content/v1/articles/en/pears")]
            assert {answer.data for answer in answers} == {answers[0].data}
            document, tag = answers[0].json, answers[0].headers["ETag"]
            before = plain.json
            assert {**before, "share": document["share"], "seo": document["seo"]} == document
            assert document["share"] == {"url": page}
            entity = {"@id": page, "@type": "WebPage"}
            json_ld = {**before["seo"]["json_ld"], "url": page, "mainEntityOfPage": entity}
            assert document["seo"] == {**before["seo"], "canonical_url": page, "json_ld": json_ld}
            assert {answer.headers["ETag"] for answer in answers} == {tag} and tag != plain.headers["ETag"]
            again = [asker.get(one, headers={"If-None-Match": tag}).status_code for one in (path, f"{path}?locale=en")]
            assert again == [304, 304]
        finally:
            sited.extensions["copydesk"].database.dispose()
            sited.extensions["copydesk"].index.close()


@pytest.mark.both_databases
def test_sixteen_at_once_share_one_link_and_every_share_and_hit_is_counted(
    app: Flask, editor: FlaskClient, database: Database
) -> None:
    [article] = published(editor, "Pears")
    path = f"/readers/v1/articles/{article}/share"

    def share(_number: int) -> str:
        answer: Any = app.test_client().post(path, json={"utm_source": "letter"})
        return str(answer.json["short_url"])

    with ThreadPoolExecutor(16) as pool:
        [short] = set(pool.map(share, range(16)))
        with database.reading() as session:
            number = session.scalars(select(ShortLink.number)).one()
        assert [*pool.map(lambda _: count_hit(database, number), range(31))] == [None] * 31
    assert app.test_client().get(urlsplit(short).path).status_code == 302
    with database.reading() as session:
        row = session.scalars(select(ShortLink)).one()
    assert (row.shares, row.hits) == (16, 32)


def test_one_client_does_not_make_the_numbers_and_nobody_fills_the_table(
    desk: Desk, client: FlaskClient, editor: FlaskClient, database: Database
) -> None:
    # The desk's clock stands still, since uses come back as time goes by, also on a machine that is slow.
    [article] = published(editor, "Pears")
    path = f"/readers/v1/articles/{article}/share"
    plain = client.post(path).json["short_url"]
    code = urlsplit(plain).path
    for _ in range(HITS_PER_CLIENT.times + 5):
        assert client.get(code).status_code == 302
    with database.transaction() as session:
        row = session.scalars(select(ShortLink)).one()
        assert row.hits == HITS_PER_CLIENT.times
        values = {"article_id": article, "source": "x", "medium": "", "shares": 0, "hits": 0, "created_at": now()}
        links = [{**values, "code": f"full-{number}", "campaign": str(number)} for number in range(MOST_LINKS)]
        session.execute(insert(ShortLink), links)
    over = client.post(path, json={"utm_source": "new"}).json
    assert (over["short_url"], over["url"].endswith("?utm_source=new")) == (plain, True)
    assert client.post(path, json={"utm_source": "x", "utm_campaign": "7"}).json["short_url"].endswith("/s/full-7")
    with database.reading() as session:
        assert session.scalar(select(func.count()).select_from(ShortLink)) == MOST_LINKS + 1
    # Shares are limited too.
    answers = [client.post(path).status_code for _ in range(SHARES_PER_CLIENT.times + 10)]
    assert answers.count(429) == 10 + 3


def test_a_hit_that_cannot_be_counted_leads_to_the_article_all_the_same(
    client: FlaskClient, editor: FlaskClient, database: Database
) -> None:
    [article] = published(editor, "Pears")
    code = urlsplit(client.post(f"/readers/v1/articles/{article}/share").json["short_url"]).path
    with database.transaction() as session:
        # Nobody else can write to SQLite now.
        session.execute(select(func.count()).select_from(ShortLink))
        assert client.get(code).status_code == 302
    assert client.get(code).status_code == 302
    with database.transaction() as session:
        assert session.scalars(select(ShortLink.hits)).one() == 1
        session.execute(delete(ShortLink))
    count_hit(database, 1)
    assert client.get(code).status_code == 404

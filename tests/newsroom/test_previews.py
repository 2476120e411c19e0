"""What a preview link shows, to whom it is told, and what a look costs (row S39)."""

import re
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import html5lib
import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import event, func, select, update

from cms.app import create_app
from cms.environment import SettingsError
from cms.newsroom.previews.models import PreviewLink, PreviewView
from cms.newsroom.previews.rules import LOOKS_PER_CLIENT, MOST_TOLD_APART
from cms.platform.clock import now
from cms.platform.db import Database
from cms.settings import Settings
from tests.access.desk import Desk
from tests.draining import drain
from tests.newsroom.appointing import Clock
from tests.newsroom.making import act, draft, patch
from tests.newsroom.previewing import look, share
from workers.due import forget_old

DAY = timedelta(days=1)
CONTENT = "/content/v1/articles"


def test_a_link_shows_what_readers_get_once_it_is_published(
    editor: FlaskClient, administrator: FlaskClient, client: FlaskClient, settings: Settings, database: Database
) -> None:
    for path, body in (("sections", {"name": "City", "slug": "city"}), ("people", {"name": "Ines", "slug": "ines"})):
        assert administrator.post(f"/api/v1/{path}", json=body).status_code == 201
    given = {
        "section": "city", "tags": ["Bridges", "Harbour"], "authors": ["ines"], "editor": "ines",
        "dek": "After a year.",
        "summary": ["It opened."], "source": {"name": "The Courier", "url": "https://courier.example.org/"},
        "fields": {"desk": "city"}, "body": "The bridge.\n\n![A bridge](https://media.example.org/b.jpg)",
    }  # fmt: skip
    made = draft(editor, **given)
    link = share(editor, made["id"])
    before = look(client, link).json
    assert act(editor, "publish", made["id"], 1).status_code == 200
    drain(settings, database)
    after = client.get(f"{CONTENT}/{made['id']}").json
    assert before.pop("preview") == {"is_pinned": False, "is_published": False, "expires_at": link["expires_at"]}
    assert list(before) == list(after), "the same members in the same order"
    told_later = {"published_at", "first_published_at", "updated_at", "revision", "seo"}
    assert {name: before[name] for name in before if name not in told_later} == {
        name: after[name] for name in after if name not in told_later
    }
    for one in (before, after):
        one["seo"]["json_ld"] = set(one["seo"]["json_ld"])
    assert before["seo"] == after["seo"]
    seen = look(client, link).json
    assert (seen["preview"]["is_published"], seen["revision"]) == (True, after["revision"])
    chosen = client.get(link["path"] + "&fields=title&body=text").json
    assert set(chosen) == {"id", "title", "body", "preview"}, "the mark is never left out"
    assert chosen["body"]["text"].startswith("The bridge.")


def test_it_follows_the_working_copy_and_with_a_revision_shows_that_one_for_good(
    editor: FlaskClient, client: FlaskClient
) -> None:
    made = draft(editor, title="First", tags=["old-name"])
    act(editor, "publish", made["id"], 1)
    following, pinned = share(editor, made["id"]), share(editor, made["id"], revision=2, label="The minister")
    patch(editor, made["id"], 2, title="Second", body="Another text.")
    assert (look(client, following).json["title"], look(client, pinned).json["title"]) == ("Second", "First")
    assert (look(client, following).json["revision"], look(client, pinned).json["revision"]) == (3, 2)
    marks = [look(client, one).json["preview"] for one in (following, pinned)]
    assert [(mark["is_pinned"], mark["is_published"]) for mark in marks] == [(False, False), (True, True)]
    # Readers see nothing of it, and what they see has nothing in common with a preview in any cache.
    assert client.get(f"{CONTENT}/{made['id']}").json["title"] == "First"
    assert [one["label"] for one in editor.get(f"/api/v1/articles/{made['id']}/previews").json["data"]] == [
        "The minister", "",
    ]  # fmt: skip


def test_no_cache_keeps_it_no_search_engine_lists_it_and_no_conditional_request_is_answered_by_what_readers_have(
    editor: FlaskClient, client: FlaskClient
) -> None:
    made = draft(editor)
    act(editor, "publish", made["id"], 1)
    link, public = share(editor, made["id"]), client.get(f"{CONTENT}/{made['id']}")
    conditions = [{}, {"If-None-Match": public.headers["ETag"]}, {"If-None-Match": "*"},
                  {"If-Modified-Since": public.headers["Last-Modified"]}]  # fmt: skip
    answers = [look(client, link, headers=one) for one in conditions]
    assert [one.status_code for one in answers] == [200] * 4
    ended = share(editor, made["id"])
    editor.delete(ended["link"])
    paths = (link["page"], ended["path"], link["path"] + "x", f"/preview/v1/articles/{made['id']}?colour=red")
    answers += [client.head(link["path"]), *map(client.get, paths), client.post(link["path"])]
    assert [one.status_code for one in answers[4:]] == [200, 200, 410, 404, 400, 405]
    for one in answers:
        assert one.headers["Cache-Control"] == "private, no-store"
        assert one.headers.getlist("Referrer-Policy") == ["no-referrer"]
        assert not {"ETag", "Last-Modified", "Surrogate-Key", "Cache-Tag", "Set-Cookie"} & set(one.headers.keys())
        if one.status_code != 405:
            assert one.headers["X-Robots-Tag"] == "noindex, nofollow"
    # The draft's own reading leaves nothing in what the public gets.
    assert client.get(f"{CONTENT}/{made['id']}").headers["ETag"] == public.headers["ETag"]


@pytest.mark.both_databases
def test_who_looked_is_told_apart_and_not_named_and_forgotten_after_a_while(
    app: Flask, database: Database, settings: Settings, clock: Clock
) -> None:
    clock.at = now().replace(hour=12)
    desk = Desk(app, database)
    editor, client = desk.client(desk.token("editor")), desk.client(None)
    made = draft(editor)
    link, other = share(editor, made["id"]), share(editor, made["id"])
    for address in ("192.0.2.1", "192.0.2.1", "192.0.2.2", "2001:db8::1", "2001:db8::2"):
        clock.wait(seconds=1)
        assert look(client, link, address).status_code == 200
    look(client, other)
    client.head(link["path"], environ_base={"REMOTE_ADDR": "192.0.2.9"})
    clock.wait(days=1)
    assert client.get(link["page"], environ_base={"REMOTE_ADDR": "192.0.2.1"}).status_code == 200
    views = editor.get(link["link"] + "/views?count=exact").json
    assert ([one["count"] for one in views["data"]], views["meta"]["count"]) == ([1, 2, 1, 2], 4)
    assert len({one["visitor"] for one in views["data"]}) == 3
    assert views["data"][0]["visitor"] == views["data"][3]["visitor"], "the same visitor on another day"
    assert all(re.fullmatch("[0-9a-f]{6}", one["visitor"]) for one in views["data"])
    assert views["data"][3]["first_at"] < views["data"][3]["last_at"]
    elsewhere = editor.get(other["link"] + "/views").json["data"]
    assert elsewhere[0]["visitor"] not in {one["visitor"] for one in views["data"]}
    shown = editor.get(link["link"]).json
    assert (shown["views"], shown["last_viewed_at"]) == (6, views["data"][0]["last_at"])
    first = editor.get(link["link"] + "/views?limit=3").json
    rest = editor.get(link["link"] + f"/views?limit=3&cursor={first['page']['next_cursor']}").json["data"]
    assert [*first["data"], *rest] == views["data"]
    # Where very many looked, further ones are only counted.
    with database.transaction() as session:
        session.execute(update(PreviewLink).where(PreviewLink.id == other["id"]).values(views=MOST_TOLD_APART))
    look(client, other, "192.0.2.50")
    assert (len(editor.get(other["link"] + "/views").json["data"]), editor.get(other["link"]).json["views"]) == (
        1, MOST_TOLD_APART + 1,
    )  # fmt: skip
    assert "preview_views" not in forget_old(settings, database, clock.at + 28 * DAY)
    later = forget_old(settings, database, clock.at + 30 * DAY + timedelta(hours=1))
    assert (later["preview_views"], "preview_links" in later) == (5, False), "the links' time is not over"
    assert forget_old(settings, database, clock.at + 37 * DAY)["preview_links"] == 2
    with database.reading() as session:
        assert session.scalar(select(func.count()).select_from(PreviewView)) == 0
    assert look(client, link).status_code in (404, 410)


def test_what_stands_around_a_draft_is_what_readers_see_and_nothing_else(
    editor: FlaskClient, administrator: FlaskClient, client: FlaskClient, settings: Settings, database: Database
) -> None:
    administrator.post("/api/v1/sections", json={"name": "City", "slug": "city"})
    given = {"section": "city", "tags": ["trams"], "body": "The tram climbs the hill to the quay at dawn."}
    shown = [draft(editor, title=f"Tram {name}", **given) for name in ("one", "two", "three")]
    for one in shown:
        assert act(editor, "publish", one["id"], 1).status_code == 200
    drain(settings, database)
    drafts = [draft(editor, title=f"Secret tram {name}", **given) for name in ("four", "five")]
    act(editor, "publish", drafts[0]["id"], 1, json={"embargo_until": "2036-01-01T00:00:00Z"})
    hidden = editor.post(f"/api/v1/articles/{shown[1]['id']}/translate", json={"locale": "kk", "title": "Secret"}).json
    public = editor.post(f"/api/v1/articles/{shown[1]['id']}/translate", json={"locale": "ru", "title": "Трамвай"}).json
    act(editor, "publish", public["id"], 1)
    patch(editor, shown[2]["id"], 2, title="Secret title of a draft")
    drain(settings, database)
    for one in (shown[1], drafts[1], hidden):
        seen = look(client, share(editor, one["id"])).json
        # What there is of the article itself is its own; all else is what readers find.
        around = {name: seen[name] for name in ("related", "translations", "previous", "next", "corrections")}
        around["works"] = {name: seen["seo"]["json_ld"].get(name) for name in ("workTranslation", "translationOfWork")}
        assert "ecret" not in str(around), one["title"]
        for entry in [*around["related"], *(one for one in (around["previous"], around["next"]) if one)]:
            assert client.get(f"{CONTENT}/{entry['id']}").status_code == 200
        for entry in around["translations"]:
            assert client.get(entry["url"]).status_code == 200
    live = look(client, share(editor, shown[1]["id"])).json
    document = client.get(f"{CONTENT}/{shown[1]['id']}").json
    for name in ("related", "translations", "previous", "next", "comments", "bookmarks"):
        assert live[name] == document[name], name
    assert [one["locale"] for one in live["translations"]] == ["ru"]
    translated = look(client, share(editor, hidden["id"])).json
    assert [one["locale"] for one in translated["translations"]] == ["en", "ru"]
    assert translated["seo"]["json_ld"]["translationOfWork"]["identifier"] == shown[1]["id"]
    alone = look(client, share(editor, drafts[1]["id"])).json
    assert (alone["related"], alone["previous"], alone["next"]) == ([], None, None)


def test_a_page_is_text_and_sanitised_html_and_asks_nobody_anything(editor: FlaskClient, client: FlaskClient) -> None:
    evil = "<script>alert(1)</script>\"'><img src=x onerror=alert(1)>"
    made = draft(
        editor, title=f"T {evil}", dek=f"D {evil}", summary=[f"S {evil}"], locale="kk",
        body=f"Body {evil}\n\n[x](javascript:alert(1))\n\n<iframe src='https://evil.example/'></iframe>",
        body_format="markdown",
    )  # fmt: skip
    answer = client.get(share(editor, made["id"])["page"])
    tree = html5lib.parse(answer.text, namespaceHTMLElements=False)
    names = {element.tag for element in tree.iter() if isinstance(element.tag, str)}
    assert not names & {"script", "iframe", "form", "object", "embed", "link", "base"}
    assert not [name for element in tree.iter() for name in element.attrib if name.startswith("on")]
    assert "javascript:" not in str([element.attrib for element in tree.iter()])
    assert tree.find("body/h1").text == f"T {evil}"
    assert "жарияланбаған" in tree.find("body/aside").text
    policy = answer.headers["Content-Security-Policy"]
    assert policy.startswith("default-src 'none'; ") and "unsafe" not in policy
    assert [element.attrib["content"] for element in tree.iter("meta") if element.attrib.get("name") == "robots"] == [
        "noindex, nofollow"
    ]
    act(editor, "publish", made["id"], 1)
    assert "Жарияланған нұсқаны" in client.get(share(editor, made["id"])["page"]).text


def test_looks_are_limited_by_the_network_and_links_by_the_article(
    app: Flask, editor: FlaskClient, client: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    # With a clock that stands still, since uses come back as time goes by, also on a machine that is slow.
    parts, instant = app.extensions["copydesk"], now()
    app.extensions["copydesk"] = replace(parts, clock=lambda: instant)
    made = draft(editor)
    link = share(editor, made["id"])
    for _ in range(LOOKS_PER_CLIENT.times):
        client.get(f"/preview/v1/articles/{made['id']}?token=guess", environ_base={"REMOTE_ADDR": "203.0.113.7"})
    held = look(client, link, "203.0.113.7")
    assert (held.status_code, held.headers["Cache-Control"]) == (429, "private, no-store")
    assert int(held.headers["Retry-After"]) >= 1
    assert look(client, link, "203.0.113.8").status_code == 200
    monkeypatch.setattr("cms.newsroom.previews.sharing.MOST_LINKS", 3)
    more = [share(editor, made["id"]) for _ in range(2)]
    full = editor.post(f"/api/v1/articles/{made['id']}/previews")
    assert (full.status_code, full.json["code"]) == (409, "too_many")
    editor.delete(more[0]["link"])
    assert editor.post(f"/api/v1/articles/{made['id']}/previews").status_code == 201


@pytest.mark.both_databases
def test_a_look_costs_the_same_for_few_and_for_many_tags_authors_revisions_and_links(
    app: Flask, editor: FlaskClient, administrator: FlaskClient, client: FlaskClient
) -> None:
    people = [f"author-{number}" for number in range(6)]
    for slug in people:
        administrator.post("/api/v1/people", json={"slug": slug, "name": slug})
    database = app.extensions["copydesk"].database
    sent: list[str] = []
    for engine in {database.writer, database.reader}:
        event.listen(engine, "before_cursor_execute", lambda *told: sent.append(told[2]))

    def cost(ask: Callable[[], Any]) -> int:
        sent.clear()
        assert ask().status_code == 200
        return len(sent)

    spent = []
    for count, revisions, links in ((1, 1, 1), (6, 12, 9)):
        made = draft(editor, tags=[f"tag-{number}" for number in range(2 * count)], authors=people[:count])
        for number in range(1, revisions):
            patch(editor, made["id"], number, body=f"Text {number}.")
        for _ in range(links):
            link = share(editor, made["id"])
        path = f"/api/v1/articles/{made['id']}/previews"
        look(client, link)
        spent.append(
            {
                "look": cost(lambda link=link: look(client, link)),
                "pinned": cost(lambda made=made: look(client, share(editor, made["id"], revision=1))),
                "list": cost(lambda path=path: editor.get(path)),
                "views": cost(lambda link=link: editor.get(link["link"] + "/views")),
            }
        )
    print(spent[0])
    assert spent[0] == spent[1]
    assert spent[0]["look"] <= 20


def test_a_site_shows_previews_on_a_page_of_its_own_where_a_setting_says_so(settings: Settings) -> None:
    for good in ("https://www.example.org/preview/{id}#{token}", "http://localhost:3000/p?t={token}"):
        assert Settings.from_environment({"COPYDESK_PREVIEW_PAGE_URL": good}).preview_page_url == good
    bad = ("javascript:{token}", "https://{token}.example.org/", "https://example.org/", "www.example.org/{token}",
           "https://a@example.org/{token}", "https://example.org/{token}{slug}", 'https://e.org/"{token}')  # fmt: skip
    for page in bad:
        with pytest.raises(SettingsError, match="COPYDESK_PREVIEW_PAGE_URL"):
            Settings.from_environment({"COPYDESK_PREVIEW_PAGE_URL": page})
    with pytest.raises(SettingsError, match="COPYDESK_PREVIEW_HOURS"):
        Settings.from_environment({"COPYDESK_PREVIEW_HOURS": "48", "COPYDESK_PREVIEW_LONGEST_HOURS": "24"})
    told = replace(
        settings, preview_page_url="https://www.example.org/p/{id}#{token}", preview_hours=5, preview_longest_hours=6,
        article_page_url="https://www.example.org/{locale}/{slug}", base_url="https://cms.example.org",
    )  # fmt: skip
    app = create_app(told)
    desk = Desk(app, Database(told.database, is_durable=True))
    editor = desk.client(desk.token("editor"))
    made = draft(editor)
    link = share(editor, made["id"])
    assert link["page_url"] == f"https://www.example.org/p/{made['id']}#{link['token']}"
    assert link["url"] == f"https://cms.example.org{link['path']}"
    assert _at(link["expires_at"]) - _at(link["created_at"]) == timedelta(hours=5)
    assert editor.post(f"/api/v1/articles/{made['id']}/previews", json={"expires_in_hours": 7}).status_code == 422
    seen = look(desk.client(None), link).json
    assert seen["share"]["url"] == seen["seo"]["canonical_url"] == "https://www.example.org/en/harbour-bridge-reopens"
    desk.database.dispose()
    app.extensions["copydesk"].database.dispose()
    app.extensions["copydesk"].index.close()


def _at(text: str) -> datetime:
    return datetime.fromisoformat(text)

"""Row S61: conditional headers. Weak tags match where bytes are read and never where something is changed; each
representation has a strong tag of its own; a 304 has no body and says what the 200 said; HEAD is GET without a body."""

from itertools import combinations
from typing import Any

import pytest
from flask.testing import FlaskClient

from cms.content.assembling import reassemble
from cms.content.publishing import PublishedArticle, put_document
from cms.platform.db import Database
from tests.content.making import DAY_ONE, article
from tests.newsroom.making import draft

LIST = "/content/v1/articles"
REPEATED = ("ETag", "Cache-Control", "Vary", "Surrogate-Key", "Cache-Tag", "Link")


@pytest.fixture
def stories(database: Database) -> list[PublishedArticle]:
    made = [article(number, tags=("rail",), body_html="<p>Again. </p>" * 90) for number in range(1, 4)]
    with database.transaction() as session:
        for one in made:
            put_document(session, one, DAY_ONE)
        reassemble(session, [one.article_id for one in made], DAY_ONE)
    return made


# What stands in If-None-Match with T in the place of the tag that is asked for, and whether it is that tag.
READ = (
    ("T", True), ("W/T", True), (" T ", True), ("*", True), (" * ", True), ('"a", T', True), ('T, "a"', True),
    ('"a",T,"b"', True), ('W/"a", W/T', True), ("T,T", True), ('"a"  ,  T', True), (",T,", True), ("\tT", True),
    ('"",T', True), ('"x,y", T', True), ('"it\'s", T', True), ("", False), ('"a"', False), ('W/"a"', False), ('""',
    False),
    ("T2", False), ("bare", False), ("w/bare", False), ("'bare'", False), ('"bare', False), ('bare"', False),
    ('"BARE"', False), ('"bare "', False), ('" bare"', False), ('"bare-gzip"', False), ('"bare-gzip", "a"', False),
    ("**", False), ('"*"', False), ("null", False), ("0", False), ("a, b, c", False), ('"a", "b", "c"', False),
    ('"bare\\"', False), ("“bare”".encode().decode("latin-1"), False), ('"' + "a" * 4000 + '"', False),
    (", ".join(f'"{number}"' for number in range(300)), False), ("T;q=1", True), ('"a" T', True),
)  # fmt: skip
# The same in If-Match on a change, where the tag is that of the first revision; none of these may change anything.
CHANGE = (
    'W/"1"', 'w/"1"', "1", "'1'", "*", '"1", "2"', '"1","1"', '"2", "1"', '"0"', '"2"', '"-1"', '"01"', '"+1"', '" 1"',
    '"1 "', '"1.0"', '"1e0"', '"0x1"', '"١"', '"１"', '"1\'"', '"1" OR 1', '"1";', '"1"x', 'x"1"', '"1', '1"', '""',
    '"*"',
    '"null"', '"true"', '"99999999999999999999999"', '"1-gzip"', "W/*", '"1"\t"1"', "“1”", "<1>", "revision=1", '"1",',
    ', "1"', '"' + "1" * 5000 + '"', '"1" "1"',
)  # fmt: skip


def test_what_is_known_is_not_sent_again_and_says_what_it_is(
    client: FlaskClient, stories: list[PublishedArticle]
) -> None:
    assert len(dict(READ)) == len(READ) >= 40
    one = stories[0]
    places = (f"{LIST}/{one.article_id}", f"{LIST}?section=world", f"{LIST}?tag=rail",
        f"{LIST}/{one.article_id}/related",
              "/content/v1/tags", "/feeds/rss.xml", "/sitemaps/0.xml",
              f"{LIST}/{one.article_id}?fields=title")  # fmt: skip
    wrong: list[Any] = []
    for place in places:
        whole = client.get(place)
        tag = whole.headers["ETag"]
        assert tag.startswith('"'), place
        for text, is_known in READ:
            sent = text.replace("T2", tag[:-1] + '2"').replace("T", tag).replace("bare", tag.strip('"'))
            answer = client.get(place, headers={"If-None-Match": sent})
            head = client.head(place, headers={"If-None-Match": sent})
            if answer.status_code != (304 if is_known else 200) or head.status_code != answer.status_code:
                wrong.append((place, text[:60], answer.status_code))
            if answer.status_code == 304:
                told = {
                    name: answer.headers.get(name)
                    for name in ("ETag", "Cache-Control", "Vary", "Surrogate-Key", "Link")
                }
                assert told == {name: whole.headers.get(name) for name in told}, place
                assert answer.data == b"" and "Content-Type" not in answer.headers, place
    assert wrong == []


def test_every_representation_has_a_strong_tag_of_its_own(client: FlaskClient, stories: list[PublishedArticle]) -> None:
    path = f"{LIST}/{stories[0].article_id}"
    plain, packed = {"Accept-Encoding": "identity"}, {"Accept-Encoding": "gzip"}
    asked = [(path, plain), (path, packed), *((f"{path}?fields={name}", plain) for name in ("title", "dek",
        "title,dek")),
             (f"{path}?fields=title", packed), *((f"{path}?body={form}", plain) for form in ("markdown", "text",
             "none")),
             (f"{path}?locale=en", plain), (LIST, plain), (LIST, packed), (f"{LIST}?limit=2", plain),
             (f"{LIST}?include=related", plain), (f"{LIST}?count=exact", plain)]  # fmt: skip
    answers = [(place, client.get(place, headers=headers)) for place, headers in asked]
    for (one, first), (other, second) in combinations(answers, 2):
        is_same = first.data == second.data and first.headers.get("Content-Encoding") == second.headers.get(
            "Content-Encoding"
        )
        assert (first.headers["ETag"] == second.headers["ETag"]) == is_same, (one, other)
    tag = client.get(f"{path}?fields=title", headers=plain).headers["ETag"]
    assert client.get(path, headers={**plain, "If-None-Match": tag}).status_code == 200


DATES = (
    ("", 200), ("now", 200), ("0", 200), ("1793520000", 200), ("2026-11-01", 200), ("2026-11-01T08:00:00Z", 200),
    ("Sun, 01 Nov 2026 07:59:59 GMT", 200), ("Sun, 01 Nov 2026 08:00:00 GMT", 200), ("Sun, 01 Nov 2026 08:00:01 GMT",
    304), ("Mon, 02 Nov 2026 08:00:00 GMT",
    304),
    ("Thu, 01 Jan 1970 00:00:00 GMT", 200), ("Fri, 31 Dec 9999 23:59:59 GMT", 304), ("Sunday, 01-Nov-26 08:00:01 GMT",
    304),
    ("Sun Nov  1 08:00:01 2026", 304), ("Sun, 32 Nov 2026 08:00:00 GMT", 200), ("Sun, 01 Nov 2026 25:00:00 GMT", 200),
    ("Sun, 00 Nov 2026 08:00:00 GMT", 200), ("Sun, 01 Foo 2026 08:00:00 GMT", 200), ("*", 200), ("x" * 4000, 200),
    ("Sun, 01 Nov 99999999999 08:00:00 GMT", 200), ("-1", 200), ("\x01", 200), ('"tag"', 200),
)  # fmt: skip


def test_a_date_is_an_instant_or_nothing(client: FlaskClient, stories: list[PublishedArticle]) -> None:
    path = f"{LIST}/{stories[2].article_id}"
    assert client.get(path).headers["Last-Modified"] == "Sun, 01 Nov 2026 08:00:01 GMT"
    wrong = []
    for text, status in DATES:
        answer = client.get(path, headers={"If-Modified-Since": text})
        # An ETag beside it has the word.
        other = client.get(path, headers={"If-Modified-Since": text, "If-None-Match": '"other"'})
        if (answer.status_code, other.status_code) != (status, 200):
            wrong.append((text[:60], answer.status_code, other.status_code))
    assert wrong == []


def test_a_weak_or_foreign_tag_changes_nothing(editor: FlaskClient) -> None:
    assert len(set(CHANGE)) == len(CHANGE) >= 40
    made = draft(editor)
    path = f"/api/v1/articles/{made['id']}"
    taken: list[Any] = []
    for text in CHANGE:
        for method, place in (("PATCH", path), ("POST", f"{path}/publish"), ("DELETE", path)):
            body = {"json": {"dek": "Changed"}} if method == "PATCH" else {}
            raw = text.encode().decode("latin-1")
            answer = editor.open(place, method=method, headers={"If-Match": raw}, **body)
            if answer.status_code not in (400, 412) or answer.mimetype != "application/problem+json":
                taken.append((method, text[:40], answer.status_code))
    assert taken == []
    whole = editor.get(path)
    assert (whole.json["revision"], whole.json["dek"], whole.headers["ETag"]) == (1, "", '"1"')
    for absent in ({}, {"If-Match": ""}, {"If-Match": "  "}, {"If-None-Match": '"1"'}, {"If-Unmodified-Since": "now"}):
        assert editor.patch(path, json={"dek": "x"}, headers=absent).status_code == 428
    assert editor.patch(path, json={"dek": "Changed"}, headers={"If-Match": '"1"'}).status_code == 200


def test_head_is_get_without_its_body(
    client: FlaskClient, editor: FlaskClient, stories: list[PublishedArticle]
) -> None:
    one = stories[0].article_id
    made = draft(editor)
    places = [
        LIST, f"{LIST}?tag=rail&limit=2", f"{LIST}?limit=x", f"{LIST}/{one}", f"{LIST}/{one}?fields=title",
            f"{LIST}/en/none",
        f"{LIST}/{one}/related", f"{LIST}/{one}/comments", "/content/v1/tags", "/content/v1/archives",
            "/content/v1/lists",
        "/content/v1/changes", "/feeds/rss.xml", "/feeds/feed.json", "/sitemaps/index.xml", "/sitemaps/9.xml", "/livez",
        "/openapi.json", "/docs", f"/content/v1/resolve?path=/en/{stories[0].slug}", "/content/v1/sections/none",
    ]  # fmt: skip
    for who, place in [*((client, place) for place in places), (editor, f"/api/v1/articles/{made['id']}")]:
        for coding in ("identity", "gzip"):
            sent = {"Accept-Encoding": coding, "X-Request-Id": "the-same-one"}
            get, head = (who.open(place, method=method, headers=sent) for method in ("GET", "HEAD"))
            assert head.data == b"", place
            assert head.status_code == get.status_code, place
            assert sorted(head.headers.items()) == sorted(get.headers.items()), place
            assert int(head.headers["Content-Length"]) == len(get.data), place

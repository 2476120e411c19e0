"""The content API as an app sees it: documents, related, the words of the site, conditional requests."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from flask.testing import FlaskClient

from cms.content.deriving import set_reading_times
from cms.content.publishing import PublishedArticle, put_document, withdraw_document
from cms.content.relating import refresh_related
from cms.content.schemas import (
    ArticleDocumentShape,
    CardListShape,
    PersonListShape,
    RelatedListShape,
    SectionListShape,
    TagListShape,
)
from cms.platform.db import Database
from cms.platform.ids import new_id
from cms.platform.text.reading_time import Rates, measure
from cms.taxonomy.models import Person, Section, Tag
from tests.content.making import DAY_ONE, article

CONTENT = "/content/v1"
Put = Callable[..., None]


@pytest.fixture
def put(database: Database) -> Put:
    """A function that shows articles to readers and relates them."""

    def act(*articles: PublishedArticle) -> None:
        for one in articles:
            with database.transaction() as session:
                put_document(session, one, DAY_ONE)
        for one in articles:
            with database.transaction() as session:
                refresh_related(session, one.article_id, DAY_ONE)

    return act


def problem(answer: Any, status: int, code: str) -> None:
    assert (answer.status_code, answer.mimetype) == (status, "application/problem+json")
    assert answer.json["code"] == code
    assert answer.json["request_id"] == answer.headers["X-Request-Id"]


@pytest.mark.both_databases
def test_one_call_renders_the_page_by_id_and_by_slug(client: FlaskClient, database: Database, put: Put) -> None:
    story = article(7, tags=("rail",), section="world/europe", slug="列车-é", locale="zh-CN")
    put(story, article(8, tags=("rail",), locale="zh-CN"))
    measured = measure(story.text, 2, story.locale, Rates()).as_dict()
    with database.transaction() as session:
        assert set_reading_times(session, {story.article_id: (1, measured)}, DAY_ONE)
    by_id = client.get(f"{CONTENT}/articles/{story.article_id}")
    by_slug = client.get(f"{CONTENT}/articles/zh-CN/列车-é")
    assert (by_id.status_code, by_id.mimetype) == (200, "application/json")
    assert by_id.data == by_slug.data == client.get(by_id.json["url"]).data
    assert ArticleDocumentShape().validate(by_id.json) == {}
    assert by_id.json["number"] == 7
    assert by_id.json["section"] == {"slug": "europe", "name": "Europe"}
    assert by_id.json["reading_time"]["label"] == "阅读约需 1 分钟"
    assert [mention["why"] for mention in by_id.json["related"]] == [["tag:rail", "text", "person:mei-lin"]]
    assert by_id.headers["Cache-Control"].startswith("public, max-age=")
    assert by_id.headers["Last-Modified"] == "Sun, 01 Nov 2026 08:00:03 GMT"
    assert "Set-Cookie" not in by_id.headers


NOT_THERE = (
    "articles/{new}", "articles/{new}/related", "articles/not-an-id", "articles/7", "articles/{old}x", "articles/",
    "articles/{gone}", "articles/{gone}/related", "articles/en/story-2", "articles/EN-x/story-1",
    "articles/en/Story-1", "articles/en/", "articles/en/%00", "articles/%00/story-1", "articles/en/%ff%fe",
    "articles/en/..%2f..", "articles/en/story-1/x", "articles/zh-CN/story-1", "articles/not-an-id/related",
    "articles/{old}/opinions", "articles/{new}/comments", "articles/{gone}/comments", "articles/7/comments",
    "articles/en/" + "x" * 3000,
)  # fmt: skip


@pytest.mark.both_databases
def test_what_readers_may_not_see_is_not_there(client: FlaskClient, database: Database, put: Put) -> None:
    old, gone = article(1), article(2)
    put(old, gone)
    with database.transaction() as session:
        withdraw_document(session, gone.article_id, DAY_ONE)
    assert client.get(f"{CONTENT}/articles/en/story-1").status_code == 200
    for path in NOT_THERE:
        path = path.format(new=new_id(), old=old.article_id, gone=gone.article_id)
        problem(client.get(f"{CONTENT}/{path}"), 404, "not_found")


def test_an_id_in_capitals_names_the_same_article(client: FlaskClient, put: Put) -> None:
    story = article(1)
    put(story)
    assert client.get(f"{CONTENT}/articles/{story.article_id.upper()}").json["id"] == story.article_id


@pytest.mark.both_databases
def test_an_unchanged_article_is_not_sent_again(client: FlaskClient, database: Database, put: Put) -> None:
    story = article(1)
    put(story)
    path = f"{CONTENT}/articles/{story.article_id}"
    first = client.get(path)
    etag = first.headers["ETag"]
    assert etag.startswith('"')
    for known in (etag, f"W/{etag}", f'"other", {etag}', f'W/"other" , W/{etag}', "*"):
        again = client.get(path, headers={"If-None-Match": known})
        assert (again.status_code, again.data) == (304, b"")
        assert (again.headers["ETag"], again.headers["Cache-Control"]) == (etag, first.headers["Cache-Control"])
    for unknown in ('"other"', etag.strip('"'), etag[:-1], '""'):
        assert client.get(path, headers={"If-None-Match": unknown}).data == first.data
    put(replace(story, revision=2, title="Another title"))
    changed = client.get(path, headers={"If-None-Match": etag})
    assert (changed.status_code, changed.json["title"]) == (200, "Another title")
    with database.transaction() as session:
        set_reading_times(session, {story.article_id: (2, {"minutes": 1})}, DAY_ONE + timedelta(hours=1))
    derived = client.get(path, headers={"If-None-Match": changed.headers["ETag"]})
    assert (derived.status_code, derived.json["revision"]) == (200, 2)
    assert derived.headers["Last-Modified"] == "Sun, 01 Nov 2026 09:00:00 GMT"


@pytest.mark.parametrize(
    "path", ["/articles/{id}", "/articles/en/story-1", "/articles", "/articles/{id}/related", "/tags"]
)
def test_head_says_what_get_would_and_sends_nothing(client: FlaskClient, put: Put, path: str) -> None:
    story = article(1)
    put(story)
    path = CONTENT + path.format(id=story.article_id)
    whole, head = client.get(path), client.head(path)
    assert (head.status_code, head.data) == (200, b"")
    for name in ("ETag", "Cache-Control", "Content-Type", "Content-Length"):
        assert head.headers[name] == whole.headers[name]


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE"])
def test_readers_can_only_read(client: FlaskClient, method: str) -> None:
    answer = client.open(f"{CONTENT}/articles", method=method, json={})
    problem(answer, 405, "method_not_allowed")
    assert "GET" in answer.headers["Allow"]


@pytest.mark.both_databases
def test_related_articles_have_cards_with_score_and_reasons(client: FlaskClient, database: Database, put: Put) -> None:
    stories = [article(number, tags=("rail",)) for number in range(1, 9)]
    put(*stories)
    path = f"{CONTENT}/articles/{stories[0].article_id}/related"
    five, seven = client.get(path), client.get(f"{path}?limit=15")
    assert RelatedListShape().validate(seven.json) == {}
    assert [len(answer.json["data"]) for answer in (five, seven)] == [5, 7]
    assert seven.json["data"][:5] == five.json["data"]
    document = client.get(f"{CONTENT}/articles/{stories[0].article_id}").json
    assert [(one["id"], one["score"], one["why"]) for one in five.json["data"]] == [
        (one["id"], one["score"], one["why"]) for one in document["related"]
    ]
    with database.transaction() as session:
        withdraw_document(session, five.json["data"][0]["id"], DAY_ONE)
    assert client.get(path).json["data"] == seven.json["data"][1:6]
    for limit in ("0", "16", "-1", "x"):
        problem(client.get(f"{path}?limit={limit}"), 400, "bad_request")


REFUSED = (
    ("sort=title", "sort"), ("Limit=5", "Limit"), ("limit=5&limit=6", "limit"), ("limit=", "limit"),
    ("limit=1e1", "limit"), ("limit=١", "limit"), ("limit=101", "limit"), ("count=all", "count"),
    ("count=", "count"), ("tag=" + ",".join(f"t{number}" for number in range(11)), "tag"), ("section=", "section"),
    ("locale=" + "x" * 36, "locale"), ("author=", "author"), ("section=%00", "character"), ("%00=1", "character"),
)  # fmt: skip


def test_a_list_refuses_what_it_does_not_know_by_name(client: FlaskClient) -> None:
    for query, named in REFUSED:
        answer = client.get(f"{CONTENT}/articles?{query}")
        problem(answer, 400, "bad_request")
        assert named in answer.json["detail"] + str(answer.json.get("errors"))


@pytest.mark.parametrize(
    "path", ["/articles/{id}?x=1", "/articles/en/story-1?field=title", "/articles/{id}/related?cursor=x", "/tags?q=x",
             "/sections?sort=slug", "/search?q=a&sort=x"]
)  # fmt: skip
def test_no_endpoint_takes_a_parameter_that_it_does_not_know(client: FlaskClient, put: Put, path: str) -> None:
    story = article(1)
    put(story)
    problem(client.get(CONTENT + path.format(id=story.article_id)), 400, "bad_request")


@pytest.mark.both_databases
def test_the_words_of_the_site_are_those_that_readers_can_meet(
    client: FlaskClient, database: Database, put: Put
) -> None:
    with database.transaction() as session:
        ids = {slug: new_id() for slug in ("world", "europe", "sport")}
        for slug, parent, path in (
            ("world", None, "world/"), ("europe", "world", "world/europe/"), ("sport", None, "sport/"),
        ):  # fmt: skip
            parent_id = ids.get(parent or "")
            row = Section(
                id=ids[slug], slug=slug, name=slug.title(), parent_id=parent_id, path=path, place=path,
                created_at=DAY_ONE,
            )  # fmt: skip
            session.add(row)
            session.flush()
        for slug in ("rail", "energy", "draft-only"):
            session.add(Tag(id=new_id(), slug=slug, name=slug.title(), created_at=DAY_ONE))
        for slug in ("mei-lin", "aigul", "nobody"):
            session.add(Person(id=new_id(), slug=slug, name=slug.title(), bio="Writes.", created_at=DAY_ONE))
    put(article(1, tags=("rail", "energy"), authors=("mei-lin", "aigul")))
    sections, tags, people = (client.get(f"{CONTENT}/{kind}").json for kind in ("sections", "tags", "people"))
    for shape, answer in ((SectionListShape, sections), (TagListShape, tags), (PersonListShape, people)):
        assert shape().validate(answer) == {}
    assert [(one["slug"], one["parent"]) for one in sections["data"]] == [
        ("sport", None), ("world", None), ("europe", "world"),
    ]  # fmt: skip
    assert [one["slug"] for one in tags["data"]] == ["energy", "rail"]
    assert people["data"][0] == {"slug": "aigul", "name": "Aigul", "bio": "Writes.", "roles": [], "links": []}
    assert [one["slug"] for one in people["data"]] == ["aigul", "mei-lin"]
    counted = [client.get(f"{CONTENT}/{kind}?count=exact&limit=1").json for kind in ("sections", "tags", "people")]
    assert [one["meta"]["count"] for one in counted] == [3, 2, 2]
    assert (sections["meta"]["count"], sections["page"]["limit"]) == (None, 20)


@pytest.mark.both_databases
def test_the_words_of_the_site_are_paged_in_both_directions(client: FlaskClient, database: Database, put: Put) -> None:
    slugs = [f"tag-{number:02}" for number in range(9)]
    with database.transaction() as session:
        for slug in slugs:
            session.add(Tag(id=new_id(), slug=slug, name=slug, created_at=DAY_ONE))
    put(article(1, tags=tuple(slugs)))
    path, pages = f"{CONTENT}/tags?limit=4", []
    while path:
        answer = client.get(path)
        pages.append(answer.json)
        path = following(answer, "next")
    assert [[one["slug"] for one in page["data"]] for page in pages] == [slugs[:4], slugs[4:8], slugs[8:]]
    assert [page["page"]["has_more"] for page in pages] == [True, True, False]
    assert (pages[0]["page"]["prev_cursor"], pages[-1]["page"]["next_cursor"]) == (None, None)
    back = client.get(f"{CONTENT}/tags?limit=4&cursor={pages[-1]['page']['prev_cursor']}").json
    assert back["data"] == pages[1]["data"]
    problem(client.get(f"{CONTENT}/people?cursor={pages[0]['page']['next_cursor']}"), 400, "bad_cursor")


def test_a_list_that_did_not_change_is_not_sent_again(client: FlaskClient, put: Put) -> None:
    put(article(1))
    first = client.get(f"{CONTENT}/articles")
    assert CardListShape().validate(first.json) == {}
    assert client.get(f"{CONTENT}/articles", headers={"If-None-Match": first.headers["ETag"]}).status_code == 304
    put(article(2))
    assert client.get(f"{CONTENT}/articles", headers={"If-None-Match": first.headers["ETag"]}).status_code == 200


def following(answer: Any, relation: str) -> str | None:
    """The path that `Link` names with this relation."""
    for link in answer.headers.get("Link", "").split(", "):
        address, _, kind = link.partition(">; ")
        if kind == f'rel="{relation}"':
            return "/" + address.removeprefix("<http://").partition("/")[2]
    return None

"""Making drafts and reading them."""

from collections.abc import Callable
from typing import Any

import pytest
from flask.testing import FlaskClient

from cms.platform.db import Database
from tests.newsroom.making import UNKNOWN, counts, draft


def furnish(editor: FlaskClient) -> None:
    """A section and two people."""
    editor.post("/api/v1/sections", json={"name": "City"})
    for name in ("Ines Okafor", "Mei Lin"):
        editor.post("/api/v1/people", json={"name": name})


WHOLE = {
    "title": "Harbour bridge reopens",
    "locale": "zh-cn",
    "dek": "After eleven days of ice",
    "summary": ["It opened on Friday.", "The ferry goes on."],
    "body": "<p>The bridge <b>opened</b>.</p>",
    "body_format": "html",
    "section": "city",
    "tags": ["Lock Hill Tram", "bridges", "lock-hill-tram"],
    "authors": ["mei-lin", "ines-okafor", "mei-lin"],
    "editor": "ines-okafor",
    "source": {"name": "Issen Wire", "url": "https://wire.example.com/bridge"},
    "slug": "bridge",
    "fields": {"kicker": "Ice", "pin": {"until": 3, "why": None}, "maybe": None},
}


@pytest.mark.both_databases
def test_a_draft_holds_everything_that_was_written(editor: FlaskClient) -> None:
    furnish(editor)
    answer = editor.post("/api/v1/articles", json=WHOLE)
    assert answer.status_code == 201
    made = answer.json
    assert answer.headers["Location"] == f"/api/v1/articles/{made['id']}"
    assert answer.headers["ETag"] == '"1"'
    assert answer.headers["Cache-Control"] == "private, no-store"
    expected = {
        **WHOLE,
        "locale": "zh-CN",
        "tags": ["lock-hill-tram", "bridges"],
        "authors": ["mei-lin", "ines-okafor"],
        "fields": {"kicker": "Ice", "pin": {"until": 3}},
        "type": "article",
        "state": "draft",
        "revision": 1,
        "published_revision": None,
        "has_unpublished_changes": False,
        "published_at": None,
        "first_published_at": None,
    }
    assert {name: made[name] for name in expected} == expected
    read = editor.get(answer.headers["Location"])
    assert (read.status_code, read.headers["ETag"], read.json) == (200, '"1"', made)
    assert editor.get("/api/v1/tags/lock-hill-tram").json["name"] == "Lock Hill Tram"
    assert editor.get(f"/content/v1/articles/{made['id']}").status_code == 404


def test_a_draft_may_be_incomplete(editor: FlaskClient) -> None:
    answer = editor.post("/api/v1/articles", json={"title": "Later", "locale": "en"})
    assert answer.status_code == 201
    assert answer.json["slug"] == "later"
    assert (answer.json["body"], answer.json["tags"], answer.json["section"]) == ("", [], None)


def test_null_is_as_good_as_nothing(editor: FlaskClient) -> None:
    body = dict.fromkeys(("dek", "summary", "body", "section", "tags", "authors", "editor", "source", "slug", "fields"))
    answer = editor.post("/api/v1/articles", json={"title": "Later", "locale": "en", "body_format": None, **body})
    assert answer.status_code == 201
    assert (answer.json["dek"], answer.json["fields"], answer.json["body_format"]) == ("", {}, "markdown")


def test_an_answer_that_the_asker_has_is_not_sent_again(editor: FlaskClient) -> None:
    made = draft(editor)
    path = f"/api/v1/articles/{made['id']}"
    again = editor.get(path, headers={"If-None-Match": 'W/"1"'})
    assert (again.status_code, again.data, again.headers["ETag"]) == (304, b"", '"1"')
    assert editor.get(path, headers={"If-None-Match": '"2"'}).status_code == 200


def test_equal_titles_get_slugs_of_their_own(editor: FlaskClient) -> None:
    assert [draft(editor)["slug"] for _ in range(3)] == [
        "harbour-bridge-reopens",
        "harbour-bridge-reopens-2",
        "harbour-bridge-reopens-3",
    ]
    assert draft(editor, locale="de")["slug"] == "harbour-bridge-reopens"
    long = draft(editor, title="word " * 60)["slug"]
    assert draft(editor, title="word " * 60)["slug"] == f"{long}-2"
    assert draft(editor, title="🎈")["slug"] == "article"


def test_a_given_slug_is_taken_or_refused_never_changed(editor: FlaskClient, database: Database) -> None:
    assert draft(editor, slug="bridge")["slug"] == "bridge"
    before = counts(database)
    answer = editor.post("/api/v1/articles", json={"title": "Other", "locale": "en", "slug": "bridge", "tags": ["new"]})
    assert (answer.status_code, answer.json["code"]) == (409, "slug_taken")
    assert counts(database) == before
    assert draft(editor, slug="bridge", locale="kk")["slug"] == "bridge"


def test_a_source_is_found_by_its_name_and_the_story_has_its_own_address(editor: FlaskClient) -> None:
    editor.post("/api/v1/sources", json={"name": "Issen Wire", "url": "https://wire.example.com/"})
    story = {"name": "Issen Wire", "url": "https://wire.example.com/story"}
    assert draft(editor, source=story)["source"] == story
    assert draft(editor, source={"name": "Issen Wire"})["source"]["url"] == "https://wire.example.com/"
    assert draft(editor, source={"name": "New"})["source"] == {"name": "New", "url": ""}
    sources = editor.get("/api/v1/sources").json["data"]
    assert [(source["name"], source["url"]) for source in sources] == [
        ("Issen Wire", "https://wire.example.com/"),
        ("New", ""),
    ]


REFUSED: list[tuple[dict[str, Any], list[tuple[str, str]]]] = [
    ({}, [("/title", "required"), ("/locale", "required")]),
    ({"title": None, "locale": None}, [("/title", "wrong_type"), ("/locale", "wrong_type")]),
    ({"title": " ", "locale": "en"}, [("/title", "invalid")]),
    ({"title": 5, "locale": "en"}, [("/title", "wrong_type")]),
    ({"title": "x" * 301, "locale": "en"}, [("/title", "too_long")]),
    ({"title": "two\nlines", "locale": "en"}, [("/title", "invalid")]),
    ({"title": "A", "locale": "en_US"}, [("/locale", "invalid")]),
    ({"title": "A", "locale": "en", "dek": "x" * 1001}, [("/dek", "too_long")]),
    ({"title": "A", "locale": "en", "summary": "one"}, [("/summary", "wrong_type")]),
    ({"title": "A", "locale": "en", "summary": [" ", 3]}, [("/summary/0", "invalid"), ("/summary/1", "wrong_type")]),
    ({"title": "A", "locale": "en", "summary": ["a"] * 13}, [("/summary", "too_long")]),
    ({"title": "A", "locale": "en", "body": ["a"]}, [("/body", "wrong_type")]),
    ({"title": "A", "locale": "en", "body": "x" * 500_001}, [("/body", "too_long")]),
    ({"title": "A", "locale": "en", "body_format": "rst"}, [("/body_format", "not_allowed")]),
    ({"title": "A", "locale": "en", "section": "none"}, [("/section", "unknown_slug")]),
    ({"title": "A", "locale": "en", "section": {"slug": "city"}}, [("/section", "wrong_type")]),
    ({"title": "A", "locale": "en", "tags": ["ok", "🎈"]}, [("/tags/1", "invalid")]),
    ({"title": "A", "locale": "en", "tags": ["t"] * 41}, [("/tags", "too_long")]),
    (
        {"title": "A", "locale": "en", "section": "x", "authors": ["mei-lin", "who"], "editor": "nobody"},
        [("/section", "unknown_slug"), ("/authors/1", "unknown_slug"), ("/editor", "unknown_slug")],
    ),
    ({"title": "A", "locale": "en", "source": {"url": "https://a.example"}}, [("/source/name", "required")]),
    ({"title": "A", "locale": "en", "source": {"name": "A", "url": "javascript:x"}}, [("/source/url", "invalid")]),
    ({"title": "A", "locale": "en", "source": {"name": "A", "kind": "x"}}, [("/source/kind", "unknown")]),
    ({"title": "A", "locale": "en", "slug": "A b"}, [("/slug", "invalid")]),
    ({"title": "A", "locale": "en", "slug": "related"}, [("/slug", "invalid")]),
    ({"title": "A", "locale": "en", "slug": "a~b"}, [("/slug", "invalid")]),
    ({"title": "A", "locale": "en", "fields": []}, [("/fields", "wrong_type")]),
    ({"title": "A", "locale": "en", "fields": {"a": "x" * 70_000}}, [("/fields", "too_long")]),
    ({"title": "A", "locale": "en", "state": "published"}, [("/state", "unknown")]),
    ({"title": "A", "locale": "en", "tittle": "B", "id": UNKNOWN}, [("/tittle", "unknown"), ("/id", "unknown")]),
]  # fmt: skip


@pytest.mark.parametrize(("body", "errors"), REFUSED)
def test_what_cannot_be_a_draft_is_refused_and_changes_nothing(
    editor: FlaskClient, database: Database, body: dict[str, Any], errors: list[tuple[str, str]]
) -> None:
    furnish(editor)
    before = counts(database)
    answer = editor.post("/api/v1/articles", json=body, headers={"Idempotency-Key": "refused"})
    assert (answer.status_code, answer.json["code"]) == (422, "invalid"), answer.json
    assert sorted((error["pointer"], error["code"]) for error in answer.json["errors"]) == sorted(errors)
    assert answer.json["request_id"] == answer.headers["X-Request-Id"]
    assert counts(database) == before


def test_each_act_needs_its_scope(client_as: Callable[[str], FlaskClient]) -> None:
    author, viewer = client_as("author"), client_as("viewer")
    made = draft(author)
    path = f"/api/v1/articles/{made['id']}"
    assert viewer.get(path).status_code == 200
    revision = {"If-Match": '"1"'}
    for refused, scope in (
        (viewer.post("/api/v1/articles", json={"title": "A", "locale": "en"}), "articles:write"),
        (viewer.patch(path, json={"title": "B"}, headers=revision), "articles:write"),
        (author.post(f"{path}/publish", headers=revision), "articles:publish"),
        (author.post(f"{path}/unpublish", headers=revision), "articles:publish"),
        (author.delete(path, headers=revision), "articles:delete"),
    ):
        assert (refused.status_code, refused.json["missing_scope"]) == (403, scope)
    assert viewer.get(path).json == made


@pytest.mark.parametrize("kind", ["nothing", "a number", "another", "upper case", "too long", "a path"])
def test_an_unknown_id_is_not_found_whatever_is_asked(editor: FlaskClient, kind: str) -> None:
    made = draft(editor)["id"]
    article_id = {
        "nothing": "x", "a number": "1", "another": UNKNOWN, "upper case": made.upper(), "too long": made + "0",
        "a path": "..%2f" + made,
    }[kind]  # fmt: skip
    path, revision = f"/api/v1/articles/{article_id}", {"If-Match": '"1"'}
    for answer in (
        editor.get(path),
        editor.get(f"{path}/revisions"),
        editor.get(f"{path}/revisions/1"),
        editor.patch(path, json={"title": "B"}, headers=revision),
        editor.post(f"{path}/publish", headers=revision),
        editor.post(f"{path}/unpublish", headers=revision),
        editor.delete(path, headers=revision),
    ):
        assert (answer.status_code, answer.json["code"]) == (404, "not_found")


@pytest.mark.both_databases
def test_a_repeat_is_answered_with_the_same_bytes_and_makes_nothing(editor: FlaskClient, database: Database) -> None:
    body = {"title": "Once", "locale": "en", "tags": ["once"]}
    first = editor.post("/api/v1/articles", json=body, headers={"Idempotency-Key": "k-1"})
    before = counts(database)
    again = editor.post("/api/v1/articles", json=body, headers={"Idempotency-Key": "k-1"})
    assert (again.status_code, again.data) == (201, first.data)
    assert (again.headers["ETag"], again.headers["Location"]) == (first.headers["ETag"], first.headers["Location"])
    assert again.headers["Idempotency-Replayed"] == "true"
    other = editor.post("/api/v1/articles", json={**body, "dek": "x"}, headers={"Idempotency-Key": "k-1"})
    assert (other.status_code, other.json["code"]) == (422, "idempotency_key_reused")
    assert counts(database) == before
    assert editor.post("/api/v1/articles", json=body).json["id"] != first.json["id"]

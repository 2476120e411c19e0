"""Old revisions come back as new ones, and reads of the past say what was."""

from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import delete, update

from cms.newsroom.models import Article
from cms.platform.db import Database
from cms.taxonomy.models import Person, Section
from tests.access.desk import Desk
from tests.newsroom.making import act, counts, draft, patch

WORDS = (
    "title",
    "dek",
    "summary",
    "body",
    "section",
    "tags",
    "authors",
    "editor",
    "source",
    "fields",
    "slug",
    "locale",
)


def restore(editor: FlaskClient, article_id: str, revision: int, wanted: Any, **more: Any) -> Any:
    return act(editor, "restore", article_id, revision, json={"revision": wanted, **more})


def furnish(administrator: FlaskClient) -> None:
    for kind, name in (("sections", "City"), ("sections", "World"), ("people", "Ann"), ("people", "Bo")):
        assert administrator.post(f"/api/v1/{kind}", json={"name": name}).status_code == 201


FULL = {
    "dek": "Dek", "summary": ["One"], "section": "city", "tags": ["rail", "ice"], "authors": ["ann", "bo"],
    "editor": "bo", "source": {"name": "Wire", "url": "https://w.example/1"}, "fields": {"a": {"b": 1}},
}  # fmt: skip


@pytest.mark.both_databases
def test_everything_that_an_editor_wrote_comes_back(editor: FlaskClient, administrator: FlaskClient) -> None:
    furnish(administrator)
    made = draft(editor, **FULL)
    cleared = {**dict.fromkeys(FULL), "title": "Other", "body": "Other.", "section": "world", "slug": "other"}
    patch(editor, made["id"], 1, **cleared)
    answer = restore(editor, made["id"], 2, 1, note="The lawyers were right")
    assert (answer.status_code, answer.headers["ETag"]) == (200, '"3"')
    assert {name: answer.json[name] for name in WORDS} == {name: made[name] for name in WORDS}
    newest = editor.get(f"/api/v1/articles/{made['id']}/revisions").json["data"][0]
    assert (newest["action"], newest["note"]) == ("revision_restored", "The lawyers were right")
    assert editor.get(f"/api/v1/articles/{made['id']}/revisions/1..3").json["fields"] == []
    [entry, *_] = administrator.get(f"/api/v1/audit?subject_id={made['id']}").json["data"]
    assert entry["action"] == "article.revision_restored"
    assert "body" in entry["changes"]
    same = restore(editor, made["id"], 3, 3)
    assert (same.status_code, same.json["revision"]) == (200, 3)


def test_readers_see_no_change_until_it_is_published(editor: FlaskClient) -> None:
    made = draft(editor)
    patch(editor, made["id"], 1, body="Second.")
    act(editor, "publish", made["id"], 2)
    restored = restore(editor, made["id"], 3, 1).json
    assert (restored["state"], restored["has_unpublished_changes"]) == ("published", True)
    assert "Second." in editor.get(f"/content/v1/articles/{made['id']}").json["body"]["html"]


@pytest.mark.both_databases
def test_names_that_are_gone_are_told_one_by_one_or_left_out_on_demand(
    editor: FlaskClient, administrator: FlaskClient, database: Database
) -> None:
    furnish(administrator)
    made = draft(editor, **FULL)
    patch(editor, made["id"], 1, section=None, authors=["ann"], editor=None)
    with database.transaction() as session:
        session.execute(delete(Section).where(Section.slug == "city"))
        session.execute(delete(Person).where(Person.slug == "bo"))
    before = counts(database)
    refused = restore(editor, made["id"], 2, 1)
    assert (refused.status_code, refused.json["code"]) == (422, "invalid")
    assert [error["pointer"] for error in refused.json["errors"]] == ["/section", "/authors/1", "/editor"]
    assert counts(database) == before
    restored = restore(editor, made["id"], 2, 1, drops_missing=True).json
    assert (restored["section"], restored["authors"], restored["editor"]) == (None, ["ann"], None)


def test_a_slug_that_another_article_has_by_now_stays_with_it(editor: FlaskClient) -> None:
    made = draft(editor, slug="first")
    patch(editor, made["id"], 1, slug="second", dek="x")
    draft(editor, slug="first")
    assert restore(editor, made["id"], 2, 1).json["slug"] == "second"


@pytest.mark.parametrize("wanted", [3, 4, 99, 2**31])
def test_a_revision_of_another_article_is_not_found(editor: FlaskClient, database: Database, wanted: int) -> None:
    made, other = draft(editor), draft(editor)
    for number in (1, 2, 3):
        patch(editor, other["id"], number, dek=str(number))
    patch(editor, made["id"], 1, dek="x")
    before = counts(database)
    assert restore(editor, made["id"], 2, wanted).status_code == 404
    assert counts(database) == before


@pytest.mark.parametrize("body", [{}, {"revision": 0}, {"revision": -1}, {"revision": "1"}, {"revision": 1.5},
    {"revision": None}, {"revision": [1]}, {"revision": True}, {"revision": 1, "article": "x"},
    {"revision": 1, "note": "a\nb"}, {"revision": 1, "drops_missing": "yes"}])  # fmt: skip
def test_what_names_no_revision_is_refused(editor: FlaskClient, body: dict[str, Any]) -> None:
    made = draft(editor)
    assert act(editor, "restore", made["id"], 1, json=body).status_code == 422
    assert editor.post(f"/api/v1/articles/{made['id']}/restore", json={"revision": 1}).status_code == 428
    assert restore(editor, made["id"], 7, 1).status_code == 412


def test_nobody_brings_an_article_back_into_a_section_that_is_not_theirs(app: Flask, database: Database) -> None:
    desk = Desk(app, database).furnish()
    made = desk.article(section="sport")
    path = f"/api/v1/articles/{made.article.id}"
    moved = desk.client(desk.token("editor")).patch(path, json={"section": "trams"}, headers={"If-Match": '"1"'})
    assert moved.status_code == 200
    here = desk.client(desk.token("editor", section_path="city/"))
    refused = here.post(f"{path}/restore", json={"revision": 1}, headers={"If-Match": '"2"'})
    assert (refused.status_code, refused.json["missing_permission"]) == (403, "articles:write")
    elsewhere = desk.client(desk.token("editor", section_path="sport/"))
    for answer in (
        elsewhere.post(f"{path}/restore", json={"revision": 1}, headers={"If-Match": '"2"'}),
        elsewhere.get(f"{path}/revisions/1..2"),
        elsewhere.get(f"{path}?as_of=2100-01-01T00:00:00Z"),
    ):
        assert answer.status_code == 404


@pytest.mark.both_databases
def test_the_past_is_read_as_it_was(editor: FlaskClient, administrator: FlaskClient) -> None:
    furnish(administrator)
    made = draft(editor, **FULL)
    path = f"/api/v1/articles/{made['id']}"
    states = [made]
    states.append(patch(editor, made["id"], 1, title="Second", section="world").json)
    states.append(act(editor, "publish", made["id"], 2).json)
    states.append(act(editor, "unpublish", made["id"], 3).json)
    for state in states:
        past = editor.get(path, query_string={"as_of": state["updated_at"]})
        assert (past.status_code, past.headers.get("ETag")) == (200, None)
        assert {**past.json, "updated_at": ""} == {**state, "updated_at": ""}
    assert editor.get(f"{path}?as_of=2100-01-01T00:00:00Z").json["revision"] == 4
    assert editor.get(f"{path}?as_of=2000-01-01T00:00:00Z").status_code == 404
    for wrong in ("yesterday", "2026-11-03", "2026-11-03T10:00:00", ""):
        assert editor.get(f"{path}?as_of={wrong}").status_code == 400


def test_a_deleted_article_has_no_past_to_read(
    editor: FlaskClient, database: Database, client_as: Callable[[str], FlaskClient]
) -> None:
    made = draft(editor)
    path = f"/api/v1/articles/{made['id']}"
    assert editor.delete(path, headers={"If-Match": '"1"'}).status_code == 204
    for answer in (
        editor.get(f"{path}?as_of=2100-01-01T00:00:00Z"),
        editor.get(f"{path}/revisions/1..1"),
        restore(editor, made["id"], 2, 1),
    ):
        assert answer.status_code == 404
    with database.transaction() as session:
        session.execute(update(Article).where(Article.id == made["id"]).values(deleted_at=None))
    assert restore(editor, made["id"], 2, 1).status_code == 200
    assert client_as("viewer").get(f"{path}/revisions/1..1").status_code == 200

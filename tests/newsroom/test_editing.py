"""Editing the working copy: merge patches, lost updates refused, and what a stale editor is told."""

from typing import Any

import pytest
from flask.testing import FlaskClient

from cms.platform.db import Database
from tests.newsroom.making import counts, draft, patch

SOME = {"dek": "Old dek", "summary": ["One"], "tags": ["rail"], "fields": {"kicker": "Old", "pin": 1}}


@pytest.mark.both_databases
def test_an_edit_makes_the_next_revision(editor: FlaskClient) -> None:
    made = draft(editor, **SOME)
    answer = patch(
        editor, made["id"], 1, title="Bridge opens", dek=None, tags=["rail", "Ice"], fields={"pin": None, "x": 2}
    )
    assert (answer.status_code, answer.headers["ETag"]) == (200, '"2"')
    expected = {
        **made,
        "revision": 2,
        "title": "Bridge opens",
        "dek": "",
        "tags": ["rail", "ice"],
        "fields": {"kicker": "Old", "x": 2},
        "updated_at": answer.json["updated_at"],
    }
    assert answer.json == expected
    assert editor.get(f"/api/v1/articles/{made['id']}").json == expected


def test_a_merge_patch_may_say_what_it_is(editor: FlaskClient) -> None:
    made = draft(editor)
    headers = {"If-Match": '"1"', "Content-Type": "application/merge-patch+json"}
    assert editor.patch(f"/api/v1/articles/{made['id']}", data=b'{"dek": "New"}', headers=headers).json["dek"] == "New"
    headers["Content-Type"] = "application/json-patch+json"
    assert editor.patch(f"/api/v1/articles/{made['id']}", data=b"[]", headers=headers).status_code == 415


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"dek": "Old dek"},
        {"tags": ["Rail", "rail"]},
        {"fields": {"pin": 1, "other": None}},
        {"section": None, "editor": None, "source": None, "body_format": None},
        {"slug": "harbour-bridge-reopens", "title": "Harbour bridge reopens"},
    ],
)
def test_a_patch_that_changes_nothing_writes_nothing(
    editor: FlaskClient, database: Database, changes: dict[str, Any]
) -> None:
    made = draft(editor, **SOME)
    before = counts(database)
    answer = patch(editor, made["id"], 1, **changes)
    assert (answer.status_code, answer.headers["ETag"], answer.json) == (200, '"1"', made)
    assert counts(database) == before


def test_true_in_place_of_one_is_a_change(editor: FlaskClient) -> None:
    made = draft(editor, **SOME)
    assert patch(editor, made["id"], 1, fields={"pin": True}).json["fields"]["pin"] is True


def test_a_source_can_be_changed_and_cleared(editor: FlaskClient) -> None:
    made = draft(editor, source={"name": "Wire", "url": "https://a.example/1"})
    changed = patch(editor, made["id"], 1, source={"url": "https://a.example/2"}).json
    assert changed["source"] == {"name": "Wire", "url": "https://a.example/2"}
    refused = patch(editor, made["id"], 2, source={"name": None})
    assert [error["pointer"] for error in refused.json["errors"]] == ["/source/name"]
    assert patch(editor, made["id"], 2, source=None).json["source"] is None


def test_a_cleared_slug_is_made_from_the_title_again(editor: FlaskClient) -> None:
    draft(editor, title="Bridge opens")
    made = draft(editor, slug="own")
    assert patch(editor, made["id"], 1, slug=None, title="Bridge opens").json["slug"] == "bridge-opens-2"


@pytest.mark.both_databases
def test_another_ones_slug_is_refused(editor: FlaskClient, database: Database) -> None:
    draft(editor, slug="taken")
    draft(editor, slug="taken", locale="de")
    made, foreign = draft(editor, slug="mine"), draft(editor, slug="taken", locale="fr")
    before = counts(database)
    for answer in (patch(editor, made["id"], 1, slug="taken"), patch(editor, foreign["id"], 1, locale="de")):
        assert (answer.status_code, answer.json["code"]) == (409, "slug_taken")
    assert counts(database) == before
    assert patch(editor, made["id"], 1, locale="es", slug="taken").status_code == 200


@pytest.mark.parametrize(
    ("changes", "pointer"),
    [
        ({"title": None}, "/title"),
        ({"title": "  "}, "/title"),
        ({"locale": None}, "/locale"),
        ({"locale": "??"}, "/locale"),
        ({"section": "none"}, "/section"),
        ({"authors": ["none"]}, "/authors/0"),
        ({"summary": "text"}, "/summary"),
        ({"fields": {"big": "x" * 70_000}}, "/fields"),
        ({"fields": "text"}, "/fields"),
        ({"id": "x"}, "/id"),
        ({"revision": 7}, "/revision"),
        ({"state": "published"}, "/state"),
        ({"published_at": None}, "/published_at"),
    ],
)
def test_what_cannot_be_is_refused_and_changes_nothing(
    editor: FlaskClient, database: Database, changes: dict[str, Any], pointer: str
) -> None:
    made = draft(editor, **SOME)
    before = counts(database)
    answer = patch(editor, made["id"], 1, **changes)
    assert (answer.status_code, [error["pointer"] for error in answer.json["errors"]]) == (422, [pointer])
    assert counts(database) == before
    assert editor.get(f"/api/v1/articles/{made['id']}").json == made


@pytest.mark.parametrize(
    ("header", "status"),
    [(None, 428), ("", 428), ("*", 400), ('"1", "2"', 400), ("1", 400), ('W/"1"', 412), ('"2"', 412), ('"abc"', 412),
     ('"99999999999999999"', 412), ('"-1"', 412), ('"1"', 200)],
)  # fmt: skip
def test_a_change_says_what_it_was_made_on(editor: FlaskClient, header: str | None, status: int) -> None:
    made = draft(editor)
    path, headers = f"/api/v1/articles/{made['id']}", {} if header is None else {"If-Match": header}
    answers = [
        editor.patch(path, json={"dek": "New"}, headers=headers),
        *(
            []
            if status == 200
            else [editor.post(f"{path}/publish", headers=headers), editor.delete(path, headers=headers)]
        ),
    ]
    for answer in answers:
        assert answer.status_code == status, answer.json
        if status == 412:
            assert (answer.json["code"], answer.json["etag"], answer.headers["ETag"]) == ("stale", '"1"', '"1"')


def test_a_stale_editor_is_told_what_clashes(editor: FlaskClient) -> None:
    made = draft(editor, **SOME)
    patch(editor, made["id"], 1, title="Their title", dek="Their dek", fields={"kicker": "Theirs"})
    answer = patch(editor, made["id"], 1, title="My title", summary=["Mine"], fields={"kicker": "Mine", "pin": 2})
    assert answer.status_code == 412
    assert answer.json["etag"] == answer.headers["ETag"] == '"2"'
    assert answer.json["conflicts"] == [
        {"pointer": "/title", "base": "Harbour bridge reopens", "yours": "My title", "theirs": "Their title"},
        {"pointer": "/fields/kicker", "base": "Old", "yours": "Mine", "theirs": "Theirs"},
    ]
    # What only one side changed is merged all the same, and nothing is said about what clashes.
    merge = answer.json["merge"]
    assert (merge["dek"], merge["summary"], merge["fields"]["pin"]) == ("Their dek", ["Mine"], 2)
    assert ("title" in merge, "kicker" in merge["fields"]) == (False, False)
    assert editor.get(f"/api/v1/articles/{made['id']}").json["revision"] == 2
    decided = {**merge, "title": "Our title"}
    merged = editor.patch(
        f"/api/v1/articles/{made['id']}", json=decided, headers={"If-Match": answer.json["etag"]}
    ).json
    assert (merged["title"], merged["dek"], merged["summary"]) == ("Our title", "Their dek", ["Mine"])
    assert merged["fields"]["kicker"] == "Theirs"


def test_a_stale_editor_is_offered_a_merge_that_can_be_sent_as_it_is(editor: FlaskClient) -> None:
    made = draft(editor, **SOME)
    patch(editor, made["id"], 1, dek="Their dek", fields={"pin": None, "x": {"y": 1}}, tags=["ice"])
    answer = patch(editor, made["id"], 1, title="My title", fields={"kicker": None, "z": 1}, tags=["Ice"])
    assert (answer.status_code, answer.json["conflicts"]) == (412, [])
    merge = answer.json["merge"]
    assert (merge["title"], merge["dek"], merge["tags"]) == ("My title", "Their dek", ["ice"])
    merged = editor.patch(f"/api/v1/articles/{made['id']}", json=merge, headers={"If-Match": answer.json["etag"]}).json
    assert (merged["title"], merged["dek"], merged["fields"]) == ("My title", "Their dek", {"x": {"y": 1}, "z": 1})
    assert merged["revision"] == 3


def test_who_names_no_known_revision_is_told_every_difference(editor: FlaskClient) -> None:
    made = draft(editor, **SOME)
    answer = patch(editor, made["id"], 7, title="Mine", dek="Old dek")
    assert answer.json["conflicts"] == [
        {"pointer": "/title", "base": None, "yours": "Mine", "theirs": "Harbour bridge reopens"}
    ]
    assert answer.json["merge"] is None


def test_revisions_keep_what_was_written(editor: FlaskClient) -> None:
    made = draft(editor, **SOME)
    patch(editor, made["id"], 1, title="Second")
    path = f"/api/v1/articles/{made['id']}/revisions"
    listed = editor.get(f"{path}?count=exact").json
    assert [(entry["revision"], entry["action"]) for entry in listed["data"]] == [(2, "edited"), (1, "created")]
    assert listed["meta"]["count"] == 2
    first = editor.get(f"{path}/1").json
    assert (first["action"], first["actor_kind"], first["content"]["title"]) == ("created", "service", made["title"])
    assert {name: made[name] for name in first["content"]} == first["content"]
    one = editor.get(f"{path}?limit=1").json
    rest = editor.get(f"{path}?limit=1&cursor={one['page']['next_cursor']}").json
    assert [entry["revision"] for entry in one["data"] + rest["data"]] == [2, 1]
    for number in ("3", "0", "99999999999999999999"):
        assert editor.get(f"{path}/{number}").status_code == 404


def test_an_edit_is_noted_with_the_names_of_the_fields_and_not_their_values(
    editor: FlaskClient, administrator: FlaskClient
) -> None:
    made = draft(editor)
    patch(editor, made["id"], 1, title="Secret plan", dek="Hush")
    [entry, created] = administrator.get(f"/api/v1/audit?subject_id={made['id']}").json["data"]
    assert (entry["action"], entry["changes"], created["action"]) == (
        "article.edited",
        ["title", "dek"],
        "article.created",
    )

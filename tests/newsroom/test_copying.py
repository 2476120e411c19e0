"""A copy is a draft of its own: it has the words of its source and nothing of its source's life."""

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import update
from werkzeug.test import TestResponse

from cms.identity.staff.schemas import Given
from cms.newsroom.models import Article
from cms.platform.db import Database
from tests.access.desk import Desk
from tests.access.test_bearing import statements
from tests.newsroom.making import UNKNOWN, act, counts, draft, patch

WORDS = ("title", "dek", "summary", "body", "body_format", "section", "tags", "authors", "editor", "source", "locale",
         "type", "fields")  # fmt: skip
FULL = {
    "dek": "Dek", "summary": ["One"], "section": "city", "tags": ["rail", "ice"], "authors": ["ann", "bo"],
    "editor": "bo", "source": {"name": "Wire", "url": "https://w.example/1"}, "fields": {"a": {"b": 1}},
}  # fmt: skip


def copy(editor: FlaskClient, article_id: str, **options: object) -> TestResponse:
    return editor.post(f"/api/v1/articles/{article_id}/copy", **options)  # type: ignore[arg-type]  # Flask's own names


@pytest.fixture
def newsroom(administrator: FlaskClient) -> FlaskClient:
    for kind, name in (("sections", "City"), ("sections", "Sport"), ("people", "Ann"), ("people", "Bo")):
        assert administrator.post(f"/api/v1/{kind}", json={"name": name}).status_code == 201
    return administrator


@pytest.mark.both_databases
def test_a_copy_has_the_words_of_the_working_copy_and_a_life_of_its_own(
    editor: FlaskClient, newsroom: FlaskClient
) -> None:
    source = draft(editor, **FULL)
    act(editor, "publish", source["id"], 1)
    act(editor, "correct", source["id"], 2, json={"note": "It opened on Friday."})
    edited = patch(editor, source["id"], 3, dek="A newer dek").json
    before = editor.get(f"/api/v1/articles/{source['id']}").json

    answer = copy(editor, source["id"])
    assert answer.status_code == 201, answer.json
    made = answer.json
    assert answer.headers["Location"].endswith(made["id"])
    assert {name: made[name] for name in WORDS} == {name: edited[name] for name in WORDS}
    assert (made["state"], made["revision"], made["slug"]) == ("draft", 1, "harbour-bridge-reopens-2")
    assert made["published_revision"] is None
    assert "translations" not in editor.get(f"/api/v1/articles/{made['id']}").json
    assert editor.get(f"/content/v1/articles/{made['id']}").status_code == 404
    [revision] = editor.get(f"/api/v1/articles/{made['id']}/revisions").json["data"]
    assert revision["note"] == f"Copy of {source['id']}, revision {edited['revision']}"
    assert editor.get(f"/api/v1/articles/{source['id']}").json == before
    for subject, action in ((made["id"], "article.copied"), (source["id"], "article.copied_from")):
        newest = newsroom.get(f"/api/v1/audit?subject_id={subject}&action={action}").json["data"]
        assert len(newest) == 1


def test_what_is_given_stands_in_the_copy_instead(editor: FlaskClient, newsroom: FlaskClient) -> None:
    source = draft(editor, **FULL)
    given = {"title": "Harbour bridge closes", "section": "sport", "dek": None, "revision_note": "For the evening"}
    made = copy(editor, source["id"], json=given).json
    assert (made["title"], made["slug"], made["section"]) == (given["title"], "harbour-bridge-closes", "sport")
    assert (made["dek"], made["body"]) == ("", source["body"])
    [revision] = editor.get(f"/api/v1/articles/{made['id']}/revisions").json["data"]
    assert revision["note"] == "For the evening"


def test_a_request_that_is_sent_twice_makes_one_copy(editor: FlaskClient, database: Database) -> None:
    source = draft(editor)
    answers = [copy(editor, source["id"], headers={"Idempotency-Key": "evening-1"}) for _ in range(2)]
    assert answers[0].json == answers[1].json
    assert answers[1].headers["Idempotency-Replayed"] == "true"
    assert counts(database)["articles"] == 2


def test_what_cannot_be_copied_is_refused_and_nothing_is_written(
    editor: FlaskClient, newsroom: FlaskClient, database: Database
) -> None:
    source, binned = draft(editor, **FULL), draft(editor, title="In the bin")
    assert editor.delete(f"/api/v1/articles/{binned['id']}", headers={"If-Match": '"1"'}).status_code == 204
    before = counts(database)
    asked = [
        (UNKNOWN, {}, 404), ("no-id", {}, 404), (binned["id"], {}, 404),
        (source["id"], {"section": "nowhere"}, 422), (source["id"], {"title": None}, 422),
        (source["id"], {"slug": source["slug"]}, 409), (source["id"], {"state": "published"}, 422),
        (source["id"], {"type": "no-such-type"}, 422), (source["id"], {"id": UNKNOWN}, 422),
    ]  # fmt: skip
    answered = [copy(editor, article, json=body).status_code for article, body, _ in asked]
    assert answered == [status for _, _, status in asked]
    now = counts(database)
    assert {name: now[name] for name in before if name != "remembered_answers"} == {
        name: before[name] for name in before if name != "remembered_answers"
    }


def test_source_and_copy_are_each_checked(app: Flask, database: Database, newsroom: FlaskClient) -> None:
    desk = Desk(app, database)
    source = draft(newsroom, **FULL)
    city, sport = (desk.client(desk.token("editor", section_path=f"{section}/")) for section in ("city", "sport"))
    reads = desk.client(desk.token("viewer"))
    assert copy(city, source["id"]).status_code == 201
    # Who may not read the source is not told that it exists; who may only read it makes nothing of it.
    assert copy(sport, source["id"], json={"section": "sport"}).status_code == 404
    assert copy(reads, source["id"]).status_code == 403
    assert copy(city, source["id"], json={"section": "sport"}).status_code == 403


def test_who_reads_everywhere_copies_to_where_he_may_write(
    app: Flask, database: Database, newsroom: FlaskClient
) -> None:
    source = draft(newsroom, **FULL)
    before = counts(database)
    sport = Desk(app, database).session(Given("viewer"), Given("editor", "sport/"))
    refused = copy(sport, source["id"])
    assert (refused.status_code, refused.json["code"]) == (403, "forbidden")
    assert counts(database)["articles"] == before["articles"]
    made = copy(sport, source["id"], json={"section": "sport"})
    assert (made.status_code, made.json["section"]) == (201, "sport")
    assert newsroom.get(f"/api/v1/articles/{source['id']}").json == source


def test_what_waits_for_the_source_does_not_wait_for_the_copy(editor: FlaskClient) -> None:
    source = draft(editor)
    path = f"/api/v1/articles/{source['id']}"
    times = {"embargo_until": "2035-12-31T08:00:00Z"}
    assert editor.put(f"{path}/schedule", json=times).status_code == 200
    assert editor.put(f"{path}/lease").status_code == 200
    assert editor.post(f"{path}/translate", json={"locale": "kk"}).status_code == 201
    before = editor.get(path).json
    assert before["translations"]
    assert "lease" in before

    made = copy(editor, source["id"]).json
    path_of_copy = f"/api/v1/articles/{made['id']}"
    for part in ("schedule", "embargo", "lease"):
        assert editor.get(f"{path}/{part}").status_code == 200, part
        assert editor.get(f"{path_of_copy}/{part}").status_code == 404, part
    assert not {"lease", "translations", "translation_of"} & set(editor.get(path_of_copy).json)
    assert (made["state"], made["corrections"]) == ("draft", [])
    assert editor.get(path).json == before


def test_an_article_of_a_type_that_nobody_knows_is_copied_as_another_one(
    editor: FlaskClient, database: Database
) -> None:
    source = draft(editor)
    with database.transaction() as session:
        session.execute(update(Article).values(type="king"))
    refused = copy(editor, source["id"])
    assert refused.status_code == 422
    assert [(one["pointer"], one["code"]) for one in refused.json["errors"]] == [("/type", "unknown_type")]
    assert counts(database)["articles"] == 1
    assert copy(editor, source["id"], json={"type": "article"}).json["type"] == "article"


def test_a_copy_asks_as_many_statements_for_many_words_and_revisions_as_for_few(
    app: Flask, editor: FlaskClient, database: Database, newsroom: FlaskClient
) -> None:
    # Both have a section, an editor, a source and fields; without one there is nothing to look up.
    few, many = draft(editor, **{**FULL, "tags": ["a"], "authors": ["ann"]}), draft(editor, title="Many", **FULL)
    revision = 1
    for number in range(5):
        many = patch(editor, many["id"], revision, tags=[*"abcde"], body=f"Text {number}").json
        revision = many["revision"]
    asked = []
    for number, source in enumerate((few, many)):
        with statements(Desk(app, database)) as seen:
            assert copy(editor, source["id"], json={"title": f"Copy {number}"}).status_code == 201
        asked.append(len(seen))
    assert asked[0] == asked[1]

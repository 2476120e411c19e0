"""Publishing, unpublishing and deleting: what readers see, what is recorded, what is refused."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select, update

from cms.events.at_once import done_at_once
from cms.events.models import Delivery, Letter
from cms.newsroom.models import Article
from cms.platform.db import Database
from tests.newsroom.making import OWED, UNKNOWN, act, counts, draft, patch

IN_2019 = "2019-05-01T08:30:00Z"


def live(client: FlaskClient, article_id: str) -> Any:
    """The article as readers have it, or None."""
    answer = client.get(f"/content/v1/articles/{article_id}")
    return answer.json if answer.status_code == 200 else None


def close_deliveries(database: Database, *names: str) -> None:
    """Do as if these consumers had done all their work."""
    with database.transaction() as session:
        session.execute(update(Delivery).where(Delivery.subscription.in_(names)).values(state="done"))


@pytest.mark.both_databases
def test_a_published_article_is_there_at_the_next_read(
    editor: FlaskClient, client: FlaskClient, database: Database
) -> None:
    for name, parent in (("City", None), ("Transport", "city")):
        editor.post("/api/v1/sections", json={"name": name, "parent": parent})
    editor.post("/api/v1/people", json={"name": "Mei Lin"})
    made = draft(
        editor,
        section="transport",
        authors=["mei-lin"],
        editor="mei-lin",
        tags=["Ice"],
        source={"name": "Wire", "url": "https://wire.example.com/1"},
        fields={"kicker": "Ice"},
        body="It **opened** <script>alert(1)</script>",
    )
    answer = act(editor, "publish", made["id"], 1)
    assert (answer.status_code, answer.headers["ETag"]) == (200, '"2"')
    published = answer.json
    assert (published["state"], published["revision"], published["published_revision"]) == ("published", 2, 2)
    assert published["has_unpublished_changes"] is False
    assert editor.get(f"/api/v1/articles/{made['id']}").json == published
    document = live(client, made["id"])
    assert (document["title"], document["revision"], document["number"]) == (made["title"], 2, made["number"])
    assert document["section"] == {"slug": "transport", "name": "Transport"}
    assert document["authors"] == [{"slug": "mei-lin", "name": "Mei Lin"}]
    assert document["tags"] == [{"slug": "ice", "name": "Ice"}]
    assert document["source"] == {"name": "Wire", "url": "https://wire.example.com/1"}
    assert document["fields"] == {"kicker": "Ice"}
    assert "<strong>opened</strong>" in document["body"]["html"]
    assert "script" not in document["body"]["html"]
    assert document["published_at"] == document["first_published_at"] == document["updated_at"]
    assert document["published_at"] == published["published_at"]
    [card] = client.get("/content/v1/articles?section=city").json["data"]
    assert card["id"] == made["id"]
    receipt = answer.headers["Location"].rpartition("/")[2]
    with database.reading() as session:
        letter = session.scalars(select(Letter).where(Letter.id == receipt)).one()
        assert (letter.type, letter.subject, letter.data) == (
            "article.published",
            made["id"],
            {"revision": 2, "is_first": True},
        )
        names = set(session.scalars(select(Delivery.subscription).where(Delivery.letter_id == receipt)))
        assert names == OWED
    shown = editor.get(answer.headers["Location"]).json
    assert {one["name"]: one["state"] for one in shown["consequences"]} == {
        **dict.fromkeys(done_at_once("article.published"), "done"), **dict.fromkeys(OWED, "waiting"),
    }  # fmt: skip


def test_readers_keep_what_was_published_while_the_working_copy_changes(
    editor: FlaskClient, client: FlaskClient
) -> None:
    made = draft(editor)
    first = act(editor, "publish", made["id"], 1).json
    seen = live(client, made["id"])
    edited = patch(editor, made["id"], 2, title="Second title", slug="second").json
    assert (edited["has_unpublished_changes"], edited["published_revision"]) == (True, 2)
    assert live(client, made["id"]) == seen
    again = act(editor, "publish", made["id"], 3).json
    assert (again["revision"], again["published_revision"]) == (4, 4)
    document = live(client, made["id"])
    assert (document["title"], document["slug"], document["revision"]) == ("Second title", "second", 4)
    assert document["published_at"] == first["published_at"]
    assert document["updated_at"] > first["published_at"]
    moved = client.get(f"/content/v1/articles/en/{made['slug']}")
    assert (moved.status_code, moved.headers["Location"]) == (301, document["url"])


@pytest.mark.both_databases
def test_an_unpublished_article_is_gone_at_the_next_read_and_can_come_back(
    editor: FlaskClient, client: FlaskClient
) -> None:
    made = draft(editor)
    first = act(editor, "publish", made["id"], 1).json
    answer = act(editor, "unpublish", made["id"], 2)
    assert (answer.status_code, answer.headers["ETag"]) == (200, '"3"')
    assert (answer.json["state"], answer.json["published_at"]) == ("unpublished", None)
    assert answer.json["first_published_at"] == first["first_published_at"]
    assert live(client, made["id"]) is None
    receipt = editor.get(answer.headers["Location"]).json
    assert receipt["event"]["type"] == "article.unpublished"
    act(editor, "publish", made["id"], 3)
    document = live(client, made["id"])
    assert document["published_at"] > document["first_published_at"] == first["published_at"]


def test_what_does_not_fit_the_state_is_refused_and_changes_nothing(editor: FlaskClient, database: Database) -> None:
    made = draft(editor)
    before = counts(database)
    assert (act(editor, "unpublish", made["id"], 1).status_code, counts(database)) == (409, before)
    act(editor, "publish", made["id"], 1)
    before = counts(database)
    twice = act(editor, "publish", made["id"], 2)
    assert (twice.status_code, twice.json["code"], counts(database)) == (409, "already_published", before)


def test_readers_get_no_article_without_a_body(editor: FlaskClient, client: FlaskClient, database: Database) -> None:
    bodies = {"": 422, " \n\n ": 422, "<!-- later -->": 422, "![A lamp](https://a.example/l.png)": 200, "Text": 200}
    for body, status in bodies.items():
        made = draft(editor, body=body)
        before = counts(database)
        answer = act(editor, "publish", made["id"], 1)
        assert answer.status_code == status, body
        if status == 422:
            assert [(error["pointer"], error["code"]) for error in answer.json["errors"]] == [("/body", "required")]
            assert counts(database) == before
            assert live(client, made["id"]) is None


def test_a_publish_can_be_dated_back(editor: FlaskClient, client: FlaskClient) -> None:
    made = draft(editor)
    answer = act(editor, "publish", made["id"], 1, json={"published_at": "2019-05-01T10:30:00+02:00"})
    assert (answer.json["published_at"], answer.json["first_published_at"]) == (IN_2019, IN_2019)
    document = live(client, made["id"])
    assert (document["published_at"], document["updated_at"]) == (IN_2019, IN_2019)
    patch(editor, made["id"], 2, dek="New")
    act(editor, "publish", made["id"], 3)
    document = live(client, made["id"])
    assert document["published_at"] == IN_2019 < document["updated_at"]
    moved = act(editor, "publish", made["id"], 4, json={"published_at": "2020-01-01T00:00:00Z"}).json
    assert (moved["published_at"], moved["first_published_at"]) == ("2020-01-01T00:00:00Z", IN_2019)


@pytest.mark.parametrize(
    "body",
    [
        {"published_at": (datetime.now(UTC) + timedelta(hours=1)).isoformat()},
        {"published_at": "2019-05-01"},
        {"published_at": "2019-05-01T08:30:00"},
        {"published_at": "0001-01-01T00:00:00+14:00"},
        {"published_at": "1066-10-14T09:00:00Z"},
        {"published_at": 0},
        {"publish_at": IN_2019},
    ],
)
def test_another_instant_is_refused(editor: FlaskClient, database: Database, body: dict[str, Any]) -> None:
    made = draft(editor)
    before = counts(database)
    answer = act(editor, "publish", made["id"], 1, json=body)
    assert answer.status_code == 422
    assert [error["pointer"] for error in answer.json["errors"]] == [f"/{next(iter(body))}"]
    assert counts(database) == before


def test_a_slug_that_readers_still_know_for_another_article_is_refused(editor: FlaskClient) -> None:
    first = draft(editor, slug="bridge")
    act(editor, "publish", first["id"], 1)
    patch(editor, first["id"], 2, slug="other")
    second = draft(editor, slug="bridge")
    refused = act(editor, "publish", second["id"], 1)
    assert (refused.status_code, refused.json["code"]) == (409, "slug_taken")
    act(editor, "publish", first["id"], 3)
    assert act(editor, "publish", second["id"], 1).status_code == 200


@pytest.mark.both_databases
def test_a_deleted_article_is_gone_for_everybody_and_its_slug_is_free(
    editor: FlaskClient, client: FlaskClient, database: Database
) -> None:
    made = draft(editor)
    act(editor, "publish", made["id"], 1)
    path, headers = f"/api/v1/articles/{made['id']}", {"If-Match": '"2"'}
    assert editor.delete(path, headers={"If-Match": '"1"'}).status_code == 412
    assert live(client, made["id"]) is not None
    answer = editor.delete(path, headers=headers)
    assert (answer.status_code, answer.data) == (204, b"")
    assert live(client, made["id"]) is None
    for gone in (
        editor.get(path),
        editor.get(f"{path}/revisions"),
        editor.delete(path, headers={"If-Match": '"3"'}),
        patch(editor, made["id"], 3, dek="x"),
        act(editor, "publish", made["id"], 3),
    ):
        assert gone.status_code == 404
    assert editor.get("/api/v1/articles").json["data"] == []
    assert draft(editor)["slug"] == made["slug"]
    assert editor.get(answer.headers["Location"]).json["event"]["type"] == "article.deleted"
    with database.reading() as session:
        row = session.scalars(select(Article).where(Article.id == made["id"])).one()
        assert (row.deleted_at is not None, row.revision, row.title) == (True, 3, made["title"])


def test_the_life_of_an_article_is_in_its_revisions(editor: FlaskClient) -> None:
    made = draft(editor)
    act(editor, "publish", made["id"], 1)
    patch(editor, made["id"], 2, dek="New")
    act(editor, "publish", made["id"], 3)
    act(editor, "unpublish", made["id"], 4)
    listed = editor.get(f"/api/v1/articles/{made['id']}/revisions").json["data"]
    assert [(entry["revision"], entry["action"]) for entry in listed] == [
        (5, "unpublished"), (4, "published"), (3, "edited"), (2, "published"), (1, "created"),
    ]  # fmt: skip


@pytest.mark.both_databases
def test_a_publish_that_is_repeated_happens_once(editor: FlaskClient, database: Database) -> None:
    made = draft(editor)
    headers = {"If-Match": '"1"', "Idempotency-Key": "p-1"}
    first = editor.post(f"/api/v1/articles/{made['id']}/publish", headers=headers)
    before = counts(database)
    again = editor.post(f"/api/v1/articles/{made['id']}/publish", headers=headers)
    assert (again.status_code, again.data) == (200, first.data)
    assert (again.headers["Location"], again.headers["ETag"]) == (first.headers["Location"], first.headers["ETag"])
    assert counts(database) == before


def test_a_publish_waits_for_what_it_is_asked_to_and_no_longer_than_it_may(
    app: Flask, editor: FlaskClient, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    polls: list[frozenset[str]] = []
    room = app.extensions["copydesk.waiting_room"]
    monkeypatch.setattr(
        "cms.newsroom.waiting.sleep",
        lambda _seconds: (polls.append(frozenset()), close_deliveries(database, "search", "related")),
    )
    made = draft(editor)
    answer = act(editor, "publish", made["id"], 1, query_string="wait=search,related")
    assert (answer.status_code, len(polls)) == (200, 1)
    assert room.wait(database, answer.headers["Location"].rpartition("/")[2], ["reading_time"], 0.0) == {"reading_time"}
    act(editor, "unpublish", made["id"], 2, query_string="wait=search")
    assert len(polls) == 2


def test_waiting_leaves_threads_for_readers(app: Flask, database: Database) -> None:
    room = app.extensions["copydesk.waiting_room"]
    taken = 0
    while room._places.acquire(blocking=False):
        taken += 1
    assert taken == 2
    assert room.wait(database, UNKNOWN, ["search"], 60.0) == {"search"}


@pytest.mark.parametrize("wait", ["searching", "search,letter", "search related", "related_sweep", "x" * 201])
def test_waiting_for_what_does_not_follow_is_refused(editor: FlaskClient, database: Database, wait: str) -> None:
    made = draft(editor)
    before = counts(database)
    answer = act(editor, "publish", made["id"], 1, query_string={"wait": wait})
    assert (answer.status_code, answer.json["errors"][0]["pointer"]) == (400, "?wait")
    assert counts(database) == before
    assert act(editor, "unpublish", made["id"], 1, query_string="wait=reading_time").status_code == 400

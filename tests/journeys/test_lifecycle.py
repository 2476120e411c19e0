"""The stories of an article's life over HTTP: the desk, a correction, a takedown, the trash."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import update

from cms.events.at_once import done_at_once
from cms.events.subscriptions import hearing
from cms.newsroom.models import Article
from cms.platform.clock import now
from cms.platform.db import Database
from cms.settings import Settings
from tests.access.desk import Desk
from tests.access.test_bearing import statements
from tests.draining import drain
from tests.newsroom.making import OWED, act, draft, patch
from workers.due import Chores, expire_trash


def done(editor: FlaskClient, answer: Any, names: set[str]) -> None:
    """What follows from an act, by its receipt, is over."""
    receipt = editor.get(answer.headers["Location"]).json
    assert receipt["state"] == "done", receipt
    assert {one["name"] for one in receipt["consequences"]} == names | set(done_at_once(receipt["event"]["type"]))
    # Where a later act was in the same batch, the earlier one is superseded by it.
    assert {one["state"] for one in receipt["consequences"]} <= {"done", "superseded"}


def _put_back(database: Database, by: timedelta) -> None:
    """Make everything in the trash as old as this."""
    with database.transaction() as session:
        session.execute(update(Article).where(Article.deleted_at.is_not(None)).values(deleted_at=now() - by))


def listed(editor: FlaskClient, state: str) -> list[str]:
    return [entry["id"] for entry in editor.get(f"/api/v1/articles?state={state}").json["data"]]


def test_an_author_hands_in_and_an_editor_gives_back_approves_and_publishes(
    client_as: Callable[[str], FlaskClient], client: FlaskClient, settings: Settings, database: Database
) -> None:
    author, editor = client_as("author"), client_as("editor")
    made = draft(author, body="")
    assert [one["code"] for one in author.post(f"/api/v1/articles/{made['id']}/validate").json["findings"]] == [
        "required",
        "missing_summary",
    ]
    assert patch(author, made["id"], 1, body="It opened on Friday.").status_code == 200
    assert act(author, "submit", made["id"], 2, json={"note": "Ready, I think."}).json["state"] == "submitted"
    assert (listed(editor, "submitted"), listed(editor, "draft")) == ([made["id"]], [])
    for verb in ("approve", "reject", "publish", "archive"):
        assert act(author, verb, made["id"], 3, json={"note": "Mine"}).status_code == 403, verb
    rejected = act(editor, "reject", made["id"], 3, json={"note": "Who opened it?"}).json
    assert (rejected["state"], rejected["rejection_note"]) == ("rejected", "Who opened it?")
    changed = patch(author, made["id"], 4, body="The mayor opened it on Friday.").json
    assert (changed["state"], changed["rejection_note"]) == ("draft", "")
    act(author, "submit", made["id"], 5)
    assert act(editor, "approve", made["id"], 6).json["state"] == "approved"
    # An editor's own touch keeps the approval; an author's does not.
    assert patch(editor, made["id"], 7, dek="At last.").json["state"] == "approved"
    assert patch(author, made["id"], 8, dek="At long last.").json["state"] == "draft"
    published = act(editor, "publish", made["id"], 9)
    assert (published.status_code, published.json["state"]) == (200, "published")
    drain(settings, database)
    done(editor, published, OWED)
    assert client.get(f"/content/v1/articles/{made['id']}").json["dek"] == "At long last."
    history = editor.get(f"/api/v1/articles/{made['id']}/revisions?limit=100").json["data"]
    assert [one["action"] for one in reversed(history)] == [
        "created", "edited", "submitted", "rejected", "edited", "submitted", "approved", "edited", "edited",
        "published",
    ]  # fmt: skip
    assert [one["note"] for one in history if one["note"]] == ["Who opened it?", "Ready, I think."]
    archived = act(editor, "archive", made["id"], 10)
    assert (archived.json["state"], archived.json["published_at"]) == ("archived", None)
    assert client.get(f"/content/v1/articles/{made['id']}").status_code == 404
    drain(settings, database)
    done(editor, archived, {"search", "related"})
    assert client.get("/content/v1/search?q=mayor").json["data"] == []
    assert patch(editor, made["id"], 11, dek="No").status_code == 409
    assert act(editor, "unarchive", made["id"], 11).json["state"] == "unpublished"


def test_a_story_that_comes_back_every_week_begins_with_a_copy(
    editor: FlaskClient, client: FlaskClient, settings: Settings, database: Database
) -> None:
    last = draft(editor, title="Trams this week", tags=["trams"], summary=["Line 4 rests."])
    act(editor, "publish", last["id"], 1)
    answer = editor.post(f"/api/v1/articles/{last['id']}/copy", json={"summary": ["Line 6 rests."]})
    assert answer.status_code == 201
    again = editor.get(answer.headers["Location"]).json
    assert (again["title"], again["tags"], again["slug"]) == (last["title"], ["trams"], "trams-this-week-2")
    drain(settings, database)
    assert [card["id"] for card in client.get("/content/v1/articles").json["data"]] == [last["id"]]
    act(editor, "publish", again["id"], 1)
    act(editor, "unpublish", last["id"], 2)
    drain(settings, database)
    # Each lives on its own: what becomes of the one is nothing to the other.
    shown = client.get(f"/content/v1/articles/en/{again['slug']}").json
    assert (shown["id"], shown["summary"]) == (again["id"], ["Line 6 rests."])
    assert [hit["id"] for hit in client.get("/content/v1/search?q=trams").json["data"]] == [again["id"]]
    assert client.get(f"/content/v1/articles/en/{last['slug']}").status_code == 404
    [first] = [
        one for one in editor.get(f"/api/v1/articles/{again['id']}/revisions").json["data"] if one["revision"] == 1
    ]
    assert first["note"] == f"Copy of {last['id']}, revision 2"


@pytest.mark.both_databases
def test_a_correction_is_told_to_readers_and_to_machines(
    editor: FlaskClient, client: FlaskClient, settings: Settings, database: Database
) -> None:
    made = draft(editor, tags=["bridges"], dek="Cars may cross")
    path = f"/content/v1/articles/{made['id']}"
    assert act(editor, "correct", made["id"], 1, json={"note": "Too early"}).status_code == 409
    act(editor, "publish", made["id"], 1)
    before = client.get(path).json
    assert before["corrections"] == []
    assert "correction" not in before["seo"]["json_ld"]
    patch(editor, made["id"], 2, body="The bridge opened **on Saturday**.")
    for body in ({}, {"note": ""}, {"note": "  \n"}, {"note": "x" * 2001}, {"note": 1}, {"note": "a", "remark": "b"}):
        assert act(editor, "correct", made["id"], 3, json=body).status_code == 422, body
    note = "The bridge opened on Saturday, not on Friday."
    answer = act(editor, "correct", made["id"], 3, json={"note": note})
    assert (answer.status_code, answer.json["state"], answer.json["published_revision"]) == (200, "published", 4)
    document = client.get(path).json
    assert "Saturday" in document["body"]["html"]
    [correction] = document["corrections"]
    assert (correction["note"], correction["revision"]) == (note, 4)
    assert document["published_at"] == before["published_at"] < correction["at"] == document["updated_at"]
    drain(settings, database)
    done(editor, answer, {one.name for one in hearing("article.corrected")})
    document = client.get(path).json
    linked = document["seo"]["json_ld"]
    assert linked["correction"] == [{"@type": "CorrectionComment", "text": note, "datePublished": correction["at"]}]
    elsewhere = ("correction", "identifier", "url", "mainEntityOfPage")
    assert {name: linked[name] for name in linked if name not in elsewhere} == {
        "@context": "https://schema.org", "@type": "NewsArticle", "headline": made["title"],
        "description": "Cars may cross", "datePublished": document["published_at"],
        "dateModified": document["updated_at"], "inLanguage": "en", "keywords": ["bridges"],
        "wordCount": document["reading_time"]["words"], "timeRequired": "PT1M",
        "publisher": {"@type": "NewsMediaOrganization", "name": settings.site_name, "url": "/"},
    }  # fmt: skip
    # A second one stands behind the first, and both stay through later publishes.
    act(editor, "correct", made["id"], 4, json={"note": "It is the north bridge."})
    patch(editor, made["id"], 5, dek="Cars and trams may cross")
    act(editor, "publish", made["id"], 6)
    assert [one["revision"] for one in client.get(path).json["corrections"]] == [4, 5]
    assert "corrections" not in client.get("/content/v1/articles").json["data"][0]
    drain(settings, database)


@pytest.mark.both_databases
def test_what_is_taken_down_leaves_a_tombstone_everywhere(
    client_as: Callable[[str], FlaskClient], client: FlaskClient, settings: Settings, database: Database
) -> None:
    chief, editor = client_as("editor-in-chief"), client_as("editor")
    made, other = (draft(editor, title=f"The {name} bridge reopens", tags=["bridges"]) for name in ("north", "south"))
    places = (made["id"], f"en/{made['slug']}", f"{made['id']}/related")
    never_seen = act(chief, "takedown", made["id"], 1)
    assert never_seen.status_code == 409
    for one in (made, other):
        act(editor, "publish", one["id"], 1)
    drain(settings, database)
    assert [one["id"] for one in client.get(f"/content/v1/articles/{other['id']}").json["related"]] == [made["id"]]
    assert act(editor, "takedown", made["id"], 2).status_code == 403
    answer = act(chief, "takedown", made["id"], 2, json={"reason": "A court forbade it."})
    assert (answer.json["state"], answer.json["published_revision"]) == ("taken_down", None)
    for place in places:
        gone = client.get(f"/content/v1/articles/{place}")
        assert (gone.status_code, gone.json["code"], gone.mimetype) == (410, "gone", "application/problem+json")
        assert gone.json["tombstone"] == {
            "id": made["id"], "taken_down_at": answer.json["taken_down_at"], "reason": "A court forbade it."
        }  # fmt: skip
        assert client.head(f"/content/v1/articles/{place}").status_code == 410
    assert client.get(f"/content/v1/articles/{other['id']}").json["related"] == []
    assert client.get("/content/v1/search?q=north").json["data"] == []
    assert [one["id"] for one in client.get("/content/v1/articles").json["data"]] == [other["id"]]
    drain(settings, database)
    done(chief, answer, {"search", "related"})
    # Trash and archive do not lift it, nor does an editor; the working copy can be worked on meanwhile.
    assert patch(editor, made["id"], 3, body="What may be said.", slug="other-address").status_code == 200
    assert editor.delete(f"/api/v1/articles/{made['id']}", headers={"If-Match": '"4"'}).status_code == 204
    assert editor.post(f"/api/v1/trash/{made['id']}/restore").json["state"] == "taken_down"
    assert client.get(f"/content/v1/articles/en/{made['slug']}").status_code == 410
    refused = act(editor, "publish", made["id"], 6)
    assert (refused.status_code, refused.json["missing_permission"]) == (403, "articles:takedown")
    again = act(chief, "publish", made["id"], 6)
    assert (again.status_code, again.json["taken_down_at"]) == (200, None)
    assert client.get(f"/content/v1/articles/{made['id']}").status_code == 200
    assert client.get(f"/content/v1/articles/en/{made['slug']}").status_code == 301
    drain(settings, database)


@pytest.mark.both_databases
def test_a_deleted_article_can_be_taken_back_and_is_archived_when_its_time_is_over(
    client_as: Callable[[str], FlaskClient], client: FlaskClient, settings: Settings, database: Database
) -> None:
    editor, author = client_as("editor"), client_as("author")
    made = draft(editor, slug="bridge")
    act(editor, "publish", made["id"], 1)
    assert editor.get("/api/v1/trash").json["data"] == []
    deleted = editor.delete(f"/api/v1/articles/{made['id']}", headers={"If-Match": '"2"'})
    assert client.get(f"/content/v1/articles/{made['id']}").status_code == 404
    [entry] = editor.get("/api/v1/trash?count=exact").json["data"]
    assert (entry["id"], entry["state"], entry["title"]) == (made["id"], "unpublished", made["title"])
    assert entry["expires_at"] > entry["deleted_at"]
    assert author.get("/api/v1/trash").status_code == 403
    assert author.post(f"/api/v1/trash/{made['id']}/restore").status_code == 403
    back = editor.post(f"/api/v1/trash/{made['id']}/restore").json
    assert (back["state"], back["slug"], back["body"], back["revision"]) == ("unpublished", "bridge", made["body"], 4)
    assert editor.post(f"/api/v1/trash/{made['id']}/restore").status_code == 404
    assert act(editor, "publish", made["id"], 4).status_code == 200
    drain(settings, database)
    done(editor, deleted, {"search", "related"})

    editor.delete(f"/api/v1/articles/{made['id']}", headers={"If-Match": '"5"'})
    # Meanwhile another article may have the slug.
    assert draft(editor, slug="bridge")["slug"] == "bridge"
    for minutes, archived in ((-1, 0), (1, 1), (1, 0)):
        _put_back(database, timedelta(days=settings.trash_days, minutes=minutes))
        assert expire_trash(settings, database, now()) == archived
    assert editor.get("/api/v1/trash").json["data"] == []
    kept = editor.get(f"/api/v1/articles/{made['id']}").json
    assert (kept["state"], kept["body"], kept["revision"]) == ("archived", made["body"], 7)
    assert kept["slug"] != "bridge"
    assert listed(editor, "archived") == [made["id"]]
    assert len(editor.get(f"/api/v1/articles/{made['id']}/revisions").json["data"]) == 7
    assert act(editor, "unarchive", made["id"], 7).json["state"] == "unpublished"
    drain(settings, database)


def test_the_relay_empties_the_trash_by_itself_in_portions(
    editor: FlaskClient, settings: Settings, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("workers.due.EXPIRED_AT_ONCE", 2)
    for _ in range(3):
        made = draft(editor)
        editor.delete(f"/api/v1/articles/{made['id']}", headers={"If-Match": '"1"'})
    _put_back(database, timedelta(days=8))
    chores = Chores(replace(settings, trash_days=7), database)
    for left in (1, 0):
        chores.do_due()
        assert len(editor.get("/api/v1/trash").json["data"]) == left
    chores.close()
    assert len(listed(editor, "archived")) == 3
    drain(settings, database)


def test_a_limited_editor_sees_only_the_trash_of_its_place(editor: FlaskClient, app: Any, database: Database) -> None:
    editor.post("/api/v1/sections", json={"name": "City", "slug": "city"})
    made = draft(editor, section="city")
    editor.delete(f"/api/v1/articles/{made['id']}", headers={"If-Match": '"1"'})
    desk = Desk(app, database)
    inside, outside = (desk.client(desk.token("editor", section_path=f"{name}/")) for name in ("city", "sport"))
    assert outside.get("/api/v1/trash").json["data"] == []
    assert outside.post(f"/api/v1/trash/{made['id']}/restore").status_code == 404
    assert [one["id"] for one in inside.get("/api/v1/trash").json["data"]] == [made["id"]]
    assert inside.post(f"/api/v1/trash/{made['id']}/restore").status_code == 200


def test_the_trash_is_read_by_as_many_statements_for_many_as_for_one(
    editor: FlaskClient, app: Any, database: Database
) -> None:
    asked: list[int] = []
    for count in (1, 6):
        while len(editor.get("/api/v1/trash").json["data"]) < count:
            made = draft(editor, tags=["a", "b", "c"])
            editor.delete(f"/api/v1/articles/{made['id']}", headers={"If-Match": '"1"'})
        with statements(Desk(app, database)) as seen:
            assert editor.get("/api/v1/trash").status_code == 200
        asked.append(len(seen))
    assert asked[0] == asked[1]

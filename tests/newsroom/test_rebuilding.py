"""Rebuilding what readers see from the record: the same bytes, and nothing that was not published."""

import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from click.testing import CliRunner
from flask.testing import FlaskClient
from sqlalchemy import delete, select

from cms.content.models import (
    Document,
    DocumentAuthor,
    DocumentCard,
    DocumentSection,
    DocumentTag,
    DocumentTerm,
    RelatedEntry,
    TermFrequency,
    Tombstone,
)
from cms.content.sweeping import sweep_related
from cms.newsroom.commands import rebuild
from cms.operations.doctor import examine
from cms.platform.clock import now
from cms.platform.db import Database
from cms.settings import Settings
from tests.draining import drain
from tests.newsroom.making import act, draft, patch

TABLES = (
    RelatedEntry, DocumentTerm, TermFrequency, DocumentAuthor, DocumentSection, DocumentTag, DocumentCard, Document,
    Tombstone,
)  # fmt: skip
LIKE = {"body": "The lock hill tram climbed the hill past the harbour museum. " * 12, "tags": ["trams", "harbour"]}


def shown(database: Database) -> dict[str, tuple[bytes, bytes, str]]:
    with database.reading() as session:
        columns = (Document.article_id, Document.body, DocumentCard.card, Document.etag)
        statement = select(*columns).join(DocumentCard, DocumentCard.number == Document.number)
        return {key: (body, card, etag) for key, body, card, etag in session.execute(statement)}


def rows(database: Database) -> dict[str, set[tuple[object, ...]]]:
    with database.reading() as session:
        return {
            table.__tablename__: {
                tuple(str(value) for name, value in zip(row._fields, row, strict=True) if name != "changed_at")
                for row in session.execute(select(*table.__table__.columns))
            }
            for table in TABLES
        }


def related(database: Database) -> dict[str, Any]:
    return {key: json.loads(body)["related"] for key, (body, _, _) in shown(database).items()}


def run(settings: Settings, database: Database) -> str:
    done = CliRunner().invoke(rebuild, obj=settings)
    assert done.exit_code == 0, done.output
    drain(settings, database)
    return done.output


@pytest.fixture
def newsroom(
    editor: FlaskClient, client_as: Callable[[str], FlaskClient], settings: Settings, database: Database
) -> list[str]:
    """Articles of every kind of past: published, corrected, edited since, brought in, taken away, never shown."""
    editor.post("/api/v1/sections", json={"name": "City", "slug": "city"})
    editor.post("/api/v1/people", json={"name": "Ada Ferry", "slug": "ada-ferry"})
    plain = draft(editor, title="First ride", section="city", authors=["ada-ferry"], fields={"z": 1, "a": [2]}, **LIKE)
    again = draft(editor, title="Second ride", source={"name": "Harbour Post", "url": "https://post.example/1"}, **LIKE)
    edited = draft(editor, title="Third ride", dek="As it was", **LIKE)
    brought = draft(editor, title="An old ride", locale="en", **LIKE)
    returned = draft(editor, title="A ride that came back", **LIKE)
    taken, deleted, _never = draft(editor, title="Gone"), draft(editor, title="Deleted"), draft(editor, title="Never")
    for one in (plain, again, edited, returned, taken, deleted):
        assert act(editor, "publish", one["id"], 1).status_code == 200
    old = {"published_at": "2019-05-01T08:30:00Z"}
    assert act(editor, "publish", brought["id"], 1, json=old).status_code == 200
    assert patch(editor, again["id"], 2, title="Second ride, corrected").status_code == 200
    assert act(editor, "publish", again["id"], 3).status_code == 200
    assert patch(editor, edited["id"], 2, title="Not yet shown", slug="not-yet-shown", dek="New").status_code == 200
    for one in (returned, taken):
        assert act(editor, "unpublish", one["id"], 2).status_code == 200
    assert act(editor, "publish", returned["id"], 3).status_code == 200
    gone = editor.delete(f"/api/v1/articles/{deleted['id']}", headers={"If-Match": '"2"'})
    assert gone.status_code == 204
    corrected, recovered, forbidden = (draft(editor, title=title, **LIKE) for title in ("Wrong", "Binned", "Forbidden"))
    for one in (corrected, recovered, forbidden):
        assert act(editor, "publish", one["id"], 1).status_code == 200
    assert patch(editor, corrected["id"], 2, title="Right").status_code == 200
    assert act(editor, "correct", corrected["id"], 3, json={"note": "It is right now."}).status_code == 200
    editor.delete(f"/api/v1/articles/{recovered['id']}", headers={"If-Match": '"2"'})
    editor.post(f"/api/v1/trash/{recovered['id']}/restore")
    assert act(editor, "publish", recovered["id"], 4, json=old).status_code == 200
    chief = client_as("editor-in-chief")
    assert patch(chief, forbidden["id"], 2, slug="never-under-this-address").status_code == 200
    assert act(chief, "takedown", forbidden["id"], 3, json={"reason": "A court said so."}).status_code == 200
    drain(settings, database)
    sweep_related(database, now())
    drain(settings, database)
    return [one["id"] for one in (plain, again, edited, brought, returned, corrected, recovered)]


@pytest.mark.both_databases
def test_everything_that_readers_see_grows_back_byte_for_byte(
    newsroom: list[str], client: FlaskClient, settings: Settings, database: Database
) -> None:
    before, every_row = shown(database), rows(database)
    assert before.keys() == set(newsroom)
    assert all(every_row.values())
    with database.transaction() as session:
        for table in TABLES:
            session.execute(delete(table))
    assert client.get(f"/content/v1/articles/{newsroom[0]}").status_code == 404
    assert "7 articles are put together anew, 0 " in run(settings, database)
    assert shown(database) == before
    assert rows(database) == every_row
    assert client.get(f"/content/v1/articles/{newsroom[0]}").get_data() == before[newsroom[0]][0]


def test_what_should_not_be_shown_goes_and_the_rest_stays_as_it_is(
    newsroom: list[str], editor: FlaskClient, settings: Settings, database: Database
) -> None:
    before = shown(database)
    stranger = draft(editor, title="A stranger")["id"]
    with database.transaction() as session:
        known = session.scalars(select(Document).where(Document.article_id == newsroom[0])).one()
        values = {column.name: getattr(known, column.name) for column in Document.__table__.columns}
        session.add(Document(**{**values, "article_id": stranger, "number": 10_000, "slug": "a-stranger"}))
    told = replace(settings, redis_url="redis://127.0.0.1:1/0")
    found = {finding.part: finding for finding in examine(told, now())}
    assert "copydesk rebuild" in found["documents"].mend
    assert "7 articles are put together anew, 1 " in run(settings, database)
    assert shown(database) == before
    assert {finding.part: finding.is_well for finding in examine(told, now())}["documents"]


def test_of_a_newsroom_that_is_not_swept_yet_only_related_lists_change_and_of_a_swept_one_nothing(
    newsroom: list[str], editor: FlaskClient, settings: Settings, database: Database
) -> None:
    # What is published after a sweep is found by the quick way, which does not weigh every list again.
    for title in ("A fourth ride", "The museum of the hill", "A tram and a harbour"):
        late = draft(editor, title=title, body="The harbour tram passed the museum on the hill. " * 9, tags=["trams"])
        assert act(editor, "publish", late["id"], 1).status_code == 200
    drain(settings, database)

    def without_related() -> dict[str, dict[str, Any]]:
        return {key: {**json.loads(body), "related": []} for key, (body, _, _) in shown(database).items()}

    before, lists = without_related(), related(database)
    assert len(before) == len(newsroom) + 3
    run(settings, database)
    assert without_related() == before
    assert related(database) != lists, "the sweep that a rebuild orders finds what the quick way missed"
    swept, every_row = shown(database), rows(database)
    run(settings, database)
    assert (shown(database), rows(database)) == (swept, every_row)

"""A newsroom of before: its words get their place, and its published articles are found by the words they show."""

import orjson
import pytest
from sqlalchemy import select

from cms.content.models import Document, DocumentWord
from cms.content.rewording import reword_documents
from cms.migrations.running import upgrade
from cms.platform.actor import system
from cms.platform.clock import now
from cms.platform.db import Database
from cms.taxonomy.models import Person, Section, Tag
from tests.going_back import go_back, insert

INSTANT = "2026-11-03 12:00:00"
ARTICLE, CITY, TRAMS, TAG, PERSON, SOURCE = (f"01890a5d-ac96-774b-bcce-b302099a805{number}" for number in range(6))
CONTENT = {
    "id": ARTICLE, "number": 1, "type": "article", "locale": "en", "slug": "s", "url": "/content/v1/articles/en/s",
    "section": {"slug": "trams", "name": "Trams"}, "title": "T", "dek": "",
    "source": {"name": "Wire", "url": "https://wire.example.com/"}, "authors": [{"slug": "jo", "name": "Jo"}],
    "editor": {"slug": "jo", "name": "Jo"}, "published_at": "2026-11-03T12:00:00Z",
    "first_published_at": "2026-11-03T12:00:00Z", "updated_at": "2026-11-03T12:00:00Z", "revision": 1, "summary": [],
    "body": {"html": "<p>x</p>"}, "tags": [{"slug": "rail", "name": "Rail"}], "fields": {},
    "share": {"url": "/content/v1/articles/en/s"},
    "seo": {"title": "T", "description": "", "canonical_url": "/content/v1/articles/en/s"},
    "corrections": [],
}  # fmt: skip


@pytest.mark.both_databases
@pytest.mark.leaves_work
def test_a_filled_database_of_before_follows_its_words(database: Database, database_kind: str) -> None:
    go_back(database, database_kind, "0009")

    def stored(public_id: str) -> str:
        return public_id if database_kind == "postgresql" else public_id.replace("-", "")

    with database.transaction() as session:
        insert(session, "sections", id=stored(CITY), slug="city", name="City", path="city/", created_at=INSTANT)
        insert(
            session, "sections", id=stored(TRAMS), slug="trams", name="Trams", parent_id=stored(CITY),
            path="city/trams/", created_at=INSTANT,
        )  # fmt: skip
        insert(session, "tags", id=stored(TAG), slug="rail", name="Rail", created_at=INSTANT)
        insert(session, "people", id=stored(PERSON), slug="jo", name="Jo", bio="", created_at=INSTANT)
        insert(session, "sources", id=stored(SOURCE), name="Wire", url="", created_at=INSTANT)
        insert(
            session, "documents", article_id=stored(ARTICLE), number=1, revision=1, locale="en", slug="s",
            section_path="city/trams/", title="T", published_at=INSTANT, updated_at=INSTANT,
            content=orjson.dumps(CONTENT).decode(), text="x", image_count=0, body=b"{}", card=b"{}", etag="x",
            changed_at=INSTANT, has_lost_related=False,
        )  # fmt: skip
    upgrade(database)
    with database.transaction() as session:
        assert session.scalars(select(Section.place).order_by(Section.path)).all() == [
            "0000city/",
            "0000city/0000trams/",
        ]
        person = session.scalars(select(Person)).one()
        assert (person.names, person.roles, person.links, person.revision) == ({}, [], [], 1)
        shown = session.execute(select(DocumentWord.role, DocumentWord.word_id).order_by(DocumentWord.position)).all()
        assert [tuple(row) for row in shown] == [
            ("section", TRAMS), ("tag", TAG), ("author", PERSON), ("editor", PERSON), ("source", SOURCE),
        ]  # fmt: skip
        session.scalars(select(Tag)).one().name = "Trains"
    assert reword_documents(database, system("test"), "tag", TAG, now) == 1
    with database.reading() as session:
        content = session.scalars(select(Document.content)).one()
    assert content == {**CONTENT, "tags": [{"slug": "rail", "name": "Trains"}]}

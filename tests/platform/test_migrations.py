"""A database in use goes through every migration: each table has a row from the step that made it, and keeps it.

Rows are made from what the tables themselves say, so a table that a later step brings is filled without a word here.
"""

import hashlib
import uuid
from collections.abc import Iterator
from typing import Any

import orjson
import pytest
from alembic import command
from alembic.script import ScriptDirectory
from jsonschema import Draft202012Validator
from sqlalchemy import Connection, Inspector, inspect, select, text
from sqlalchemy.orm import Session

from cms.app import create_app
from cms.content.assembling import ORDER, assembled
from cms.content.models import DocumentCard
from cms.migrations.running import FOLDER, configuration, upgrade
from cms.newsroom.rebuilding import rebuild_documents
from cms.platform.actor import system
from cms.platform.clock import now
from cms.platform.db import Database, Table
from cms.platform.http.representing import mark_of
from cms.settings import Settings
from tests.going_back import go_back, insert

INSTANT, ARTICLE = "2026-11-03 12:00:00", "01890a5d-ac96-774b-bcce-b302099a8050"
TEXT = "The harbour opened again."
WORDS = {
    "section": {"slug": "city", "name": "City"}, "tags": [{"slug": "rail", "name": "Rail"}],
    "authors": [{"slug": "jo", "name": "Jo"}], "editor": {"slug": "jo", "name": "Jo"},
    "source": {"name": "Wire", "url": "https://wire.example.com/"},
}  # fmt: skip
READING_TIME = {"minutes": 1, "words": 4, "characters": 0, "images": 0, "label": "1 min read"}
CONTENT = {
    "id": ARTICLE, "number": 1, "type": "article", "locale": "en", "slug": "harbour", "title": "Harbour",
    "url": "/content/v1/articles/en/harbour", "dek": "Again", "published_at": "2026-11-03T12:00:00Z",
    "first_published_at": "2026-11-03T12:00:00Z", "updated_at": "2026-11-03T12:00:00Z", "revision": 1, "summary": [],
    "body": {"html": f"<p>{TEXT}</p>\n"}, "fields": {"tide": 3}, "share": {"url": "/content/v1/articles/en/harbour"},
    "seo": {"title": "Harbour", "description": "Again", "canonical_url": "/content/v1/articles/en/harbour"},
    "corrections": [], **WORDS,
}  # fmt: skip
REVISION = {
    "title": "Harbour", "locale": "en", "slug": "harbour", "dek": "Again", "summary": [], "body": TEXT,
    "body_format": "markdown", "section": "city", "tags": ["rail"], "authors": ["jo"], "editor": "jo",
    "source": WORDS["source"], "fields": {"tide": 3},
}  # fmt: skip
# What a document held at the first step. Whoever adds a member brings a migration that puts it into every document.
MEMBERS_AT_FIRST = (
    "id", "number", "type", "locale", "slug", "url", "section", "title", "dek", "source", "authors", "editor",
    "published_at", "first_published_at", "updated_at", "revision", "summary", "reading_time", "body", "tags", "fields",
    "related", "share", "corrections", "seo",
)  # fmt: skip
NOW_SHOWN = assembled(CONTENT, READING_TIME, [], publisher="Copydesk")
WHOLE = orjson.loads(NOW_SHOWN.body)
BODY = orjson.dumps({name: WHOLE[name] for name in MEMBERS_AT_FIRST})

# What a column holds, by its name or by its table's and its own, where its type alone does not say.
VALUES: dict[str, Any] = {
    "articles.id": ARTICLE, "article_id": ARTICLE, "subject": ARTICLE, "locale": "en", "slug": "harbour",
    "articles.state": "published", "revision": 1, "published_revision": 1, "title": "Harbour", "dek": "Again",
    "summary": "[]", "fields": '{"tide": 3}', "body_format": "markdown", "articles.body": TEXT, "text": TEXT,
    "documents.body": BODY, "documents.card": NOW_SHOWN.card, "embargoed_documents.body": BODY,
    "embargoed_documents.card": NOW_SHOWN.card, "documents.content": orjson.dumps(CONTENT).decode(),
    "reading_time": orjson.dumps(READING_TIME).decode(), "article_revisions.content": orjson.dumps(REVISION).decode(),
    "article_revisions.action": "published", "section_path": "city/", "sections.path": "city/", "sections.slug": "city",
    "sections.name": "City", "tags.slug": "rail", "tags.name": "Rail", "people.slug": "jo", "people.name": "Jo",
    "sources.name": "Wire", "source_url": "https://wire.example.com/", "sources.url": "https://wire.example.com/",
    "document_tags.tag": "rail", "document_authors.author": "jo", "document_sections.section": "city",
    "changes": "[]", "permissions": '["articles:read"]', "networks": "[]", "grants": "[]", "why": '["tag:rail"]',
    "outgoing_letters.state": "failed", "deliveries.state": "done", "deliveries.subscription": "search",
    "letters.type": "article.published", "letters.data": '{"revision": 1, "is_first": true}', "purpose": "verify_email",
    "staff_users.state": "active", "staff_sessions.kind": "bearer", "appointments.state": "done", "does": "publish",
    "releases.state": "released", "availability": "published", "redirects.path": "/en/quay", "role": "editor",
    "timezone": "Asia/Almaty", "problem": None, "redirects.target": "", "status": 301, "has_lost_related": False,
    # Nothing of this is over, deleted, sealed, or has its like before it.
    "deleted_at": None, "revoked_at": None, "used_at": None, "closed_at": None, "removed_at": None, "parent_id": None,
    "track_of": None,
    "documents.image_count": 0, "bookmarks": 0, "comments.state": "approved", "comments.held_for": "",
    "comment_modes.mode": "post", "reader_follows.kind": "tag", "frequency": "daily", "digest_id": None,
    "period": "2026-11-03", "day": "2026-11-03", "last_period": "2026-11-03",
    "asset_uses.place": "working", "assets.alt": "{}", "assets.captions": "{}",
    "article_types.text": '{"title": "Video", "type": "object", "properties": {}}',
}  # fmt: skip
# What a migration has to change, and to what.
CHANGED = {("outgoing_letters", "state"): "bounced"}
REWRITTEN = {(table, name) for table in ("documents", "embargoed_documents") for name in ("body", "etag")}
REWRITTEN |= {
    ("documents", "packed"),
    ("embargoed_documents", "card"),
    ("document_cards", "card"),
    ("document_cards", "mark"),
}


class Filled:
    """A database that is brought up step by step, with a row in each table from the step on that makes it."""

    def __init__(self, connection: Connection, kind: str) -> None:
        self.connection, self.kind = connection, kind
        self.rows: dict[str, list[dict[str, Any]]] = {}

    def fill(self) -> None:
        """Put a row into every table that has none yet, those that others point to first."""
        there = inspect(self.connection)
        for name, _ in there.get_sorted_table_and_fkc_names():
            if name is not None and name != "alembic_version" and name not in self.rows:
                # Some are filled by the step that makes them, of what was there before.
                if not self.read(name):
                    self.add_row(name, there)
                self.rows[name] = self.read(name)

    def add_row(self, table: str, there: Inspector) -> None:
        """Put a row into a table that points to others where it should."""
        pointing = {
            column: (key["referred_table"], other)
            for key in there.get_foreign_keys(table)
            for column, other in zip(key["constrained_columns"], key["referred_columns"], strict=True)
            if key["referred_table"] != table
        }
        # The database counts rows by itself, and goes on from there.
        columns = [one for one in there.get_columns(table) if "nextval" not in str(one["default"])]
        values = {one["name"]: self.value(table, one, pointing) for one in columns}
        insert(Session(self.connection), table, **{name: value for name, value in values.items() if value is not None})

    def value(self, table: str, column: Any, pointing: dict[str, tuple[str, str]]) -> Any:
        """What a row has in a column, in the form of this database."""
        name, kind = column["name"], str(column["type"]).upper()
        if name in pointing:
            other, key = pointing[name]
            pointed_at = self.rows[other][0][key]
            return str(pointed_at) if isinstance(pointed_at, uuid.UUID) else pointed_at
        for key in (f"{table}.{name}", name):
            if key in VALUES:
                return self.stored(VALUES[key]) if VALUES[key] == ARTICLE else VALUES[key]
        if kind in ("UUID", "CHAR(32)"):
            return self.stored(str(uuid.uuid5(uuid.NAMESPACE_URL, f"{table}.{name}")))
        if kind in ("BLOB", "BYTEA"):
            return hashlib.sha256(f"{table}.{name}".encode()).digest()
        if kind.startswith(("DATETIME", "TIMESTAMP")):
            return INSTANT
        if kind in ("JSON", "JSONB"):
            return "{}"
        if kind == "BOOLEAN":
            return False
        return 1 if kind.startswith(("INT", "BIGINT", "FLOAT", "DOUBLE")) else name[:9]

    def stored(self, public_id: str) -> str:
        """An id as this database keeps it."""
        return public_id if self.kind == "postgresql" else public_id.replace("-", "")

    def read(self, table: str) -> list[dict[str, Any]]:
        """The rows of a table."""
        return [dict(row) for row in self.connection.execute(text(f"SELECT * FROM {table}")).mappings()]

    def lost(self) -> Iterator[tuple[Any, ...]]:
        """Each row that is not any more as it was written, but for what a migration has to change."""
        for table, rows in self.rows.items():
            after = self.read(table)
            for before in rows:
                if not any(self.is_kept(table, before, one) for one in after):
                    yield table, before, after

    def is_kept(self, table: str, before: dict[str, Any], after: dict[str, Any]) -> bool:
        """Whether a row is the same in every column that there still is."""
        return all(
            (table, name) in REWRITTEN or after[name] in (before[name], CHANGED.get((table, name)))
            for name in before.keys() & after.keys()
        )


def bring_up(database: Database, kind: str) -> dict[str, Any]:
    """Take every step, with all tables of the steps before filled; gives what was lost by which."""
    lost: dict[str, Any] = {}
    steps = [one.revision for one in ScriptDirectory(str(FOLDER)).walk_revisions()][::-1]
    go_back(database, kind, steps[0])
    with database.writer.connect() as connection:
        if kind == "sqlite":
            connection.exec_driver_sql("COMMIT")
            connection.exec_driver_sql("PRAGMA foreign_keys=OFF")
            connection.exec_driver_sql("BEGIN IMMEDIATE")
        filled = Filled(connection, kind)
        for step in steps:
            command.upgrade(configuration(connection), step)
            found = list(filled.lost())
            if found:
                lost[step] = found
            filled.fill()
        connection.commit()
        connection.invalidate()
    return lost


@pytest.mark.slow
@pytest.mark.both_databases
@pytest.mark.leaves_work
def test_a_database_in_use_keeps_every_row_through_every_step(
    settings: Settings, database: Database, database_kind: str
) -> None:
    assert bring_up(database, database_kind) == {}
    # The command finds nothing to do, and no reference that points nowhere.
    upgrade(database)
    with database.reading() as session:
        for mapper in Table.registry.mappers:
            rows = session.scalars(select(mapper.class_)).all()
            assert len(rows) >= 1, mapper.class_.__name__
            for row in rows:
                assert [getattr(row, name.key) for name in mapper.column_attrs]
        assert all(card.mark == mark_of(bytes(card.card)) for card in session.scalars(select(DocumentCard)))
    app = create_app(settings)
    client = app.test_client()
    shown = client.get("/content/v1/articles/en/harbour").json
    assert list(shown) == list(ORDER)
    assert shown == WHOLE
    described = client.get("/openapi.json").json
    [answer] = described["paths"]["/content/v1/articles/{locale}/{slug}"]["get"]["responses"]["200"]["content"].values()
    Draft202012Validator({**answer["schema"], "components": described["components"]}).validate(shown)
    assert [one["id"] for one in client.get("/content/v1/articles?tag=rail&section=city&author=jo").json["data"]] == [
        ARTICLE
    ]
    [change] = client.get("/content/v1/changes").json["data"]
    assert (change["type"], change["time"], change["data"]) == (
        "article.published", WHOLE["updated_at"], {"article": shown},
    )  # fmt: skip
    assert client.get(f"/content/v1/articles/{ARTICLE}?as_of=2026-11-03T12:00:00Z").json == shown
    # What is made anew from the revisions is the same document, but for what the one row of related articles says.
    assert rebuild_documents(database, system("test"), now) == (1, 0)
    anew = client.get(f"/content/v1/articles/{ARTICLE}").json
    assert [one["id"] for one in anew["related"]] == [ARTICLE]
    assert anew | {"related": []} == shown
    app.extensions["copydesk"].database.dispose()
    app.extensions["copydesk"].index.close()

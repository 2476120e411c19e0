"""The database keeps its promises on both kinds."""

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import text

from cms.migrations.tables import metadata
from cms.platform.db import Database, refuse_unsafe_server
from cms.platform.errors import Unavailable


def test_what_the_api_acknowledges_is_on_disk(database: Database) -> None:
    with database.transaction() as session:
        assert session.scalar(text("PRAGMA synchronous")) == 2
        assert session.scalar(text("PRAGMA foreign_keys")) == 1
        assert session.scalar(text("PRAGMA journal_mode")) == "wal"


@pytest.mark.both_databases
def test_the_migrations_make_exactly_the_tables_of_the_models(database: Database) -> None:
    with database.writer.connect() as connection:
        assert compare_metadata(MigrationContext.configure(connection, opts={"compare_type": False}), metadata()) == []


@pytest.mark.both_databases
def test_a_server_that_may_lose_writes_is_refused(database: Database, database_kind: str) -> None:
    if database_kind == "sqlite":
        refuse_unsafe_server(database)
        return
    with pytest.raises(Unavailable, match="fsync off"):
        refuse_unsafe_server(database)

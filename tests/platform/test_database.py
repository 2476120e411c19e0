"""The database keeps its promises on both kinds."""

from threading import Event, Thread, Timer

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import text
from sqlalchemy.exc import OperationalError

from cms.migrations.tables import metadata
from cms.platform.db import Database, refuse_unsafe_server
from cms.platform.errors import Unavailable
from cms.settings import Settings
from tests.servers import PostgreSQL


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


@pytest.mark.slow
@pytest.mark.postgresql
def test_a_password_may_hold_any_character(postgresql_server: PostgreSQL) -> None:
    url = postgresql_server.url("template_copydesk").replace("copydesk@", "copydesk:open%20sesame%2F%40%25@")
    database = Database(Settings(database_url=url).database, is_durable=True)
    try:
        with database.reading() as session:
            assert session.scalar(text("SELECT 1")) == 1
        assert database.direct.rows("SELECT 1") == [(1,)]
    finally:
        database.dispose()


@pytest.mark.both_databases
def test_the_connection_of_a_thread_that_ended_is_closed(database: Database) -> None:
    for _ in range(3):
        reader = Thread(target=lambda: database.direct.rows("SELECT 1"))
        reader.start()
        reader.join()
    assert database.direct.rows("SELECT 1") == [(1,)]
    assert len(database.direct._open) == 1


def test_who_waits_for_a_write_gets_its_turn(database: Database) -> None:
    began, over = Event(), Event()

    def hold() -> None:
        with database.transaction() as session:
            session.execute(text("SELECT 1"))
            began.set()
            over.wait(10)

    holder = Thread(target=hold)
    holder.start()
    began.wait(10)
    Timer(0.2, over.set).start()
    with database.transaction() as session:
        assert session.scalar(text("PRAGMA busy_timeout")) == 5_000
        assert over.is_set()
    holder.join()


def test_a_write_that_never_gets_its_turn_fails_and_the_next_one_works(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("cms.platform.db.BUSY_TIMEOUT_MS", 50)
    with (
        database.transaction() as holder,
        pytest.raises(OperationalError, match="locked"),
        database.transaction() as session,
    ):
        holder.execute(text("SELECT 1"))
        session.execute(text("SELECT 1"))
    with database.transaction() as session:
        assert session.scalar(text("SELECT 1")) == 1

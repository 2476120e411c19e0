"""The database keeps its promises on both kinds."""

from threading import Event, Thread, Timer

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import delete, event, func, insert, select, text
from sqlalchemy.exc import OperationalError

from cms.migrations.tables import metadata
from cms.platform.clock import now
from cms.platform.db import Database, refuse_unsafe_server
from cms.platform.errors import Unavailable
from cms.platform.models import LimitCounter
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
    monkeypatch.setattr("cms.platform.sqlite_connections.BUSY_TIMEOUT_MS", 50)
    with (
        database.transaction() as holder,
        pytest.raises(OperationalError, match="locked"),
        database.transaction() as session,
    ):
        holder.execute(text("SELECT 1"))
        session.execute(text("SELECT 1"))
    with database.transaction() as session:
        assert session.scalar(text("SELECT 1")) == 1


# As the driver is given it: between its `execute` and its `fetch` any exception may come, a signal's among them.
INSERT = (
    "INSERT INTO limit_counters (key, window_started_at, count) VALUES ('one', '2026-11-02 08:00:00', 1) RETURNING key"
)


class Interrupted(Exception):
    """What comes between a statement and its rows."""


@pytest.mark.both_databases
def test_an_exception_between_a_statement_and_its_rows_leaves_nothing_that_later_commits_fail_on(
    database: Database,
) -> None:
    row = {"key": "one", "window_started_at": now(), "count": 1}
    kept = []
    for _ in range(3):
        with pytest.raises(Interrupted), database.transaction() as session:
            # What a traceback does: it holds the cursor for as long as somebody holds the exception.
            kept.append(session.connection().exec_driver_sql(INSERT))
            raise Interrupted
        with database.transaction() as session:
            assert session.scalar(select(func.count()).select_from(LimitCounter)) == 0
            session.execute(insert(LimitCounter), row)
        with database.transaction() as session:
            assert session.execute(delete(LimitCounter)).rowcount == 1
    assert len(kept) == 3


def test_a_connection_on_which_nothing_is_under_way_is_kept_after_a_refusal(database: Database) -> None:
    made = []
    event.listen(database.writer, "connect", lambda *_given: made.append(1))
    for _ in range(3):
        with pytest.raises(Interrupted), database.transaction() as session:
            session.scalar(text("SELECT 1"))
            raise Interrupted
    assert len(made) <= 1

"""The database: engines with the settings that keep a promise, sessions, and the one place that commits.

What is acknowledged is on disk: connections of the API run SQLite with `synchronous=FULL`; workers, whose state
grows back, with NORMAL. Writes begin with BEGIN IMMEDIATE, because SQLite's deferred transactions either lose
updates or fail half-way (measured: 103 of 121 updates lost with the driver's defaults).
"""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, nullcontext
from datetime import UTC, datetime
from functools import lru_cache
from pathlib import Path
from typing import Any

import orjson
from sqlalchemy import (
    JSON,
    BigInteger,
    CursorResult,
    DateTime,
    Delete,
    Dialect,
    Integer,
    MetaData,
    Result,
    TableClause,
    Update,
    Uuid,
    insert,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import DeclarativeBase, Session
from sqlalchemy.types import TypeDecorator, TypeEngine

from cms.platform.direct_reads import DirectReads, to_json
from cms.platform.engines import sharing_engine
from cms.platform.errors import Unavailable
from cms.platform.prepared import PreparedWrite
from cms.platform.sqlite_connections import Writing, prepare_sqlite

WAKE = "wake"
AFTER_COMMIT = "after commit"
SITE_NAME = "site name"


class Table(DeclarativeBase):
    """What every table of the product inherits: one metadata with names for every constraint."""

    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
            "fk": "fk_%(table_name)s_%(column_0_N_name)s",
            "pk": "pk_%(table_name)s",
        }
    )


class Instant(TypeDecorator[datetime]):
    """An aware UTC instant on both databases; a naive one is a mistake and is refused. Raises: ValueError."""

    impl = DateTime
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        """`timestamptz` on PostgreSQL, text without a zone on SQLite."""
        return dialect.type_descriptor(DateTime(timezone=dialect.name == "postgresql"))

    def bind_processor(self, dialect: Dialect) -> Callable[[Any], Any] | None:
        """SQLite gets its text at once: by the library's own way it would take ten times as long."""
        return _instant_text if dialect.name == "sqlite" else super().bind_processor(dialect)

    def result_processor(self, dialect: Dialect, coltype: object) -> Callable[[Any], Any] | None:
        """The same way back."""
        return _instant_of if dialect.name == "sqlite" else super().result_processor(dialect, coltype)

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """To the database."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("an instant must be aware; use cms.platform.clock.now()")
        value = value.astimezone(UTC)
        return value if dialect.name == "postgresql" else value.replace(tzinfo=None)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """From the database."""
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


def _instant_text(value: datetime | None) -> str | None:
    if value is None:
        return None
    if value.tzinfo is None:
        raise ValueError("an instant must be aware; use cms.platform.clock.now()")
    return _spelled(value.astimezone(UTC))


# One act writes its instant into a dozen rows.
@lru_cache(maxsize=256)
def _spelled(value: datetime) -> str:
    return value.replace(tzinfo=None).isoformat(" ", "microseconds")


def _instant_of(stored: str | None) -> datetime | None:
    return None if stored is None else datetime.fromisoformat(stored).replace(tzinfo=UTC)


class IdText(Uuid[str]):
    """The library's type for ids as text, which reads what SQLite holds without making a number of it first."""

    def result_processor(self, dialect: Dialect, coltype: object) -> Callable[[Any], Any] | None:
        """To text with hyphens; PostgreSQL has a type of its own."""
        return _hyphened if dialect.name == "sqlite" else super().result_processor(dialect, coltype)


def _hyphened(stored: str | None) -> str | None:
    if stored is None:
        return None
    return f"{stored[:8]}-{stored[8:12]}-{stored[12:16]}-{stored[16:20]}-{stored[20:]}"


def id_column() -> Uuid[str]:
    """The column type of public ids: text in Python, `uuid` on PostgreSQL."""
    return IdText(as_uuid=False)


# SQLite numbers rows by itself only for INTEGER; PostgreSQL wants the wide type.
RowNumber = BigInteger().with_variant(Integer, "sqlite")
Json = JSON().with_variant(JSONB, "postgresql")


class Database:
    """One database with an engine for writing and one for reading."""

    def __init__(
        self,
        url: str,
        *,
        is_durable: bool,
        pool_size: int = 8,
        wake: Callable[[], None] | None = None,
        site_name: str = "",
    ) -> None:
        self.url, self.site_name = url, site_name
        self.wake = wake
        self.is_sqlite = url.startswith("sqlite")
        self._writing: Writing | None = None
        self.direct = DirectReads(url)
        options: dict[str, Any] = {
            "json_serializer": to_json,
            "json_deserializer": orjson.loads,
            "pool_size": pool_size,
            "max_overflow": 4,
            "pool_timeout": 3,
            # The text of a database error reaches the log; the values of a statement must not.
            "hide_parameters": True,
        }
        if not self.is_sqlite:
            options |= {"pool_pre_ping": True, "connect_args": {"connect_timeout": 3}}
        # Of the connections that are free the last used one knows most of the file.
        self.writer = sharing_engine(url, pool_use_lifo=True, **options)
        self.reader = sharing_engine(url, pool_use_lifo=True, **options) if self.is_sqlite else self.writer
        if self.is_sqlite:
            self._writing = Writing(Path(self.writer.url.database or "").resolve())
            prepare_sqlite(self.writer, is_durable=is_durable, writing=self._writing)
            prepare_sqlite(self.reader, is_durable=False)

    @contextmanager
    def transaction(self, patience_ms: int | None = None) -> Iterator[Session]:
        """A session whose work is committed when the `with` is left, and undone when it is left by an exception.

        The only place that commits. The bell is rung afterwards when a letter was dropped. `patience_ms` is how long it
        may take on SQLite until nobody else writes; then the first statement raises OperationalError. A transaction
        within another one of the same thread would wait for itself.
        """
        with (
            nullcontext() if self._writing is None else self._writing.turn(patience_ms),
            Session(self.writer, expire_on_commit=False, info={SITE_NAME: self.site_name}) as session,
        ):
            try:
                yield session
                session.commit()
            except BaseException:
                session.rollback()
                raise
        for act in session.info.get(AFTER_COMMIT, ()):
            act()
        if self.wake is not None and session.info.get(WAKE):
            self.wake()

    @contextmanager
    def reading(self) -> Iterator[Session]:
        """A session that only reads; it sees one snapshot on SQLite."""
        with Session(self.reader, expire_on_commit=False, info={SITE_NAME: self.site_name}) as session:
            yield session

    def dispose(self) -> None:
        """Close every connection."""
        self.direct.close()
        self.writer.dispose()
        self.reader.dispose()
        if self._writing is not None:
            self._writing.close()


def insert_into(table: type[Table]) -> PreparedWrite:
    """An insert to build once and to run with plain values, of one row or of many.

    For rows that nobody changes in the session that writes them: an object that it keeps account of costs ten times as
    much. Defaults that are Python's own hold here too; keys that the database makes are not read back.
    """
    return PreparedWrite(insert(columns_of(table)))


def columns_of(table: type[Table]) -> TableClause:
    """A table without its class, for statements of plain rows: what is built of it costs a fraction when it is run.

    Such a statement does not see what the session has not flushed.
    """
    return table.metadata.tables[table.__tablename__]


def change_rows(session: Session, statement: Update | Delete, values: Mapping[str, Any] | None = None) -> int:
    """Change or delete rows by one statement, with values for its parameters; gives how many rows there were.

    Objects that the session holds already are not brought up to date: what reads such a row again populates it anew.
    """
    result: Result[Any] = session.execute(statement, values, execution_options={"synchronize_session": False})
    assert isinstance(result, CursorResult)
    return result.rowcount


def wake_after_commit(session: Session) -> None:
    """Ask that whoever acts on letters is woken after this session's commit."""
    session.info[WAKE] = True


def site_name_of(session: Session) -> str:
    """What the site is called, for what is put together of it; empty where nobody said so."""
    return str(session.info.get(SITE_NAME, ""))


def after_commit(session: Session, act: Callable[[], None]) -> None:
    """Ask that something is done once this session's work is committed, and not at all when it is undone."""
    session.info.setdefault(AFTER_COMMIT, []).append(act)


def refuse_unsafe_server(database: Database) -> None:
    """Refuse a PostgreSQL that may lose what it acknowledged. Raises: Unavailable, naming the setting."""
    if database.is_sqlite:
        return
    with database.reading() as session:
        for name in ("fsync", "synchronous_commit", "full_page_writes"):
            if session.scalar(text(f"SHOW {name}")) == "off":
                raise Unavailable(
                    f"PostgreSQL runs with {name} off: what Copydesk acknowledges could be lost at a power cut. "
                    "Turn it on, or set COPYDESK_ALLOW_UNSAFE_DATABASE=1 where losing data is fine."
                )

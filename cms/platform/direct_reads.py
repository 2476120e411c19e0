"""Reads that skip SQLAlchemy: one prepared statement on a connection that belongs to the thread.

For the few reads that answer most of the traffic. A session costs more than the read itself; this costs little more
than the driver. Every read sees the latest commit: nothing is kept between two calls but the connection.
"""

import re
import sqlite3
import threading
from collections.abc import Sequence
from datetime import UTC, datetime
from functools import cache
from itertools import count
from typing import Any
from weakref import WeakSet

import orjson
from sqlalchemy import Dialect, make_url

from cms.platform.errors import Unavailable

PRAGMAS = ("busy_timeout=5000", "query_only=ON", "temp_store=MEMORY", "mmap_size=268435456")
DRIVERS = {"sqlite": "sqlite://", "postgresql": "postgresql+psycopg://"}
PLACEHOLDER = re.compile(r"\?")
# How PostgreSQL sends values: as it holds them.
BINARY = 1


@cache
def by_place(kind: str, style: str) -> Dialect:
    """How statements of `prepared.py` are put to `sqlite` or `postgresql`: their values are known by their place, which
    is marked in a style of PEP 249."""
    dialect: Any = make_url(DRIVERS[kind]).get_dialect()
    written: Dialect = dialect(paramstyle=style, json_serializer=to_json, json_deserializer=orjson.loads)
    return written


def to_json(value: Any) -> str:
    """A value of a JSON column as both drivers take it."""
    return orjson.dumps(value).decode()


def read_instant(stored: Any) -> datetime:
    """An instant as a driver gives it: text in UTC from SQLite, an aware one of any zone from PostgreSQL."""
    instant = stored if isinstance(stored, datetime) else datetime.fromisoformat(stored).replace(tzinfo=UTC)
    return instant.astimezone(UTC)


class SqliteConnection(sqlite3.Connection):
    """The driver's own, of which one can hold a weak reference: connections of threads that ended must not pile up."""


class Held:
    """Closes a connection when the thread that it belongs to has ended, and with it this object."""

    def __init__(self, connection: Any) -> None:
        self._connection = connection

    def __del__(self) -> None:
        self._connection.close()


class Asking:
    """Puts statements to PostgreSQL by the functions of its own library, on one connection.

    A cursor of the driver takes three times as long around the same calls, and lets go of the interpreter more often.
    """

    def __init__(self, driver: Any, connection: Any) -> None:
        self._driver, self._server = driver, connection.pgconn
        self._values = driver.adapt.Transformer(connection)
        self._known: dict[tuple[str, tuple[int, ...]], bytes] = {}

    def rows(self, statement: str, values: Sequence[Any]) -> list[tuple[Any, ...]]:
        """All rows. Raises: the driver's errors."""
        given = self._values.dump_sequence(values, [self._driver.adapt.PyFormat.AUTO] * len(values))
        types = self._values.types or ()
        name = self._known.get((statement, types)) or self._prepare(statement, types)
        result = self._server.exec_prepared(name, given, self._values.formats if given else None, BINARY)
        self._refuse_other(result, self._driver.pq.ExecStatus.TUPLES_OK)
        self._values.set_pgresult(result)
        return self._values.load_rows(0, result.ntuples, tuple)

    def _prepare(self, statement: str, types: tuple[int, ...]) -> bytes:
        name = f"read_{len(self._known)}".encode()
        result = self._server.prepare(name, _numbered(statement).encode(), types)
        self._refuse_other(result, self._driver.pq.ExecStatus.COMMAND_OK)
        self._known[statement, types] = name
        return name

    def _refuse_other(self, result: Any, wanted: Any) -> None:
        """Raises: the driver's error, for a result that has not this status."""
        if result.status == wanted:
            return
        if self._server.status != self._driver.pq.ConnStatus.OK:
            # The library says of a lost connection nothing by which its error would be told from others.
            raise self._driver.OperationalError("the connection to the server is lost")
        raise self._driver.errors.error_from_result(result)


class DirectReads:
    """Reads of one database. One object per process; each thread opens its own connection with its first read."""

    def __init__(self, url: str) -> None:
        self._url = make_url(url)
        self.is_sqlite = self._url.get_backend_name() == "sqlite"
        self.dialect = by_place(self._url.get_backend_name(), "qmark")
        # PostgreSQL's driver is had from SQLAlchemy, which loads it where it is needed: it takes 6 MB of each process.
        self._driver: Any = self._url.get_dialect().import_dbapi()
        self._mine = threading.local()
        self._open: WeakSet[Any] = WeakSet()

    def rows(self, statement: str, values: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
        """All rows of a statement whose placeholders are `?` on both databases. Raises: Unavailable."""
        try:
            connection = self._mine.connection
        except AttributeError:
            connection = self._connect()
        if self.is_sqlite:
            try:
                return connection.execute(statement, values).fetchall()
            except sqlite3.OperationalError as error:
                self._forget(connection)
                raise _unavailable() from error
        return self._ask_server(connection, statement, values)

    def close(self) -> None:
        """Close the connections of all threads; a later read opens a new one."""
        # The set holds connections weakly: letting go of mine first would drop it open.
        connections = list(self._open)
        self._mine = threading.local()
        for connection in connections:
            connection.close()

    def _ask_server(self, connection: Any, statement: str, values: Sequence[Any]) -> list[tuple[Any, ...]]:
        try:
            return self._mine.asking.rows(statement, values)
        except (self._driver.OperationalError, self._driver.InterfaceError):
            # The server was restarted since the last read of this thread: one new connection, then the truth.
            self._forget(connection)
        connection = self._connect()
        try:
            return self._mine.asking.rows(statement, values)
        except (self._driver.OperationalError, self._driver.InterfaceError) as error:
            self._forget(connection)
            raise _unavailable() from error

    def _connect(self) -> Any:
        try:
            connection = self._sqlite() if self.is_sqlite else self._postgresql()
        except self._driver.OperationalError as error:
            raise _unavailable() from error
        self._open.add(connection)
        self._mine.connection, self._mine.held = connection, Held(connection)
        if not self.is_sqlite:
            self._mine.asking = Asking(self._driver, connection)
        return connection

    def _forget(self, connection: Any) -> None:
        connection.close()
        self._open.discard(connection)
        if getattr(self._mine, "connection", None) is connection:
            self._mine.__dict__.clear()

    def _sqlite(self) -> sqlite3.Connection:
        # Closed by `close()` from whatever thread ends the process, hence no check of the thread.
        connection = sqlite3.connect(
            self._url.database or "",
            isolation_level=None,
            check_same_thread=False,
            cached_statements=256,
            factory=SqliteConnection,
        )
        for pragma in PRAGMAS:
            connection.execute(f"PRAGMA {pragma}")
        return connection

    def _postgresql(self) -> Any:
        # Not the URL's text: SQLAlchemy writes a space in a password as it is, which libpq refuses.
        words, options = self._url.get_dialect()().create_connect_args(self._url)
        options = {"connect_timeout": 3, **options, "autocommit": True, "prepare_threshold": 0}
        connection = self._driver.connect(*words, **options)
        connection.execute("SET default_transaction_read_only = on")
        return connection


def _numbered(statement: str) -> str:
    """A statement as PostgreSQL's library takes it, with `$1` for the first `?`."""
    number = count(1)
    return PLACEHOLDER.sub(lambda _found: f"${next(number)}", statement)


def _unavailable() -> Unavailable:
    return Unavailable("The database does not answer right now.", headers={"Retry-After": "2"})

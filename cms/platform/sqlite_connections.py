"""Connections to SQLite: their settings, how reads and writes begin on them, and when one cannot be used again.

Who writes waits for its turn (`turns.py`, ADR 21) before a connection is chosen, so that a process writes by one
connection as long as it can: SQLite then knows from the last time what is in the file.
"""

import sqlite3
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

from sqlalchemy import Connection, Engine, event

from cms.platform.prepared import line_of
from cms.platform.turns import Turn

BUSY_TIMEOUT_MS = 5_000
WRITE = "BEGIN IMMEDIATE"
# At how many pages of 4 kB the log is written into the file, by whoever commits next. For people who wait it is done by
# those behind, whose connections are not durable; where there are none, the log grows to 16 MB.
LOG_PAGES, LOG_PAGES_OF_OTHERS = 4_000, 1_000
# Says of a connection that it took the turn to write, and gives it back.
HAS_TURN = "copydesk_has_turn"
# Says of a connection that what was begun on it was undone, so that something may still be under way.
WAS_UNDONE = "copydesk_was_undone"


class Wait(NamedTuple):
    """How a wait for the turn to write came out, and until when SQLite may be waited for; None is as long as usual.

    Units: seconds of the monotonic clock.
    """

    is_mine: bool
    until: float | None


class Asked(threading.local):
    """The wait of the transaction that goes on in this thread."""

    wait: Wait | None = None


class Writing:
    """The writes of a process to one file."""

    def __init__(self, path: Path) -> None:
        self._turn = Turn(path)
        self._asked = Asked()

    @contextmanager
    def turn(self, patience_ms: int | None) -> Iterator[None]:
        """Wait for the turn, and give it back when the `with` is left. Who got none writes only if SQLite lets them."""
        before = self._asked.wait
        seconds = (BUSY_TIMEOUT_MS if patience_ms is None else patience_ms) / 1000
        until = time.monotonic() + seconds
        is_mine = self._turn.take(seconds)
        self._asked.wait = Wait(is_mine, None if is_mine and patience_ms is None else until)
        try:
            yield
        finally:
            self._asked.wait = before
            if is_mine:
                self._turn.give_back()

    def begin(self, connection: Connection) -> None:
        """Begin a write when no other goes on. Raises: OperationalError when that takes longer than it may."""
        wait = self._asked.wait or self._turn_of(connection)
        line = line_of(connection)
        if wait.until is None:
            line.execute(WRITE, [])
            return
        # Who got no turn is told by SQLite itself, and so is who must not wait longer for those who take none.
        line.driver.execute(f"PRAGMA busy_timeout={max(0, int((wait.until - time.monotonic()) * 1000))}")
        try:
            line.execute(WRITE, [])
        finally:
            line.driver.execute(f"PRAGMA busy_timeout={BUSY_TIMEOUT_MS}")

    def end(self, record: Any) -> None:
        """Give back the turn that a connection took by itself."""
        if record.info.pop(HAS_TURN, False):
            self._turn.give_back()

    def close(self) -> None:
        """Close the files of the turn."""
        self._turn.close()

    def _turn_of(self, connection: Connection) -> Wait:
        """The turn of who writes by a connection and no session."""
        until = time.monotonic() + BUSY_TIMEOUT_MS / 1000
        if HAS_TURN not in connection.info:
            if not self._turn.take(BUSY_TIMEOUT_MS / 1000):
                return Wait(False, until)
            connection.info[HAS_TURN] = True
        return Wait(True, None)


def prepare_sqlite(engine: Engine, *, is_durable: bool, writing: Writing | None = None) -> None:
    """Set the connections of an engine up; with `writing` its transactions are writes from their beginning."""

    @event.listens_for(engine, "connect")
    def on_connect(connection: Any, _record: Any) -> None:
        # The driver must not open transactions by itself: it would do so late, after the first read.
        connection.isolation_level = None
        cursor = connection.cursor()
        for pragma in (
            f"busy_timeout={BUSY_TIMEOUT_MS}",
            "journal_mode=WAL",
            f"synchronous={'FULL' if is_durable else 'NORMAL'}",
            f"wal_autocheckpoint={LOG_PAGES if is_durable else LOG_PAGES_OF_OTHERS}",
            "foreign_keys=ON",
            "temp_store=MEMORY",
            "mmap_size=268435456",
            "journal_size_limit=67108864",
        ):
            cursor.execute(f"PRAGMA {pragma}")
        cursor.close()

    @event.listens_for(engine, "begin")
    def on_begin(connection: Any) -> None:
        if writing is None:
            connection.exec_driver_sql("BEGIN")
        else:
            writing.begin(connection)

    @event.listens_for(engine, "rollback")
    def on_rollback(connection: Connection) -> None:
        if not connection.invalidated:
            connection.info[WAS_UNDONE] = True

    @event.listens_for(engine, "checkin")
    def on_checkin(connection: Any, record: Any) -> None:
        was_undone = record.info.pop(WAS_UNDONE, False)
        if was_undone and connection is not None and not _is_clean(connection):
            record.invalidate()
        if writing is not None:
            writing.end(record)


def _is_clean(connection: sqlite3.Connection) -> bool:
    """Whether the next work on a connection can be committed.

    A statement whose rows nobody fetched, as of an INSERT with RETURNING that an exception came after, outlives the
    rollback for as long as the traceback holds its cursor, and SQLite refuses every commit beside it.
    """
    try:
        # A transaction that has not read or written takes no lock, and its end is refused all the same.
        connection.execute("BEGIN")
        connection.execute("COMMIT")
    except sqlite3.Error:
        return False
    return True

"""Limits counted in the database: they hold when the broker is gone and over every process."""

import hashlib
from datetime import UTC, datetime

from sqlalchemy import case, delete, func, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from cms.platform.models import LimitCounter

FAILURES = "failures:"


def take(session: Session, key: str, *, limit: int, window_seconds: int, now: datetime) -> bool:
    """Count one use of `key` and say whether it is within the limit of its window.

    Formula: fixed windows aligned to the epoch; one atomic upsert, so parallel callers are all counted.
    """
    started_at = datetime.fromtimestamp(now.timestamp() // window_seconds * window_seconds, UTC)
    insert = postgresql.insert if session.get_bind().dialect.name == "postgresql" else sqlite.insert
    statement = insert(LimitCounter).values(key=key, window_started_at=started_at, count=1)
    is_same = LimitCounter.window_started_at == statement.excluded.window_started_at
    statement = statement.on_conflict_do_update(
        index_elements=[LimitCounter.key],
        set_={"window_started_at": started_at, "count": case((is_same, LimitCounter.count + 1), else_=1)},
    )
    session.execute(statement)
    count = session.scalar(select(LimitCounter.count).where(LimitCounter.key == key))
    return count is not None and count <= limit


def count_failure(session: Session, subject: str, now: datetime) -> None:
    """Count one more failure in a row; the row notes the instant of the last one. See `failures_in_a_row`."""
    insert = postgresql.insert if session.get_bind().dialect.name == "postgresql" else sqlite.insert
    statement = insert(LimitCounter).values(key=FAILURES + subject, window_started_at=now, count=1)
    statement = statement.on_conflict_do_update(
        index_elements=[LimitCounter.key], set_={"window_started_at": now, "count": LimitCounter.count + 1}
    )
    session.execute(statement)


def failures_in_a_row(session: Session, subject: str) -> int:
    """How often somebody failed at a subject since the last success there."""
    return session.scalar(select(LimitCounter.count).where(LimitCounter.key == FAILURES + subject)) or 0


def forget_failures(session: Session, subject: str) -> None:
    """Begin to count anew: somebody succeeded."""
    session.execute(delete(LimitCounter).where(LimitCounter.key == FAILURES + subject))


def line_up(session: Session, key: str) -> None:
    """Let one transaction at a time go on with this key, until its end.

    SQLite has one writer at a time anyway. On PostgreSQL two keys share a lock once in 2^63 pairs, which costs a wait.
    """
    if session.get_bind().dialect.name == "postgresql":
        number = int.from_bytes(hashlib.sha256(key.encode()).digest()[:8], "big", signed=True)
        session.execute(select(func.pg_advisory_xact_lock(number)))

"""Limits counted in the database: they hold when the broker is gone and over every process."""

import hashlib
from datetime import datetime

from sqlalchemy import case, delete, func, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from cms.platform.counting import Limit, Verdict, microseconds, verdict
from cms.platform.db import change_rows
from cms.platform.models import LimitCounter, LimitQuota

FAILURES = "failures:"


def take(session: Session, key: str, limit: Limit, now: datetime) -> Verdict:
    """Count one use of `key`, unless the limit is reached.

    Formula: `counting.count_one` as one conditional upsert, so that of parallel callers no two count the same use.
    """
    instant = microseconds(now)
    insert = postgresql.insert if session.get_bind().dialect.name == "postgresql" else sqlite.insert
    later = case((LimitQuota.full_at > instant, LimitQuota.full_at), else_=instant) + limit.interval
    statement = (
        insert(LimitQuota)
        .values(key=key, full_at=instant + limit.interval)
        .on_conflict_do_update(
            index_elements=[LimitQuota.key],
            set_={"full_at": later},
            where=later <= instant + limit.window,
        )
        .returning(LimitQuota.full_at)
    )
    counted = session.scalar(statement)
    if counted is not None:
        return verdict(limit, True, counted, instant)
    # Refused. What lies beyond the window comes from a clock that was set back, and is brought to the window's end.
    end = instant + limit.window
    change_rows(session, update(LimitQuota).where(LimitQuota.key == key, LimitQuota.full_at > end).values(full_at=end))
    full_at = session.scalar(select(LimitQuota.full_at).where(LimitQuota.key == key))
    return verdict(limit, False, end if full_at is None else full_at, instant)


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

"""Limits counted in the database: they hold when the broker is gone and over every process."""

from datetime import UTC, datetime

from sqlalchemy import case, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from cms.platform.models import LimitCounter


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

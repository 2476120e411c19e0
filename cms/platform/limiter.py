"""Where a use is counted: in the broker while it answers, else in the database, or in this process alone.

Sign-in and codes are counted in the database always: they write there anyway, and a limit that fails open would be
none. Writes go from the broker to the database, which they need in any case. What only reads must not begin to write
while the broker is away: it is counted in this process, so that at most as many times the limit come through as there
are processes.
"""

import threading
from datetime import datetime

from cms.platform.broker_counts import BrokerCounts
from cms.platform.counting import Limit, Verdict, count_one, microseconds, verdict
from cms.platform.db import Database
from cms.platform.limits import take as take_in_database

MOST_KEYS = 10_000


class ProcessCounts:
    """Counts of this process, of at most ten thousand keys: the ones that are nearest to their whole quota go first."""

    def __init__(self) -> None:
        self._full_at: dict[str, int] = {}
        self._lock = threading.Lock()

    def count(self, key: str, limit: Limit, now: int) -> tuple[bool, int]:
        """Like `counting.count_one`."""
        with self._lock:
            is_allowed, full_at = count_one(limit, self._full_at.get(key, 0), now)
            self._full_at[key] = full_at
            if len(self._full_at) > MOST_KEYS:
                last = sorted(self._full_at.items(), key=lambda item: item[1])[MOST_KEYS // 2 :]
                self._full_at = dict(last)
        return is_allowed, full_at

    def __len__(self) -> int:
        return len(self._full_at)


class Limiter:
    """The limits of one process. `take` is safe for threads."""

    def __init__(self, database: Database, broker: BrokerCounts) -> None:
        self._database = database
        self._broker = broker
        self._process = ProcessCounts()

    def take(self, key: str, limit: Limit, now: datetime) -> Verdict:
        """Count one use of `key`, unless its limit is reached. Raises: SQLAlchemyError where the database must count
        and does not answer.
        """
        key, instant = f"{limit.name}:{key}", microseconds(now)
        counted = None if limit.is_counted_in == "database" else self._broker.count(key, limit, instant)
        if counted is None and limit.is_counted_in == "process":
            counted = self._process.count(key, limit, instant)
        if counted is not None:
            return verdict(limit, *counted, instant)
        with self._database.transaction() as session:
            return take_in_database(session, key, limit, now)

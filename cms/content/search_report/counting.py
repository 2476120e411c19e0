"""Counting searches: in memory first, and together into the database every few seconds, so that a search stays a read.

What one process has not written when it is killed is lost; a report is no account.
"""

import threading
import time
from collections.abc import Callable
from datetime import datetime
from typing import Any

import structlog
from sqlalchemy import func, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from cms.content.search_report.models import SearchCount
from cms.content.search_report.rules import MOST_A_DAY, Searched, counted_text
from cms.platform.db import Database

log = structlog.get_logger("copydesk.api")
SEARCH_LEDGER = "copydesk-search-ledger"
WRITTEN_EVERY_SECONDS = 10.0
MOST_HELD = 500


class SearchLedger:
    """What was searched for in this process and is not in the database yet. Safe for threads."""

    def __init__(self, database: Database, ticks: Callable[[], float] = time.monotonic) -> None:
        self._database = database
        self._ticks = ticks
        self._lock = threading.Lock()
        self._held: dict[Searched, list[int]] = {}
        self._written_at = ticks()

    def count(self, text: str, locale: str | None, *, found_nothing: bool, now: datetime) -> None:
        """Count a search, if it may be counted. Never raises."""
        plain = counted_text(text)
        if not plain:
            return
        searched = Searched(now.date().isoformat(), locale or "", plain)
        with self._lock:
            counts = self._held.get(searched)
            if counts is None:
                if len(self._held) >= MOST_HELD:
                    return
                counts = self._held[searched] = [0, 0]
            counts[0] += 1
            counts[1] += found_nothing
            is_due = self._ticks() - self._written_at >= WRITTEN_EVERY_SECONDS
        if is_due:
            self.write()

    def write(self) -> None:
        """Put into the database what is held. Never raises: searching goes on without a report."""
        with self._lock:
            held, self._held, self._written_at = self._held, {}, self._ticks()
        if not held:
            return
        try:
            with self._database.transaction() as session:
                add_counts(session, held)
        except SQLAlchemyError as error:
            log.warning("searches_not_counted", error=type(error).__name__)


def add_counts(session: Session, held: dict[Searched, list[int]]) -> None:
    """Add what was counted to what is there."""
    days = {searched.day for searched in held}
    known = dict(
        session.execute(
            select(SearchCount.day, func.count()).where(SearchCount.day.in_(days)).group_by(SearchCount.day)
        ).all()
    )
    rows: list[dict[str, Any]] = [
        {"day": one.day, "locale": one.locale, "text": one.text, "searches": counts[0], "found_nothing": counts[1]}
        for one, counts in sorted(held.items(), key=lambda pair: (pair[0].day, pair[0].locale, pair[0].text))
        if known.get(one.day, 0) < MOST_A_DAY
    ]
    if not rows:
        return
    insert = postgresql.insert if session.get_bind().dialect.name == "postgresql" else sqlite.insert
    statement = insert(SearchCount)
    added = {
        name: getattr(SearchCount, name) + getattr(statement.excluded, name) for name in ("searches", "found_nothing")
    }
    key = [SearchCount.day, SearchCount.locale, SearchCount.text]
    session.execute(statement.on_conflict_do_update(index_elements=key, set_=added), rows)

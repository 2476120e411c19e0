"""Whether published articles take comments, after somebody said so of one, of a section, or of the site."""

import time

from sqlalchemy import select

from cms.content.audience import published_below
from cms.events.deliveries import close, hold
from cms.events.models import Letter
from cms.taxonomy.models import Section
from workers.handlers.counts import AT_ONCE, count_articles
from workers.work import Attempt, Work

# After a transaction others get their turn: SQLite wakes waiting writers by polling, and would let them starve.
PAUSE_SECONDS = 0.02


def handle(work: Work, attempt: Attempt) -> None:
    """Show on every article that the mode may hold for what holds now, in many short transactions."""
    [owed] = attempt.owed
    with work.database.reading() as session:
        letter = session.scalar(select(Letter).where(Letter.id == owed.letter_id))
        assert letter is not None, "a delivery keeps its letter"
        kind = letter.data["kind"]
        path = session.scalar(select(Section.path).where(Section.id == owed.subject)) if kind == "section" else ""
    if kind != "article" and path is not None:
        _count_below(work, path)
    with work.database.transaction() as session:
        [delivery] = hold(session, attempt.numbers)
        if kind == "article":
            count_articles(session, [owed.subject], work.clock())
        close(session, delivery, work.clock())


def _count_below(work: Work, section_path: str) -> None:
    last: str | None = None
    while True:
        with work.database.transaction() as session:
            ids = published_below(session, section_path, last, AT_ONCE)
            if not ids:
                return
            count_articles(session, ids, work.clock())
        last = ids[-1]
        time.sleep(PAUSE_SECONDS)

"""Who is told of an article that was published: readers who follow its section, a tag, an author, or a query.

Words are looked up by their ids. Of the queries that wait, those are compared with the article whose anchor it holds,
each once however many follow it. Then readers are told in portions, first those who want a letter at once, so that
nobody gets a letter and finds the article in the digest too.
"""

import time
from dataclasses import dataclass
from datetime import datetime

import structlog
from sqlalchemy import select

from cms.content.deriving import index_documents
from cms.events.deliveries import close, hold
from cms.events.models import Letter
from cms.platform.actor import system
from cms.readers.follows.queries import first_shown_at, is_announced, readers_to_tell, words_followed
from cms.readers.follows.rules import is_news
from cms.readers.follows.telling import Habits, note_announced, tell
from cms.readers.follows.waiting import queries_asking_for
from search_index.matching import page_of
from workers.work import Attempt, Work

log = structlog.get_logger("copydesk.worker")
FOLLOWS = system("follows")
READERS_AT_ONCE = 200
TARGETS_AT_ONCE = 500
# After a portion others get their turn to write, see `cms/content/rewording.py`.
PAUSE_SECONDS = 0.02


@dataclass(frozen=True)
class Story:
    """An article that is to be told of, when it was shown, and everything by which it is followed."""

    article_id: str
    locale: str
    occurred_at: datetime
    targets: tuple[str, ...]


def handle(work: Work, attempt: Attempt) -> None:
    """Tell everybody of the article who follows it, if readers see it for the first time."""
    story = _story(work, attempt)
    told = 0
    if story is not None:
        for frequency in ("instant", "daily"):
            for start in range(0, len(story.targets), TARGETS_AT_ONCE):
                told += _tell_all(work, attempt, story, frequency, story.targets[start : start + TARGETS_AT_ONCE])
    now = work.clock()
    with work.database.transaction() as session:
        [delivery] = hold(session, attempt.numbers)
        if story is not None:
            note_announced(session, story.article_id, now)
        close(session, delivery, now)
    if told:
        log.info("followers_told", article=attempt.subject, readers=told)


def _story(work: Work, attempt: Attempt) -> Story | None:
    """What is to be told; None where it is no news: shown before, brought in from elsewhere, or gone again."""
    [owed] = attempt.owed
    now, began = work.clock(), time.perf_counter()
    with work.database.reading() as session:
        occurred_at = session.scalars(select(Letter.occurred_at).where(Letter.id == owed.letter_id)).one()
        shown = first_shown_at(session, owed.subject)
        if shown is None or not is_news(shown[0], occurred_at, now) or is_announced(session, owed.subject):
            return None
        documents = index_documents(session, [owed.subject])
        if owed.subject not in documents:
            return None
        words = words_followed(session, owed.subject)
        asking = queries_asking_for(session, page_of(documents[owed.subject]))
    log.info(
        "queries_compared", article=owed.subject, compared=asking.compared, matched=len(asking.keys),
        duration_ms=round((time.perf_counter() - began) * 1000),
    )  # fmt: skip
    return Story(owed.subject, shown[1], occurred_at, (*sorted(words), *sorted(asking.keys)))


def _tell_all(work: Work, attempt: Attempt, story: Story, frequency: str, targets: tuple[str, ...]) -> int:
    habits, after, told = Habits.of(work.settings), "", 0
    while True:
        with work.database.reading() as session:
            readers = readers_to_tell(
                session, story.article_id, targets, locale=story.locale, frequency=frequency, since=story.occurred_at,
                now=work.clock(), after=after, limit=READERS_AT_ONCE,
            )  # fmt: skip
        if not readers:
            return told
        with work.database.transaction() as session:
            hold(session, attempt.numbers)
            told += tell(
                session, FOLLOWS, story.article_id, readers, frequency=frequency, habits=habits, now=work.clock()
            )
        after = readers[-1].account_id
        time.sleep(PAUSE_SECONDS)

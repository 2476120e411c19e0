"""What readers do with articles, counted: how many keep each of them, how many comments they see, whether it takes any.

Every count is taken anew from the tables of the audience, so it is right however often and in whatever order the tasks
come. One attempt takes up to fifty deliveries, so that an article which many readers keep at once is counted once.
"""

from collections.abc import Collection
from datetime import datetime

from sqlalchemy.orm import Session

from cms.content.assembling import hold_content
from cms.content.audience import put_counts
from cms.content.rules import AudienceCounts
from cms.events.deliveries import close, hold
from cms.readers.bookmarks.queries import keepers_of
from cms.readers.comments.queries.counting import comments_of
from workers.work import Attempt, Work

AT_ONCE = 50


def handle(work: Work, attempt: Attempt) -> None:
    """Show how readers act on the articles of these deliveries, as things stand now."""
    now = work.clock()
    with work.documents, work.database.transaction() as session:
        deliveries = hold(session, attempt.numbers)
        count_articles(session, {delivery.subject for delivery in deliveries}, now)
        for delivery in deliveries:
            close(session, delivery, now)


def count_articles(session: Session, articles: Collection[str], now: datetime) -> None:
    """Show how readers act on these articles now. One that is not published is counted when it is."""
    # Counted behind the lock under which it is written: nobody writes an older count after a newer one.
    hold_content(session)
    keepers, comments = keepers_of(session, articles), comments_of(session, articles)
    put_counts(session, {one: AudienceCounts(keepers.get(one, 0), *comments[one]) for one in articles}, now)

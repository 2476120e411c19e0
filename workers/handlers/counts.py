"""What readers do with articles, counted: how many keep each of them.

Every count is taken anew from the tables of the audience, so it is right however often and in whatever order the tasks
come. One attempt takes up to fifty deliveries, so that an article which many readers keep at once is counted once.
"""

from cms.content.assembling import hold_content
from cms.content.audience import put_counts
from cms.content.rules import AudienceCounts
from cms.events.deliveries import close, hold
from cms.readers.bookmarks.queries import keepers_of
from workers.work import Attempt, Work

AT_ONCE = 50


def handle(work: Work, attempt: Attempt) -> None:
    """Show how many readers act on the articles of these deliveries, as things stand now."""
    now = work.clock()
    with work.database.transaction() as session:
        deliveries = hold(session, attempt.numbers)
        articles = {delivery.subject for delivery in deliveries}
        # Counted behind the lock under which it is written: nobody writes an older count after a newer one.
        hold_content(session)
        keepers = keepers_of(session, articles)
        put_counts(session, {one: AudienceCounts(bookmarks=keepers.get(one, 0)) for one in articles}, now)
        for delivery in deliveries:
            close(session, delivery, now)

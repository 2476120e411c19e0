"""What published articles show of a picture whose texts, rights or renditions changed."""

from cms.content.picturing import refresh_pictures
from cms.events.deliveries import close, hold
from workers.work import Attempt, Work


def handle(work: Work, attempt: Attempt) -> None:
    """Put the articles that show the picture together anew, as it is now, in many short transactions."""
    with work.documents:
        refresh_pictures(work.database, attempt.subject, work.clock)
    with work.database.transaction() as session:
        [delivery] = hold(session, attempt.numbers)
        close(session, delivery, work.clock())

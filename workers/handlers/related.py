"""Related lists: brought into order after a publish, and swept once in a while."""

from cms.content.relating import refresh_related
from cms.content.sweeping import sweep_related
from cms.events.deliveries import close, hold
from workers.work import Attempt, Work


def handle(work: Work, attempt: Attempt) -> None:
    """Bring the lists of one article and of its neighbours into order, as things stand now."""
    now = work.clock()
    with work.documents, work.database.transaction() as session:
        [delivery] = hold(session, attempt.numbers)
        refresh_related(session, attempt.subject, now)
        close(session, delivery, now)


def handle_sweep(work: Work, attempt: Attempt) -> None:
    """Fit the vocabulary again and repair what the refreshes missed, in many short transactions."""
    sweep_related(work.database, work.clock())
    with work.database.transaction() as session:
        [delivery] = hold(session, attempt.numbers)
        close(session, delivery, work.clock())

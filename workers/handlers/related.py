"""Related lists: brought into order after a publish, and swept once in a while."""

from cms.content.portraits import store, weigh
from cms.content.relating import Seen, look_around, refresh_related
from cms.content.sweeping import sweep_related
from cms.events.deliveries import close, hold
from workers.work import Attempt, Work


def handle(work: Work, attempt: Attempt) -> None:
    """Bring the lists of one article and of its neighbours into order, as things stand now."""
    seen = _look_around(work, attempt.subject)
    now = work.clock()
    with work.documents, work.database.transaction() as session:
        [delivery] = hold(session, attempt.numbers)
        refresh_related(session, attempt.subject, now, seen)
        close(session, delivery, now)


def handle_sweep(work: Work, attempt: Attempt) -> None:
    """Fit the vocabulary again and repair what the refreshes missed, in many short transactions."""
    sweep_related(work.database, work.clock())
    with work.database.transaction() as session:
        [delivery] = hold(session, attempt.numbers)
        close(session, delivery, work.clock())


def _look_around(work: Work, article_id: str) -> Seen | None:
    """Everything that takes long, while whoever publishes does not wait for it; None where there is nothing to see."""
    with work.database.reading() as session:
        likeness = weigh(session, article_id)
    if likeness is None:
        return None
    if likeness.is_new:
        with work.documents, work.database.transaction() as session:
            store(session, likeness)
    with work.database.reading() as session:
        return look_around(session, article_id, likeness.revision)

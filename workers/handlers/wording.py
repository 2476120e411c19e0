"""What published and embargoed articles show of a word of the taxonomy that was renamed, moved or merged."""

from sqlalchemy import select

from cms.content.rewording import reword_documents
from cms.events.deliveries import close, hold
from cms.events.models import Letter
from cms.newsroom.schedules.early import reword_embargoed
from cms.platform.actor import Actor
from workers.work import Attempt, Work


def handle(work: Work, attempt: Attempt) -> None:
    """Write the articles that show the word anew, as it is now, in many short transactions."""
    [owed] = attempt.owed
    with work.database.reading() as session:
        letter = session.scalar(select(Letter).where(Letter.id == owed.letter_id))
    assert letter is not None, "a delivery keeps its letter"
    actor = Actor(
        kind=letter.actor_kind,  # type: ignore[arg-type]  # what an Actor's letter was written with
        id=letter.actor_id,
        request_id=letter.request_id,
    )
    reword_documents(work.database, actor, letter.data.get("kind", "section"), owed.subject, work.clock)
    reword_embargoed(work.database)
    with work.database.transaction() as session:
        [delivery] = hold(session, attempt.numbers)
        close(session, delivery, work.clock())

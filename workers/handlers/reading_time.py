"""How long articles take to read, written into their documents."""

from cms.content.deriving import reading_time_inputs, set_reading_times
from cms.events.deliveries import close, hold
from cms.platform.text.reading_time import measure, rates_from
from workers.work import Attempt, Work

# Few enough that nobody who publishes waits long for the turn to write.
AT_ONCE = 10


def handle(work: Work, attempt: Attempt) -> None:
    """Measure what readers see now. Superseded where they see another revision by the time it is written, or none."""
    with work.database.reading() as session:
        found = reading_time_inputs(session, {owed.subject for owed in attempt.owed})
    rates = rates_from(work.settings.reading_rates)
    measured = {
        subject: (one.revision, measure(one.text, one.image_count, one.locale, rates).as_dict())
        for subject, one in found.items()
    }
    now = work.clock()
    with work.documents, work.database.transaction() as session:
        held = hold(session, attempt.numbers)
        shown = set_reading_times(session, measured, now)
        for delivery in held:
            close(session, delivery, now, "done" if delivery.subject in shown else "superseded")

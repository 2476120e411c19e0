"""How long an article takes to read, written into its document."""

from cms.content.deriving import reading_time_input, set_reading_time
from cms.events.deliveries import close, hold
from cms.platform.text.reading_time import measure, rates_from
from workers.work import Attempt, Work


def handle(work: Work, attempt: Attempt) -> None:
    """Measure what readers see now. Superseded when they see another revision by the time it is written, or none."""
    with work.database.reading() as session:
        found = reading_time_input(session, attempt.subject)
    measured = None
    if found is not None:
        revision, text, image_count, locale = found
        measured = measure(text, image_count, locale, rates_from(work.settings.reading_rates)).as_dict()
    now = work.clock()
    with work.database.transaction() as session:
        [delivery] = hold(session, attempt.numbers)
        is_shown = measured is not None and set_reading_time(session, attempt.subject, revision, measured, now)
        close(session, delivery, now, "done" if is_shown else "superseded")

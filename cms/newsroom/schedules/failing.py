"""Appointments that the database failed to do: each waits for its own next try, and the others go on meanwhile.

Not here: what is refused, which is `missed` at once (`firing.py`). A database that can write nothing at all is no fault
of an appointment, and is told of by whoever asked it.
"""

from collections.abc import Callable
from datetime import datetime, timedelta

import structlog
from sqlalchemy.exc import InterfaceError, InternalError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from cms.newsroom.schedules.models import Appointment
from cms.newsroom.schedules.queries import Due
from cms.newsroom.schedules.rules import problem_data
from cms.platform.db import Database
from cms.platform.errors import Unavailable

log = structlog.get_logger("copydesk.schedules")
# What may be otherwise the next time. That a value does not fit, or stands there twice, will not.
PASSING = (OperationalError, InterfaceError, InternalError, PoolTimeout)
FIRST_PAUSE = timedelta(seconds=1)
LONGEST_PAUSE = timedelta(minutes=5)


def pause_after(failures: int) -> timedelta:
    """How long one waits that failed so often. Formula: 1, 2, 4, 8 … seconds, 5 minutes at most."""
    return min(FIRST_PAUSE * 2 ** min(max(failures, 1) - 1, 20), LONGEST_PAUSE)


def put_off(database: Database, one: Due, error: Exception, clock: Callable[[], datetime]) -> str:
    """Write down that it failed and when it is tried again; gives `put off`, or `left` where it was over meanwhile.

    Raises: what the database says where it cannot write this either.
    """
    with database.transaction() as session:
        row = session.get(Appointment, one.number, populate_existing=True, with_for_update=True)
        if row is None or row.state != "waiting":
            return "left"
        row.failures += 1
        row.next_try_at = clock() + pause_after(row.failures)
        detail = (
            f"The database failed ({type(error).__name__}), {row.failures} times so far. It is tried again by itself; "
            "the log of the relay says more."
        )
        row.problem = problem_data(Unavailable.status, Unavailable.code, detail)
        failures, next_try_at = row.failures, row.next_try_at
    log.error(
        "appointment_put_off", does=one.does, subject=one.subject_id, failures=failures, next_try_at=next_try_at,
        exc_info=error,
    )  # fmt: skip
    return "put off"

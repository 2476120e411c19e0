"""Ending what an act of an editor made pointless. Called in the transaction of every act on an article."""

from collections.abc import Collection

from sqlalchemy import bindparam, literal_column, update
from sqlalchemy.orm import Session

from cms.newsroom.schedules.models import Appointment, Schedule
from cms.platform.db import change_rows, columns_of
from cms.platform.prepared import PreparedWrite

# Every publish runs it, so it is built once. The state is a word of the statement: SQLite has an index of what waits,
# and makes a new plan for each value of a parameter that an index asks about.
APPOINTMENTS = columns_of(Appointment)
END = PreparedWrite(
    update(APPOINTMENTS)
    .where(
        APPOINTMENTS.c.subject_id == bindparam("article"),
        APPOINTMENTS.c.state == literal_column("'waiting'"),
        APPOINTMENTS.c.does.in_(bindparam("doings", expanding=True)),
    )
    .values(state="ended")
)


def end_appointments(session: Session, article_id: str, doings: Collection[str]) -> bool:
    """End those of these doings that wait for an article; False where none does. One statement where none does."""
    if not END.run(session, article=article_id, doings=list(doings)):
        return False
    changed = update(Schedule).where(Schedule.article_id == article_id).values(version=Schedule.version + 1)
    change_rows(session, changed)
    return True

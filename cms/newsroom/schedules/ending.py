"""Ending what an act of an editor made pointless. Called in the transaction of every act on an article."""

from collections.abc import Collection

from sqlalchemy import update
from sqlalchemy.orm import Session

from cms.newsroom.schedules.models import Appointment, Schedule


def end_appointments(session: Session, article_id: str, doings: Collection[str]) -> bool:
    """End those of these doings that wait for an article; False where none does. One statement where none does."""
    waiting = update(Appointment).where(
        Appointment.subject_id == article_id, Appointment.state == "waiting", Appointment.does.in_(doings)
    )
    options = {"synchronize_session": False}
    ended = session.execute(waiting.values(state="ended"), execution_options=options)
    if not ended.rowcount:  # type: ignore[attr-defined]  # the result of an update has it
        return False
    changed = update(Schedule).where(Schedule.article_id == article_id).values(version=Schedule.version + 1)
    session.execute(changed, execution_options=options)
    return True

"""Tables of what is to happen at an instant."""

from datetime import datetime
from typing import Any

from sqlalchemy import CheckConstraint, Float, ForeignKey, Index, String, text
from sqlalchemy.orm import Mapped, mapped_column

from cms.newsroom.schedules.rules import APPOINTMENT_STATES, DOINGS
from cms.platform.db import Instant, Json, RowNumber, Table, id_column


class Schedule(Table):
    """The schedule of an article. The row stays when the schedule ends, so that `version`, its ETag, never repeats.

    `revision` is the revision that readers will see: later edits wait for a new schedule. Instants are kept as such;
    `timezone` is the zone that they were given in, and are shown in. `found_state` is where the article was when it was
    scheduled, and goes back to when that is taken back; of schedules older than this it is not known.
    """

    __tablename__ = "schedules"

    article_id: Mapped[str] = mapped_column(id_column(), ForeignKey("articles.id"), primary_key=True)
    version: Mapped[int]
    revision: Mapped[int | None]
    found_state: Mapped[str | None] = mapped_column(String(12))
    timezone: Mapped[str] = mapped_column(String(64))
    publish_at: Mapped[datetime | None] = mapped_column(Instant)
    embargo_until: Mapped[datetime | None] = mapped_column(Instant)
    unpublish_at: Mapped[datetime | None] = mapped_column(Instant)
    actor_kind: Mapped[str] = mapped_column(String(20))
    actor_id: Mapped[str] = mapped_column(String(80))
    created_at: Mapped[datetime] = mapped_column(Instant)
    updated_at: Mapped[datetime] = mapped_column(Instant)


class Appointment(Table):
    """One thing to do at an instant, once. It is `waiting` until the transaction of the act itself says `done`.

    `missed` keeps in `problem` why it was refused; `ended` is one that an editor took back or made pointless. One that
    the database failed to do goes on waiting, for `next_try_at`, with the last of its `failures` in `problem`.
    """

    __tablename__ = "appointments"
    __table_args__ = (
        CheckConstraint(f"state IN {APPOINTMENT_STATES}", name="state"),
        CheckConstraint(f"does IN {DOINGS}", name="does"),
        Index("ix_appointments_calendar", "at", "number"),
        Index(
            "ix_appointments_waiting",
            "at",
            "number",
            sqlite_where=text("state = 'waiting'"),
            postgresql_where=text("state = 'waiting'"),
        ),
    )

    number: Mapped[int] = mapped_column(RowNumber, primary_key=True, autoincrement=True)
    # An article or a release, as `does` says.
    subject_id: Mapped[str] = mapped_column(id_column(), index=True)
    does: Mapped[str] = mapped_column(String(12))
    at: Mapped[datetime] = mapped_column(Instant)
    state: Mapped[str] = mapped_column(String(12), default="waiting")
    actor_kind: Mapped[str] = mapped_column(String(20))
    actor_id: Mapped[str] = mapped_column(String(80))
    finished_at: Mapped[datetime | None] = mapped_column(Instant)
    late_seconds: Mapped[float | None] = mapped_column(Float(53))
    problem: Mapped[dict[str, Any] | None] = mapped_column(Json)
    failures: Mapped[int] = mapped_column(default=0, server_default="0")
    next_try_at: Mapped[datetime | None] = mapped_column(Instant)

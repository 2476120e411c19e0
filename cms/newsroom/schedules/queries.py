"""Reads of schedules: one article's, what is due, and the calendar. Nothing here writes."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, CompoundSelect, exists, func, or_, select
from sqlalchemy.orm import Session

from cms.content.embargo.queries import reads_of, shared_at
from cms.identity.rules import Place
from cms.newsroom import queries
from cms.newsroom.models import Article, Revision
from cms.newsroom.releases.models import Release, ReleaseArticle
from cms.newsroom.schedules.models import Appointment, Schedule
from cms.newsroom.schedules.rules import APPOINTMENT_STATES, TIMES, local, state_of
from cms.platform.clock import rfc3339
from cms.platform.keyset import one_page

APPOINTMENT = ("does", "at", "state", "finished_at", "late_seconds", "problem", "failures", "next_try_at")
LATENESS_BUCKETS = (0.5, 1.0, 2.0, 5.0, 10.0, 60.0, 600.0, 3600.0)


@dataclass(frozen=True)
class Calendar:
    """What a calendar is narrowed to. Range: `since` is included, `until` is not."""

    places: frozenset[Place]
    since: datetime | None = None
    until: datetime | None = None
    state: str | None = None

    @property
    def name(self) -> str:
        """What binds cursors to this list."""
        places = sorted((place.section_path, place.locale) for place in self.places)
        return f"newsroom|schedules|{self.since}|{self.until}|{self.state}|{places}"


@dataclass(frozen=True)
class Due:
    """An appointment whose instant has come."""

    number: int
    does: str
    subject_id: str
    at: datetime


@dataclass(frozen=True)
class Punctuality:
    """How late schedules were kept. `buckets` counts those at most so many seconds late, as Prometheus has it;
    `failing` those that wait for their next try."""

    by_state: dict[str, int]
    failing: int
    overdue_seconds: float
    buckets: dict[str, int]
    late_seconds: float


def schedule_of(session: Session, article_id: str) -> Schedule | None:
    """The schedule of an article as it is now, also one that is over."""
    return session.get(Schedule, article_id, populate_existing=True)


def appointments_of(session: Session, subject_id: str) -> dict[str, Appointment]:
    """The newest appointment of each kind of an article or release, by what it does."""
    statement = select(Appointment).where(Appointment.subject_id == subject_id).order_by(Appointment.number)
    rows = session.scalars(statement, execution_options={"populate_existing": True})
    return {row.does: row for row in rows}


def schedule_data(session: Session, schedule: Schedule, article: Article) -> dict[str, Any] | None:
    """A schedule in the shape of `ScheduleShape`; None for one that was ended and holds nothing any more."""
    times = {name: getattr(schedule, name) for name in TIMES}
    kept = appointments_of(session, article.id)
    current = {do: row for do, row in kept.items() if row.state != "ended" and _is_of(row, schedule)}
    if not current:
        return None
    state = state_of({do: row.state for do, row in current.items()})
    return {
        "article_id": article.id,
        "state": state,
        "revision": schedule.revision,
        "has_later_changes": state == "waiting" and has_later_changes(session, article, schedule.revision),
        "timezone": schedule.timezone,
        **times,
        "local": {name: local(at, schedule.timezone) if at else None for name, at in times.items()},
        "appointments": [appointment_data(row) for row in sorted(current.values(), key=lambda row: row.at)],
        "scheduled_by": {"kind": schedule.actor_kind, "id": schedule.actor_id},
        "created_at": schedule.created_at,
        "updated_at": schedule.updated_at,
    }


def _is_of(row: Appointment, schedule: Schedule) -> bool:
    """Whether an appointment is of this schedule, and no earlier one's; an embargo may begin without an instant."""
    if row.does == "share" and schedule.publish_at is None:
        return schedule.embargo_until is not None
    return row.at in (schedule.publish_at, schedule.embargo_until, schedule.unpublish_at)


def embargo_data(session: Session, article_id: str) -> dict[str, Any] | None:
    """An article's embargo in the shape of `EmbargoShape`; None where it never had one."""
    schedule, reads = schedule_of(session, article_id), reads_of(session, article_id)
    if schedule is None or (schedule.embargo_until is None and not reads):
        return None
    kept = appointments_of(session, article_id)
    share, end = kept.get("share"), kept.get("publish")
    # What is shared at this moment says so itself; what was shared once is known from what was done at its instant.
    since = shared_at(session, article_id)
    state = "shared" if since else "waiting"
    if since is None and share is not None and share.state == "done":
        since = share.finished_at
    if end is None or end.state != "waiting":
        state = "lifted" if end is not None and end.state == "done" else "ended"
    fetched = [
        {
            "credential": read.credential, "actor": read.actor, "name": read.name, "at": read.first_at,
            "last_at": read.last_at, "count": read.count,
        }
        for read in reads
    ]  # fmt: skip
    until = schedule.embargo_until
    return {"article_id": article_id, "state": state, "until": until, "shared_at": since, "fetched_by": fetched}


def has_later_changes(session: Session, article: Article, revision: int | None) -> bool:
    """Whether the working copy differs from a revision: what was changed since is not in what will be published."""
    if revision is None or revision == article.revision:
        return False
    kept = session.get(Revision, (article.id, revision))
    return kept is None or kept.content != queries.content_of(session, article)


def appointment_data(row: Appointment) -> dict[str, Any]:
    """An appointment in the shape of `AppointmentShape`."""
    return {name: getattr(row, name) for name in APPOINTMENT}


def entry_data(row: Appointment, subject: dict[str, Any]) -> dict[str, Any]:
    """An appointment in the shape of `CalendarEntryShape`."""
    who = {"kind": row.actor_kind, "id": row.actor_id}
    return {**appointment_data(row), "subject": subject, "scheduled_by": who}


def due(session: Session, now: datetime, limit: int) -> list[Due]:
    """What is to be done now, the oldest first. One that failed is due again at its next try."""
    columns = (Appointment.number, Appointment.does, Appointment.subject_id, Appointment.at)
    is_time = or_(Appointment.next_try_at.is_(None), Appointment.next_try_at <= now)
    statement = select(*columns).where(Appointment.state == "waiting", Appointment.at <= now, is_time)
    rows = session.execute(statement.order_by(Appointment.at, Appointment.number).limit(limit))
    return [Due(*row) for row in rows]


def punctuality(session: Session, now: datetime) -> Punctuality:
    """How punctual the schedules were and are."""
    states = dict(session.execute(select(Appointment.state, func.count()).group_by(Appointment.state)).all())
    late = Appointment.late_seconds
    counted = [func.count().filter(late <= bound) for bound in LATENESS_BUCKETS]
    row: Any = session.execute(select(func.count(), func.sum(late), *counted).where(Appointment.state == "done")).one()
    waiting = select(func.min(Appointment.at), func.count().filter(Appointment.failures > 0))
    oldest, failing = session.execute(waiting.where(Appointment.state == "waiting")).one()
    return Punctuality(
        by_state={state: states.get(state, 0) for state in APPOINTMENT_STATES},
        failing=failing,
        overdue_seconds=max(0.0, (now - oldest).total_seconds()) if oldest is not None else 0.0,
        buckets={**{str(bound): row[place + 2] for place, bound in enumerate(LATENESS_BUCKETS)}, "+Inf": row[0]},
        late_seconds=float(row[1] or 0.0),
    )


def calendar(
    session: Session, asked: Calendar, *, limit: int, after: Sequence[Any] | None, is_backwards: bool
) -> list[Appointment]:
    """One page of appointments, the earliest first."""
    place = (datetime.fromisoformat(after[0]), after[1]) if after else None
    order = [Appointment.at, Appointment.number]
    statement = select(Appointment).where(*_narrowed(asked))
    return one_page(session, statement, order, place, limit=limit, is_backwards=is_backwards)


def position_of(row: Appointment) -> tuple[str, int]:
    """Where an appointment stands in the calendar."""
    return rfc3339(row.at), row.number


def count_of(session: Session, asked: Calendar) -> int:
    """How many appointments a calendar holds."""
    return session.scalar(select(func.count()).select_from(Appointment).where(*_narrowed(asked))) or 0


def subjects(session: Session, rows: Sequence[Appointment]) -> dict[str, dict[str, Any]]:
    """What the calendar shows of these appointments' subjects, by id; as many statements for a hundred as for one."""
    ids = {row.subject_id for row in rows}
    articles = session.scalars(select(Article).where(Article.id.in_(ids))).all()
    sections = queries.section_slugs(session, articles)
    titles = session.execute(select(Release.id, Release.title).where(Release.id.in_(ids)))
    releases = {
        release_id: {"kind": "release", "id": release_id, "title": title, "locale": None, "section": None}
        for release_id, title in titles
    }
    return releases | {
        article.id: {
            "kind": "article",
            "id": article.id,
            "title": article.title,
            "locale": article.locale,
            "section": sections.get(article.section_id),
        }
        for article in articles
    }


def _narrowed(asked: Calendar) -> list[ColumnElement[bool]]:
    is_asked = Appointment.state == asked.state if asked.state else Appointment.state != "ended"
    conditions: list[ColumnElement[bool]] = [is_asked, Appointment.subject_id.in_(_readable(asked.places))]
    if asked.since is not None:
        conditions.append(Appointment.at >= asked.since)
    if asked.until is not None:
        conditions.append(Appointment.at < asked.until)
    return conditions


def _readable(places: frozenset[Place]) -> CompoundSelect[str]:
    articles = select(Article.id).where(Article.deleted_at.is_(None), queries.is_in_any(places))
    hidden = exists().where(
        ReleaseArticle.release_id == Release.id,
        ReleaseArticle.article_id.not_in(queries.readable_ids(places)),
    )
    return articles.union_all(select(Release.id).where(~hidden))

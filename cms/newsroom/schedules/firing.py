"""Doing what is due: each appointment once, in the transaction that says so, whoever looks and however many look.

A decision to publish stands until somebody who may publish takes it back. So what is due is done in the name of the one
who scheduled it, also when that colleague has left or the token is over by then. What is refused becomes `missed`;
what the database fails to do is tried again, later each time, and keeps nothing else from its instant.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

import structlog
from sqlalchemy import select
from sqlalchemy.orm import Session

from cms.audit.recording import note
from cms.content.embargo.sharing import withdraw_embargoed
from cms.events.catalogue import ArticleEmbargoed, ScheduleMissed
from cms.events.outbox import record
from cms.newsroom import publishing, queries
from cms.newsroom.checking import Draft, refuse_unready
from cms.newsroom.models import Article
from cms.newsroom.preparing import PreparedBody, render_revision
from cms.newsroom.releases import releasing
from cms.newsroom.releases.models import Release
from cms.newsroom.releases.preparing import PreparedRelease, prepare_release
from cms.newsroom.rules import UnpublishArticle
from cms.newsroom.schedules.early import put_early
from cms.newsroom.schedules.failing import PASSING, put_off
from cms.newsroom.schedules.models import Appointment, Schedule
from cms.newsroom.schedules.queries import Due, due, schedule_of
from cms.newsroom.schedules.rules import problem_data
from cms.newsroom.schedules.scheduling import put_back
from cms.platform.actor import Actor, Grant
from cms.platform.clock import rfc3339
from cms.platform.db import Database
from cms.platform.errors import Conflict, NotFound, Problem

log = structlog.get_logger("copydesk.schedules")
AT_ONCE = 25
DECISION = frozenset({"articles:read", "articles:publish"})


@dataclass(frozen=True)
class Round:
    """What one look at the clock did. `is_more` says that more is due at this moment; `put_off` failed and are tried
    again."""

    done: int = 0
    missed: int = 0
    put_off: int = 0
    is_more: bool = False


@dataclass(frozen=True)
class Kind:
    """How one kind of appointment is done: what is prepared outside the transaction, and the act inside it."""

    prepare: Callable[[Database, Due], object]
    claim: Callable[[Session, Due], bool]
    act: Callable[[Session, Actor, Due, object, datetime], None]
    miss: Callable[[Session, Actor, Due, datetime], None]


def fire_due(database: Database, clock: Callable[[], datetime], limit: int = AT_ONCE) -> Round:
    """Do what is due, the oldest first. What another sweeper or an editor has in hand is left to the next round.

    Emits: what each act emits; ScheduleMissed
    Raises: OperationalError, InterfaceError where the database can write nothing: nothing is missed for that.
    """
    with database.reading() as session:
        found = due(session, clock(), limit)
    outcomes = [fire(database, one, clock) for one in found]
    done, missed, failed = (outcomes.count(name) for name in ("done", "missed", "put off"))
    return Round(done, missed, failed, is_more=len(found) == limit and done + missed + failed > 0)


def fire(database: Database, one: Due, clock: Callable[[], datetime]) -> str:
    """Do one appointment; gives `done`, `missed`, `put off` where the database failed, or `left` where somebody
    else has it in hand or it was over."""
    kind = KINDS[one.does]
    try:
        if not _is_waiting(database, one):
            return "left"
        prepared = kind.prepare(database, one)
        with database.transaction() as session:
            row = _claimed(session, kind, one)
            if row is None:
                return "left"
            now = clock()
            row.state, row.finished_at, row.late_seconds = "done", now, (now - row.at).total_seconds()
            row.problem = row.next_try_at = None
            _turn_page(session, one.subject_id, now)
            session.flush()
            kind.act(session, _decider(row), one, prepared, now)
            log.info("appointment_kept", does=one.does, subject=one.subject_id, late_seconds=row.late_seconds)
            return "done"
    except Problem as problem:
        return _miss(database, kind, one, problem, clock)
    except PASSING as error:
        return put_off(database, one, error, clock)
    except Exception as error:  # one that cannot be done must keep neither the others nor the relay from their work
        log.error("appointment_failed", does=one.does, subject=one.subject_id, exc_info=error)
        return _miss(database, kind, one, Problem("The log of the relay says more."), clock)


def _is_waiting(database: Database, one: Due) -> bool:
    # Another relay that was faster is found out here, where it costs nobody the turn to write.
    with database.reading() as session:
        return session.scalar(select(Appointment.state).where(Appointment.number == one.number)) == "waiting"


def _miss(database: Database, kind: Kind, one: Due, problem: Problem, clock: Callable[[], datetime]) -> str:
    """Say that it was not done, and why."""
    with database.transaction() as session:
        row = _claimed(session, kind, one)
        if row is None:
            return "left"
        now, actor = clock(), _decider(row)
        row.state, row.finished_at, row.next_try_at = "missed", now, None
        row.problem = problem_data(problem.status, problem.code, problem.detail, problem.errors) | problem.extra
        _turn_page(session, one.subject_id, now)
        kind.miss(session, actor, one, now)
        subject_kind = "release" if one.does == "release" else "article"
        note(
            session,
            actor=actor,
            action=ScheduleMissed.type,
            subject_kind=subject_kind,
            subject_id=one.subject_id,
            now=now,
            outcome="refused",
        )
        event = ScheduleMissed(subject=one.subject_id, does=one.does, code=problem.code)
        record(session, event, actor=actor, now=now)
    log.warning("appointment_missed", does=one.does, subject=one.subject_id, code=problem.code)
    return "missed"


def _claimed(session: Session, kind: Kind, one: Due) -> Appointment | None:
    """The appointment, held with its subject; None where somebody else has it in hand, or it is over."""
    if not kind.claim(session, one):
        return None
    row = session.get(Appointment, one.number, populate_existing=True, with_for_update=True)
    return row if row is not None and row.state == "waiting" and row.at == one.at else None


def _turn_page(session: Session, article_id: str, now: datetime) -> None:
    schedule = schedule_of(session, article_id)
    if schedule is not None:
        schedule.version, schedule.updated_at = schedule.version + 1, now


def _decider(row: Appointment) -> Actor:
    """Whoever scheduled this, with what the decision needs and no more."""
    grant = Grant(DECISION, source=f"schedule {row.number}")
    return Actor(kind=row.actor_kind, id=row.actor_id, grants=(grant,), credential=f"schedule:{row.number}")  # type: ignore[arg-type]  # written from an Actor's own kind


def _claim_article(session: Session, one: Due) -> bool:
    # The article's lock comes first, as in every act of an editor, so that no two wait for each other.
    statement = select(Article.id).where(Article.id == one.subject_id).with_for_update(skip_locked=True)
    return session.scalar(statement) is not None


def prepare_scheduled(database: Database, one: Due) -> PreparedBody:
    """The body of the revision that was scheduled, rendered while no session is open. Raises: NotFound."""
    with database.reading() as session:
        schedule = schedule_of(session, one.subject_id)
        number = schedule.revision if schedule is not None else None
        kept = queries.revision(session, one.subject_id, number) if number is not None else None
    if kept is None:
        raise NotFound("The revision that was scheduled is not kept any more; schedule the article again.")
    return render_revision(kept)


def scheduled_content(session: Session, article: Article, schedule: Schedule) -> dict[str, object]:
    """The fields of the revision that was scheduled. Raises: Conflict where it changed since it was prepared."""
    kept = queries.revision(session, article.id, schedule.revision or 0)
    if kept is None:
        raise NotFound("The revision that was scheduled is not kept any more; schedule the article again.")
    return kept.content


def _publish(session: Session, actor: Actor, one: Due, prepared: object, now: datetime) -> None:
    assert isinstance(prepared, PreparedBody)
    article, schedule = _held(session, one)
    if schedule.revision != prepared.revision:
        raise Conflict("The article was scheduled anew while it was prepared.")
    content = scheduled_content(session, article, schedule)
    withdraw_embargoed(session, article.id)
    # Readers are told the instant that was promised, also when the product slept through it.
    at = one.at if article.state != "published" else None
    publishing.show_revision(session, actor, article, content, prepared.rendered, now, published_at=at)


def _share(session: Session, actor: Actor, one: Due, prepared: object, now: datetime) -> None:
    """Give the scheduled revision to those who may read it under embargo, as readers will have it at the end."""
    assert isinstance(prepared, PreparedBody)
    article, schedule = _held(session, one)
    if schedule.embargo_until is None or schedule.revision != prepared.revision:
        raise Conflict("The article was scheduled anew while it was prepared.")
    content = scheduled_content(session, article, schedule)
    refuse_unready(Draft(session, article, content, prepared.rendered, now))
    put_early(session, article, schedule.embargo_until, content, prepared, now)
    event = ArticleEmbargoed(subject=article.id, revision=prepared.revision, not_before=rfc3339(schedule.embargo_until))
    note(session, actor=actor, action=event.type, subject_kind="article", subject_id=article.id, now=now)
    record(session, event, actor=actor, now=now)


def _unpublish(session: Session, actor: Actor, one: Due, _prepared: object, now: datetime) -> None:
    article, _ = _held(session, one)
    publishing.unpublish_article(session, actor, UnpublishArticle(article.id, article.revision), now)


def _held(session: Session, one: Due) -> tuple[Article, Schedule]:
    article, schedule = queries.article_by_id(session, one.subject_id), schedule_of(session, one.subject_id)
    if article is None or schedule is None:
        raise NotFound("The article is not there any more.")
    return article, schedule


def _leave_scheduled(session: Session, actor: Actor, one: Due, now: datetime) -> None:
    """An article whose publish was missed is not scheduled any more."""
    article, schedule = queries.article_by_id(session, one.subject_id), schedule_of(session, one.subject_id)
    if article is None or schedule is None or article.state != "scheduled" or one.does != "publish":
        return
    withdraw_embargoed(session, article.id)
    put_back(session, actor, article, schedule, now)


def _claim_release(session: Session, one: Due) -> bool:
    statement = select(Release.id).where(Release.id == one.subject_id).with_for_update(skip_locked=True)
    return session.scalar(statement) is not None


def _release(session: Session, actor: Actor, one: Due, prepared: object, now: datetime) -> None:
    assert isinstance(prepared, PreparedRelease)
    release = session.scalars(select(Release).where(Release.id == one.subject_id)).one()
    releasing.show_release(session, actor, release, prepared, now, published_at=one.at)


def _miss_release(session: Session, _actor: Actor, one: Due, now: datetime) -> None:
    release = session.scalars(select(Release).where(Release.id == one.subject_id)).one()
    release.state, release.version, release.updated_at = "missed", release.version + 1, now


def _nothing(_database: Database, _one: Due) -> None:
    return None


KINDS: dict[str, Kind] = {
    "share": Kind(prepare_scheduled, _claim_article, _share, _leave_scheduled),
    "publish": Kind(prepare_scheduled, _claim_article, _publish, _leave_scheduled),
    "unpublish": Kind(_nothing, _claim_article, _unpublish, _leave_scheduled),
    "release": Kind(
        lambda database, one: prepare_release(database, one.subject_id),
        _claim_release,
        _release,
        _miss_release,
    ),
}

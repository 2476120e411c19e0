"""Giving an article a schedule, changing it and ending it. What is then done by itself: `firing.py`."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from cms.audit.recording import note
from cms.content.embargo.sharing import withdraw_embargoed
from cms.events.catalogue import ArticleScheduled, ArticleUnscheduled
from cms.events.outbox import Dropped, record
from cms.newsroom import queries
from cms.newsroom.checking import Draft, refuse_what_blocks
from cms.newsroom.models import Article
from cms.newsroom.preparing import PreparedBody
from cms.newsroom.rules import decide
from cms.newsroom.saving import locked, put_standing, record_act, refuse_stale, standing_of
from cms.newsroom.schedules.models import Appointment, Schedule
from cms.newsroom.schedules.queries import appointments_of, schedule_of
from cms.newsroom.schedules.rules import PutSchedule, Times, wrong_times
from cms.platform.actor import Actor
from cms.platform.clock import rfc3339
from cms.platform.errors import Conflict, FieldError, Invalid, NotFound, PreconditionMissing, Stale

NO_SCHEDULE = "This article has no schedule."
OPEN = frozenset({"waiting", "missed"})


@dataclass(frozen=True)
class Scheduled:
    """A schedule after a change, with its article and the letter whose id is the receipt's."""

    schedule: Schedule
    article: Article
    letter: Dropped
    warnings: Sequence[dict[str, str]] = ()


def put_schedule(
    session: Session, actor: Actor, command: PutSchedule, prepared: PreparedBody, now: datetime
) -> Scheduled:
    """Give an article a schedule, or put another in its place. Readers get the present revision at the instant.

    That revision does not change any more, so what would refuse its publish now is refused at once. `prepared` is its
    body; it is not asked about where the article is only taken away.
    Emits: ArticleScheduled
    Raises: NotFound; Forbidden; Invalid; Stale for another revision of the article or version of the schedule;
    PreconditionMissing where one waits or was missed and no version is named; Conflict for what cannot be scheduled.
    """
    article = locked(session, actor, "articles:publish", command.article_id)
    before = schedule_of(session, article.id)
    _refuse_other_version(before, _is_open(session, before), command)
    if command.revision is not None:
        refuse_stale(article, command.revision)
    times = command.times
    errors = wrong_times(times, now) or _wrong_for(article, times)
    if errors:
        raise Invalid(errors=errors)
    warnings = _refuse_unready(session, article, prepared, times.public_at) if times.public_at is not None else []
    _end_open(session, article.id)
    schedule = before or Schedule(article_id=article.id, version=0, created_at=now)
    schedule.version += 1
    schedule.timezone, schedule.publish_at = times.timezone, times.publish_at
    schedule.embargo_until, schedule.unpublish_at = times.embargo_until, times.unpublish_at
    schedule.actor_kind, schedule.actor_id, schedule.updated_at = actor.kind, actor.id, now
    session.add(schedule)
    for does, at in times.doings(now).items():
        session.add(
            Appointment(
                subject_id=article.id, does=does, at=at, state="waiting", actor_kind=actor.kind, actor_id=actor.id
            )
        )
    letter = _record(session, actor, article, schedule, now)
    return Scheduled(schedule, article, letter, warnings)


def end_schedule(session: Session, actor: Actor, article_id: str, version: int, now: datetime) -> Article:
    """End a schedule: nothing happens by itself any more, and an embargo that it began is no more either.

    Emits: ArticleUnscheduled
    Raises: NotFound, also where nothing waits or was missed; Forbidden; Stale.
    """
    article = locked(session, actor, "articles:publish", article_id)
    schedule = schedule_of(session, article.id)
    if schedule is None or not _is_open(session, schedule):
        raise NotFound(NO_SCHEDULE)
    if schedule.version != version:
        raise stale_schedule(schedule)
    _end_open(session, article.id)
    schedule.version, schedule.updated_at = schedule.version + 1, now
    if article.state == "scheduled":
        put_back(session, actor, article, schedule, now)
    else:
        event = ArticleUnscheduled(subject=article.id, revision=article.revision)
        _record_beside(session, actor, event, article, now)
    return article


def put_back(session: Session, actor: Actor, article: Article, schedule: Schedule, now: datetime) -> None:
    """Let an article that is not scheduled any more be where it was before; why it was rejected is said again.

    Emits: ArticleUnscheduled
    """
    was = schedule.found_state
    put_standing(article, decide(standing_of(article), "unschedule", now, was=was), now)  # type: ignore[arg-type]  # written from an article's own state
    if article.state == "rejected":
        article.rejection_note = queries.last_note(session, article.id, "rejected")
    event = ArticleUnscheduled(subject=article.id, revision=article.revision)
    record_act(session, actor, article, queries.content_of(session, article), event, now)


def stale_schedule(schedule: Schedule) -> Stale:
    """The refusal of a change of another version, with the present ETag."""
    etag = f'"{schedule.version}"'
    return Stale(f"The schedule is at version {schedule.version} by now.", extra={"etag": etag}, headers={"ETag": etag})


def _is_open(session: Session, schedule: Schedule | None) -> bool:
    return schedule is not None and any(
        row.state in OPEN for row in appointments_of(session, schedule.article_id).values()
    )


def _end_open(session: Session, article_id: str) -> None:
    withdraw_embargoed(session, article_id)
    for row in appointments_of(session, article_id).values():
        if row.state in OPEN:
            row.state = "ended"


def _refuse_other_version(schedule: Schedule | None, is_open: bool, command: PutSchedule) -> None:
    if command.version is not None:
        if schedule is None:
            raise Stale("This article has no schedule yet: put it without If-Match.")
        if schedule.version != command.version:
            raise stale_schedule(schedule)
    elif is_open and schedule is not None:
        if command.must_be_new:
            raise stale_schedule(schedule)
        raise PreconditionMissing("A schedule is there already: send If-Match with the ETag that you read of it.")


def _wrong_for(article: Article, times: Times) -> list[FieldError]:
    if times.public_at is None and article.state != "published":
        return [FieldError("/publish_at", "required", "Readers do not see this article; name when to publish it.")]
    if times.embargo_until is not None and article.state == "published":
        return [FieldError("/embargo_until", "not_allowed", "Readers see this article already.")]
    return []


def _refuse_unready(session: Session, article: Article, prepared: PreparedBody, at: datetime) -> list[dict[str, str]]:
    decide(standing_of(article), "schedule", article.updated_at)
    refuse_stale(article, prepared.revision)
    return refuse_what_blocks(Draft(session, article, queries.content_of(session, article), prepared.rendered, at))


def _record(session: Session, actor: Actor, article: Article, schedule: Schedule, now: datetime) -> Dropped:
    """Write the act down. What is shown later is the revision that is present now, whatever is edited meanwhile."""
    public_at = schedule.embargo_until or schedule.publish_at
    if public_at is not None:
        if article.state == "published" and article.published_revision == article.revision:
            raise Conflict("Readers see this revision already; nothing changed since.", code="already_published")
        if article.state != "scheduled":
            schedule.found_state = article.state
        put_standing(article, decide(standing_of(article), "schedule", now), now)
    schedule.revision = article.revision if public_at is not None else None
    event = ArticleScheduled(
        subject=article.id,
        revision=article.revision,
        publish_at=rfc3339(public_at) if public_at else None,
        unpublish_at=rfc3339(schedule.unpublish_at) if schedule.unpublish_at else None,
    )
    if public_at is not None:
        # A revision of its own, which no thinning lets go: it is what readers will see.
        return record_act(session, actor, article, queries.content_of(session, article), event, now).letter
    return _record_beside(session, actor, event, article, now)


def _record_beside(
    session: Session, actor: Actor, event: ArticleScheduled | ArticleUnscheduled, article: Article, now: datetime
) -> Dropped:
    """Audit note and letter of an act that leaves the article as it is."""
    note(session, actor=actor, action=event.type, subject_kind="article", subject_id=article.id, now=now)
    letter = record(session, event, actor=actor, now=now)
    session.flush()
    return letter

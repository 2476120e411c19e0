"""Making, changing and deleting releases, and saying when. Publishing them: `releasing.py`."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from cms.audit.recording import note
from cms.events.catalogue import ReleaseScheduled, ReleaseUnscheduled
from cms.events.outbox import record
from cms.identity.access import NO_ARTICLE, READ
from cms.identity.rules import places
from cms.newsroom import queries
from cms.newsroom.models import Article
from cms.newsroom.releases.models import Release, ReleaseArticle
from cms.newsroom.releases.preparing import PreparedRelease, refuse_unready_articles
from cms.newsroom.releases.queries import is_readable, members
from cms.newsroom.releases.rules import MOST_ARTICLES, ChangeRelease, NewRelease, ScheduleRelease, refuse_over
from cms.newsroom.saving import refuse_act
from cms.newsroom.schedules.ending import end_appointments
from cms.newsroom.schedules.models import Appointment
from cms.newsroom.schedules.rules import MOST_AHEAD
from cms.platform.actor import Actor
from cms.platform.clock import rfc3339
from cms.platform.errors import FieldError, Invalid, NotFound, Stale
from cms.platform.ids import is_id, new_id

NO_RELEASE = "There is no release of this id."
PUBLISH = "articles:publish"


def make_release(session: Session, actor: Actor, command: NewRelease, now: datetime) -> Release:
    """Make a release of articles that the actor may publish, in the order in which they are given.

    Raises: Invalid, with a pointer to every article that is not there; Forbidden.
    """
    release = Release(
        id=new_id(), title=command.title, state="open", version=1, timezone="UTC", created_at=now, updated_at=now
    )
    session.add(release)
    session.flush()
    _add(session, actor, release, command.article_ids, "/articles")
    _note(session, actor, "release.made", release, now, ["title", "articles"])
    return release


def change_release(
    session: Session, actor: Actor, command: ChangeRelease, prepared: PreparedRelease, now: datetime
) -> Release:
    """Change the title of a release, add articles behind the others, take articles out.

    What is added to one that is scheduled must be ready as it is; `prepared` holds the bodies of what is added.
    Raises: NotFound; Forbidden; Stale; Conflict (`already_released`, `release_refused`); Invalid.
    """
    release = held_release(session, actor, command.release_id, command.version)
    refuse_over(release.state)
    changes = []
    if command.title is not None and command.title != release.title:
        release.title = command.title
        changes.append("title")
    if command.remove:
        _remove(session, release, command.remove)
    if command.add:
        added = _add(session, actor, release, command.add, "/add")
        if release.state == "scheduled":
            refuse_unready_articles(session, added, prepared, now)
    if command.add or command.remove:
        changes.append("articles")
    if changes:
        release.version, release.updated_at = release.version + 1, now
        _note(session, actor, "release.changed", release, now, changes)
    return release


def delete_release(session: Session, actor: Actor, release_id: str, version: int, now: datetime) -> None:
    """Delete a release that was not published; its articles stay as they are.

    Raises: NotFound; Forbidden; Stale; Conflict (`already_released`).
    """
    release = held_release(session, actor, release_id, version)
    refuse_over(release.state)
    end_appointments(session, release.id, {"release"})
    session.delete(release)
    _note(session, actor, "release.deleted", release, now)
    session.flush()


def schedule_release(
    session: Session, actor: Actor, command: ScheduleRelease, prepared: PreparedRelease, now: datetime
) -> Release:
    """Publish a release at an instant by itself: the revisions that its articles have now, of which all must be ready.

    Emits: ReleaseScheduled
    Raises: NotFound; Forbidden; Stale; Conflict (`already_released`); Invalid for an instant that is over, too far, or
    of a release that holds nothing; Conflict (`release_refused`) with what is wrong with each article.
    """
    release = held_release(session, actor, command.release_id, command.version)
    refuse_over(release.state)
    held = members(session, [release.id])
    errors = _wrong(command.release_at, now, is_empty=not held)
    if errors:
        raise Invalid(errors=errors)
    refuse_unready_articles(session, [article for _, article in held], prepared, now)
    end_appointments(session, release.id, {"release"})
    for member, article in held:
        member.revision = article.revision
    release.state, release.release_at, release.timezone = "scheduled", command.release_at, command.timezone
    release.version, release.updated_at = release.version + 1, now
    session.add(
        Appointment(
            subject_id=release.id, does="release", at=command.release_at, state="waiting",
            actor_kind=actor.kind, actor_id=actor.id,
        )
    )  # fmt: skip
    event = ReleaseScheduled(subject=release.id, release_at=rfc3339(command.release_at))
    record(session, event, actor=actor, now=now)
    _note(session, actor, event.type, release, now, ["release_at"])
    session.flush()
    return release


def unschedule_release(session: Session, actor: Actor, release_id: str, version: int, now: datetime) -> Release:
    """Take back that a release happens by itself.

    Emits: ReleaseUnscheduled
    Raises: NotFound, also where it is not scheduled; Forbidden; Stale.
    """
    release = held_release(session, actor, release_id, version)
    if release.state not in ("scheduled", "missed"):
        raise NotFound("This release has no schedule.")
    end_appointments(session, release.id, {"release"})
    for member, _ in members(session, [release.id]):
        member.revision = None
    release.state, release.release_at = "open", None
    release.version, release.updated_at = release.version + 1, now
    event = ReleaseUnscheduled(subject=release.id)
    record(session, event, actor=actor, now=now)
    _note(session, actor, event.type, release, now, ["release_at"])
    session.flush()
    return release


def held_release(session: Session, actor: Actor, release_id: str, version: int) -> Release:
    """The release, held until the transaction ends, for somebody who may publish everything in it.

    Raises: NotFound, for one that the actor may not read too; Forbidden; Stale.
    """
    statement = select(Release).where(Release.id == release_id, is_readable(places(actor.grants, READ)))
    # A lock takes the rows of one table; the condition only asks others.
    release = (
        session.scalar(statement.with_for_update(), execution_options={"populate_existing": True})
        if is_id(release_id)
        else None
    )
    if release is None:
        raise NotFound(NO_RELEASE)
    for _, article in members(session, [release.id]):
        refuse_act(session, actor, PUBLISH, article)
    if release.version != version:
        etag = f'"{release.version}"'
        raise Stale(
            f"The release is at version {release.version} by now.", extra={"etag": etag}, headers={"ETag": etag}
        )
    return release


def _wrong(release_at: datetime, now: datetime, *, is_empty: bool) -> list[FieldError]:
    if is_empty:
        return [FieldError("", "empty", "This release holds no articles; add some first.")]
    if release_at <= now:
        return [FieldError("/release_at", "in_the_past", "This instant is over; publish the release instead.")]
    if release_at > now + MOST_AHEAD:
        return [FieldError("/release_at", "too_late", "This is more than ten years ahead.")]
    return []


def _add(session: Session, actor: Actor, release: Release, article_ids: Sequence[str], pointer: str) -> list[Article]:
    held = {member.article_id: member for member, _ in members(session, [release.id])}
    errors, added = [], []
    place = max((member.position for member in held.values()), default=-1) + 1
    for index, article_id in enumerate(article_ids):
        article = _article_to_add(session, actor, article_id)
        if article is None:
            errors.append(FieldError(f"{pointer}/{index}", "unknown", NO_ARTICLE))
        elif article_id in held:
            errors.append(FieldError(f"{pointer}/{index}", "twice", "This release holds this article already."))
        else:
            is_pinned = release.state == "scheduled"
            held[article_id] = ReleaseArticle(
                release_id=release.id, article_id=article_id, position=place,
                revision=article.revision if is_pinned else None,
            )  # fmt: skip
            session.add(held[article_id])
            added.append(article)
            place += 1
    if len(held) > MOST_ARTICLES:
        errors.append(FieldError(pointer, "too_many", f"A release holds at most {MOST_ARTICLES} articles."))
    if errors:
        raise Invalid(errors=errors)
    session.flush()
    return added


def _article_to_add(session: Session, actor: Actor, article_id: str) -> Article | None:
    article = queries.article_by_id(session, article_id) if is_id(article_id) else None
    if article is None:
        return None
    try:
        refuse_act(session, actor, PUBLISH, article)
    except NotFound:
        return None
    return article


def _remove(session: Session, release: Release, article_ids: Sequence[str]) -> None:
    held = {member.article_id: member for member, _ in members(session, [release.id])}
    errors = [
        FieldError(f"/remove/{index}", "unknown", "This release does not hold it.")
        for index, article_id in enumerate(article_ids)
        if article_id not in held
    ]
    if errors:
        raise Invalid(errors=errors)
    for article_id in set(article_ids):
        session.delete(held[article_id])
    session.flush()


def _note(
    session: Session, actor: Actor, action: str, release: Release, now: datetime, changes: Sequence[str] = ()
) -> None:
    note(
        session, actor=actor, action=action, subject_kind="release", subject_id=release.id, now=now, changes=changes
    )  # fmt: skip

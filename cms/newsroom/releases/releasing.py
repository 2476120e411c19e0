"""Publishing a release: every article in one transaction, or none with what is wrong with each."""

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from cms.audit.recording import note
from cms.events.catalogue import ReleasePublished
from cms.events.outbox import record
from cms.newsroom import publishing, queries
from cms.newsroom.models import Article
from cms.newsroom.releases.grouping import held_release
from cms.newsroom.releases.models import Release, ReleaseArticle
from cms.newsroom.releases.preparing import ALREADY, GONE, PreparedRelease, refusal
from cms.newsroom.releases.queries import members
from cms.newsroom.releases.rules import refuse_over
from cms.newsroom.saving import refuse_act, refuse_stale
from cms.newsroom.schedules.ending import end_appointments
from cms.platform.actor import Actor
from cms.platform.errors import Conflict, Invalid, NotFound, Problem


def publish_release(
    session: Session, actor: Actor, release_id: str, version: int, prepared: PreparedRelease, now: datetime
) -> Release:
    """Show every article of a release to readers from the commit on, in their order.

    Emits: ReleasePublished; ArticlePublished for each
    Raises: NotFound; Forbidden; Stale; Conflict (`already_released`, or `release_refused` with a problem per article).
    """
    release = held_release(session, actor, release_id, version)
    end_appointments(session, release.id, {"release"})
    return show_release(session, actor, release, prepared, now)


def show_release(
    session: Session,
    actor: Actor,
    release: Release,
    prepared: PreparedRelease,
    now: datetime,
    *,
    published_at: datetime | None = None,
) -> Release:
    """As `publish_release`, for a release that is held already. `published_at` is the instant that was promised."""
    refuse_over(release.state)
    held = _hold_articles(session, actor, release)
    if not held:
        raise Invalid("This release holds no articles; add some first.")
    refused = []
    for member, article in held:
        problem = _show(session, actor, member, article, prepared, now, published_at)
        if problem is not None:
            refused.append((article, problem))
    if refused:
        raise refusal("published", refused)
    release.state, release.released_at = "released", now
    release.version, release.updated_at = release.version + 1, now
    event = ReleasePublished(subject=release.id, articles=len(held))
    note(session, actor=actor, action=event.type, subject_kind="release", subject_id=release.id, now=now)
    record(session, event, actor=actor, now=now)
    session.flush()
    return release


def _hold_articles(session: Session, actor: Actor, release: Release) -> list[tuple[ReleaseArticle, Article]]:
    """The articles of a release, all held. Always in the order of their ids, so that no two releases wait for each
    other; and all of them before the first is shown, which takes the lock on what readers see."""
    ids = [article.id for _, article in members(session, [release.id])]
    session.execute(select(Article.id).where(Article.id.in_(ids)).order_by(Article.id).with_for_update())
    held = members(session, [release.id])
    for _, article in held:
        refuse_act(session, actor, "articles:publish", article)
    return held


def _show(
    session: Session,
    actor: Actor,
    member: ReleaseArticle,
    article: Article,
    prepared: PreparedRelease,
    now: datetime,
    published_at: datetime | None,
) -> Problem | None:
    try:
        body = prepared.bodies.get(article.id)
        kept = queries.revision(session, article.id, body.revision) if body is not None else None
        if article.deleted_at is not None or body is None or kept is None:
            raise NotFound(GONE)
        if member.revision is None:
            refuse_stale(article, body.revision)
        elif member.revision != body.revision:
            raise Conflict("The release was scheduled anew while it was prepared; try again.", code="stale")
        at = published_at if article.state != "published" else None
        saved = publishing.show_revision(
            session, actor, article, kept.content, body.rendered, now, published_at=at
        )  # fmt: skip
        member.receipt_id, member.revision = saved.letter.id, article.published_revision
    except Problem as problem:
        # Readers having it already is what was wanted.
        return None if problem.code == ALREADY else problem
    return None

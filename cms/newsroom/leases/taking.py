"""Taking, prolonging and giving back the lease of an article.

A lease is advice: it tells colleagues who is at work, and hinders nobody's save. What keeps a save from being lost is
`If-Match`, with or without a lease; so a browser that died never locks an article.
"""

from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from cms.audit.recording import note
from cms.events.catalogue import ArticleLeaseGivenBack, ArticleLeaseTaken
from cms.events.outbox import record
from cms.newsroom.leases.models import ArticleLease
from cms.newsroom.leases.queries import lease_on
from cms.newsroom.leases.rules import Holder, TakeLease, is_held_by_another
from cms.newsroom.revisions.rules import LONGEST_AUTHOR
from cms.newsroom.saving import locked
from cms.platform.actor import Actor
from cms.platform.clock import rfc3339
from cms.platform.errors import Locked, NotFound

WRITE = "articles:write"


def take_lease(session: Session, actor: Actor, command: TakeLease, now: datetime) -> ArticleLease:
    """Take the lease of an article, or prolong one's own, which is the heartbeat and leaves no entry.

    Emits: ArticleLeaseTaken, unless it was one's own
    Raises: NotFound; Forbidden, for whoever may not edit the article; Locked, saying who holds it until when.
    """
    article = locked(session, actor, WRITE, command.article_id)
    lease = session.scalar(select(ArticleLease).where(ArticleLease.article_id == article.id))
    is_anothers = lease is not None and _is_anothers(lease, actor, now)
    if lease is not None and is_anothers and not command.is_forced:
        raise _held(lease)
    is_prolonged = lease is not None and not is_anothers and now < lease.expires_at
    if lease is None:
        lease = ArticleLease(article_id=article.id)
        session.add(lease)
    lease.renewed_at, lease.expires_at = now, now + timedelta(seconds=command.lasts_seconds)
    if is_prolonged:
        return lease
    lease.holder_kind, lease.holder_id, lease.holder_name = actor.kind, actor.id, actor.name[:LONGEST_AUTHOR]
    lease.taken_at = now
    _note(session, actor, "article.lease_forced" if is_anothers else "article.lease_taken", article.id, now)
    record(session, ArticleLeaseTaken(subject=article.id, is_forced=is_anothers), actor=actor, now=now)
    return lease


def give_back_lease(session: Session, actor: Actor, article_id: str, now: datetime) -> None:
    """Give one's lease back before it ends.

    Emits: ArticleLeaseGivenBack
    Raises: NotFound, also where nobody holds one; Forbidden; Locked where somebody else does.
    """
    article = locked(session, actor, WRITE, article_id)
    lease = lease_on(session, article.id, now)
    if lease is None:
        raise NotFound("Nobody holds a lease on this article.")
    if _is_anothers(lease, actor, now):
        raise _held(lease)
    session.delete(lease)
    _note(session, actor, "article.lease_given_back", article.id, now)
    record(session, ArticleLeaseGivenBack(subject=article.id), actor=actor, now=now)


def _is_anothers(lease: ArticleLease, actor: Actor, now: datetime) -> bool:
    holder, asker = Holder(lease.holder_kind, lease.holder_id), Holder(actor.kind, actor.id)
    return is_held_by_another(holder, asker, lease.expires_at, now)


def _held(lease: ArticleLease) -> Locked:
    until = rfc3339(lease.expires_at)
    return Locked(
        f'{lease.holder_name} is at work on this article until {until}. PUT with "force": true takes the lease over.',
        extra={
            "holder": {"kind": lease.holder_kind, "id": lease.holder_id, "name": lease.holder_name},
            "expires_at": until,
        },
    )


def _note(session: Session, actor: Actor, action: str, article_id: str, now: datetime) -> None:
    note(session, actor=actor, action=action, subject_kind="article", subject_id=article_id, now=now)

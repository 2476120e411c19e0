"""Making preview links and withdrawing them."""

from datetime import datetime

from sqlalchemy.orm import Session

from cms.audit.recording import note
from cms.events.outbox import record
from cms.events.preview_events import ArticlePreviewRevoked, ArticlePreviewShared
from cms.newsroom import queries
from cms.newsroom.models import Article
from cms.newsroom.previews.models import PreviewLink
from cms.newsroom.previews.queries import count_of_open_links, link_of
from cms.newsroom.previews.rules import MOST_LINKS, PUT_AWAY, SHARE, SharePreview, Ticket
from cms.newsroom.previews.tokens import signed
from cms.newsroom.revisions.rules import LONGEST_AUTHOR
from cms.newsroom.saving import locked
from cms.platform.actor import Actor
from cms.platform.clock import rfc3339
from cms.platform.errors import Conflict, FieldError, Invalid, NotFound
from cms.platform.ids import new_id
from cms.platform.keys import Keys

NO_LINK = "This article has no preview link of this id."


def share_preview(
    session: Session, actor: Actor, command: SharePreview, keys: Keys, now: datetime
) -> tuple[PreviewLink, str]:
    """Make a link to an article's working copy; gives its token, which is never seen again.

    Emits: ArticlePreviewShared
    Raises: NotFound; Forbidden, for whoever may not edit the article; Conflict for one that was put away, or that has
    very many links (`too_many`); Invalid for a revision that the article does not have.
    """
    article = locked(session, actor, SHARE, command.article_id)
    _refuse_unfit(session, article, command, now)
    link_id, expires_at = new_id(), now + command.lifetime
    token, key_name = signed(keys, Ticket(link_id, article.id, command.revision, expires_at))
    link = PreviewLink(
        id=link_id,
        article_id=article.id,
        revision=command.revision,
        label=command.label,
        made_by=f"{actor.kind}:{actor.id}"[:100],
        maker_name=actor.name[:LONGEST_AUTHOR],
        key_name=key_name,
        created_at=now,
        expires_at=expires_at,
        revoked_at=None,
        views=0,
        last_viewed_at=None,
    )
    session.add(link)
    event = ArticlePreviewShared(
        subject=article.id, preview_id=link.id, revision=command.revision, expires_at=rfc3339(expires_at)
    )
    _record(session, actor, event, now, ("expires_at", *(("revision",) if command.revision else ())))
    session.flush()
    return link, token


def revoke_preview(session: Session, actor: Actor, article_id: str, link_id: str, now: datetime) -> None:
    """Withdraw a link with its next look; again is fine.

    Emits: ArticlePreviewRevoked, the first time
    Raises: NotFound, also for a link of another article; Forbidden, for whoever may not edit the article.
    """
    article = locked(session, actor, SHARE, article_id)
    link = link_of(session, article.id, link_id)
    if link is None:
        raise NotFound(NO_LINK)
    if link.revoked_at is not None:
        return
    link.revoked_at = now
    _record(session, actor, ArticlePreviewRevoked(subject=article.id, preview_id=link.id), now, ("revoked_at",))
    session.flush()


def _refuse_unfit(session: Session, article: Article, command: SharePreview, now: datetime) -> None:
    if article.state in PUT_AWAY:
        state = article.state.replace("_", " ")
        raise Conflict(f"An article that is {state} is shown to nobody.", extra={"state": article.state})
    if command.revision is not None and queries.revision(session, article.id, command.revision) is None:
        detail = "This article has no such revision; old ones may have been thinned out."
        raise Invalid(errors=[FieldError("/revision", "unknown_revision", detail)])
    if count_of_open_links(session, article.id, now) >= MOST_LINKS:
        raise Conflict(f"This article has {MOST_LINKS} links that open; withdraw some.", code="too_many")


def _record(
    session: Session,
    actor: Actor,
    event: ArticlePreviewShared | ArticlePreviewRevoked,
    now: datetime,
    changes: tuple[str, ...],
) -> None:
    note(
        session,
        actor=actor,
        action=event.type,
        subject_kind="article",
        subject_id=event.subject,
        now=now,
        changes=changes,
    )
    record(session, event, actor=actor, now=now)

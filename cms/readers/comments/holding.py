"""What every change of a comment needs: one at a time per article and per reader, and threads that are right after it.

Whoever holds several takes the reader first and then articles in the order of their ids, so that no two wait for each
other.
"""

from datetime import datetime

from sqlalchemy.orm import Session

from cms.audit.recording import note
from cms.events.catalogue import ArticleAudienceChanged
from cms.events.event import Event
from cms.events.outbox import record
from cms.platform.actor import Actor
from cms.platform.errors import Forbidden, NotFound, Unauthenticated
from cms.platform.http.guard import CHALLENGE
from cms.platform.limits import line_up
from cms.readers.comments.models import Comment
from cms.readers.comments.queries.standing import Shown, absence, ban_of, comment_by_id, shown_article
from cms.readers.comments.rules import is_banned
from cms.readers.models import Account
from cms.readers.queries import account_by_id

NO_COMMENT = "There is no comment of this id."


def reader_held(session: Session, actor: Actor) -> Account:
    """The reader who acts, held until the transaction ends. Raises: Unauthenticated where the account is gone."""
    line_up(session, f"reader:{actor.id}")
    account = account_by_id(session, actor.id)
    if account is None:
        raise Unauthenticated("The session is unknown or over; sign in again.", headers=CHALLENGE)
    return account


def refuse_banned(session: Session, account: Account, now: datetime) -> None:
    """Let nobody go on who was banned. Raises: Forbidden (`banned`), saying until when."""
    ban = ban_of(session, account.id)
    if ban is not None and is_banned(ban.until, now):
        raise Forbidden(
            "You may not take part in comments on this site. Your comments stay, and you can delete them.",
            code="banned",
            extra={"until": ban.until},
        )


def there(session: Session, article_id: str) -> Shown:
    """The article, which readers see now. Raises: NotFound or Gone, as the article itself is answered."""
    article = shown_article(session, article_id)
    if article is None:
        raise absence(session, article_id)
    return article


def hold_article(session: Session, article_id: str) -> None:
    """Let one transaction at a time change the comments on an article, until it ends."""
    line_up(session, f"comments:{article_id}")


def comment_held(session: Session, comment_id: str) -> Comment:
    """A comment as it stands now, held until the transaction ends. Raises: NotFound."""
    found = comment_by_id(session, comment_id)
    if found is None:
        raise NotFound(NO_COMMENT)
    hold_article(session, found.article_id)
    session.refresh(found, with_for_update=True)
    return found


def settle(session: Session, actor: Actor, comment: Comment, now: datetime, *, was_seen: bool) -> None:
    """Show a comment or hide it as its state says, and those above it that are there for its sake alone.

    Emits: ArticleAudienceChanged, where readers see one comment more or less
    """
    session.flush()
    if was_seen != (comment.state == "approved"):
        record(session, ArticleAudienceChanged(subject=comment.article_id), actor=actor, now=now)
    while True:
        is_shown = comment.state == "approved" or comment.reply_count > 0
        if is_shown == comment.is_shown:
            return
        comment.is_shown = is_shown
        if comment.parent_id is None:
            return
        above = comment_by_id(session, comment.parent_id)
        assert above is not None, "a comment is never removed"
        above.reply_count += 1 if is_shown else -1
        comment = above


def tell(session: Session, actor: Actor, event: Event, now: datetime, changes: tuple[str, ...] = ()) -> None:
    """Note an act on a comment in the audit trail and drop its letter. Emits: the given event."""
    note(
        session, actor=actor, action=event.type, subject_kind="comment", subject_id=event.subject, now=now,
        changes=changes,
    )  # fmt: skip
    record(session, event, actor=actor, now=now)

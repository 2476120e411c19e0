"""What readers do with the comments of others: like them, and report them. Each reader counts once per comment."""

from datetime import datetime
from typing import Any

from sqlalchemy import delete, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from cms.events.comment_events import CommentLiked, CommentReported, CommentUnliked
from cms.platform.actor import Actor
from cms.platform.db import change_rows
from cms.platform.errors import Conflict, NotFound
from cms.readers.comments.holding import NO_COMMENT, comment_held, reader_held, refuse_banned, settle, tell, there
from cms.readers.comments.models import Comment, CommentLike, CommentReport
from cms.readers.comments.queries.standing import comment_by_id
from cms.readers.comments.rules import Report, Terms, is_enough


def like_comment(session: Session, actor: Actor, comment_id: str, now: datetime) -> int:
    """Like a comment that readers see; gives how many do. Doing it again changes nothing.

    Emits: CommentLiked, the first time
    Raises: NotFound; NotFound, Gone as of the article; Forbidden (`banned`); Conflict (`own_comment`).
    """
    comment = _of_somebody_else(session, actor, comment_id, now)
    added = _once(session, CommentLike, {"comment_id": comment.id, "account_id": actor.id, "at": now})
    if added:
        _count(session, comment, 1)
        tell(session, actor, CommentLiked(subject=comment.id, article_id=comment.article_id), now)
    return comment.likes


def unlike_comment(session: Session, actor: Actor, comment_id: str, now: datetime) -> int:
    """Like a comment no more; gives how many others do. Emits: CommentUnliked, where it was liked. Raises: NotFound."""
    reader_held(session, actor)
    comment = comment_by_id(session, comment_id)
    mine = (CommentLike.comment_id == comment_id, CommentLike.account_id == actor.id)
    if comment is None or not change_rows(session, delete(CommentLike).where(*mine)):
        raise NotFound("You do not like a comment of this id.")
    _count(session, comment, -1)
    tell(session, actor, CommentUnliked(subject=comment.id, article_id=comment.article_id), now)
    return comment.likes


def report_comment(
    session: Session, actor: Actor, comment_id: str, report: Report, *, terms: Terms, now: datetime
) -> None:
    """Tell moderators that a comment should not be there; after enough reports it waits for them, unseen.

    Doing it again changes nothing. Emits: CommentReported, the first time
    Raises: NotFound; NotFound, Gone as of the article; Forbidden (`banned`); Conflict (`own_comment`).
    """
    _of_somebody_else(session, actor, comment_id, now)
    comment = comment_held(session, comment_id)
    values = {"comment_id": comment.id, "account_id": actor.id, "reason": report.reason, "note": report.note, "at": now}
    if not _once(session, CommentReport, values):
        return
    was_seen = comment.state == "approved"
    comment.reports += 1
    is_held = is_enough(comment.reports, comment.state, terms)
    if is_held:
        comment.state, comment.held_for = "held", "reports"
        comment.revision += 1
    settle(session, actor, comment, now, was_seen=was_seen)
    event = CommentReported(subject=comment.id, article_id=comment.article_id, is_held=is_held)
    tell(session, actor, event, now)


def _of_somebody_else(session: Session, actor: Actor, comment_id: str, now: datetime) -> Comment:
    account = reader_held(session, actor)
    comment = comment_by_id(session, comment_id)
    if comment is None or comment.state != "approved":
        raise NotFound(NO_COMMENT)
    there(session, comment.article_id)
    refuse_banned(session, account, now)
    if comment.account_id == account.id:
        raise Conflict("This is a comment of your own.", code="own_comment")
    return comment


def _once(session: Session, table: type[CommentLike] | type[CommentReport], values: dict[str, Any]) -> bool:
    """Add a row unless its key is there; of any number at the same time, one is told that it did."""
    insert = postgresql.insert if session.get_bind().dialect.name == "postgresql" else sqlite.insert
    added = insert(table).values(**values).on_conflict_do_nothing().returning(table.comment_id)
    return session.scalar(added) is not None


def _count(session: Session, comment: Comment, by: int) -> None:
    change_rows(session, update(Comment).where(Comment.id == comment.id).values(likes=Comment.likes + by))
    session.refresh(comment)

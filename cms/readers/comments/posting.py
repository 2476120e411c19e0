"""What readers do with their own comments: say something, change it for a while, take it back."""

import math
from datetime import datetime

from sqlalchemy.orm import Session

from cms.events.comment_events import CommentDeleted, CommentEdited, CommentPosted
from cms.platform.actor import Actor
from cms.platform.errors import Conflict, FieldError, Forbidden, Invalid, NotFound, TooMany
from cms.platform.ids import new_id
from cms.platform.limits import take
from cms.platform.text.linked import links_in
from cms.readers.comments.holding import (
    NO_COMMENT,
    comment_held,
    hold_article,
    reader_held,
    refuse_banned,
    settle,
    tell,
    there,
)
from cms.readers.comments.models import Comment
from cms.readers.comments.queries.standing import Shown, comment_by_id, said_just_now, standings, was_heard
from cms.readers.comments.rules import COMMENTS_PER_DAY, Mode, NewComment, Terms, can_be_edited, hold_of


def post_comment(
    session: Session, actor: Actor, article_id: str, command: NewComment, *, terms: Terms, now: datetime
) -> Comment:
    """Say something on a published article, or in reply to a comment that readers see.

    Emits: CommentPosted
    Raises: NotFound, Gone as of the article; Forbidden (`banned`); Conflict (`comments_off`, `duplicate_comment`);
    Invalid for the parent; TooMany.
    """
    account = reader_held(session, actor)
    article = there(session, article_id)
    refuse_banned(session, account, now)
    hold_article(session, article_id)
    mode = _open_mode(session, article)
    parent = _parent(session, article_id, command, terms)
    said = said_just_now(session, account.id, article_id, command, now)
    if said is not None:
        raise Conflict("You said the same here just now.", code="duplicate_comment", extra={"comment_id": said})
    _count_of_today(session, account.id, now)
    held_for = hold_of(mode, terms, is_first=not was_heard(session, account.id), links=links_in(command.text))
    comment_id = new_id()
    comment = Comment(
        id=comment_id,
        article_id=article_id,
        account_id=account.id,
        parent_id=parent.id if parent is not None else None,
        thread_id=parent.thread_id if parent is not None else comment_id,
        depth=parent.depth + 1 if parent is not None else 1,
        text=command.text,
        state="held" if held_for else "approved",
        held_for=held_for,
        created_at=now,
    )
    session.add(comment)
    settle(session, actor, comment, now, was_seen=False)
    tell(session, actor, CommentPosted(subject=comment.id, article_id=article_id, state=comment.state), now)
    return comment


def edit_comment(session: Session, actor: Actor, comment_id: str, text: str, *, terms: Terms, now: datetime) -> Comment:
    """Give one's own comment another text, within the time for it. Where new ones are held, so is the new text.

    Emits: CommentEdited, unless the text is the same
    Raises: NotFound, also of somebody else's; NotFound, Gone as of the article; Forbidden (`banned`,
    `edit_window_over`); Conflict (`comments_off`, `comment_decided`).
    """
    account = reader_held(session, actor)
    comment = _own(session, actor, comment_id)
    article = there(session, comment.article_id)
    refuse_banned(session, account, now)
    if not can_be_edited(comment.created_at, terms, now):
        minutes = int(terms.edit_window.total_seconds()) // 60
        raise Forbidden(
            f"A comment can be changed for {minutes} minutes; you can still delete it.", code="edit_window_over"
        )
    if comment.state in ("rejected", "spam"):
        raise Conflict("A moderator decided about this comment; it stays as it is.", code="comment_decided")
    mode = _open_mode(session, article)
    if text == comment.text:
        return comment
    held_for, was_seen = hold_of(mode, terms, is_first=False, links=links_in(text)), comment.state == "approved"
    comment.text, comment.edited_at = text, now
    comment.revision += 1
    if held_for and was_seen:
        comment.state, comment.held_for = "held", held_for
    settle(session, actor, comment, now, was_seen=was_seen)
    event = CommentEdited(subject=comment.id, article_id=comment.article_id, state=comment.state)
    tell(session, actor, event, now, ("text",))
    return comment


def delete_comment(session: Session, actor: Actor, comment_id: str, now: datetime) -> None:
    """Take one's own comment back for good: its text is gone, and replies to it stay.

    Emits: CommentDeleted
    Raises: NotFound, also of somebody else's.
    """
    reader_held(session, actor)
    comment = _own(session, actor, comment_id)
    was_seen = comment.state == "approved"
    comment.text, comment.state, comment.held_for = "", "deleted", ""
    comment.revision += 1
    settle(session, actor, comment, now, was_seen=was_seen)
    tell(session, actor, CommentDeleted(subject=comment.id, article_id=comment.article_id), now)


def _own(session: Session, actor: Actor, comment_id: str) -> Comment:
    found = comment_by_id(session, comment_id)
    if found is None or found.account_id != actor.id:
        raise NotFound(NO_COMMENT)
    comment = comment_held(session, comment_id)
    if comment.state == "deleted":
        raise NotFound(NO_COMMENT)
    return comment


def _open_mode(session: Session, article: Shown) -> Mode:
    mode = standings(session, {article.article_id: article.section_path})[article.article_id].mode
    if mode == "off":
        raise Conflict("This article takes no comments.", code="comments_off")
    return mode


def _parent(session: Session, article_id: str, command: NewComment, terms: Terms) -> Comment | None:
    if command.parent is None:
        return None
    parent = comment_by_id(session, command.parent)
    if parent is None or parent.article_id != article_id or parent.state != "approved":
        raise Invalid(errors=[FieldError("/parent", "unknown", "There is no such comment on this article.")])
    if parent.depth >= terms.depth:
        detail = f"Replies go {terms.depth} levels deep; reply to the comment above."
        raise Invalid(errors=[FieldError("/parent", "too_deep", detail)])
    return parent


def _count_of_today(session: Session, account_id: str, now: datetime) -> None:
    verdict = take(session, f"{COMMENTS_PER_DAY.name}:reader:{account_id}", COMMENTS_PER_DAY, now)
    if not verdict.is_allowed:
        wait = math.ceil(verdict.retry_after_seconds)
        raise TooMany("You said very much today.", headers={"Retry-After": str(wait)})

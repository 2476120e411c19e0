"""What moderators decide of comments: let readers see one, or not, or call it spam; one by one or many at once."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from cms.events.comment_events import CommentApproved, CommentMarkedAsSpam, CommentRejected
from cms.events.event import Event
from cms.identity.access import refuse
from cms.platform.actor import Actor
from cms.platform.errors import Conflict, NotFound, Problem, Stale
from cms.readers.comments.holding import NO_COMMENT, comment_held, hold_article, settle, tell
from cms.readers.comments.models import Comment
from cms.readers.comments.queries.standing import articles_of, comment_by_id, shown_article
from cms.readers.comments.rules import DECISIONS, Choice

MODERATE = "comments:moderate"


def decide_comment(
    session: Session, actor: Actor, action: str, choice: Choice, note: str | None, now: datetime
) -> Comment:
    """Decide about a comment as it was looked at; what it was reported for counts as answered.

    A `note` of None leaves the one that is there. Emits: CommentApproved, CommentRejected or CommentMarkedAsSpam
    Raises: NotFound, also where the article is not published or elsewhere; Forbidden; Stale; Conflict
    (`comment_deleted`).
    """
    refuse_comment(session, actor, choice.comment_id)
    comment = comment_held(session, choice.comment_id)
    if comment.revision != choice.revision:
        etag = f'"{comment.revision}"'
        detail = f"The comment is at revision {comment.revision} by now; read it again before you decide."
        raise Stale(detail, extra={"etag": etag}, headers={"ETag": etag})
    if comment.state == "deleted":
        raise Conflict("Its author took this comment back.", code="comment_deleted")
    was_seen = comment.state == "approved"
    comment.state, comment.held_for, comment.reports = DECISIONS[action], "", 0
    comment.decided_at, comment.decided_by = now, f"{actor.kind}:{actor.id}"
    comment.revision += 1
    if note is not None:
        comment.note = note
    settle(session, actor, comment, now, was_seen=was_seen)
    tell(session, actor, _event(action, comment), now, ("state", *(("note",) if note is not None else ())))
    return comment


def decide_comments(
    session: Session, actor: Actor, action: str, choices: Sequence[Choice], note: str | None, now: datetime
) -> list[dict[str, Any]]:
    """Decide about many; each is done or refused for itself. Emits: as `decide_comment`, for each.

    Shape: one entry per choice, in order: {"id", "status": as of one alone, "revision" or "code" and "detail"}
    """
    for article_id in articles_of(session, [choice.comment_id for choice in choices]):
        hold_article(session, article_id)
    results: list[dict[str, Any]] = []
    for choice in choices:
        try:
            with session.begin_nested():
                comment = decide_comment(session, actor, action, choice, note, now)
            results.append({"id": choice.comment_id, "status": 200, "revision": comment.revision})
        except Problem as problem:
            told = {"id": choice.comment_id, "status": problem.status, "code": problem.code, "detail": problem.detail}
            results.append(told)
    return results


def refuse_comment(session: Session, actor: Actor, comment_id: str) -> Comment:
    """The comment, for somebody who moderates where its article is. Raises: NotFound, Forbidden."""
    comment = comment_by_id(session, comment_id)
    article = shown_article(session, comment.article_id) if comment is not None else None
    if comment is None or article is None:
        raise NotFound(NO_COMMENT)
    try:
        refuse(actor, MODERATE, section_path=article.section_path, locale=article.locale)
    except NotFound:
        raise NotFound(NO_COMMENT) from None
    return comment


def _event(action: str, comment: Comment) -> Event:
    kinds = {"approve": CommentApproved, "reject": CommentRejected, "spam": CommentMarkedAsSpam}
    return kinds[action](subject=comment.id, article_id=comment.article_id)

"""What becomes of comments when the account of their reader is deleted: they stay in their threads, and say nothing."""

from collections import defaultdict
from datetime import datetime

from sqlalchemy import delete, update
from sqlalchemy.orm import Session

from cms.events.comment_events import CommentsForgotten
from cms.events.outbox import record
from cms.platform.actor import Actor
from cms.platform.db import change_rows
from cms.platform.limits import line_up
from cms.readers.comments.holding import hold_article, settle
from cms.readers.comments.models import Comment, CommentLike, CommentReport, ReaderBan
from cms.readers.comments.queries.threads import all_own, liked_by


def forget_comments(session: Session, actor: Actor, account_id: str, now: datetime) -> None:
    """Empty the comments of a reader, part them from the account, and take its likes, reports and ban away.

    Emits: CommentsForgotten, for each article with such a comment
    """
    line_up(session, f"reader:{account_id}")
    by_article: dict[str, list[str]] = defaultdict(list)
    for comment in all_own(session, account_id):
        by_article[comment.article_id].append(comment.id)
    for article_id in sorted(by_article):
        hold_article(session, article_id)
    for comment in all_own(session, account_id):
        session.refresh(comment)
        was_seen = comment.state == "approved"
        comment.account_id, comment.text, comment.note = None, "", ""
        comment.state, comment.held_for = "deleted", ""
        comment.revision += 1
        settle(session, actor, comment, now, was_seen=was_seen)
    for article_id, ids in by_article.items():
        record(session, CommentsForgotten(subject=article_id, comments=len(ids)), actor=actor, now=now)
    for comment_id in liked_by(session, account_id):
        change_rows(session, update(Comment).where(Comment.id == comment_id).values(likes=Comment.likes - 1))
    for table in (CommentLike, CommentReport, ReaderBan):
        change_rows(session, delete(table).where(table.account_id == account_id))

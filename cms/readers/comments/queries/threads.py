"""What readers see of comments: threads of an article with replies in them; and each reader's own.

As many statements for a hundred comments as for one.
"""

from collections import defaultdict
from collections.abc import Collection, Sequence
from typing import Any

from sqlalchemy import Select, func, select, true
from sqlalchemy.orm import Session

from cms.platform.keyset import one_page
from cms.platform.text.linked import linked_html
from cms.readers.comments.models import Comment, CommentLike
from cms.readers.comments.rules import REPLIES_SHOWN, Terms
from cms.readers.models import Account

MOST_LIKES = 500
# To its author a comment is in one of these; that a moderator thinks it spam is no news for whoever sends spam.
TOLD = {"approved": "approved", "held": "held", "rejected": "rejected", "spam": "rejected", "deleted": "deleted"}


def threads(
    session: Session, article_id: str, order: str, *, limit: int, after: Sequence[Any] | None, is_backwards: bool
) -> list[dict[str, Any]]:
    """One page of the comments that are no replies, each with the first of its replies. `order`: newest or best.

    Best is by likes, and of equals the newer one.
    """
    columns = [Comment.number] if order == "newest" else [Comment.likes, Comment.number]
    statement = _shown(article_id).where(Comment.parent_id.is_(None))
    rows = one_page(session, statement, columns, after, limit=limit, is_falling=True, is_backwards=is_backwards)
    return _with_replies(session, rows)


def replies(
    session: Session, parent: Comment, *, limit: int, after: Sequence[Any] | None, is_backwards: bool
) -> list[dict[str, Any]]:
    """One page of the direct replies to a comment, the oldest first, each with the first of its own."""
    statement = _shown(parent.article_id).where(Comment.parent_id == parent.id)
    rows = one_page(session, statement, [Comment.number], after, limit=limit, is_backwards=is_backwards)
    return _with_replies(session, rows)


def place_of(order: str, comment: Comment) -> tuple[int, ...]:
    """Where a comment stands in a list of this order."""
    return (comment.likes, comment.number) if order == "best" else (comment.number,)


def count_of(session: Session, article_id: str, parent: Comment | None) -> int:
    """How many comments a list holds, without the replies in them."""
    if parent is not None:
        return parent.reply_count
    statement = _shown(article_id).where(Comment.parent_id.is_(None)).with_only_columns(func.count())
    return session.scalar(statement) or 0


def own_comments(
    session: Session, account_id: str, article_id: str | None, *, limit: int, after: Sequence[Any] | None,
    is_backwards: bool,
) -> list[Comment]:  # fmt: skip
    """One page of a reader's own comments, the newest first; those that were taken back are not among them."""
    return one_page(
        session, _own(account_id, article_id), [Comment.number], after, limit=limit, is_falling=True,
        is_backwards=is_backwards,
    )  # fmt: skip


def count_of_own(session: Session, account_id: str, article_id: str | None) -> int:
    """How many comments a reader has."""
    return session.scalar(_own(account_id, article_id).with_only_columns(func.count())) or 0


def all_own(session: Session, account_id: str) -> Sequence[Comment]:
    """Every comment of a reader, in the order of their making."""
    return session.scalars(select(Comment).where(Comment.account_id == account_id).order_by(Comment.number)).all()


def liked(session: Session, account_id: str, article_id: str) -> list[str]:
    """The ids of the comments on an article that a reader likes, the latest ones where there are very many."""
    statement = (
        select(CommentLike.comment_id)
        .join(Comment, Comment.id == CommentLike.comment_id)
        .where(CommentLike.account_id == account_id, Comment.article_id == article_id, Comment.state == "approved")
        .order_by(Comment.number.desc())
    )
    return list(session.scalars(statement.limit(MOST_LIKES)))


def liked_by(session: Session, account_id: str) -> Sequence[str]:
    """The ids of all comments that a reader likes."""
    return session.scalars(select(CommentLike.comment_id).where(CommentLike.account_id == account_id)).all()


def own_data(comment: Comment, terms: Terms) -> dict[str, Any]:
    """A comment as its author sees it."""
    return {
        "id": comment.id,
        "article": comment.article_id,
        "parent": comment.parent_id,
        "state": TOLD[comment.state],
        "text": comment.text,
        "html": linked_html(comment.text),
        "created_at": comment.created_at,
        "edited_at": comment.edited_at,
        "editable_until": comment.created_at + terms.edit_window,
        "likes": comment.likes,
        "reply_count": comment.reply_count,
    }


def comment_kept(comment: Comment) -> dict[str, Any]:
    """What is kept of a comment that its author wrote."""
    return {
        "id": comment.id,
        "article": comment.article_id,
        "parent": comment.parent_id,
        "state": TOLD[comment.state],
        "text": comment.text,
        "created_at": comment.created_at,
        "edited_at": comment.edited_at,
    }


def names_of(session: Session, account_ids: Collection[str]) -> dict[str, str]:
    """What these readers are called, by the ids of their accounts."""
    if not account_ids:
        return {}
    return dict(session.execute(select(Account.id, Account.display_name).where(Account.id.in_(account_ids))).all())


def _own(account_id: str, article_id: str | None) -> Select[Any]:
    statement = select(Comment).where(Comment.account_id == account_id, Comment.state != "deleted")
    return statement if article_id is None else statement.where(Comment.article_id == article_id)


def _shown(article_id: str) -> Select[Any]:
    return select(Comment).where(Comment.article_id == article_id, Comment.is_shown == true())


def _with_replies(session: Session, rows: Sequence[Comment]) -> list[dict[str, Any]]:
    """Each row with its data. Shape: {"row": Comment, "data": what readers see}."""
    below = _first_replies(session, rows)
    everybody = [*rows, *(reply for some in below.values() for reply in some)]
    authors = {row.account_id for row in everybody if row.state == "approved" and row.account_id is not None}
    names = names_of(session, authors)
    return [{"row": row, "data": _data(row, below, names)} for row in rows]


def _first_replies(session: Session, rows: Sequence[Comment]) -> dict[str | None, list[Comment]]:
    """The first replies to each of these comments and to those replies in turn, by the comment that they reply to."""
    if not any(row.reply_count for row in rows):
        return {}
    place = func.row_number().over(partition_by=Comment.parent_id, order_by=Comment.number)
    threads_of = {row.thread_id for row in rows}
    ranked = (
        select(Comment.number, place.label("place"))
        .where(Comment.thread_id.in_(threads_of), Comment.is_shown == true(), Comment.depth > rows[0].depth)
        .subquery()
    )
    statement = select(Comment).join(ranked, ranked.c.number == Comment.number).where(ranked.c.place <= REPLIES_SHOWN)
    found: dict[str | None, list[Comment]] = defaultdict(list)
    for reply in session.scalars(statement.order_by(Comment.number)):
        found[reply.parent_id].append(reply)
    return found


def _data(comment: Comment, below: dict[str | None, list[Comment]], names: dict[str, str]) -> dict[str, Any]:
    is_there = comment.state == "approved"
    return {
        "id": comment.id,
        "parent": comment.parent_id,
        "depth": comment.depth,
        # Whether a moderator took it away or has yet to decide is nobody else's business.
        "state": "shown" if is_there else "deleted" if comment.state == "deleted" else "removed",
        "author": {"name": names.get(comment.account_id or "", "")} if is_there else None,
        "text": comment.text if is_there else None,
        "html": linked_html(comment.text) if is_there else None,
        "created_at": comment.created_at,
        "edited_at": comment.edited_at if is_there else None,
        "likes": comment.likes if is_there else 0,
        "reply_count": comment.reply_count,
        "replies": [_data(reply, below, names) for reply in below.get(comment.id, ())],
    }

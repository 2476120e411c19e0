"""What moderators see: the queue of comments in their places, one comment with its reports, readers who are banned."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, func, or_, select, true
from sqlalchemy.orm import Session

from cms.content.models import Document, DocumentSection
from cms.identity.rules import Place
from cms.platform.clock import rfc3339
from cms.platform.keyset import one_page
from cms.platform.text.linked import linked_html
from cms.readers.comments.models import Comment, CommentReport, ReaderBan
from cms.readers.comments.queries.standing import Shown, shown_articles
from cms.readers.comments.queries.threads import names_of
from cms.readers.comments.rules import is_banned


@dataclass(frozen=True)
class Asked:
    """What a list of comments is narrowed to. `places` are those that the asker moderates; a section means its subtree.

    Comments on articles that readers do not see are in no list.
    """

    places: frozenset[Place]
    state: str | None = None
    article: str | None = None
    section: str | None = None
    locale: str | None = None
    reader: str | None = None
    is_reported: bool = False

    @property
    def name(self) -> str:
        """What binds cursors to this list."""
        places = sorted((place.section_path, place.locale) for place in self.places)
        named = (self.state, self.article, self.section, self.locale, self.reader, self.is_reported)
        return f"comments|{named}|{places}"


def comments(
    session: Session, asked: Asked, *, limit: int, after: Sequence[Any] | None, is_backwards: bool
) -> list[Comment]:
    """One page of comments, the newest first; of those that wait the oldest first, as they came in."""
    is_falling = asked.state != "held"
    return one_page(
        session, _narrowed(asked), [Comment.number], after, limit=limit, is_falling=is_falling,
        is_backwards=is_backwards,
    )  # fmt: skip


def count_of(session: Session, asked: Asked) -> int:
    """How many comments a list holds."""
    return session.scalar(_narrowed(asked).with_only_columns(func.count())) or 0


def comment_data(session: Session, rows: Sequence[Comment]) -> list[dict[str, Any]]:
    """Comments as moderators see them; two statements for a hundred as for one."""
    articles = shown_articles(session, {row.article_id for row in rows})
    names = names_of(session, {row.account_id for row in rows if row.account_id is not None})
    return [_data(row, articles[row.article_id], names) for row in rows if row.article_id in articles]


def reports_of(session: Session, comment_id: str) -> list[dict[str, Any]]:
    """Why readers reported a comment, the oldest first; who they are is not told."""
    statement = select(CommentReport).where(CommentReport.comment_id == comment_id)
    rows = session.scalars(statement.order_by(CommentReport.at, CommentReport.account_id))
    return [{"reason": row.reason, "note": row.note, "at": row.at} for row in rows]


def bans(session: Session, *, limit: int, after: Sequence[Any] | None, is_backwards: bool) -> list[ReaderBan]:
    """One page of the readers who are banned, also of bans that are over, the latest first."""
    place = (datetime.fromisoformat(after[0]), after[1]) if after else None
    columns = [ReaderBan.at, ReaderBan.account_id]
    return one_page(
        session, select(ReaderBan), columns, place, limit=limit, is_falling=True, is_backwards=is_backwards
    )  # fmt: skip


def place_of_ban(ban: ReaderBan) -> tuple[str, str]:
    """Where a ban stands in the list."""
    return rfc3339(ban.at), ban.account_id


def count_of_bans(session: Session) -> int:
    """How many bans are kept."""
    return session.scalar(select(func.count()).select_from(ReaderBan)) or 0


def ban_data(session: Session, rows: Collection[ReaderBan], now: datetime) -> list[dict[str, Any]]:
    """Bans as moderators see them."""
    names = names_of(session, {row.account_id for row in rows})
    return [
        {
            "reader": {"id": row.account_id, "name": names.get(row.account_id, "")},
            "until": row.until,
            "is_in_force": is_banned(row.until, now),
            "note": row.note,
            "by": row.by,
            "at": row.at,
        }
        for row in rows
    ]


def _narrowed(asked: Asked) -> Select[Any]:
    statement = select(Comment).join(Document, Document.article_id == Comment.article_id)
    statement = statement.where(_is_in_any(asked.places))
    if asked.state is not None:
        statement = statement.where(Comment.state == asked.state)
    if asked.article is not None:
        statement = statement.where(Comment.article_id == asked.article)
    if asked.reader is not None:
        statement = statement.where(Comment.account_id == asked.reader)
    if asked.locale is not None:
        statement = statement.where(Document.locale == asked.locale)
    if asked.section is not None:
        below = select(DocumentSection.article_id).where(DocumentSection.section == asked.section)
        statement = statement.where(Comment.article_id.in_(below))
    return statement.where(Comment.reports > 0) if asked.is_reported else statement


def _is_in_any(places: Iterable[Place]) -> ColumnElement[bool]:
    conditions = [_is_in(place) for place in places]
    return or_(*conditions) if conditions else ~true()


def _is_in(place: Place) -> ColumnElement[bool]:
    conditions: list[ColumnElement[bool]] = [true()]
    if place.section_path:
        conditions.append(func.substr(Document.section_path, 1, len(place.section_path)) == place.section_path)
    if place.locale:
        conditions.append(Document.locale == place.locale)
    return and_(*conditions)


def _data(row: Comment, article: Shown, names: dict[str, str]) -> dict[str, Any]:
    is_known = row.account_id is not None
    return {
        "id": row.id,
        "article": {"id": article.article_id, "title": article.title, "url": article.url, "locale": article.locale},
        "parent": row.parent_id,
        "depth": row.depth,
        "author": {"id": row.account_id, "name": names.get(row.account_id or "", "")} if is_known else None,
        "state": row.state,
        "held_for": row.held_for or None,
        "text": row.text,
        "html": linked_html(row.text),
        "note": row.note,
        "likes": row.likes,
        "reports": row.reports,
        "reply_count": row.reply_count,
        "revision": row.revision,
        "created_at": row.created_at,
        "edited_at": row.edited_at,
        "decided_at": row.decided_at,
        "decided_by": row.decided_by or None,
    }

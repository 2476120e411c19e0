"""Reads of bookmarks and folders that never write."""

from collections.abc import Collection

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from cms.readers.bookmarks.models import Bookmark


def keepers_of(session: Session, article_ids: Collection[str]) -> dict[str, int]:
    """How many readers keep each of these articles; those that nobody keeps are missing."""
    statement = select(Bookmark.article_id, func.count()).where(
        Bookmark.article_id.in_(article_ids), Bookmark.removed_at.is_(None)
    )
    return dict(session.execute(statement.group_by(Bookmark.article_id)).all())

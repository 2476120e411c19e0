"""Tombstones: what stands where readers found an article that was taken down."""

from datetime import datetime

from sqlalchemy import delete
from sqlalchemy.orm import Session

from cms.content.models import Tombstone


def put_tombstone(session: Session, article_id: str, locale: str, slug: str, reason: str, at: datetime) -> None:
    """Say at an article's addresses, from the commit on, that it was taken down. `reason` is public."""
    session.merge(Tombstone(article_id=article_id, locale=locale, slug=slug, reason=reason, taken_down_at=at))
    session.flush()


def lift_tombstone(session: Session, article_id: str) -> None:
    """Take a tombstone away, because readers see the article again."""
    session.execute(delete(Tombstone).where(Tombstone.article_id == article_id))

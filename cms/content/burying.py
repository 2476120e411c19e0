"""Tombstones: what stands where an article was found that was taken down, for readers or for those who read early."""

from datetime import datetime

from sqlalchemy import delete
from sqlalchemy.orm import Session

from cms.content.assembling import hold_content
from cms.content.changes.noting import Noted, forget_versions, note_changes
from cms.content.changes.rules import TAKEN_DOWN
from cms.content.embargo.models import EmbargoedTombstone
from cms.content.models import Tombstone


def put_tombstone(session: Session, article_id: str, locale: str, slug: str, reason: str, at: datetime) -> None:
    """Say at an article's addresses, from the commit on, that it was taken down. `reason` is public.

    What readers saw of it before is forgotten, and apps that keep a copy are told.
    """
    hold_content(session)
    is_new = session.get(Tombstone, article_id, populate_existing=True) is None
    session.merge(Tombstone(article_id=article_id, locale=locale, slug=slug, reason=reason, taken_down_at=at))
    session.flush()
    if is_new:
        forget_versions(session, article_id)
        note_changes(session, [Noted(article_id, TAKEN_DOWN, locale, slug, reason)], at)


def put_early_tombstone(
    session: Session, article_id: str, locale: str, slug: str, section_path: str, reason: str, at: datetime
) -> None:
    """Say it to those who may read under embargo, of an article that nobody else ever saw or hears of."""
    row = EmbargoedTombstone(
        article_id=article_id, locale=locale, slug=slug, section_path=section_path, reason=reason, taken_down_at=at
    )
    session.merge(row)
    session.flush()


def lift_tombstone(session: Session, article_id: str) -> None:
    """Take a tombstone away, because readers see the article again."""
    for table in (Tombstone, EmbargoedTombstone):
        session.execute(delete(table).where(table.article_id == article_id))

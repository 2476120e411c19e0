"""Reads of leases. Nothing here writes."""

from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from cms.newsroom.leases.models import ArticleLease


def lease_on(session: Session, article_id: str, now: datetime) -> ArticleLease | None:
    """The lease that somebody holds on an article; None for one that has ended."""
    held = select(ArticleLease).where(ArticleLease.article_id == article_id, ArticleLease.expires_at > now)
    return session.scalar(held)


def lease_data(lease: ArticleLease) -> dict[str, Any]:
    """A lease in the shape of `LeaseShape`."""
    return {
        "holder": {"kind": lease.holder_kind, "id": lease.holder_id, "name": lease.holder_name},
        "taken_at": lease.taken_at,
        "renewed_at": lease.renewed_at,
        "expires_at": lease.expires_at,
    }

"""Ending the links of an article that was taken down, for good. Called in the transaction of every act."""

from datetime import datetime

from sqlalchemy import update
from sqlalchemy.orm import Session

from cms.newsroom.previews.models import PreviewLink
from cms.platform.db import change_rows


def end_links(session: Session, article_id: str, now: datetime) -> int:
    """Withdraw every link of an article that still opens; gives how many there were."""
    still = (PreviewLink.article_id == article_id, PreviewLink.revoked_at.is_(None), PreviewLink.expires_at > now)
    return change_rows(session, update(PreviewLink).where(*still).values(revoked_at=now))

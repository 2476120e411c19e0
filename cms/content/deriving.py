"""Derived values of published articles, written by the workers: the reading time; and what the index is given.

Each function reads the present state and compares revisions, so it may be called twice, late and in any order.
"""

from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from cms.content.assembling import hold_content, reassemble
from cms.content.models import Document


def set_reading_time(
    session: Session, article_id: str, revision: int, reading_time: dict[str, Any], now: datetime
) -> bool:
    """Show the reading time of one revision. False when readers see another revision by now, or none.

    Shape: {"minutes", "words", "characters", "images", "label"}
    """
    hold_content(session)
    document = session.get(Document, article_id, populate_existing=True)
    if document is None or document.revision != revision:
        return False
    document.reading_time = reading_time
    session.flush()
    reassemble(session, [article_id], now)
    return True

"""Letting published articles show an asset as it is now, after it changed or its renditions were made.

A document keeps its body with the ids of its pictures; what readers get is made anew each time that it is assembled,
so a credit that was corrected or a rendition that was made is there in every article. No address that is not our own
is ever asked for anything. Not here: the HTML (`figures.py`), putting documents together (`assembling.py`).
"""

from collections.abc import Callable
from datetime import datetime

from sqlalchemy import select

from cms.content.assembling import chunks, hold_content, reassemble
from cms.media.models import AssetUse
from cms.platform.db import Database


def refresh_pictures(database: Database, asset_id: str, clock: Callable[[], datetime]) -> int:
    """Put every published article that shows an asset together anew; gives how many. Many short transactions."""
    statement = select(AssetUse.article_id).where(AssetUse.asset_id == asset_id, AssetUse.place == "shown")
    with database.reading() as session:
        ids = sorted(session.scalars(statement))
    for portion in chunks(ids):
        with database.transaction() as session:
            hold_content(session)
            reassemble(session, portion, clock())
    return len(ids)

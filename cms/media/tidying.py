"""Removing files that nothing names: what came in half, what was deleted, what was sent and refused."""

from itertools import islice
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from cms.media.keeping import hold_media
from cms.media.models import Asset, AssetFile
from cms.media.storing import ORIGINALS, RENDITIONS, Store
from cms.platform.db import Database

# So long a file may be there without a row: far longer than a request or a rendition lasts.
UNNAMED_SECONDS = 3_600.0
# Where the files of each area are named. Readers may have been told of one that another took the place of.
NAMED: dict[str, tuple[Any, ...]] = {ORIGINALS: (Asset.sha256, AssetFile.sha256), RENDITIONS: (AssetFile.sha256,)}


def tidy(database: Database, store: Store, seconds: float = UNNAMED_SECONDS) -> int:
    """Remove files that no row names and that are there for so long; gives how many. None while a backup is made.

    Each portion is looked at and removed while nobody can add an asset, so what is being sent again stays.
    Raises: SQLAlchemyError; StoreAway; OSError.
    """
    with store.tidied() as is_free:
        unnamed = sum(_tidy(database, store, area, seconds) for area in NAMED) if is_free else 0
    return store.drop_unfinished(seconds) + unnamed


def _tidy(database: Database, store: Store, area: str, seconds: float) -> int:
    removed, old = 0, store.old(area, seconds)
    while portion := list(islice(old, store.at_once)):
        with database.reading() as session:
            named = _named(session, area, portion)
        unnamed = [sha256 for sha256 in portion if sha256 not in named]
        removed += _remove(database, store, area, unnamed, seconds) if unnamed else 0
    return removed


def _remove(database: Database, store: Store, area: str, candidates: list[str], seconds: float) -> int:
    with database.transaction() as session:
        hold_media(session)
        named = _named(session, area, candidates)
        # What came again meanwhile is young again, and whoever sent it is about to write its row.
        gone = [
            sha256
            for sha256 in candidates
            if sha256 not in named and (age := store.age(area, sha256)) is not None and age > seconds
        ]
        for sha256 in gone:
            store.remove(area, sha256)
        return len(gone)


def _named(session: Session, area: str, candidates: list[str]) -> set[str]:
    return {one for column in NAMED[area] for one in session.scalars(select(column).where(column.in_(candidates)))}

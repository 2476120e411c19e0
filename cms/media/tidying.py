"""Removing files that nothing names: what came in half, what was deleted, what was sent and refused."""

from itertools import islice

from sqlalchemy import select

from cms.media.keeping import hold_media
from cms.media.models import Asset
from cms.media.storing import ORIGINALS, LocalStore
from cms.platform.db import Database

# So long a file may be there without a row: far longer than a request lasts.
UNNAMED_SECONDS = 3_600.0
AT_ONCE = 50


def tidy(database: Database, store: LocalStore, seconds: float = UNNAMED_SECONDS) -> int:
    """Remove files that no row names and that are there for so long; gives how many.

    Each portion is looked at and removed while nobody can add an asset, so what is being sent again stays.
    Raises: SQLAlchemyError; OSError.
    """
    removed = store.drop_unfinished(seconds)
    old = store.old(ORIGINALS, seconds)
    while portion := list(islice(old, AT_ONCE)):
        with database.reading() as session:
            named = set(session.scalars(select(Asset.sha256).where(Asset.sha256.in_(portion))))
        unnamed = [sha256 for sha256 in portion if sha256 not in named]
        removed += _remove(database, store, unnamed, seconds) if unnamed else 0
    return removed


def _remove(database: Database, store: LocalStore, candidates: list[str], seconds: float) -> int:
    with database.transaction() as session:
        hold_media(session)
        named = set(session.scalars(select(Asset.sha256).where(Asset.sha256.in_(candidates))))
        # What came again meanwhile is young again, and whoever sent it is about to write its row.
        gone = [sha256 for sha256 in candidates if sha256 not in named and store.is_old(ORIGINALS, sha256, seconds)]
        for sha256 in gone:
            store.remove(ORIGINALS, sha256)
        return len(gone)

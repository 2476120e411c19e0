"""Looking whether every file that a row names is there, and is what it was."""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Literal

from sqlalchemy import select

from cms.media.models import Asset, AssetFile
from cms.media.storing import ORIGINALS, RENDITIONS, Store
from cms.platform.db import Database

ROWS_AT_ONCE = 200
NAMED: dict[str, tuple[Any, Any, Any]] = {
    ORIGINALS: (Asset.number, Asset.id, Asset.sha256),
    RENDITIONS: (AssetFile.number, AssetFile.asset_id, AssetFile.sha256),
}


@dataclass(frozen=True)
class Named:
    """A file that a row names, and whose it is."""

    area: str
    asset_id: str
    sha256: str

    def __str__(self) -> str:
        return f"{self.area}/{self.sha256[:2]}/{self.sha256} of asset {self.asset_id}"


def named_files(database: Database) -> Iterator[Named]:
    """Every file that a row names, one after the other; no session is open meanwhile. Raises: SQLAlchemyError."""
    for area, (number, asset_id, sha256) in NAMED.items():
        last = 0
        while True:
            statement = select(number, asset_id, sha256).where(number > last).order_by(number).limit(ROWS_AT_ONCE)
            with database.reading() as session:
                rows = session.execute(statement).all()
            if not rows:
                break
            yield from (Named(area, asset, named) for _, asset, named in rows)
            last = rows[-1][0]


def looked_at(store: Store, named: Named) -> Literal["whole", "missing", "damaged"]:
    """What a file is, read whole. Raises: StoreAway; OSError for a file that cannot be read."""
    digest = hashlib.sha256()
    try:
        for piece in store.pieces(named.area, named.sha256):
            digest.update(piece)
    except FileNotFoundError:
        return "missing"
    return "whole" if digest.hexdigest() == named.sha256 else "damaged"


def still_named(database: Database, found: Named) -> bool:
    """Whether a row names a file even now; its asset may have been deleted while files were looked at."""
    _, asset_id, sha256 = NAMED[found.area]
    statement = select(asset_id).where(asset_id == found.asset_id, sha256 == found.sha256).limit(1)
    with database.reading() as session:
        return session.scalar(statement) is not None

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
class Looked:
    """What was found of one file."""

    area: str
    asset_id: str
    sha256: str
    state: Literal["whole", "missing", "damaged"]


def looked_through(database: Database, store: Store) -> Iterator[Looked]:
    """Every file that a row names, one after the other, read whole; no session is open meanwhile.

    Raises: SQLAlchemyError; StoreAway; OSError for a file that cannot be read.
    """
    for area, (number, asset_id, sha256) in NAMED.items():
        last = 0
        while True:
            statement = select(number, asset_id, sha256).where(number > last).order_by(number).limit(ROWS_AT_ONCE)
            with database.reading() as session:
                rows = session.execute(statement).all()
            if not rows:
                break
            for _, asset, named in rows:
                yield Looked(area, asset, named, _state(store, area, named))
            last = rows[-1][0]


def _state(store: Store, area: str, sha256: str) -> Literal["whole", "missing", "damaged"]:
    digest = hashlib.sha256()
    try:
        for piece in store.pieces(area, sha256):
            digest.update(piece)
    except FileNotFoundError:
        return "missing"
    return "whole" if digest.hexdigest() == sha256 else "damaged"

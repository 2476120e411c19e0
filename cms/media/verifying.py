"""Looking whether every file that a row names is there, and is what it was."""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Literal

from sqlalchemy import ColumnElement, and_, select, true

from cms.media.models import Asset, AssetFile
from cms.media.rules import AS_THEY_CAME, FORMATS
from cms.media.storing import ORIGINALS, RENDITIONS, Store
from cms.platform.db import Database

ROWS_AT_ONCE = 200
AS_IT_CAME = [one.name for one in FORMATS.values() if one.kind in AS_THEY_CAME]


@dataclass(frozen=True)
class Naming:
    """Rows that name files of an area."""

    area: str
    number: Any
    asset_id: Any
    sha256: Any
    which: ColumnElement[bool]


ASSETS = (Asset.number, Asset.id, Asset.sha256)
FILES = (AssetFile.number, AssetFile.asset_id, AssetFile.sha256)
# What readers get as it came is the asset's own file, until another one takes its place.
NAMED = (
    Naming(ORIGINALS, *ASSETS, true()),
    Naming(ORIGINALS, *FILES, and_(AssetFile.format.in_(AS_IT_CAME), AssetFile.retired_at.is_not(None))),
    Naming(RENDITIONS, *FILES, AssetFile.format.not_in(AS_IT_CAME)),
)


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
    for one in NAMED:
        last, columns = 0, select(one.number, one.asset_id, one.sha256).where(one.which)
        while True:
            statement = columns.where(one.number > last).order_by(one.number).limit(ROWS_AT_ONCE)
            with database.reading() as session:
                rows = session.execute(statement).all()
            if not rows:
                break
            yield from (Named(one.area, asset, named) for _, asset, named in rows)
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
    statements = [
        select(one.asset_id).where(one.which, one.asset_id == found.asset_id, one.sha256 == found.sha256).limit(1)
        for one in NAMED
        if one.area == found.area
    ]
    with database.reading() as session:
        return any(session.scalar(statement) is not None for statement in statements)

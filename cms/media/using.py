"""Writing down where assets are used: by the working copy of an article, and by what readers see of it.

An asset that is used cannot be deleted, and readers get the pictures that they see used.
"""

from collections.abc import Collection, Sequence
from typing import Any, Literal

from sqlalchemy import bindparam, delete, select
from sqlalchemy.orm import Session

from cms.media.models import Asset, AssetUse
from cms.platform.db import columns_of, insert_into
from cms.platform.ids import is_id
from cms.platform.prepared import PreparedWrite

Place = Literal["working", "shown"]
USES = columns_of(AssetUse)
FORGET = PreparedWrite(
    delete(USES).where(USES.c.article_id == bindparam("article"), USES.c.place == bindparam("place"))
)
USE = insert_into(AssetUse)


def known_assets(session: Session, asset_ids: Collection[str]) -> set[str]:
    """Those of these that are assets; none of them can be deleted until the transaction ends."""
    wanted = [one for one in asset_ids if is_id(one)]
    if not wanted:
        return set()
    statement = select(Asset.id).where(Asset.id.in_(wanted)).order_by(Asset.number)
    return set(session.scalars(statement.with_for_update(read=True, key_share=True)))


def put_uses(
    session: Session, article_id: str, place: Place, asset_ids: Sequence[str], *, is_new: bool = False
) -> None:
    """Make these the assets that an article uses in this place. A new article has none to forget before."""
    if not is_new:
        FORGET.run(session, article=article_id, place=place)
    rows: list[dict[str, Any]] = [
        {"article_id": article_id, "place": place, "asset_id": one} for one in dict.fromkeys(asset_ids)
    ]
    USE.run_all(session, rows)

"""Keeping the renditions of a picture: which are due, and which took the place of which."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import delete, exists, or_, select, update
from sqlalchemy.orm import Session

from cms.events.asset_events import AssetRendered, AssetRenditionsDue
from cms.events.models import Delivery
from cms.events.outbox import record, record_all
from cms.media.keeping import hold_media
from cms.media.models import Asset, AssetFile
from cms.media.presets import presets_key, recipe
from cms.media.queries import asset_by_id, point_of
from cms.media.storing import RENDITIONS, Store
from cms.platform.actor import Actor
from cms.platform.db import change_rows
from cms.platform.errors import Unavailable

# So long a rendition is given out after another one took its place: documents and pages that name it are cached.
RETIRED_FOR = timedelta(days=1)
ORDERED_AT_ONCE = 20
SUBSCRIPTION = "renditions"


@dataclass(frozen=True)
class Made:
    """A rendition whose file is in the store."""

    preset: str
    format: str
    width: int
    height: int
    byte_count: int
    sha256: str


@dataclass(frozen=True)
class Due:
    """A picture whose renditions are to be made, as it was when that was looked at."""

    asset_id: str
    sha256: str
    media_type: str
    width: int
    height: int
    point: tuple[float, float]
    recipe: str


def renditions_due(session: Session, asset_id: str, presets: str) -> Due | None:
    """What is to be made of an asset; None where there is none, it is no picture, or all is made."""
    asset = asset_by_id(session, asset_id)
    if asset is None or asset.width is None or asset.height is None:
        return None
    wanted, point = _recipe(asset, presets), point_of(asset) or [0.5, 0.5]
    if asset.rendered_as == wanted:
        return None
    return Due(
        asset.id, asset.sha256, asset.media_type, asset.width, asset.height, (point[0], point[1]), wanted
    )  # fmt: skip


def keep_renditions(
    session: Session, actor: Actor, store: Store, due: Due, made: Sequence[Made], presets: str, now: datetime
) -> bool:
    """Let readers have these in place of those that an asset had. False where it changed meanwhile: others are due.

    Emits: AssetRendered
    Raises: Unavailable where a file is not in the store any more.
    """
    hold_media(session)
    asset = asset_by_id(session, due.asset_id, is_locked=True)
    if asset is None or _recipe(asset, presets) != due.recipe:
        return False
    if not store.has_all(RENDITIONS, {one.sha256 for one in made}):
        raise Unavailable("A rendition was tidied away before it was kept.")
    retired = update(AssetFile).where(AssetFile.asset_id == asset.id, AssetFile.retired_at.is_(None))
    change_rows(session, retired.values(retired_at=now))
    session.add_all(AssetFile(asset_id=asset.id, **vars(one)) for one in made)
    asset.rendered_as = due.recipe
    session.flush()
    record(session, AssetRendered(subject=asset.id), actor=actor, now=now)
    return True


def order_renditions(session: Session, actor: Actor, presets: str, now: datetime) -> int:
    """Ask for renditions of some pictures that have none, or whose presets changed; gives how many.

    Emits: AssetRenditionsDue
    """
    made_so = presets_key(presets)
    is_other = or_(Asset.rendered_as < made_so, Asset.rendered_as > f"{made_so}~")
    waiting = exists().where(
        Delivery.subscription == SUBSCRIPTION, Delivery.subject == Asset.id, Delivery.state.in_(("open", "dead"))
    )
    statement = select(Asset.id).where(Asset.width.is_not(None), is_other, ~waiting)
    ids = list(session.scalars(statement.order_by(Asset.number.desc()).limit(ORDERED_AT_ONCE)))
    record_all(session, [AssetRenditionsDue(subject=one) for one in ids], actor=actor, now=now)
    return len(ids)


def forget_retired(session: Session, now: datetime) -> int:
    """Forget renditions that others replaced long enough ago; gives how many. Their files are tidied away later."""
    return change_rows(session, delete(AssetFile).where(AssetFile.retired_at < now - RETIRED_FOR))


def _recipe(asset: Asset, presets: str) -> str:
    return recipe(presets, asset.sha256, point_of(asset))

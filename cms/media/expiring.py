"""Telling of rights that have ended, once for each end."""

from datetime import datetime

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from cms.events.asset_events import AssetExpired
from cms.media.keeping import record_on
from cms.media.models import Asset
from cms.platform.actor import Actor
from cms.platform.clock import rfc3339

TOLD_AT_ONCE = 100


def tell_expired(session: Session, actor: Actor, now: datetime) -> int:
    """Tell of one portion of assets whose right to be shown has ended and was not told of; gives how many.

    Emits: AssetExpired
    """
    is_told = or_(Asset.told_of_until.is_(None), Asset.told_of_until != Asset.use_until)
    statement = select(Asset).where(Asset.use_until <= now, is_told).order_by(Asset.number).limit(TOLD_AT_ONCE)
    assets = list(session.scalars(statement.with_for_update(skip_locked=True)))
    for asset in assets:
        assert asset.use_until is not None
        asset.told_of_until = asset.use_until
        record_on(session, actor, asset, AssetExpired(subject=asset.id, use_until=rfc3339(asset.use_until)), now)
    return len(assets)

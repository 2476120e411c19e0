"""Changing what is known of an asset: texts, rights, the point that crops keep."""

from datetime import datetime

from sqlalchemy.orm import Session

from cms.events.asset_events import AssetChanged
from cms.media.keeping import held_asset, hold_media, record_on
from cms.media.models import Asset
from cms.media.queries import members
from cms.media.rules import ChangeAsset, merged
from cms.media.tracks import put_track, tell_parent
from cms.platform.actor import Actor
from cms.platform.errors import FieldError, Invalid


def change_asset(session: Session, actor: Actor, command: ChangeAsset, now: datetime) -> Asset:
    """Change an asset by a merge patch; what changes nothing writes nothing.

    Emits: AssetChanged, also of what it goes along with
    Raises: NotFound; Forbidden; Stale; Invalid.
    """
    if "track" in command.patch:
        hold_media(session)
    asset = held_asset(session, actor, command.asset_id, command.revision)
    before = members(asset)
    after = merged(before, command.patch)
    if not after["name"]:
        raise Invalid(errors=[FieldError("/name", "required", "An asset always has a name.")])
    if after["focal_point"] is not None and asset.width is None:
        raise Invalid(errors=[FieldError("/focal_point", "no_picture", "Only a picture has such a point.")])
    changes = [name for name in before if before[name] != after[name]]
    if not changes:
        return asset
    parents = {asset.track_of}
    track = after.pop("track")
    if "track" in changes:
        put_track(session, actor, asset, track)
    point = after.pop("focal_point") or (None, None)
    asset.focal_x, asset.focal_y = point
    for name, value in after.items():
        setattr(asset, name, value)
    asset.revision += 1
    asset.updated_at = now
    session.flush()
    tell_parent(session, actor, {*parents, asset.track_of}, now)
    record_on(session, actor, asset, AssetChanged(subject=asset.id, revision=asset.revision), now, changes=changes)
    return asset

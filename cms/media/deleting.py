"""Deleting assets. Their files go later, when it is certain that nobody sent the same content meanwhile."""

from datetime import datetime

from sqlalchemy import delete
from sqlalchemy.orm import Session

from cms.events.asset_events import AssetDeleted
from cms.media.keeping import held_asset, hold_media, record_on
from cms.media.models import AssetFile
from cms.media.queries import uses_of
from cms.media.replacements.models import AssetReplacement
from cms.media.tracks import tell_parent, tracks_of
from cms.platform.actor import Actor
from cms.platform.errors import Conflict


def delete_asset(session: Session, actor: Actor, asset_id: str, revision: int, now: datetime) -> None:
    """Delete an asset for good, unless an article names it or a text goes along with it.

    Emits: AssetDeleted; AssetChanged of what it goes along with
    Raises: NotFound; Forbidden; Stale; Conflict (`in_use`), with the articles and texts.
    """
    hold_media(session)
    asset = held_asset(session, actor, asset_id, revision)
    used_by = [{"kind": "article", "id": one, "place": place} for one, place in uses_of(session, asset.id)]
    used_by += [{"kind": "asset", "id": track.id, "place": "track"} for track in tracks_of(session, asset.id)]
    if used_by:
        detail = "Articles name this asset, or texts go along with it; see used_by."
        raise Conflict(detail, code="in_use", extra={"used_by": used_by})
    tell_parent(session, actor, {asset.track_of}, now)
    record_on(session, actor, asset, AssetDeleted(subject=asset.id, sha256=asset.sha256), now)
    for table in (AssetFile, AssetReplacement):
        session.execute(delete(table).where(table.asset_id == asset.id))
    session.delete(asset)
    session.flush()

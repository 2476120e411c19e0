"""Putting another file in the place of an asset's. Its id stays, and with it whatever names it.

Readers get what was made of the old file until a worker has made the same of the new one; the file itself is removed
by `tidying.py` when nothing names it any more.
"""

from datetime import datetime

from sqlalchemy.orm import Session

from cms.events.asset_events import AssetRendered, AssetReplaced
from cms.events.outbox import record
from cms.media.adding import put_served, refuse_beyond, seen_values
from cms.media.keeping import held_asset, hold_media, record_on
from cms.media.models import Asset
from cms.media.queries import asset_by_content
from cms.media.replacements.models import AssetReplacement
from cms.media.replacements.rules import ReplaceFile, has_same_shape
from cms.media.rules import BY_MEDIA_TYPE, Received
from cms.media.storing import Store
from cms.media.tracks import tell_parent
from cms.platform.actor import Actor
from cms.platform.errors import Conflict, FieldError, Invalid


def replace_file(
    session: Session, actor: Actor, store: Store, command: ReplaceFile, now: datetime, *, quota_bytes: int = 0
) -> Asset:
    """Give an asset another file of its kind, whose bytes are in the store already; the same file changes nothing.

    Texts and rights stay. The point that was set for crops stays where the new picture has the same shape; else the
    proposed one holds again.

    Emits: AssetReplaced; AssetRendered where it is no picture; AssetChanged of what it goes along with
    Raises: NotFound; Forbidden; Stale; Invalid (`other_kind`); Conflict (`content_known`); NoRoom; Unavailable.
    """
    hold_media(session)
    asset, received = held_asset(session, actor, command.asset_id, command.revision), command.received
    if asset.sha256 == received.sha256:
        return asset
    refuse_other_kind(asset, received.media_type)
    refuse_known(session, asset.id, received.sha256)
    refuse_beyond(session, store, received, quota_bytes, freed_bytes=asset.byte_count)
    asset.revision += 1
    asset.updated_at = now
    session.add(_remembered(asset, actor, now))
    event = AssetReplaced(
        subject=asset.id, revision=asset.revision, sha256=received.sha256, previous_sha256=asset.sha256
    )
    _put(asset, received)
    session.flush()
    put_served(session, asset, received, now)
    tell_parent(session, actor, {asset.track_of}, now)
    record_on(session, actor, asset, event, now, changes=("file",))
    if received.served is not None:
        # Nothing has to be made of it; of a picture a worker tells when all is made, and articles change once.
        record(session, AssetRendered(subject=asset.id), actor=actor, now=now)
    return asset


def refuse_other_kind(asset: Asset, media_type: str) -> None:
    """Refuse a file of another kind: what shows a picture cannot show something else. Raises: Invalid."""
    kind = BY_MEDIA_TYPE[media_type].kind
    if kind != asset.kind:
        detail = f"This asset is of the kind {asset.kind}, and the file of the kind {kind}; send it as an asset anew."
        raise Invalid(errors=[FieldError("/file", "other_kind", detail)])


def refuse_known(session: Session, asset_id: str, sha256: str) -> None:
    """Refuse a content that another asset has: one content is one asset. Raises: Conflict."""
    known = asset_by_content(session, sha256)
    if known is not None and known.id != asset_id:
        raise Conflict(
            "Another asset has this content; name that one instead.",
            code="content_known",
            extra={"asset_id": known.id},
        )


def _put(asset: Asset, received: Received) -> None:
    if not has_same_shape((asset.width, asset.height), (received.width, received.height)):
        asset.focal_x = asset.focal_y = None
    for name, value in seen_values(received).items():
        setattr(asset, name, value)


def _remembered(asset: Asset, actor: Actor, now: datetime) -> AssetReplacement:
    return AssetReplacement(
        asset_id=asset.id, revision=asset.revision, media_type=asset.media_type, sha256=asset.sha256,
        byte_count=asset.byte_count, width=asset.width, height=asset.height, actor_kind=actor.kind, actor_id=actor.id,
        at=now,
    )  # fmt: skip

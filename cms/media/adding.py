"""Adding assets: a record is there exactly where the whole file is."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import update
from sqlalchemy.orm import Session

from cms.audit.recording import note
from cms.events.asset_events import AssetUploaded
from cms.media.keeping import hold_media, record_on
from cms.media.models import Asset, AssetFile
from cms.media.queries import asset_by_content, bytes_kept
from cms.media.rules import BY_MEDIA_TYPE, EMPTY, NewAsset, Received, label, merged
from cms.media.storing import ORIGINALS, Store, area_of
from cms.media.tracks import put_track, tell_parent
from cms.platform.actor import Actor
from cms.platform.db import change_rows
from cms.platform.errors import NoRoom, Unavailable
from cms.platform.ids import new_id


@dataclass(frozen=True)
class Added:
    """An asset, and whether it is new; its content may have been there already."""

    asset: Asset
    is_new: bool


def add_asset(
    session: Session, actor: Actor, store: Store, command: NewAsset, now: datetime, *, quota_bytes: int = 0
) -> Added:
    """Keep a file whose bytes are in the store already; where its content is known, the asset that has it stays as it
    is. `quota_bytes` is the most that all files together may have, or 0.

    Emits: AssetUploaded; AssetChanged of what it goes along with
    Raises: NoRoom (`quota_reached`); Unavailable where the file is not in the store any more; Invalid and Forbidden
    where it cannot go along with that.
    """
    hold_media(session)
    received = command.received
    known = known_asset(session, actor, received.sha256, now)
    if known is not None:
        return Added(known, is_new=False)
    refuse_beyond(session, store, received, quota_bytes)
    asset = _new(actor, command, now)
    put_track(session, actor, asset, command.described.given.get("track"))
    session.add(asset)
    session.flush()
    put_served(session, asset, received, now)
    tell_parent(session, actor, {asset.track_of}, now)
    record_on(session, actor, asset, AssetUploaded(subject=asset.id, kind=asset.kind), now)
    return Added(asset, is_new=True)


def known_asset(session: Session, actor: Actor, sha256: str, now: datetime) -> Asset | None:
    """The asset that has this content already, with a note that somebody sent it again."""
    asset = asset_by_content(session, sha256)
    if asset is not None:
        note(session, actor=actor, action="asset.sent_again", subject_kind="asset", subject_id=asset.id, now=now)
    return asset


def put_served(session: Session, asset: Asset, received: Received, now: datetime) -> None:
    """Write down what readers get of a file that is no picture, in place of what they got before."""
    if received.served is None:
        return
    retired = update(AssetFile).where(AssetFile.asset_id == asset.id, AssetFile.retired_at.is_(None))
    change_rows(session, retired.values(retired_at=now))
    session.add(AssetFile(asset_id=asset.id, preset="", width=0, height=0, **vars(received.served)))
    session.flush()


def refuse_beyond(
    session: Session, store: Store, received: Received, quota_bytes: int, *, freed_bytes: int = 0
) -> None:
    """Refuse a file for which there is no room, or that is gone again; `freed_bytes` are those of one that it replaces.

    Raises: NoRoom (`quota_reached`); Unavailable.
    """
    if quota_bytes and bytes_kept(session) - freed_bytes + received.byte_count > quota_bytes:
        raise NoRoom(f"All files together may have {quota_bytes:,} bytes; this one does not fit.", code="quota_reached")
    served = received.served
    is_there = served is None or store.has(area_of(served.format), served.sha256)
    if not is_there or not store.has(ORIGINALS, received.sha256):
        raise Unavailable("The file was tidied away before it was kept; send it again.", headers={"Retry-After": "1"})


def _new(actor: Actor, command: NewAsset, now: datetime) -> Asset:
    received = command.received
    said = merged(EMPTY, command.described.given)
    point = said.pop("focal_point") or (None, None)
    said.pop("track")
    said["name"] = said["name"] or label(received.name)
    if command.described.reads_credit:
        said["credit"] = said["credit"] or received.credit
    return Asset(
        id=new_id(),
        revision=1,
        kind=BY_MEDIA_TYPE[received.media_type].kind,
        created_at=now,
        updated_at=now,
        focal_x=point[0],
        focal_y=point[1],
        maker_kind=actor.kind,
        maker_id=actor.id,
        **seen_values(received),
        **said,
    )


def seen_values(received: Received) -> dict[str, object]:
    """What the file itself says of an asset."""
    return {
        "media_type": received.media_type,
        "sha256": received.sha256,
        "byte_count": received.byte_count,
        "width": received.width,
        "height": received.height,
        "proposed_x": received.focal_point[0] if received.focal_point else None,
        "proposed_y": received.focal_point[1] if received.focal_point else None,
        "colour": received.colour,
        "blurhash": received.blurhash,
    }

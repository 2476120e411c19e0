"""Texts that go along with a sound or video: captions, subtitles, chapters, descriptions.

A track is an asset of its own and a part of what it goes along with: whoever puts one there changes that too.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from cms.events.asset_events import AssetChanged
from cms.media.attachments import PLAYED
from cms.media.keeping import record_on, refuse_foreign
from cms.media.models import Asset
from cms.media.queries import asset_by_id
from cms.platform.actor import Actor
from cms.platform.errors import FieldError, Invalid
from cms.platform.ids import is_id

TRACK = ("of", "kind", "locale")


def put_track(session: Session, actor: Actor, asset: Asset, track: Mapping[str, Any] | None) -> None:
    """Let an asset go along with another one as this, or with none. Whoever calls holds what is added and removed.

    Raises: Invalid; Forbidden where the other one is not the actor's to change.
    """
    if track is not None:
        _refuse_unfit(session, actor, asset, track)
    if asset.track_of is not None:
        _refuse_foreign_parent(session, actor, asset)
    of, kind, locale = (None, None, None) if track is None else (track[name] for name in TRACK)
    asset.track_of, asset.track_kind, asset.track_locale = of, kind, locale


def tell_parent(session: Session, actor: Actor, asset_ids: set[str | None], now: datetime) -> None:
    """Write down that the tracks of these changed, which pages show that show them. Emits: AssetChanged"""
    for asset_id in sorted(one for one in asset_ids if one is not None):
        parent = asset_by_id(session, asset_id, is_locked=True)
        assert parent is not None, "what has tracks is not deleted"
        parent.revision += 1
        parent.updated_at = now
        session.flush()
        event = AssetChanged(subject=parent.id, revision=parent.revision)
        record_on(session, actor, parent, event, now, changes=("tracks",))


def tracks_of(session: Session, asset_id: str) -> list[Asset]:
    """The texts that go along with an asset, by kind and language."""
    statement = select(Asset).where(Asset.track_of == asset_id)
    return list(session.scalars(statement.order_by(Asset.track_kind, Asset.track_locale)))


def _refuse_unfit(session: Session, actor: Actor, asset: Asset, track: Mapping[str, Any]) -> None:
    missing = [name for name in TRACK if not track.get(name)]
    if missing:
        raise Invalid(errors=[FieldError(f"/track/{name}", "required", "A track says all three.") for name in missing])
    if asset.kind != "text":
        raise Invalid(errors=[FieldError("/track", "no_text", "Only a text goes along with a sound or video.")])
    parent = asset_by_id(session, track["of"], is_locked=True) if is_id(track["of"]) else None
    if parent is None or parent.kind not in PLAYED:
        raise Invalid(errors=[FieldError("/track/of", "unknown_asset", "There is no sound or video of this id.")])
    refuse_foreign(actor, parent)
    same = select(Asset.id).where(
        Asset.track_of == track["of"], Asset.track_kind == track["kind"], Asset.track_locale == track["locale"],
        Asset.id != asset.id,
    )  # fmt: skip
    other = session.scalar(same)
    if other is not None:
        detail = f"Asset {other} is its {track['kind']} in {track['locale']} already; replace its file instead."
        raise Invalid(errors=[FieldError("/track", "track_taken", detail)])


def _refuse_foreign_parent(session: Session, actor: Actor, asset: Asset) -> None:
    assert asset.track_of is not None
    parent = asset_by_id(session, asset.track_of)
    if parent is not None:
        refuse_foreign(actor, parent)

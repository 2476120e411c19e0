"""Reads of what somebody asks for. Nothing here writes."""

from collections.abc import Iterator, Sequence
from typing import Any

from sqlalchemy import exists, select
from sqlalchemy.orm import Session

from cms.media.models import Asset, AssetFile, AssetUse
from cms.media.on_demand.rules import ASKED, Order, signed_url
from cms.media.presets import Preset, Size, one_size
from cms.media.queries import asset_by_id, point_of
from cms.media.rules import FORMATS
from cms.platform.keys import Keys


def orders(presets: Sequence[Preset], asset_id: str) -> Iterator[Order]:
    """All that can be asked for of a picture."""
    for preset in presets:
        for width in preset.widths:
            for name in ASKED:
                yield Order(asset_id, preset.name, width, name)


def asked_picture(session: Session, order: Order, *, is_always_public: bool) -> Asset | None:
    """The picture that somebody asks for a rendition of; None where readers do not see it."""
    asset = asset_by_id(session, order.asset_id)
    if asset is None or asset.kind != "image":
        return None
    is_shown = select(exists().where(AssetUse.asset_id == asset.id, AssetUse.place == "shown"))
    return asset if is_always_public or session.scalar(is_shown) else None


def size_wanted(asset: Asset, presets: tuple[Preset, ...], order: Order) -> Size | None:
    """What an order makes of a picture; None where no preset has it any more."""
    point = point_of(asset) or [0.5, 0.5]
    assert asset.width is not None
    assert asset.height is not None
    return one_size(presets, order.preset, order.width, asset.width, asset.height, (point[0], point[1]))


def made_already(session: Session, order: Order, size: Size) -> AssetFile | None:
    """The rendition that was made when somebody asked before."""
    statement = select(AssetFile).where(
        AssetFile.asset_id == order.asset_id, AssetFile.preset == size.preset, AssetFile.format == order.format,
        AssetFile.width == size.width, AssetFile.height == size.height, AssetFile.is_on_demand,
        AssetFile.retired_at.is_(None),
    )  # fmt: skip
    return session.scalar(statement.order_by(AssetFile.number.desc()).limit(1))


def can_be_asked(asset: Asset, presets: tuple[Preset, ...], keys: Keys) -> list[dict[str, Any]]:
    """All that can be asked for of a picture, in the shape of the wire."""
    told = []
    for order in orders(presets, asset.id):
        size = size_wanted(asset, presets, order)
        assert size is not None
        told.append(
            {
                "preset": order.preset, "media_type": FORMATS[order.format].media_type, "width": size.width,
                "height": size.height, "url": signed_url(keys, order),
            }
        )  # fmt: skip
    return told

"""Reads of assets: one, pages of a list, and what each is in the shape of the wire. Nothing here writes."""

from collections import defaultdict
from collections.abc import Callable, Collection, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Select, exists, func, or_, select
from sqlalchemy.orm import Session

from cms.media.attachments import Attachment, Track
from cms.media.models import Asset, AssetFile, AssetUse
from cms.media.pictures import Picture, PictureFile
from cms.media.rules import EMPTY, FORMATS, is_expired, rendition_url
from cms.platform.ids import is_id
from cms.platform.keyset import one_page

PLAIN = (
    "id", "number", "revision", "kind", "media_type", "name", "sha256", "byte_count", "width", "height", "alt",
    "captions", "credit", "licence", "source", "use_until", "is_decorative", "colour", "blurhash", "created_at",
    "updated_at",
)  # fmt: skip
MOST_ASKED = 10


def asset_by_id(session: Session, asset_id: str, *, is_locked: bool = False) -> Asset | None:
    """The asset with this id, held until the transaction ends where it is locked."""
    statement = select(Asset).where(Asset.id == asset_id)
    if is_locked:
        statement = statement.with_for_update()
    return session.scalar(statement, execution_options={"populate_existing": True})


def asset_by_content(session: Session, sha256: str) -> Asset | None:
    """The asset whose file has this digest."""
    return session.scalar(select(Asset).where(Asset.sha256 == sha256))


def bytes_kept(session: Session) -> int:
    """How many bytes the files of all assets have as they came."""
    return session.scalar(select(func.coalesce(func.sum(Asset.byte_count), 0))) or 0


def members(asset: Asset) -> dict[str, Any]:
    """What editors write of an asset."""
    point = None if asset.focal_x is None else [asset.focal_x, asset.focal_y]
    plain = {name: getattr(asset, name) for name in EMPTY if name not in ("focal_point", "track")}
    return plain | {"focal_point": point, "track": track_of(asset)}


def track_of(asset: Asset) -> dict[str, Any] | None:
    """As what an asset goes along with another one; None for what stands alone."""
    if asset.track_of is None:
        return None
    return {"of": asset.track_of, "kind": asset.track_kind, "locale": asset.track_locale}


def point_of(asset: Asset) -> list[float] | None:
    """The point that crops keep: the one that was set, or else the proposed one; None for what is no picture."""
    if asset.focal_x is not None and asset.focal_y is not None:
        return [asset.focal_x, asset.focal_y]
    if asset.proposed_x is None or asset.proposed_y is None:
        return None
    return [asset.proposed_x, asset.proposed_y]


def asset_data(assets: Sequence[Asset], now: datetime) -> list[dict[str, Any]]:
    """Assets in the shape of the wire."""
    return [
        {name: getattr(asset, name) for name in PLAIN}
        | {
            "is_expired": is_expired(asset.use_until, now),
            "focal_point": point_of(asset),
            "is_focal_point_set": asset.focal_x is not None,
            "track": track_of(asset),
            "made_by": {"kind": asset.maker_kind, "id": asset.maker_id},
        }
        for asset in assets
    ]


def with_preview(
    session: Session, data: list[dict[str, Any]], preview: Callable[[str, str], str]
) -> list[dict[str, Any]]:
    """Assets in the shape of the wire, each with the address of a small picture for editors, where there is one."""
    statement = select(AssetFile.asset_id, AssetFile.sha256, AssetFile.format, AssetFile.width).where(
        AssetFile.asset_id.in_([one["id"] for one in data]),
        AssetFile.retired_at.is_(None),
        AssetFile.format.in_(("jpeg", "png")),
    )
    small: dict[str, Any] = {}
    for row in session.execute(statement.order_by(AssetFile.number)):
        if row.asset_id not in small or row.width < small[row.asset_id].width:
            small[row.asset_id] = row
    for one in data:
        found = small.get(one["id"])
        one["preview_url"] = preview(found.sha256, found.format) if found is not None else None
    return data


def renditions_of(session: Session, asset_id: str, preview: Callable[[str, str], str]) -> list[dict[str, Any]]:
    """The renditions of an asset in the shape of the wire, as the presets name them."""
    statement = select(AssetFile).where(
        AssetFile.asset_id == asset_id, AssetFile.retired_at.is_(None), AssetFile.preset != "", ~AssetFile.is_on_demand
    )
    return [
        {
            "preset": file.preset, "media_type": FORMATS[file.format].media_type, "width": file.width,
            "height": file.height, "byte_count": file.byte_count, "url": rendition_url(file.sha256, file.format),
            "preview_url": preview(file.sha256, file.format),
        }
        for file in session.scalars(statement.order_by(AssetFile.number))
    ]  # fmt: skip


def file_of(session: Session, asset_id: str, preview: Callable[[str, str], str]) -> dict[str, Any] | None:
    """What readers get of an asset that is no picture, in the shape of the wire."""
    own = (AssetFile.asset_id == asset_id, AssetFile.retired_at.is_(None), AssetFile.preset == "")
    file = session.scalar(select(AssetFile).where(*own))
    if file is None:
        return None
    return {
        "url": rendition_url(file.sha256, file.format), "preview_url": preview(file.sha256, file.format),
        "byte_count": file.byte_count,
    }  # fmt: skip


def shown_by_id(session: Session, asset_ids: Collection[str]) -> dict[str, Picture | Attachment]:
    """Assets as articles show them, with their files and what goes along with them; two statements for however many."""
    asset_ids = [one for one in asset_ids if is_id(one)]
    if not asset_ids:
        return {}
    is_wanted = or_(Asset.id.in_(asset_ids), Asset.track_of.in_(asset_ids))
    order = (Asset.track_kind, Asset.track_locale, Asset.number)
    assets = {asset.id: asset for asset in session.scalars(select(Asset).where(is_wanted).order_by(*order))}
    files: dict[str, list[PictureFile]] = defaultdict(list)
    counts: dict[str, int] = {}
    is_shown = (AssetFile.retired_at.is_(None), ~AssetFile.is_on_demand)
    statement = select(AssetFile).where(AssetFile.asset_id.in_(list(assets)), *is_shown)
    for file in session.scalars(statement.order_by(AssetFile.number)):
        kind, url = FORMATS[file.format].media_type, rendition_url(file.sha256, file.format)
        files[file.asset_id].append(PictureFile(file.preset, kind, file.width, file.height, url))
        counts[file.asset_id] = file.byte_count
    shown: dict[str, Picture | Attachment] = {}
    for one in asset_ids:
        asset = assets.get(one)
        if asset is not None and asset.kind == "image":
            shown[one] = _picture(asset, tuple(files[one]))
        elif asset is not None and files[one]:
            tracks = [
                _track(other, files[other.id][0].url)
                for other in assets.values()
                if other.track_of == one and files[other.id]
            ]
            shown[one] = _attachment(asset, files[one][0].url, counts[one], tuple(tracks))
    return shown


def uses_of(session: Session, asset_id: str) -> list[tuple[str, str]]:
    """Which articles name an asset, and where. Shape: (article's id, `working` or `shown`)"""
    statement = select(AssetUse.article_id, AssetUse.place).where(AssetUse.asset_id == asset_id)
    rows = session.execute(statement.order_by(AssetUse.article_id, AssetUse.place))
    return [(article_id, place) for article_id, place in rows]


def _track(asset: Asset, url: str) -> Track:
    assert asset.track_kind is not None
    assert asset.track_locale is not None
    return Track(asset.id, asset.track_kind, asset.track_locale, asset.name, url)


def _attachment(asset: Asset, url: str, byte_count: int, tracks: tuple[Track, ...]) -> Attachment:
    return Attachment(
        id=asset.id, kind=asset.kind, media_type=asset.media_type, name=asset.name, url=url, byte_count=byte_count,
        captions=asset.captions, credit=asset.credit, licence=asset.licence, source=asset.source,
        use_until=asset.use_until, tracks=tracks,
    )  # fmt: skip


def _picture(asset: Asset, files: tuple[PictureFile, ...]) -> Picture:
    assert asset.width is not None
    assert asset.height is not None
    point = point_of(asset)
    return Picture(
        id=asset.id, width=asset.width, height=asset.height, alt=asset.alt, captions=asset.captions,
        credit=asset.credit, licence=asset.licence, source=asset.source, use_until=asset.use_until,
        is_decorative=asset.is_decorative, focal_point=(point[0], point[1]) if point else None, colour=asset.colour,
        blurhash=asset.blurhash, files=files,
    )  # fmt: skip


def asked_assets(query: dict[str, Any], now: datetime) -> Select[Any]:
    """Assets as a list is narrowed to."""
    statement = select(Asset)
    for word in (query["q"] or "").split()[:MOST_ASKED]:
        texts = (Asset.name, Asset.credit, Asset.source)
        statement = statement.where(or_(*(text.icontains(word, autoescape=True) for text in texts)))
    for name in ("sha256", "kind"):
        if query[name] is not None:
            statement = statement.where(getattr(Asset, name) == query[name])
    if query["use"] == "unused":
        statement = statement.where(~exists().where(AssetUse.asset_id == Asset.id))
    if query["use"] == "used":
        statement = statement.where(exists().where(AssetUse.asset_id == Asset.id))
    if query["rights"] == "expired":
        statement = statement.where(Asset.use_until <= now)
    if query["rights"] == "limited":
        statement = statement.where(Asset.use_until > now)
    return statement


def page_of_assets(
    session: Session, asked: Select[Any], *, limit: int, after: tuple[Any, ...] | None, is_backwards: bool
) -> list[Asset]:
    """A page of such a list, the newest first."""
    return one_page(session, asked, (Asset.number,), after, limit=limit, is_falling=True, is_backwards=is_backwards)


def count_of(session: Session, asked: Select[Any]) -> int:
    """How many assets such a list has."""
    return session.scalar(select(func.count()).select_from(asked.order_by(None).subquery())) or 0

"""Tables of media: assets, and the renditions that were made of them."""

from datetime import datetime

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Index, String, Text, false, text
from sqlalchemy.orm import Mapped, mapped_column

from cms.media.rules import LONGEST_CREDIT, LONGEST_LICENCE, LONGEST_NAME
from cms.platform.db import Instant, Json, RowNumber, Table, id_column

IS_RETIRED = text("retired_at IS NOT NULL")


class Asset(Table):
    """A file that was sent, and what is known of it. There is one for each content: `sha256` is that of the bytes as
    they came, under which they are kept, privately.

    `alt` and `captions` are texts by locale. `focal_x` and `focal_y` are the point that an editor set, as parts of
    width and height, `proposed_x` and `proposed_y` the one that holds where nobody did. `revision` counts the changes
    and is the ETag. `told_of_until` is the end of rights that was told of. `rendered_as` is what its renditions were
    made by (`presets.recipe`), or empty. A text goes along with the sound or video `track_of`, for a language and as
    what `track_kind` says; one of each is enough.
    """

    __tablename__ = "assets"
    __table_args__ = (Index("uq_assets_track", "track_of", "track_kind", "track_locale", unique=True),)

    number: Mapped[int] = mapped_column(RowNumber, primary_key=True, autoincrement=True)
    id: Mapped[str] = mapped_column(id_column(), unique=True)
    revision: Mapped[int] = mapped_column(default=1)
    kind: Mapped[str] = mapped_column(String(12))
    media_type: Mapped[str] = mapped_column(String(60))
    name: Mapped[str] = mapped_column(String(LONGEST_NAME))
    sha256: Mapped[str] = mapped_column(String(64), unique=True)
    byte_count: Mapped[int] = mapped_column(BigInteger)
    width: Mapped[int | None]
    height: Mapped[int | None]
    alt: Mapped[dict[str, str]] = mapped_column(Json, default=dict)
    captions: Mapped[dict[str, str]] = mapped_column(Json, default=dict)
    credit: Mapped[str] = mapped_column(String(LONGEST_CREDIT), default="")
    licence: Mapped[str] = mapped_column(String(LONGEST_LICENCE), default="")
    source: Mapped[str] = mapped_column(Text, default="")
    use_until: Mapped[datetime | None] = mapped_column(Instant, index=True)
    told_of_until: Mapped[datetime | None] = mapped_column(Instant)
    is_decorative: Mapped[bool] = mapped_column(default=False)
    focal_x: Mapped[float | None]
    focal_y: Mapped[float | None]
    proposed_x: Mapped[float | None]
    proposed_y: Mapped[float | None]
    colour: Mapped[str] = mapped_column(String(7), default="")
    blurhash: Mapped[str] = mapped_column(String(60), default="")
    track_of: Mapped[str | None] = mapped_column(id_column(), ForeignKey("assets.id"))
    track_kind: Mapped[str | None] = mapped_column(String(20))
    track_locale: Mapped[str | None] = mapped_column(String(35))
    rendered_as: Mapped[str] = mapped_column(String(32), default="", server_default="", index=True)
    maker_kind: Mapped[str] = mapped_column(String(20))
    maker_id: Mapped[str] = mapped_column(String(80))
    created_at: Mapped[datetime] = mapped_column(Instant)
    updated_at: Mapped[datetime] = mapped_column(Instant)


class AssetFile(Table):
    """What readers get of an asset: a rendition of a picture, or, without a preset and a size, a file of another kind.
    `sha256` is that of its bytes and its name.

    One that `is_on_demand` is no part of documents. `retired_at` is set when others were made in its place; it is given
    out a while longer, to those who know it.
    """

    __tablename__ = "asset_files"
    __table_args__ = (
        Index("ix_asset_files_asset", "asset_id", "preset", "format", "width"),
        Index("ix_asset_files_retired", "retired_at", sqlite_where=IS_RETIRED, postgresql_where=IS_RETIRED),
    )

    number: Mapped[int] = mapped_column(RowNumber, primary_key=True, autoincrement=True)
    asset_id: Mapped[str] = mapped_column(id_column(), ForeignKey("assets.id"))
    preset: Mapped[str] = mapped_column(String(20))
    format: Mapped[str] = mapped_column(String(8))
    width: Mapped[int]
    height: Mapped[int]
    byte_count: Mapped[int]
    sha256: Mapped[str] = mapped_column(String(64), index=True)
    is_on_demand: Mapped[bool] = mapped_column(default=False, server_default=false())
    retired_at: Mapped[datetime | None] = mapped_column(Instant)


class AssetUse(Table):
    """An article that names an asset, in its working copy (`working`) or in what readers see of it (`shown`)."""

    __tablename__ = "asset_uses"
    __table_args__ = (CheckConstraint("place IN ('working', 'shown')", name="place"),)

    asset_id: Mapped[str] = mapped_column(id_column(), ForeignKey("assets.id"), primary_key=True)
    article_id: Mapped[str] = mapped_column(id_column(), primary_key=True, index=True)
    place: Mapped[str] = mapped_column(String(8), primary_key=True)

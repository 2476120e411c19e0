"""The table of files that others took the place of."""

from datetime import datetime

from sqlalchemy import BigInteger, ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column

from cms.platform.db import Instant, RowNumber, Table, id_column


class AssetReplacement(Table):
    """That an asset got another file: `revision` is the one that this made, the rest is what the asset had before.

    The file itself goes when nothing names it any more.
    """

    __tablename__ = "asset_replacements"

    number: Mapped[int] = mapped_column(RowNumber, primary_key=True, autoincrement=True)
    asset_id: Mapped[str] = mapped_column(id_column(), ForeignKey("assets.id"), index=True)
    revision: Mapped[int]
    media_type: Mapped[str] = mapped_column(String(60))
    sha256: Mapped[str] = mapped_column(String(64))
    byte_count: Mapped[int] = mapped_column(BigInteger)
    width: Mapped[int | None]
    height: Mapped[int | None]
    actor_kind: Mapped[str] = mapped_column(String(20))
    actor_id: Mapped[str] = mapped_column(String(80))
    at: Mapped[datetime] = mapped_column(Instant)

"""Reads of which files an asset had before. Nothing here writes."""

from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from cms.media.replacements.models import AssetReplacement
from cms.media.replacements.rules import MOST_TOLD


def replacements_of(session: Session, asset_id: str) -> list[dict[str, Any]]:
    """What an asset had before, the latest first, in the shape of the wire."""
    table = AssetReplacement
    statement = select(table).where(table.asset_id == asset_id).order_by(table.number.desc()).limit(MOST_TOLD)
    return [
        {
            "revision": one.revision, "media_type": one.media_type, "sha256": one.sha256, "byte_count": one.byte_count,
            "width": one.width, "height": one.height, "replaced_at": one.at,
            "replaced_by": {"kind": one.actor_kind, "id": one.actor_id},
        }
        for one in session.scalars(statement)
    ]  # fmt: skip

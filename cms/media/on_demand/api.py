"""Asking for renditions over HTTP: a signed address leads to the rendition, which is made if it is not there."""

from typing import Any, cast

from flask import Blueprint, Response, current_app

from cms.media.api import media_parts
from cms.media.models import AssetFile
from cms.media.on_demand.making import NOT_THERE, WaitingLine, developed, keep_ordered
from cms.media.on_demand.queries import asked_picture, made_already, size_wanted
from cms.media.on_demand.rules import Order, is_ours, order_of
from cms.media.on_demand.schemas import OrderQueryShape
from cms.media.presets import presets_of
from cms.media.rules import rendition_url
from cms.platform.errors import NotFound
from cms.platform.http.endpoint import endpoint
from cms.platform.http.services import services
from cms.platform.http.transactions import reading
from cms.platform.ids import is_id

on_demand = Blueprint("on_demand", __name__, url_prefix="/media")
LINE = "copydesk.media.line"
# The address means the picture as it is now; where it leads never changes.
FOR_SOME_MINUTES = "public, max-age=300"


@on_demand.get("/<asset_id>/<name>")
@endpoint(
    summary="Ask for a rendition", query=OrderQueryShape, answers={302: None}, refuses=(404,), media_type="*/*",
    description="By a signed address, as `on_demand` of an asset has them: a preset of "
    "`COPYDESK_MEDIA_PRESETS_ON_DEMAND` in one of its widths, of a picture that readers may see. It is made "
    "when it is first asked for, and leads to an address that never means anything else. Without a signature of "
    "Copydesk's, or for a preset that is none any more, there is nothing (404) and nothing is done.",
)  # fmt: skip
def ordered(asset_id: str, name: str, query: dict[str, Any]) -> Response:
    """Whether the signature is ours is known before anything is read."""
    order = order_of(asset_id, name) if is_id(asset_id) else None
    if order is None or not is_ours(services().keys, order, query["signature"] or ""):
        raise NotFound(NOT_THERE)
    url = _made_before(order) or _made_now(order)
    response = Response(status=302, headers={"Location": url, "Cache-Control": FOR_SOME_MINUTES})
    response.headers["Surrogate-Key"] = response.headers["Cache-Tag"] = f"asset-{order.asset_id}"
    return response


def _made_before(order: Order) -> str:
    """Where a rendition is that was made; empty where it was not. Raises: NotFound."""
    parts = services()
    presets = presets_of(parts.settings.media_presets_on_demand)
    with reading() as session:
        asset = asked_picture(session, order, is_always_public=parts.settings.media_public == "always")
        size = size_wanted(asset, presets, order) if asset is not None else None
        if size is None:
            raise NotFound(NOT_THERE)
        return _url(made_already(session, order, size))


def _made_now(order: Order) -> str:
    """Make a rendition when it is one's turn, unless somebody else did meanwhile. Raises: NotFound; Unavailable."""
    parts, media = services(), media_parts()
    presets = presets_of(parts.settings.media_presets_on_demand)
    line = cast(WaitingLine, current_app.extensions[LINE])
    with line.turn():
        url = _made_before(order)
        if url:
            return url
        with reading() as session:
            asset = asked_picture(session, order, is_always_public=True)
            size = size_wanted(asset, presets, order) if asset is not None else None
            if asset is None or size is None:
                raise NotFound(NOT_THERE)
            session.expunge(asset)
        reserve = parts.settings.media_reserve_bytes
        made = developed(media.store, media.darkroom, asset, order, size, reserve_bytes=reserve)
        with parts.database.transaction() as session:
            seen = (asset.sha256, size)
            return _url(keep_ordered(session, media.store, order, presets, seen, made, parts.clock()))


def _url(file: AssetFile | None) -> str:
    return rendition_url(file.sha256, file.format) if file is not None else ""

"""Assets over HTTP, for editors: sending files, what is known of them, and the files as they came."""

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import Any, cast

from flask import Blueprint, Response, current_app, request
from marshmallow import Schema
from sqlalchemy.orm import Session
from werkzeug.exceptions import RequestEntityTooLarge

from cms.media import queries
from cms.media.adding import add_asset, known_asset
from cms.media.darkroom.asking import Darkroom
from cms.media.deleting import delete_asset
from cms.media.describing import change_asset
from cms.media.keeping import NO_ASSET
from cms.media.linking import preview_signer
from cms.media.models import Asset
from cms.media.on_demand.queries import can_be_asked
from cms.media.presets import presets_of
from cms.media.rules import (
    BY_MEDIA_TYPE,
    READ,
    TAKEN,
    WRITE,
    ChangeAsset,
    Described,
    Format,
    NewAsset,
    Received,
    disposition,
    format_of,
)
from cms.media.schemas import (
    AssetPageShape,
    AssetPatchShape,
    AssetsQueryShape,
    NewAssetShape,
    SignedShape,
    WholeAssetShape,
)
from cms.media.storing import ORIGINALS, Store
from cms.media.taking import most_bytes, taken
from cms.media.tracks import tracks_of
from cms.platform.errors import FieldError, Invalid, NotFound, Unavailable
from cms.platform.http.answers import answer
from cms.platform.http.endpoint import endpoint
from cms.platform.http.etags import revision_etag
from cms.platform.http.guard import current_actor
from cms.platform.http.json_input import UnsupportedMediaType
from cms.platform.http.limiting import SEARCH
from cms.platform.http.pages import page_answer
from cms.platform.http.services import services
from cms.platform.http.transactions import reading, transaction
from cms.platform.http.uploads import Upload, no_room_is_told, received
from cms.platform.ids import is_id

media = Blueprint("media", __name__, url_prefix="/api/v1")
gallery = Blueprint("gallery", __name__, url_prefix="/media")
MEDIA = "copydesk.media"
NEW_ASSET = NewAssetShape()
SENT = (
    "A form with the part `file` and, where something is to be said of it, the part `data` as JSON. What the file is "
    f"counts, not what it is called: {TAKEN}. Ask `GET /api/v1/assets?sha256=` first: what is known need not be sent. "
    "A file whose content is known is answered 200 with the asset that has it, unchanged."
)


@dataclass(frozen=True)
class Media:
    """The parts of media in one process."""

    store: Store
    darkroom: Darkroom = field(default_factory=Darkroom)


def media_parts() -> Media:
    """The parts of the running application."""
    return cast(Media, current_app.extensions[MEDIA])


@media.post("/assets")
@endpoint(
    summary="Send a file", scope=WRITE, upload=NEW_ASSET, answers={201: WholeAssetShape, 200: WholeAssetShape},
    refuses=(507,), description=SENT,
)  # fmt: skip
def send() -> Response:
    """Send a file."""
    settings = services().settings
    with sent(NEW_ASSET) as upload:
        with reading() as session:
            is_known = queries.asset_by_content(session, upload.sha256) is not None
        if is_known:
            return _sent_again(upload.sha256)
        command = NewAsset(kept(upload), upload.said)
        with transaction() as session:
            added = add_asset(
                session, current_actor(), media_parts().store, command, services().clock(),
                quota_bytes=settings.media_quota_bytes,
            )  # fmt: skip
            return asset_answer(session, added.asset, 201 if added.is_new else 200)


@media.get("/assets")
@endpoint(
    summary="List assets", scope=READ, query=AssetsQueryShape, answers={200: AssetPageShape}, limit=SEARCH,
    limited_by="q", description="The newest first. With `q` it is a search and counted as one.",
)  # fmt: skip
def listed(query: dict[str, Any]) -> Response:
    """List assets."""
    now = services().clock()
    asked = queries.asked_assets(query, now)
    filters = "|".join(str(query[name]) for name in ("q", "sha256", "kind", "rights", "use"))
    with reading() as session:

        def read(limit: int, after: tuple[Any, ...] | None, is_backwards: bool) -> list[Any]:
            rows = queries.page_of_assets(session, asked, limit=limit, after=after, is_backwards=is_backwards)
            data = queries.with_preview(session, queries.asset_data(rows, now), preview_signer(services().keys, now))
            return list(zip(rows, data, strict=True))

        return page_answer(
            f"assets|{filters}",
            query,
            read=read,
            position=lambda row: (row[0].number,),
            dump=lambda row: row[1],
            count=lambda: queries.count_of(session, asked),
        )


@media.get("/assets/<asset_id>")
@endpoint(summary="Read an asset", scope=READ, answers={200: WholeAssetShape}, refuses=(404,))
def read(asset_id: str) -> Response:
    """Read an asset."""
    with reading() as session:
        return asset_answer(session, found(queries.asset_by_id, session, asset_id))


@media.patch("/assets/<asset_id>")
@endpoint(
    summary="Change what is known of an asset", scope=WRITE, body=AssetPatchShape, needs_revision=True,
    answers={200: WholeAssetShape},
    description="A JSON Merge Patch (RFC 7396). Of what others sent, this needs `assets:write_any` without a limit.",
)  # fmt: skip
def change(asset_id: str, revision: int, body: dict[str, Any]) -> Response:
    """Change what is known of an asset."""
    command = ChangeAsset(asset_key(asset_id), revision, body)
    with transaction() as session:
        return asset_answer(session, change_asset(session, current_actor(), command, services().clock()))


@media.delete("/assets/<asset_id>")
@endpoint(
    summary="Delete an asset", scope=WRITE, needs_revision=True, answers={204: None}, refuses=(409,),
    description="For good; refused while an article names it. Of what others sent, this needs `assets:write_any` "
    "without a limit.",
)  # fmt: skip
def delete(asset_id: str, revision: int) -> Response:
    """Delete an asset."""
    with transaction() as session:
        delete_asset(session, current_actor(), asset_key(asset_id), revision, services().clock())
        return answer(None, 204)


@media.get("/assets/<asset_id>/original")
@endpoint(
    summary="Fetch a file as it came", scope=WRITE, answers={200: None}, refuses=(404,), media_type="*/*",
    description="With all that its maker left in it, such as where a picture was taken, which readers never get.",
)  # fmt: skip
def original(asset_id: str) -> Response:
    """Fetch a file as it came."""
    with reading() as session:
        asset = found(queries.asset_by_id, session, asset_id)
        kind = BY_MEDIA_TYPE[asset.media_type]
    response = Response(_file(asset), mimetype=kind.media_type)
    response.content_length = asset.byte_count
    response.headers["Content-Disposition"] = disposition(asset.name, kind.ending)
    response.headers["Cache-Control"] = "private, no-store"
    return response


@contextmanager
def sent(shape: Schema) -> Iterator[Upload]:
    """The file of this request, whichever route it came to; `shape` is of what is said of it.

    Raises: UnsupportedMediaType for what is not taken; Invalid; NoRoom.
    """
    settings, store = services().settings, media_parts().store
    largest = max(settings.media_limit_bytes, settings.media_attachment_limit_bytes)
    with received(
        shape, store.incoming, most_bytes=lambda head: most_bytes(settings, _begins_like(head)), largest_bytes=largest,
        reserve_bytes=settings.media_reserve_bytes,
    ) as upload:  # fmt: skip
        if upload.byte_count > most_bytes(settings, _begins_like(upload.head)):
            raise RequestEntityTooLarge
        told: Described = upload.said
        if told.sha256 and told.sha256 != upload.sha256:
            detail = f"The file that came has {upload.sha256}."
            raise Invalid(errors=[FieldError("/data/sha256", "other_content", detail)])
        yield upload


def _sent_again(sha256: str) -> Response:
    with transaction() as session:
        known = known_asset(session, current_actor(), sha256, services().clock())
        if known is None:
            raise Unavailable("The asset was deleted just now; send it again.", headers={"Retry-After": "1"})
        return asset_answer(session, known)


def _begins_like(head: bytes) -> Format:
    kind = format_of(head)
    if kind is None:
        raise UnsupportedMediaType(f"The file is none of those that are taken: {TAKEN}.")
    return kind


def kept(upload: Upload) -> Received:
    """What a file is, after it was looked at, and put into the store with what readers get of it.

    A picture is opened in a process of its own. Raises: Invalid (`undecodable`); Unavailable; NoRoom.
    """
    store, kind = media_parts().store, _begins_like(upload.head)
    is_picture = kind.kind == "image"
    with no_room_is_told():
        received = _looked_at(upload, kind) if is_picture else taken(store, upload.path, kind, upload)
        store.put(ORIGINALS, upload.sha256, upload.path)
    return received


def _looked_at(upload: Upload, kind: Format) -> Received:
    found = media_parts().darkroom.look(upload.path, kind.name)
    x, y = found["focal_point"]
    return Received(
        upload.name, upload.sha256, upload.byte_count, kind.media_type, found["width"], found["height"], (x, y),
        found["colour"], found["blurhash"], found["credit"],
    )  # fmt: skip


def asset_answer(session: Session, asset: Asset, status: int = 200) -> Response:
    """The answer of a route that shows one asset."""
    now = services().clock()
    preview = preview_signer(services().keys, now)
    [data] = queries.with_preview(session, queries.asset_data([asset], now), preview)
    data["renditions"] = queries.renditions_of(session, asset.id, preview)
    data["file"] = queries.file_of(session, asset.id, preview) if asset.kind != "image" else None
    presets = presets_of(services().settings.media_presets_on_demand)
    data["on_demand"] = can_be_asked(asset, presets, services().keys) if asset.kind == "image" else []
    data["tracks"] = [
        {"id": one.id, "kind": one.track_kind, "locale": one.track_locale, "name": one.name}
        for one in tracks_of(session, asset.id)
    ]
    headers = {"Location": f"/api/v1/assets/{asset.id}"} if status == 201 else {}
    return answer(data, status, headers=headers, etag=revision_etag(asset.revision))


def found(read_one: Callable[..., Asset | None], session: Session, asset_id: str) -> Asset:
    """The asset of a path. Raises: NotFound."""
    asset = read_one(session, asset_key(asset_id))
    if asset is None:
        raise NotFound(NO_ASSET)
    return asset


def asset_key(text: str) -> str:
    """The id in a path. Raises: NotFound for what can be none."""
    if not is_id(text):
        raise NotFound(NO_ASSET)
    return text


def _file(asset: Asset) -> Iterable[bytes]:
    """The file of an asset; a HEAD is told whether it is there. Raises: NotFound; StoreAway."""
    store = media_parts().store
    with suppress(FileNotFoundError):
        if request.method != "HEAD":
            return store.pieces(ORIGINALS, asset.sha256)
        if store.has(ORIGINALS, asset.sha256):
            return ()
    raise NotFound("The file of this asset is not there.")


@gallery.get("/<name>")
@endpoint(
    summary="Fetch a picture or another file", query=SignedShape, answers={200: None, 206: None, 304: None},
    refuses=(404, 416), media_type="*/*",
    description="Of what readers may see, or by a signed address. Its bytes never change. What is no picture "
    "comes as a file to save (`Content-Disposition: attachment`) in a sandbox. Answered in front of the application; "
    "what comes as far as this is not there.",
)  # fmt: skip
def rendition(name: str, query: dict[str, Any]) -> Response:  # noqa: ARG001  # what was asked for is not there
    """Say that there is no such rendition."""
    raise NotFound("There is no file at this address, or readers do not see it.")

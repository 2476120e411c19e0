"""Making a rendition because somebody asks for it: once, and only so many at a time."""

import hashlib
import os
import shutil
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from sqlalchemy import or_, update
from sqlalchemy.orm import Session

from cms.media.darkroom.asking import Darkroom
from cms.media.keeping import hold_media
from cms.media.models import Asset, AssetFile
from cms.media.on_demand.queries import made_already, size_wanted
from cms.media.on_demand.rules import Order
from cms.media.presets import Preset, Size
from cms.media.queries import asset_by_id
from cms.media.rules import BY_MEDIA_TYPE
from cms.media.storing import ORIGINALS, RENDITIONS, Store
from cms.platform.db import change_rows
from cms.platform.errors import FULL, Invalid, NotFound, Unavailable

LATER = {"Retry-After": "2"}
NOT_THERE = "There is no file at this address, or readers do not see it."


@dataclass(frozen=True)
class WaitingLine:
    """Who may ask for what is not made yet, in one process: one is served after the other, and few wait."""

    most: int
    working: threading.Lock = field(default_factory=threading.Lock)
    waiting: threading.BoundedSemaphore = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "waiting", threading.BoundedSemaphore(max(1, self.most)))

    @contextmanager
    def turn(self) -> Iterator[None]:
        """Wait for one's turn. Raises: Unavailable where too many wait already."""
        if not self.waiting.acquire(blocking=False):
            raise Unavailable("Other pictures are being made; ask again.", headers=LATER)
        try:
            with self.working:
                yield
        finally:
            self.waiting.release()


@dataclass(frozen=True)
class Developed:
    """A rendition whose file is in the store."""

    sha256: str
    byte_count: int


def developed(
    store: Store, darkroom: Darkroom, asset: Asset, order: Order, size: Size, *, reserve_bytes: int
) -> Developed:
    """Make one rendition, in the store, unless less than `reserve_bytes` would stay free for texts.

    Raises: NotFound for a picture that cannot be opened any more; Unavailable; OSError.
    """
    try:
        store.incoming.mkdir(mode=0o700, parents=True, exist_ok=True)
        if shutil.disk_usage(store.incoming).free < reserve_bytes:
            raise _no_room()
        return _developed(store, darkroom, asset, order, size)
    except (FileNotFoundError, Invalid):
        raise NotFound(NOT_THERE) from None
    except OSError as error:
        if error.errno not in FULL:
            raise
        raise _no_room() from None


def _developed(store: Store, darkroom: Darkroom, asset: Asset, order: Order, size: Size) -> Developed:
    folder = Path(tempfile.mkdtemp(dir=store.incoming))
    asked = {
        "format": BY_MEDIA_TYPE[asset.media_type].name, "folder": str(folder), "width": asset.width,
        "height": asset.height, "sizes": [vars(size)], "formats": [order.format],
    }  # fmt: skip
    try:
        with store.at_hand(ORIGINALS, asset.sha256) as path:
            darkroom.render({**asked, "path": str(path)})
        with (folder / "0").open("rb") as file:
            data = file.read()
            os.fsync(file.fileno())
        sha256 = hashlib.sha256(data).hexdigest()
        store.put(RENDITIONS, sha256, folder / "0")
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    return Developed(sha256, len(data))


def keep_ordered(
    session: Session,
    store: Store,
    order: Order,
    presets: tuple[Preset, ...],
    seen: tuple[str, Size],
    made: Developed,
    now: datetime,
) -> AssetFile:
    """Keep what was made of a content in a size, in place of what a preset made before it was changed.

    Where another process was faster, its rendition stays. Raises: NotFound; Unavailable where the picture changed.
    """
    hold_media(session)
    asset = asset_by_id(session, order.asset_id, is_locked=True)
    if asset is None:
        raise NotFound(NOT_THERE)
    sha256, size = seen
    if (asset.sha256, size_wanted(asset, presets, order)) != (sha256, size):
        raise Unavailable("The picture changed just now; ask again.", headers=LATER)
    there = made_already(session, order, size)
    if there is not None:
        return there
    if not store.has(RENDITIONS, made.sha256):
        raise Unavailable("The rendition was tidied away before it was kept; ask again.", headers=LATER)
    is_same = (AssetFile.preset == order.preset) & (AssetFile.format == order.format)
    is_over = or_(
        AssetFile.preset.not_in([preset.name for preset in presets]), is_same & (AssetFile.width == size.width)
    )
    mine = (AssetFile.asset_id == asset.id, AssetFile.is_on_demand, AssetFile.retired_at.is_(None))
    change_rows(session, update(AssetFile).where(*mine, is_over).values(retired_at=now))
    file = AssetFile(
        asset_id=asset.id, preset=order.preset, format=order.format, width=size.width, height=size.height,
        byte_count=made.byte_count, sha256=made.sha256, is_on_demand=True,
    )  # fmt: skip
    session.add(file)
    session.flush()
    return file


def _no_room() -> Unavailable:
    return Unavailable("The disk is full, or nearly so; ask again later.", headers={"Retry-After": "60"})

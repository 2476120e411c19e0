"""Taking a file that is no picture: looking at it, and putting what readers get of it into the store.

A document, sound or video is given to readers as it came; a text is written anew. Nothing of them is decoded or run.
"""

import hashlib
import os
import secrets
from pathlib import Path
from typing import Protocol

from cms.media.examining import Broken, examined
from cms.media.rules import Format, Received, Served
from cms.media.storing import RENDITIONS, Store
from cms.media.webvtt import MOST_BYTES, NotWebVTT, written_anew
from cms.platform.errors import FieldError, Invalid
from cms.settings import Settings


class Came(Protocol):
    """What is known of a file that came whole."""

    @property
    def name(self) -> str:
        """What its sender calls it."""

    @property
    def sha256(self) -> str:
        """The digest of its bytes."""

    @property
    def byte_count(self) -> int:
        """How many these are."""


def most_bytes(settings: Settings, kind: Format) -> int:
    """How large a file may be that begins like this."""
    if kind.kind == "image":
        return settings.media_limit_bytes
    most = settings.media_attachment_limit_bytes
    return min(MOST_BYTES, most) if kind.kind == "text" else most


def taken(store: Store, path: Path, begins_like: Format, came: Came) -> Received:
    """What a file is, and what readers get of it, which is in the store by then if it is not the file itself.

    Raises: Invalid (`undecodable`); OSError.
    """
    try:
        if begins_like.kind == "text":
            kind, served = begins_like, _put(store, begins_like.name, written_anew(path.read_bytes()))
        else:
            kind = examined(path, begins_like)
            served = Served(kind.name, came.sha256, came.byte_count)
    except (Broken, NotWebVTT) as broken:
        told = f"The file begins like {begins_like.name.upper()}, but cannot be taken: {broken}"
        raise Invalid(errors=[FieldError("/file", "undecodable", told)]) from None
    return Received(came.name, came.sha256, came.byte_count, kind.media_type, served=served)


def _put(store: Store, format_name: str, data: bytes) -> Served:
    path, sha256 = store.incoming / f"{secrets.token_hex(16)}.part", hashlib.sha256(data).hexdigest()
    try:
        with path.open("xb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        store.put(RENDITIONS, sha256, path)
    finally:
        path.unlink(missing_ok=True)
    return Served(format_name, sha256, len(data))

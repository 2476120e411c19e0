"""Receiving a file: read from the wire in small pieces into a temporary file, hashed on the way, never whole in memory.

A form has the part `file` and may have the part `data`, JSON that says what the file is. The type that the sender names
counts for nothing. Not here: what a file may be, and where it is kept (`cms/media`).
"""

import hashlib
import os
import secrets
import shutil
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

from flask import g, request
from marshmallow import Schema, ValidationError
from werkzeug.datastructures import Headers
from werkzeug.exceptions import RequestEntityTooLarge
from werkzeug.sansio.multipart import Data, Epilogue, Field, File, MultipartDecoder, NeedData

from cms.platform.errors import FULL, BadRequest, FieldError, Invalid, NoRoom
from cms.platform.http.idempotency import BODY_DIGEST
from cms.platform.http.json_input import UnsupportedMediaType, parse_object
from cms.platform.http.shapes import field_errors

FORM = "multipart/form-data"
PIECE_BYTES = 65_536
# What the parser may hold at once: a piece, and the headers of a part.
HELD_BYTES = 4 * PIECE_BYTES
MOST_DATA_BYTES = 65_536
# What a form has around its file.
FRAME_BYTES = 2 * MOST_DATA_BYTES
LONGEST_BOUNDARY = 200
# So many bytes tell what a file is.
HEAD_BYTES = 64
FILE, DATA = "file", "data"


@dataclass(frozen=True)
class Upload:
    """A file that came whole, on disk under a name of ours until the request is over. `name` is what its sender calls
    it; `head` are its first bytes."""

    path: Path
    name: str
    sha256: str
    byte_count: int
    head: bytes
    said: Any


@contextmanager
def received(
    shape: Schema, folder: Path, *, most_bytes: Callable[[bytes], int], largest_bytes: int, reserve_bytes: int
) -> Iterator[Upload]:
    """The file of this request, and what `shape` makes of the JSON beside it.

    `most_bytes` gives how large a file may be that begins with these bytes, or refuses it before the rest is read;
    `largest_bytes` is the most that it ever gives. `reserve_bytes` are to stay free where the folder is, for what must
    be written whatever files come.
    Raises: UnsupportedMediaType; BadRequest; Invalid; RequestEntityTooLarge; NoRoom.
    """
    boundary = boundary_of_form()
    coming = request.content_length or 0
    if coming > largest_bytes + FRAME_BYTES:
        raise _too_large(largest_bytes)
    path = folder / f"{secrets.token_hex(16)}.part"
    try:
        with no_room_is_told():
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            if shutil.disk_usage(folder).free < reserve_bytes + coming:
                raise NoRoom("The disk is nearly full; what is free is kept for texts.", headers={"Retry-After": "60"})
            with path.open("xb") as file:
                form = _Form(file, most_bytes, largest_bytes)
                form.read(boundary)
                file.flush()
                os.fsync(file.fileno())
        yield _upload(shape, path, form)
    finally:
        with suppress(FileNotFoundError):
            path.unlink()


def _too_large(most_bytes: int) -> RequestEntityTooLarge:
    return RequestEntityTooLarge(f"A file of this kind may have at most {most_bytes} bytes here.")


@contextmanager
def no_room_is_told() -> Iterator[None]:
    """Let a full disk be a refusal for people. Raises: NoRoom."""
    try:
        yield
    except OSError as error:
        if error.errno not in FULL:
            raise
        raise NoRoom("The disk is full, so nothing of it was kept.", headers={"Retry-After": "60"}) from None


class _Form:
    """What has come of a form."""

    def __init__(self, file: BinaryIO, most_bytes: Callable[[bytes], int], largest_bytes: int) -> None:
        self.file, self._most_for, self.most_bytes = file, most_bytes, largest_bytes
        self.name: str | None = None
        self.digest = hashlib.sha256()
        self.byte_count = 0
        self.head = b""
        self.data: bytearray | None = None
        self._part = ""

    def read(self, boundary: bytes) -> None:
        """Read the whole request. Raises: BadRequest; Invalid; RequestEntityTooLarge; OSError."""
        decoder = MultipartDecoder(boundary, HELD_BYTES, max_parts=len((FILE, DATA)))
        stream, left = request.environ["wsgi.input"], request.content_length
        try:
            while True:
                wanted = PIECE_BYTES if left is None else min(PIECE_BYTES, left)
                piece = stream.read(wanted) if wanted else b""
                left = None if left is None else left - len(piece)
                decoder.receive_data(piece or None)
                if self._take(decoder):
                    return
                if not piece:
                    raise BadRequest("The form ends before its last part does.")
        except (ValueError, UnicodeDecodeError, AttributeError):
            # The parser's own words speak of its insides.
            raise BadRequest("The body is not a form of multipart/form-data.") from None

    def _take(self, decoder: MultipartDecoder) -> bool:
        """Take what the parser made out; whether that was the end."""
        while True:
            event = decoder.next_event()
            if isinstance(event, NeedData):
                return False
            if isinstance(event, Epilogue):
                return True
            if isinstance(event, File | Field):
                self._begin(event.name, event.filename if isinstance(event, File) else None, event.headers)
            elif isinstance(event, Data):
                self._add(event.data)

    def _begin(self, name: str | None, filename: str | None, _headers: Headers) -> None:
        if name not in (FILE, DATA):
            raise Invalid(errors=[FieldError(f"/{str(name)[:60]}", "unknown", "A form has the parts file and data.")])
        if (name == FILE and self.name is not None) or (name == DATA and self.data is not None):
            raise Invalid(errors=[FieldError(f"/{name}", "repeated", "This part stands twice.")])
        self._part = name
        if name == FILE:
            self.name = filename or ""
        else:
            self.data = bytearray()

    def _add(self, piece: bytes) -> None:
        if self._part == DATA and self.data is not None:
            self.data += piece
            if len(self.data) > MOST_DATA_BYTES:
                raise RequestEntityTooLarge(f"What comes with a file may have at most {MOST_DATA_BYTES} bytes.")
            return
        self.byte_count += len(piece)
        if len(self.head) < HEAD_BYTES:
            self.head += piece[: HEAD_BYTES - len(self.head)]
            if len(self.head) == HEAD_BYTES:
                self.most_bytes = self._most_for(self.head)
        if self.byte_count > self.most_bytes:
            raise _too_large(self.most_bytes)
        self.digest.update(piece)
        self.file.write(piece)


def _upload(shape: Schema, path: Path, form: _Form) -> Upload:
    if form.name is None or not form.byte_count:
        raise Invalid(errors=[FieldError(f"/{FILE}", "required", "Send the file in the part named file.")])
    data = bytes(form.data or b"")
    sha256 = form.digest.hexdigest()
    g.setdefault(BODY_DIGEST, hashlib.sha256(f"{sha256} {form.name} ".encode("utf-8", "replace") + data).digest())
    return Upload(path, form.name, sha256, form.byte_count, form.head, _said(shape, parse_object(data) if data else {}))


def _said(shape: Schema, data: Mapping[str, Any]) -> Any:
    try:
        return shape.load(data)
    except ValidationError as error:
        found = [FieldError(f"/{DATA}{one.pointer}", one.code, one.detail) for one in field_errors(error)]
        raise Invalid(errors=found) from None


def boundary_of_form() -> bytes:
    """The boundary of the form that this request brings. Raises: UnsupportedMediaType; BadRequest."""
    if request.mimetype != FORM:
        raise UnsupportedMediaType(f"The body has the type {request.mimetype or 'none'!r}; send {FORM}.")
    if request.headers.get("Content-Encoding", "identity") != "identity":
        raise UnsupportedMediaType("Compressed bodies are not read; send the form as it is.")
    boundary = request.mimetype_params.get("boundary", "")
    if not 1 <= len(boundary) <= LONGEST_BOUNDARY or not boundary.isascii():
        raise BadRequest("The Content-Type of a form names its boundary.")
    return boundary.encode()

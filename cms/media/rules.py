"""What may be, of assets: kinds of files by their first bytes, limits, names, where a picture's point is. Plain Python.

Not here: opening a picture (`darkroom/`), keeping its bytes (`storing.py`).
"""

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from urllib.parse import quote

PREFIX = "/media/"
READ, WRITE = "assets:read", "assets:write"
MOST_PIXELS = 40_000_000
LONGEST_SIDE = 30_000
LONGEST_NAME = 160
LONGEST_CREDIT = 300
LONGEST_LICENCE = 120
LONGEST_SOURCE = 1_000
LONGEST_ALT = 1_000
LONGEST_CAPTION = 2_000
MOST_LOCALES = 40
SHA256 = re.compile(r"[0-9a-f]{64}")
# Enough of a file to see what it is.
HEAD_BYTES = 64


@dataclass(frozen=True)
class Format:
    """A kind of file that is taken: what it is called here, its media type and the usual ending of its name."""

    name: str
    media_type: str
    ending: str
    kind: str = "image"


FORMATS: Mapping[str, Format] = {
    one.name: one
    for one in (
        Format("jpeg", "image/jpeg", "jpg"),
        Format("png", "image/png", "png"),
        Format("webp", "image/webp", "webp"),
        Format("gif", "image/gif", "gif"),
        Format("avif", "image/avif", "avif"),
        Format("pdf", "application/pdf", "pdf", "document"),
        Format("mp3", "audio/mpeg", "mp3", "audio"),
        Format("m4a", "audio/mp4", "m4a", "audio"),
        Format("ogg", "audio/ogg", "ogg", "audio"),
        Format("wav", "audio/wav", "wav", "audio"),
        Format("mp4", "video/mp4", "mp4", "video"),
        Format("webm", "video/webm", "webm", "video"),
        Format("vtt", "text/vtt", "vtt", "text"),
    )
}
BY_MEDIA_TYPE: Mapping[str, Format] = {one.media_type: one for one in FORMATS.values()}
TAKEN = "JPEG, PNG, WebP, GIF, AVIF, PDF, MP3, M4A, Ogg, WAV, MP4, WebM and WebVTT"
# Kinds that readers get as they came; of pictures and texts they get what was made of them.
AS_THEY_CAME = frozenset({"document", "audio", "video"})
# What MP4 calls itself, for sound and video; HEIC and others are files of the same frame.
MP4_BRANDS = frozenset(
    {b"isom", b"mp41", b"mp42", b"avc1", b"dash", b"M4A ", b"M4V ", b"M4B "}
    | {b"iso%d" % number for number in range(2, 10)}
)
OTHER_BRANDS = frozenset({b"heic", b"heix", b"mif1", b"msf1", b"qt  "})
PDF_HEAD = re.compile(rb"%PDF-[12]\.[0-9][\r\n \t]")
VTT_HEAD = re.compile(rb"(?:\xef\xbb\xbf)?WEBVTT(?:[ \t\r\n]|$)")

# Members of an asset that editors write, and what each is where nothing was written.
EMPTY: Mapping[str, Any] = {
    "name": "", "alt": {}, "captions": {}, "credit": "", "licence": "", "source": "", "use_until": None,
    "is_decorative": False, "focal_point": None, "track": None,
}  # fmt: skip


@dataclass(frozen=True)
class Described:
    """What somebody says of a file when it is sent. `sha256` is what the file should have; `reads_credit` asks for the
    credit that stands in the file itself, where none is given."""

    given: Mapping[str, Any] = field(default_factory=dict)
    sha256: str = ""
    reads_credit: bool = False


@dataclass(frozen=True)
class Served:
    """What readers get of a file that is no picture, whole and in the store."""

    format: str
    sha256: str
    byte_count: int


@dataclass(frozen=True)
class Received:
    """A file that came whole and was looked at. Units: bytes and pixels.

    `focal_point` is what was proposed for it, as parts of width and height; `colour` its most frequent one. `served` is
    what readers get of a file that is no picture.
    """

    name: str
    sha256: str
    byte_count: int
    media_type: str
    width: int | None = None
    height: int | None = None
    focal_point: tuple[float, float] | None = None
    colour: str = ""
    blurhash: str = ""
    credit: str = ""
    served: Served | None = None


@dataclass(frozen=True)
class NewAsset:
    """A file to keep, with what is said of it."""

    received: Received
    described: Described = Described()


@dataclass(frozen=True)
class ChangeAsset:
    """A change of what is known of an asset: `patch` is a JSON Merge Patch made on one revision."""

    asset_id: str
    revision: int
    patch: Mapping[str, Any]


def format_of(head: bytes) -> Format | None:
    """What a file is by its first bytes, whatever it is called; None for what is not taken.

    Of MP4 only the whole file says whether it is video or sound (`examining.py`). Source: the signatures of JFIF and
    Exif, PNG (RFC 2083, 3.1), GIF87a and GIF89a, RIFF with WEBP and WAVE, PDF, ID3 and MPEG audio of layer III, Ogg,
    EBML, WebVTT, and ISO 14496-12 with its brands.
    """
    if head.startswith(b"\xff\xd8\xff"):
        return FORMATS["jpeg"]
    if head.startswith(b"\x89PNG\r\n\x1a\n"):
        return FORMATS["png"]
    if head.startswith((b"GIF87a", b"GIF89a")):
        return FORMATS["gif"]
    if head[:4] == b"RIFF" and head[8:12] == b"WEBP":
        return FORMATS["webp"]
    if head[4:8] == b"ftyp" and _brands(head) & {b"avif", b"avis"}:
        return FORMATS["avif"]
    return _attachment_of(head)


def _attachment_of(head: bytes) -> Format | None:
    if PDF_HEAD.match(head):
        return FORMATS["pdf"]
    if head[:3] == b"ID3" or (len(head) > 1 and head[0] == 0xFF and head[1] & 0xE6 == 0xE2):
        return FORMATS["mp3"]
    if head[:4] == b"RIFF" and head[8:12] == b"WAVE":
        return FORMATS["wav"]
    if head[:4] == b"OggS":
        return FORMATS["ogg"]
    if head[:4] == b"\x1aE\xdf\xa3":
        return FORMATS["webm"]
    if head[4:8] == b"ftyp" and _brands(head) & MP4_BRANDS and not _brands(head) & OTHER_BRANDS:
        return FORMATS["mp4"]
    return FORMATS["vtt"] if VTT_HEAD.match(head) else None


def _brands(head: bytes) -> set[bytes]:
    end = min(int.from_bytes(head[:4], "big"), len(head))
    return {head[start : start + 4] for start in (8, *range(16, end - 3, 4))}


def label(name: str) -> str:
    """A file's name as people read it: its last part, without what cannot be seen or turns letters around.

    Nothing is ever kept under this name; files are kept under the digest of their bytes.
    """
    last = re.split(r"[/\\]", unicodedata.normalize("NFC", name.replace("%2e", ".").replace("%2f", "/")))[-1]
    seen = "".join(character for character in last if unicodedata.category(character)[0] != "C")
    return " ".join(seen.split()).lstrip(".-~ ")[:LONGEST_NAME].rstrip(". ") or "file"


def disposition(name: str, ending: str, *, is_shown: bool = False) -> str:
    """A `Content-Disposition` for a file: a name of plain ASCII, and the true one. Source: RFC 6266, RFC 8187."""
    stem = name[: -len(ending) - 1] if name.lower().endswith(f".{ending}") else name
    plain = re.sub(r"[^A-Za-z0-9._-]+", "-", stem).strip(".-") or "file"
    kind = "inline" if is_shown else "attachment"
    return f"{kind}; filename=\"{plain}.{ending}\"; filename*=UTF-8''{quote(f'{stem}.{ending}', safe='')}"


def merged(before: Mapping[str, Any], patch: Mapping[str, Any]) -> dict[str, Any]:
    """An asset's members after a patch; null gives a member its empty value, and takes a locale's text away."""
    after = dict(before)
    for name, value in patch.items():
        if value is None:
            after[name] = EMPTY[name]
        elif isinstance(value, Mapping):
            whole = {**(before[name] or {}), **value}
            after[name] = {locale: text for locale, text in whole.items() if text is not None}
        else:
            after[name] = value
    return after


def rendition_url(sha256: str, format_name: str) -> str:
    """Where readers get a rendition, relative to the site."""
    return f"{PREFIX}{sha256}.{FORMATS[format_name].ending}"


def is_expired(use_until: datetime | None, now: datetime) -> bool:
    """Whether the right to show an asset has ended."""
    return use_until is not None and use_until <= now

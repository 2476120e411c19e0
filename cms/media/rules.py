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
    )
}
BY_MEDIA_TYPE: Mapping[str, Format] = {one.media_type: one for one in FORMATS.values()}
TAKEN = "JPEG, PNG, WebP, GIF and AVIF"

# Members of an asset that editors write, and what each is where nothing was written.
EMPTY: Mapping[str, Any] = {
    "name": "", "alt": {}, "captions": {}, "credit": "", "licence": "", "source": "", "use_until": None,
    "is_decorative": False, "focal_point": None,
}  # fmt: skip


@dataclass(frozen=True)
class Described:
    """What somebody says of a file when it is sent. `sha256` is what the file should have; `reads_credit` asks for the
    credit that stands in the file itself, where none is given."""

    given: Mapping[str, Any] = field(default_factory=dict)
    sha256: str = ""
    reads_credit: bool = False


@dataclass(frozen=True)
class Received:
    """A file that came whole and was looked at. Units: bytes and pixels.

    `focal_point` is what was proposed for it, as parts of width and height; `colour` its most frequent one.
    """

    name: str
    sha256: str
    byte_count: int
    media_type: str
    width: int
    height: int
    focal_point: tuple[float, float]
    colour: str
    blurhash: str
    credit: str = ""


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

    Source: the signatures of JFIF and Exif, PNG (RFC 2083, 3.1), GIF87a and GIF89a, RIFF with WEBP, and ISO 14496-12
    with the brands `avif` and `avis`.
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
    return None


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
            whole = {**before[name], **value}
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

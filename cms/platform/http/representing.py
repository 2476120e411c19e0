"""Which representation of public bytes an asker gets: content coding, strong ETags, 304, keys for caches.

Both ways to public content answer by this one function, so they cannot differ. Plain values: no Flask.
Source: RFC 9110, sections 8.8, 12.5.3 and 13; RFC 5861.
"""

import hashlib
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import format_datetime, parsedate_to_datetime
from functools import lru_cache
from typing import Any, NamedTuple

from cms.platform.coding import GZIP, IDENTITY, LEAST_BYTES, QUICK_LEVEL, STORED_LEVEL, codings, packed
from cms.platform.errors import NotAcceptable
from cms.platform.http.public import JSON, PUBLIC

ENTITY_TAG = re.compile(r'(?:W/)?"[\x21\x23-\x7e\x80-\xff]*"')
Header = tuple[str, str]


class Representation(NamedTuple):
    """Public bytes, and what is known of them. `etag` is that of the bytes as they are.

    `cache_keys` are what caches may forget them by, with spaces between. `changed` is the second from which on they are
    as they are, and no other state of the same thing has it. `packed` are the same bytes in gzip. `is_kept` says that
    they are packed once and kept: until then they go out as they are.
    """

    body: bytes
    etag: str
    cache_keys: str = ""
    changed: int | None = None
    packed: bytes | None = None
    is_kept: bool = False
    media_type: str = JSON


def respond(
    what: Representation, environ: Mapping[str, Any], now: datetime, headers: list[Header]
) -> tuple[str, list[Header], bytes]:
    """Status, headers and bytes of the answer to a GET; `headers` go with 200 and 304 alike.

    Raises: NotAcceptable where the asker refuses the bytes as they are, and gzip too.
    """
    coding = _coding(what, codings(environ.get("HTTP_ACCEPT_ENCODING")))
    etag = what.etag if coding == IDENTITY else f'{what.etag[:-1]}-{coding}"'
    common = [*_names(etag, what.cache_keys), *headers]
    if _is_known(environ, etag, what.changed):
        return "304 NOT MODIFIED", common, b""
    body = bytes(what.body)
    if coding == GZIP:
        level = STORED_LEVEL if what.is_kept else QUICK_LEVEL
        body = packed(body, level) if what.packed is None else bytes(what.packed)
    # A date that is still to come would be a mistake; the true one says more as soon as it is over.
    changed = None if what.changed is None else min(what.changed, int(now.timestamp()))
    common += _contents(what.media_type, coding, changed, len(body))
    return "200 OK", common, body


@lru_cache(maxsize=2048)
def _names(etag: str, cache_keys: str) -> tuple[Header, ...]:
    """What 200 and 304 say alike: by what caches know the answer, and may forget it."""
    named = ("ETag", etag), ("Cache-Control", PUBLIC), ("Vary", "Accept-Encoding")
    keys = ("Surrogate-Key", cache_keys), ("Cache-Tag", cache_keys.replace(" ", ","))
    return (*named, *keys) if cache_keys else named


@lru_cache(maxsize=2048)
def _contents(media_type: str, coding: str, changed: int | None, length: int) -> tuple[Header, ...]:
    """What 200 says of its bytes."""
    said = [("Content-Type", media_type), ("Content-Length", str(length))]
    if coding == GZIP:
        said.append(("Content-Encoding", GZIP))
    if changed is not None:
        said.append(("Last-Modified", http_date(changed)))
    return tuple(said)


def etag_of(body: bytes) -> str:
    """The strong ETag of bytes."""
    return f'"{mark_of(body)}"'


def mark_of(part: bytes) -> str:
    """What stands for bytes: other bytes have another mark. Shape: 24 hexadecimal digits."""
    return hashlib.blake2b(part, digest_size=12).hexdigest()


@lru_cache(maxsize=4096)
def http_date(second: int) -> str:
    """A second since 1970 as HTTP writes it."""
    return format_datetime(datetime.fromtimestamp(second, UTC), usegmt=True)


def is_listed(etag: str, header: str | None) -> bool:
    """Whether an `If-None-Match` holds an ETag: weak comparison, lists and `*` count. Source: RFC 9110, 13.1.2."""
    if header is None:
        return False
    if header.strip() == "*":
        return True
    plain = etag.removeprefix("W/")
    return any(candidate.removeprefix("W/") == plain for candidate in ENTITY_TAG.findall(header))


def _coding(what: Representation, welcome: tuple[str, ...]) -> str:
    """The coding to answer in."""
    for coding in welcome:
        is_ready = what.packed is not None if what.is_kept else len(what.body) >= LEAST_BYTES
        if coding == IDENTITY or is_ready or IDENTITY not in welcome:
            return coding
    raise NotAcceptable("This is answered as it is, or in gzip; the header Accept-Encoding refuses both.")


def _is_known(environ: Mapping[str, Any], etag: str, changed: int | None) -> bool:
    """Whether the asker has this representation. A date counts only where no ETag is sent, and must be exact or later:
    what was fetched in the very second of the change is sent once more."""
    listed = environ.get("HTTP_IF_NONE_MATCH")
    if listed is not None:
        return is_listed(etag, listed)
    since = environ.get("HTTP_IF_MODIFIED_SINCE")
    if since is None or changed is None:
        return False
    held = _second(since)
    return held is not None and held >= changed


def _second(text: str) -> int | None:
    try:
        return int(parsedate_to_datetime(text).replace(tzinfo=UTC).timestamp())
    except (ValueError, OverflowError):
        return None

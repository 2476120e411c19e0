"""Addresses of renditions: the one that never changes, and the signed one by which editors see what readers do not.

Formula of a signature: HMAC-SHA-256(key for this purpose, name of the file and the second until which it holds).
"""

import hashlib
import hmac
import re
from collections.abc import Callable
from datetime import datetime

from cms.media.rules import FORMATS, PREFIX, rendition_url
from cms.platform.keys import Keys

NAME = re.compile(r"([0-9a-f]{64})\.([a-z0-9]{3,4})")
# The same address for some time, so that a browser keeps the picture; then two to three hours are left of it.
ROUNDED_TO_SECONDS = 3_600
HOLDS_SECONDS = 2 * 3_600
SIGNED = re.compile(r"until=([0-9]{1,12})&signature=([0-9a-f]{64})")
PURPOSE = "media"


def address_signer(keys: Keys, now: datetime) -> Callable[[str], str]:
    """A function that makes the address of a rendition one by which whoever is given it sees the picture for hours."""
    preview = preview_signer(keys, now)
    names = {one.ending: name for name, one in FORMATS.items()}

    def signed(url: str) -> str:
        found = NAME.fullmatch(url.removeprefix(PREFIX))
        return preview(found[1], names[found[2]]) if found is not None else url

    return signed


def preview_signer(keys: Keys, now: datetime) -> Callable[[str, str], str]:
    """A function that gives the address by which an editor sees a rendition, whoever else may see it."""
    key = keys.derive(PURPOSE)
    until = int(now.timestamp()) // ROUNDED_TO_SECONDS * ROUNDED_TO_SECONDS + ROUNDED_TO_SECONDS + HOLDS_SECONDS

    def preview(sha256: str, format_name: str) -> str:
        return f"{rendition_url(sha256, format_name)}?until={until}&signature={_signature(key, sha256, until)}"

    return preview


def is_signed(keys: Keys, sha256: str, query: str, now: datetime) -> bool:
    """Whether a query holds a signature of ours for this file that has not ended."""
    found = SIGNED.fullmatch(query)
    if found is None or int(found[1]) <= now.timestamp():
        return False
    until, given = int(found[1]), found[2]
    return any(hmac.compare_digest(given, _signature(key, sha256, until)) for key in keys.accepted(PURPOSE))


def _signature(key: bytes, sha256: str, until: int) -> str:
    return hmac.new(key, f"{sha256}|{until}".encode(), hashlib.sha256).hexdigest()

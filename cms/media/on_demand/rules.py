"""Which renditions can be asked for: named presets in named widths, by an address that only Copydesk can make.

Plain Python. Formula of a signature: the first 128 bits of HMAC-SHA-256(key for this purpose, asset, preset, width,
format). It says neither for how long nor of which content: the address means this asset in this preset as it is now.
"""

import hashlib
import hmac
import re
from dataclasses import dataclass

from cms.media.rules import FORMATS, PREFIX
from cms.platform.keys import Keys

PURPOSE = "media-on-demand"
NAME = re.compile(r"([a-z][a-z0-9-]{0,19})-([1-9][0-9]{1,3})\.(avif|webp|jpg)")
SIGNATURE = re.compile(r"[0-9a-f]{32}")
# JPEG also of a picture that is transparent, on white: what asks for cards of articles reads nothing else.
ASKED = ("avif", "webp", "jpeg")
BY_ENDING = {FORMATS[name].ending: name for name in ASKED}


@dataclass(frozen=True)
class Order:
    """One rendition of an asset that somebody asks for. Units: pixels."""

    asset_id: str
    preset: str
    width: int
    format: str


def order_of(asset_id: str, name: str) -> Order | None:
    """What the last part of an address asks for; None for what none of ours has."""
    found = NAME.fullmatch(name)
    return Order(asset_id, found[1], int(found[2]), BY_ENDING[found[3]]) if found is not None else None


def signed_url(keys: Keys, order: Order) -> str:
    """Where a rendition can be asked for, relative to the site."""
    name = f"{order.preset}-{order.width}.{FORMATS[order.format].ending}"
    return f"{PREFIX}{order.asset_id}/{name}?signature={_signature(keys.derive(PURPOSE), order)}"


def is_ours(keys: Keys, order: Order, signature: str) -> bool:
    """Whether an order has a signature of ours."""
    if not SIGNATURE.fullmatch(signature):
        return False
    return any(hmac.compare_digest(signature, _signature(key, order)) for key in keys.accepted(PURPOSE))


def _signature(key: bytes, order: Order) -> str:
    said = f"{order.asset_id}|{order.preset}|{order.width}|{order.format}"
    return hmac.new(key, said.encode(), hashlib.sha256).hexdigest()[:32]

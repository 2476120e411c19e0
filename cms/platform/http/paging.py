"""Keyset paging: opaque cursors that nobody can forge, bound to the list that they came from."""

import base64
import hashlib
import hmac
from collections.abc import Sequence
from functools import lru_cache
from typing import Any, Literal, NamedTuple
from urllib.parse import urlencode

import orjson
from flask import request

from cms.platform.errors import BadRequest
from cms.platform.keys import Keys

TAG_BYTES = 12


class Cursor(NamedTuple):
    """A place in a list: the sort key of the entry to go on from, and the direction."""

    direction: Literal["next", "prev"]
    position: tuple[Any, ...]


def encode_cursor(keys: Keys, listing: str, cursor: Cursor) -> str:
    """The cursor as text. `listing` names the list with its filters, sort and scope; the cursor works nowhere else."""
    return _signed(keys.derive("cursor"), listing, orjson.dumps([cursor.direction[0], *cursor.position]))


def decode_cursor(keys: Keys, listing: str, text: str | None) -> Cursor | None:
    """The cursor from text, or None for none. Raises: BadRequest for one that is broken or of another list."""
    if text is None:
        return None
    try:
        raw = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
        tag, payload = raw[:TAG_BYTES], raw[TAG_BYTES:]
        # Canonical form only: the last character of base64 can carry bits that decoding drops.
        is_canonical = base64.urlsafe_b64encode(raw).rstrip(b"=").decode() == text
        if not is_canonical or not any(
            hmac.compare_digest(tag, _tag(key, listing, payload)) for key in keys.accepted("cursor")
        ):
            raise ValueError
        direction, *position = orjson.loads(payload)
    except ValueError:
        raise BadRequest(
            "The cursor is broken or belongs to another list; begin again without it.", code="bad_cursor"
        ) from None
    return Cursor("next" if direction == "n" else "prev", tuple(position))


@lru_cache(maxsize=1024)
def _signed(key: bytes, listing: str, payload: bytes) -> str:
    return base64.urlsafe_b64encode(_tag(key, listing, payload) + payload).rstrip(b"=").decode()


def _tag(key: bytes, listing: str, payload: bytes) -> bytes:
    message = hashlib.sha256(listing.encode()).digest() + payload
    return hmac.digest(key, message, "sha256")[:TAG_BYTES]


def page_of(
    items: Sequence[Any], *, limit: int, next_cursor: str | None, prev_cursor: str | None, count: int | None = None
) -> dict[str, Any]:
    """The shape of every list."""
    return {
        "data": list(items),
        "page": {
            "limit": limit,
            "next_cursor": next_cursor,
            "prev_cursor": prev_cursor,
            "has_more": next_cursor is not None,
        },
        "meta": {"count": count},
    }


def link_header(public_url: str, next_cursor: str | None, prev_cursor: str | None) -> dict[str, str]:
    """`Link` with rel next and prev of this request, keeping its query. Source: RFC 8288."""
    text = links(f"{public_url}{request.path}", query_beside_cursor(), next_cursor, prev_cursor)
    return {"Link": text} if text else {}


def query_beside_cursor() -> str:
    """The query of this request without its cursor, encoded."""
    return urlencode({name: text for name, text in request.args.items() if name != "cursor"})


def links(address: str, query: str, next_cursor: str | None, prev_cursor: str | None) -> str:
    """The value of `Link` for a list at an address; empty where it has one page. `query` is the rest, encoded."""
    # A cursor needs no encoding: it is made of letters that an address takes as they are.
    start = f"<{address}?{query}&cursor=" if query else f"<{address}?cursor="
    return ", ".join(
        f'{start}{cursor}>; rel="{relation}"'
        for relation, cursor in (("next", next_cursor), ("prev", prev_cursor))
        if cursor
    )

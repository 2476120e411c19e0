"""How revisions are kept: compressed, and a body once for all revisions of an article that share it. Plain Python."""

import zlib
from collections.abc import Mapping
from hashlib import blake2b
from typing import Any

import orjson

# Long bodies are compressed while SQLite's one writer waits, so they get the quick way, which is nearly as small.
QUICK, THOROUGH = 1, 6
LONG_BYTES = 50_000


def digest_of(body: str) -> str:
    """What a body is known by. Shape: 40 hexadecimal digits."""
    return blake2b(body.encode(), digest_size=20).hexdigest()


def pack_text(body: str) -> bytes:
    """A body, compressed."""
    plain = body.encode()
    return zlib.compress(plain, QUICK if len(plain) > LONG_BYTES else THOROUGH)


def pack(content: Mapping[str, Any], standing: Mapping[str, Any]) -> bytes:
    """Everything of a revision except its body: the other fields, and where the article stood."""
    rest = {name: value for name, value in content.items() if name != "body"}
    whole = {"content": rest, "standing": dict(standing)}
    return zlib.compress(orjson.dumps(whole, option=orjson.OPT_SORT_KEYS | orjson.OPT_UTC_Z), THOROUGH)


def content_in(packed: bytes, text: bytes) -> dict[str, Any]:
    """The fields that editors write, as `pack` and `pack_text` took them; what was saved before there were types has
    the first one."""
    return {
        "type": "article",
        **orjson.loads(zlib.decompress(packed))["content"],
        "body": zlib.decompress(text).decode(),
    }


def standing_in(packed: bytes) -> dict[str, Any]:
    """Where the article stood; instants as text."""
    standing: dict[str, Any] = orjson.loads(zlib.decompress(packed))["standing"]
    return standing

"""Content codings: packing bytes, and which coding an asker takes. Plain values: no Flask. Source: RFC 9110, 12.5.3."""

import gzip
import re
from functools import lru_cache

GZIP = "gzip"
IDENTITY = "identity"
# Below this the head of an answer is longer than what packing saves.
LEAST_BYTES = 600
STORED_LEVEL = 6
# What is packed for one answer, and not kept: nearly as small, for a third of the time.
QUICK_LEVEL = 1
CODING = re.compile(r"\s*([a-z0-9*!#$&'.^_`|~+-]+)\s*(?:;\s*q\s*=\s*([01](?:\.[0-9]{0,3})?)\s*)?", re.IGNORECASE)


def packed(body: bytes, level: int = STORED_LEVEL) -> bytes:
    """The bytes in gzip; the same bytes always give the same."""
    return gzip.compress(body, compresslevel=level, mtime=0)


@lru_cache(maxsize=512)
def codings(header: str | None) -> tuple[str, ...]:
    """Which of gzip and identity an `Accept-Encoding` takes, the preferred one first; gzip where both are as welcome.

    None are taken where identity is refused and gzip is not named. A header that cannot be read asks for nothing.
    """
    if header is None or not header.strip():
        return (IDENTITY,)
    weights: dict[str, float] = {}
    for part in header.split(","):
        found = CODING.fullmatch(part)
        if found is not None:
            name = found[1].lower()
            weights[GZIP if name == "x-gzip" else name] = float(found[2] or 1)
    rest = weights.get("*")
    gzip_weight = weights.get(GZIP, rest or 0.0)
    # Identity is welcome unless it is refused by name, or by `*;q=0` while nothing names it.
    identity_weight = weights.get(IDENTITY, 0.001 if rest is None else rest)
    offers = [(GZIP, gzip_weight), (IDENTITY, identity_weight)]
    return tuple(name for name, weight in sorted(offers, key=lambda one: -one[1]) if weight > 0)

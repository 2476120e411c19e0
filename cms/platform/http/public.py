"""What every answer of public content says, whoever writes it. Plain values: no Flask."""

from collections.abc import Collection

JSON = "application/json"
PUBLIC = "public, max-age=5, s-maxage=30, stale-while-revalidate=60, stale-if-error=86400"
READABLE = "ETag, Link, Location, Retry-After, RateLimit, RateLimit-Policy, X-Request-Id, Idempotency-Replayed"


def origin_headers(allowed: Collection[str], origin: str | None) -> list[tuple[str, str]]:
    """What lets a page of a listed origin read an answer; nothing for all others.

    The header is compared whole and as it is: a browser sends one origin, in lower case, without a path.
    """
    if origin is None or origin not in allowed:
        return []
    return [("Access-Control-Allow-Origin", origin), ("Access-Control-Expose-Headers", READABLE)]

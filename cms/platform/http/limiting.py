"""Counting requests, and the refusal when there were too many. Called in one place: where a route is declared.

Headers: `RateLimit-Policy` and `RateLimit`, structured fields of draft-ietf-httpapi-ratelimit-headers.
"""

from dataclasses import replace
from functools import lru_cache

from flask import Response, g

from cms.platform.actor import Actor
from cms.platform.counting import Limit, Verdict, client_network
from cms.platform.errors import TooMany
from cms.platform.http.guard import client_address, current_actor
from cms.platform.http.services import services
from cms.settings import rate_of

# Every change by a known caller; the caller is counted, since a newsroom may share one address.
WRITES = Limit("writes", 600, 60, setting="limit_writes", is_counted_in="broker", is_per_caller=True)
SEARCH = Limit("search", 300, 60, setting="limit_search", is_counted_in="process")


def count_request(declared: Limit) -> None:
    """Count a request of the asker, or of the asker's network. Raises: TooMany, saying when to come back."""
    parts = services()
    limit = _in_force(declared, getattr(parts.settings, declared.setting)) if declared.setting else declared
    if limit is None:
        return
    key = _caller(current_actor()) if limit.is_per_caller else client_network(client_address())
    verdict = parts.limiter.take(key, limit, parts.clock())
    g.limit_headers = _headers(limit, verdict)
    if not verdict.is_allowed:
        whose = "you" if limit.is_per_caller else "your address"
        raise TooMany(
            f"Too many of these came from {whose}.", headers={"Retry-After": str(verdict.retry_after_seconds)}
        )


def tell_limit(response: Response) -> Response:
    """Add what is left to an answer of a limited route.

    Not where a shared cache may keep the answer: what is left to one client is nothing to tell another.
    """
    headers: dict[str, str] | None = g.get("limit_headers")
    if headers is not None:
        is_shared = response.cache_control.public
        response.headers.extend({"RateLimit-Policy": headers["RateLimit-Policy"]} if is_shared else headers)
    return response


def _caller(actor: Actor) -> str:
    # Whoever signs in again is the same colleague or reader; each sign-in would bring another quota else.
    return f"{actor.kind}:{actor.id}" if actor.kind in ("staff", "reader") else actor.credential


def _headers(limit: Limit, verdict: Verdict) -> dict[str, str]:
    return {
        "RateLimit-Policy": f'"{limit.name}";q={limit.times};w={limit.window_seconds}',
        "RateLimit": f'"{limit.name}";r={verdict.remaining};t={verdict.reset_seconds}',
    }


@lru_cache(maxsize=64)
def _in_force(declared: Limit, told: str) -> Limit | None:
    rate = rate_of(told)
    return replace(declared, times=rate[0], window_seconds=rate[1]) if rate else None

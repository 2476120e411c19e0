"""Counting requests of one client, and the refusal when there were too many."""

from cms.platform.counting import Limit, client_network
from cms.platform.errors import TooMany
from cms.platform.http.guard import client_address
from cms.platform.http.services import services
from cms.platform.limits import take


def count_client(limit: Limit) -> None:
    """Count a request of the asker's network. Raises: TooMany, with the headers that say when to come back."""
    now = services().clock()
    key = f"{limit.name}:{client_network(client_address())}"
    with services().database.transaction() as session:
        is_within = take(session, key, limit=limit.times, window_seconds=limit.window_seconds, now=now)
    if not is_within:
        seconds = limit.window_seconds - int(now.timestamp()) % limit.window_seconds
        raise TooMany(
            "Too many of these came from your address.",
            headers={
                "Retry-After": str(seconds),
                "RateLimit-Policy": f'"{limit.name}";q={limit.times};w={limit.window_seconds}',
                "RateLimit": f'"{limit.name}";r=0;t={seconds}',
            },
        )

"""What is counted, and how often it may be: the one algorithm of every limit, as plain values.

The algorithm is GCRA: a key needs one number, the instant at which its whole quota is there again. Each use moves that
instant on by the time in which one use grows back, and is refused where the instant would lie further ahead than the
window. So `times` may come at once, and then one at a time, evenly; there is no edge of a window to come back at.
"""

import hashlib
import ipaddress
import math
from dataclasses import dataclass
from datetime import datetime, timedelta

MICROSECONDS = timedelta(microseconds=1)
BEGINNING = datetime.fromisoformat("1970-01-01T00:00:00+00:00")


@dataclass(frozen=True)
class Limit:
    """How often something may be done within a window of time. `name` is what the limit is called in headers.

    `setting` names the setting that says other numbers. `is_counted_in` says where uses are counted: in the database
    always; in the broker and, while that is away, in the database; in the broker or else in this process alone.
    """

    name: str
    times: int
    window_seconds: int
    setting: str = ""
    is_counted_in: str = "database"
    is_per_caller: bool = False

    @property
    def interval(self) -> int:
        """In how many microseconds one use grows back, rounded up."""
        return -(-self.window_seconds * 1_000_000 // self.times)

    @property
    def window(self) -> int:
        """In how many microseconds all uses grow back; a whole number of intervals, so that exactly `times` fit."""
        return self.interval * self.times


@dataclass(frozen=True)
class Verdict:
    """Whether one use was within its limit, and what is left. A use that was refused is not counted."""

    is_allowed: bool
    remaining: int
    reset_seconds: int
    retry_after_seconds: int


def count_one(limit: Limit, full_at: int, now: int) -> tuple[bool, int]:
    """Count one use. Gives whether it is allowed and when the whole quota is there again. Units: microseconds.

    Formula: max(full_at, now) + interval, allowed where that is at most now + window. An instant beyond the window
    comes from a clock that was set back; it counts as the end of the window, so that nobody waits longer than that.
    """
    at = min(max(full_at, now), now + limit.window)
    return (True, at + limit.interval) if at + limit.interval <= now + limit.window else (False, at)


def verdict(limit: Limit, is_allowed: bool, full_at: int, now: int) -> Verdict:
    """What to tell whoever asked."""
    ahead = max(full_at - now, 0)
    wait = 0 if is_allowed else max(ahead + limit.interval - limit.window, 1)
    return Verdict(
        is_allowed=is_allowed,
        remaining=max((limit.window - ahead) // limit.interval, 0),
        reset_seconds=math.ceil(ahead / 1_000_000),
        retry_after_seconds=math.ceil(wait / 1_000_000),
    )


def microseconds(instant: datetime) -> int:
    """An instant as a whole number of microseconds since 1970, exactly."""
    return (instant - BEGINNING) // MICROSECONDS


def client_network(address: str) -> str:
    """What one client can hardly leave: its IPv4 address, or the /64 of its IPv6 address."""
    try:
        parsed = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return "unknown"
    if isinstance(parsed, ipaddress.IPv6Address):
        if parsed.ipv4_mapped is not None:
            return str(parsed.ipv4_mapped)
        return str(ipaddress.ip_network((parsed, 64), strict=False))
    return str(parsed)


def counted_address(email: str) -> str:
    """What stands for an address in the key of a counter: of one length, and not an address in one more table."""
    return hashlib.sha256(email.encode()).hexdigest()

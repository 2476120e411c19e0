"""Time zones by name, as people choose them."""

from functools import cache
from zoneinfo import available_timezones

LONGEST_ZONE = 64


@cache
def _zones() -> frozenset[str]:
    # A machine's own zone names nothing that another machine knows.
    return frozenset(available_timezones()) - {"localtime", "Factory"}


def is_zone(name: str) -> bool:
    """Whether this is the name of a zone of the IANA database, such as `Asia/Almaty`."""
    return len(name) <= LONGEST_ZONE and name in _zones()

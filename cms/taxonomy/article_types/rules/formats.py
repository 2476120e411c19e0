"""The formats that texts of fields may have. Each is checked, on save and on publish."""

import re
from collections.abc import Callable
from datetime import UTC, date, datetime

from cms.taxonomy.rules import is_url

DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", re.ASCII)
INSTANT = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}[Tt][0-9]{2}:[0-9]{2}:[0-9]{2}(?:\.[0-9]{1,6})?(?:[Zz]|[+-][0-9]{2}:[0-9]{2})", re.ASCII
)
UUID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.ASCII)


def date_from(text: str) -> date | None:
    """A calendar day such as 2026-11-25; None for what is none."""
    try:
        return date.fromisoformat(text) if DATE.fullmatch(text) else None
    except ValueError:
        return None


def instant_from(text: str) -> datetime | None:
    """An RFC 3339 instant, in UTC; None for what is none."""
    try:
        return datetime.fromisoformat(text.upper()).astimezone(UTC) if INSTANT.fullmatch(text) else None
    except (ValueError, OverflowError):
        return None


FORMATS: dict[str, Callable[[str], bool]] = {
    "date": lambda text: date_from(text) is not None,
    "date-time": lambda text: instant_from(text) is not None,
    "uri": is_url,
    "uuid": lambda text: UUID.fullmatch(text) is not None,
}

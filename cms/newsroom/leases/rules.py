"""Who holds an article: plain values and the one decision. Plain Python."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True)
class TakeLease:
    """Take or prolong the lease of an article for `lasts_seconds`; `is_forced` takes it from whoever holds it."""

    article_id: str
    lasts_seconds: int
    is_forced: bool = False


@dataclass(frozen=True)
class Holder:
    """A caller who holds a lease."""

    kind: str
    id: str


def is_held_by_another(holder: Holder, asker: Holder, expires_at: datetime, now: datetime) -> bool:
    """Whether somebody else holds a lease that has not ended."""
    return now < expires_at and holder != asker

"""What may be, of revisions: how long notes are, which old ones are let go, what bringing one back means. Plain Python.

An edit that readers never saw and nobody named is let go when it is old and a later revision of the same day is kept.
Everything else stays for good: the first revision, the present one, what was published, every act of an article's
life, what was brought back, and what has a note.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from itertools import pairwise

LONGEST_NOTE = 500
LONGEST_AUTHOR = 120
EDITED = "edited"


@dataclass(frozen=True)
class RestoreRevision:
    """Make the working copy what an old revision holds. `revision` is the present one, `wanted` the old one.

    `drops_missing` leaves out sections and people that do not exist any more instead of refusing.
    """

    article_id: str
    revision: int
    wanted: int
    note: str = ""
    drops_missing: bool = False


@dataclass(frozen=True)
class Kept:
    """A revision as thinning looks at it."""

    revision: int
    at: datetime
    is_thinnable: bool


def is_thinnable(action: str, revision: int, note: str) -> bool:
    """Whether a revision may ever be let go."""
    return action == EDITED and revision > 1 and not note


def thinned_before(now: datetime, kept_days: int) -> datetime:
    """The end of the last UTC day that is old enough. What was replaced later than that is always there."""
    return datetime.combine((now - timedelta(days=kept_days)).astimezone(UTC).date(), time(), tzinfo=UTC)


def spare(revisions: Iterable[Kept]) -> list[int]:
    """Those of an article's revisions, whole days in their order, that are let go: of each day the last one stays."""
    return [one.revision for one, after in pairwise(revisions) if one.is_thinnable and _day(one) == _day(after)]


def missing_names(content_names: Sequence[tuple[str, str]], known: Iterable[str]) -> list[tuple[str, str]]:
    """Those of the pointers with their slugs whose slug nobody knows any more."""
    there = set(known)
    return [(pointer, slug) for pointer, slug in content_names if slug not in there]


def _day(one: Kept) -> object:
    return one.at.astimezone(UTC).date()

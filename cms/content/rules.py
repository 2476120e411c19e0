"""What a list can be narrowed to; what is counted of an article's readers; what makes two published articles related: a
pure score, and how many neighbours are kept and shown.

Not here: finding candidates and keeping the lists (`relating.py`), counting terms (`platform/text/terms.py`).
"""

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any

from cms.platform.clock import rfc3339
from cms.platform.text.locales import canonical_locale

KEPT = 15
SHOWN = 5
STRONGEST_TERMS = 40
MOST_TAGS = 10
MOST_IDS = 100
# The members of a document in their order, and those that its entry in lists does not have.
ORDER = (
    "id", "number", "type", "locale", "slug", "url", "section", "title", "dek", "source", "authors", "editor",
    "published_at", "first_published_at", "updated_at", "revision", "summary", "reading_time", "body", "tags", "fields",
    "related", "comments", "bookmarks", "share", "translations", "corrections", "seo", "previous", "next",
)  # fmt: skip
NOT_ON_CARDS = (
    "editor", "body", "fields", "related", "comments", "bookmarks", "share", "translations", "corrections", "seo",
    "previous", "next",
)  # fmt: skip
ON_CARDS = tuple(name for name in ORDER if name not in NOT_ON_CARDS)
BODY_FORMS = ("html", "markdown", "text", "blocks", "none")
PAGE = 20
NEWEST_FIRST = "-published_at"
SORTS = (NEWEST_FIRST, "published_at", "-updated_at", "updated_at")

TEXT_PART = 0.75
TAG_PART = 0.20
SECTION_PART = 0.05
HALF_LIFE_DAYS = 90.0
OLDEST_PART = 0.5
NAMED_FROM_COSINE = 0.05
# In the sample newsroom all entries below this share a common word or two and no subject; a shared tag scores more.
LEAST_SCORE = 0.03
SECONDS_PER_DAY = 86_400.0


@dataclass(frozen=True)
class FieldFilter:
    """What one field of an article is narrowed to: one of these values, or between two amounts, both included."""

    field: str
    values: tuple[str, ...] = ()
    least: float | None = None
    most: float | None = None


@dataclass(frozen=True)
class Filter:
    """What a list is narrowed to. A section means its subtree too; several tags mean articles with any of them.

    `fields` are filters that the type declares, in the order of their names. Published from `since` on and before
    `until`. `sort` is the instant that orders the list, with a minus where the latest comes first.
    """

    section: str | None = None
    tags: tuple[str, ...] = ()
    author: str | None = None
    locale: str | None = None
    type: str | None = None
    fields: tuple[FieldFilter, ...] = ()
    since: datetime | None = None
    until: datetime | None = None
    sort: str = NEWEST_FIRST

    @property
    def name(self) -> str:
        """What binds cursors to this list."""
        plain = f"articles|{self.section}|{','.join(self.tags)}|{self.author}|{self.locale}"
        beside = f"|{self.type}|{self.fields}" if self.type is not None else ""
        beside += f"|{self.since}|{self.until}" if self.since or self.until else ""
        return plain + beside + (f"|{self.sort}" if self.sort != NEWEST_FIRST else "")

    @property
    def column(self) -> str:
        """The instant that orders the list."""
        return self.sort.removeprefix("-")

    @property
    def is_falling(self) -> bool:
        """Whether the latest comes first."""
        return self.sort.startswith("-")


@dataclass(frozen=True)
class Choice:
    """Which members of documents are wanted, beside or instead of the usual ones, and in which form the body."""

    fields: tuple[str, ...] = ()
    include: tuple[str, ...] = ()
    body: str | None = None


@dataclass(frozen=True)
class Portrait:
    """What the score sees of a published article. `vector` is L2-normalised and holds the strongest terms."""

    article_id: str
    locale: str
    section: str
    published_at: datetime
    tags: frozenset[str]
    vector: Mapping[str, float] = field(repr=False)


@dataclass(frozen=True)
class Neighbour:
    """One entry of a related list."""

    other_id: str
    score: float
    why: tuple[str, ...]


@dataclass(frozen=True)
class AudienceCounts:
    """How many readers act on an article and whether they can comment, as its document shows it."""

    bookmarks: int = 0
    comments: int = 0
    takes_comments: bool = True

    def members(self) -> dict[str, Any]:
        """The members of the document."""
        return {
            "comments": {"is_enabled": self.takes_comments, "count": self.comments},
            "bookmarks": {"count": self.bookmarks},
        }


def tombstone_data(article_id: str, taken_down_at: datetime, reason: str) -> dict[str, str]:
    """What is told of an article that was taken down, wherever somebody looks for it."""
    told = {"id": article_id, "taken_down_at": rfc3339(taken_down_at)}
    return {**told, "reason": reason} if reason else told


def span(year: int, month: int | None) -> tuple[datetime, datetime]:
    """When a year or month of UTC begins and when it is over."""
    begins = datetime(year, month or 1, 1, tzinfo=UTC)
    over = datetime(year + (month in (None, 12)), 1 if month in (None, 12) else (month or 0) + 1, 1, tzinfo=UTC)
    return begins, over


@lru_cache(maxsize=1024)
def wanted_locales(fallbacks: str, locale: str) -> tuple[str, ...]:
    """The languages in which an article may be answered to somebody who asked for one, the best first.

    `fallbacks` is the setting, such as `kk:ru,en;zh-TW:zh-CN;*:en`. After a language and its own fallbacks come those
    of the shorter tags, such as `zh` for `zh-TW`, and at the end those of `*`. Source: RFC 4647, section 3.4.
    """
    named = dict(entry.split(":", 1) for entry in fallbacks.replace(" ", "").split(";") if entry)
    known = {_spelled(key): [_spelled(one) for one in others.split(",")] for key, others in named.items()}
    wanted: list[str] = []
    parts = locale.split("-")
    while parts:
        tag = "-".join(parts)
        wanted += [tag, *known.get(tag, ())]
        parts.pop()
        if parts and len(parts[-1]) == 1:
            parts.pop()
    return tuple(dict.fromkeys([*wanted, *known.get("*", ())]))


def _spelled(tag: str) -> str:
    return canonical_locale(tag) or tag


def text_likeness(one: Portrait, other: Portrait) -> float:
    """The cosine of two articles' vectors. Range: 0 to 1. Summed exactly, so that the order of terms has no say."""
    short, long = sorted((one.vector, other.vector), key=len)
    return math.fsum(weight * long[term] for term, weight in short.items() if term in long)


def tag_likeness(one: Portrait, other: Portrait) -> float:
    """How far two articles carry the same tags. Range: 0 to 1. Formula: |A ∩ B| / sqrt(|A| · |B|)."""
    if not one.tags or not other.tags:
        return 0.0
    return len(one.tags & other.tags) / math.sqrt(len(one.tags) * len(other.tags))


def closeness_in_time(one: datetime, other: datetime) -> float:
    """How much two articles belong to the same days. Range: 0.5 to 1. Formula: 0.5 + 0.5 · 2^(-days apart / 90)."""
    days = abs((one - other).total_seconds()) / SECONDS_PER_DAY
    return OLDEST_PART + (1 - OLDEST_PART) * 2 ** (-days / HALF_LIFE_DAYS)


def score(one: Portrait, other: Portrait) -> float:
    """How related two articles are. Symmetric, and the same at any time of asking.

    Range: 0 to 1, rounded to six places; 0 between locales, and where neither a strong term nor a tag is shared.
    Formula: (0.75 · cosine of the texts + 0.20 · shared tags + 0.05 · same section) · closeness in time
    """
    if one.locale != other.locale or one.article_id == other.article_id:
        return 0.0
    shared = TEXT_PART * text_likeness(one, other) + TAG_PART * tag_likeness(one, other)
    if shared <= 0:
        return 0.0
    if one.section and one.section == other.section:
        shared += SECTION_PART
    return round(shared * closeness_in_time(one.published_at, other.published_at), 6)


def reasons(one: Portrait, other: Portrait) -> tuple[str, ...]:
    """Why two articles are related, for people: `tag:rail`, `text`, `section`."""
    why = [f"tag:{tag}" for tag in sorted(one.tags & other.tags)]
    if text_likeness(one, other) >= NAMED_FROM_COSINE or not why:
        why.append("text")
    if one.section and one.section == other.section:
        why.append("section")
    return tuple(why)


def neighbour(one: Portrait, other: Portrait) -> Neighbour | None:
    """The entry that `other` makes in the list of `one`, or None where they are not related enough."""
    value = score(one, other)
    return Neighbour(other.article_id, value, reasons(one, other)) if value >= LEAST_SCORE else None


def rank(entry: Neighbour) -> tuple[float, str]:
    """Best first; of equals the one with the smaller id."""
    return (-entry.score, entry.other_id)


def best(entries: Iterable[Neighbour]) -> list[Neighbour]:
    """The entries that are kept, best first."""
    return sorted(entries, key=rank)[:KEPT]

"""What a list can be narrowed to; what is counted of an article's readers; in which languages an article is answered.

Not here: what makes two published articles related (`related/rules.py`).
"""

from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any

from cms.platform.clock import rfc3339
from cms.platform.text.locales import canonical_locale

MOST_TAGS = 10
MOST_IDS = 100
# The members of a document in their order, and those that its entry in lists does not have.
ORDER = (
    "id", "number", "type", "locale", "slug", "url", "section", "title", "dek", "source", "authors", "editor",
    "published_at", "first_published_at", "updated_at", "revision", "summary", "reading_time", "body", "images",
    "attachments", "tags",
    "fields", "related", "comments", "bookmarks", "share", "translations", "corrections", "seo", "previous", "next",
)  # fmt: skip
NOT_ON_CARDS = (
    "editor", "body", "attachments", "fields", "related", "comments", "bookmarks", "share", "translations",
    "corrections", "seo", "previous", "next",
)  # fmt: skip
ON_CARDS = tuple(name for name in ORDER if name not in NOT_ON_CARDS)
BODY_FORMS = ("html", "markdown", "text", "blocks", "none")
PAGE = 20
NEWEST_FIRST = "-published_at"
SORTS = (NEWEST_FIRST, "published_at", "-updated_at", "updated_at")


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

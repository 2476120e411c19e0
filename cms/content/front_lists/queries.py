"""Reads of front lists for readers. Nothing here writes."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from cms.content.front_lists.rules import is_open
from cms.platform.direct_reads import DirectReads, read_instant

NAMED = (
    "SELECT l.name, l.title, s.slug, l.locale, l.number, l.fill_limit, f.slug "
    "FROM front_lists l LEFT JOIN sections s ON s.id = l.section_id LEFT JOIN sections f ON f.id = l.fill_section_id "
)
VARIANTS = NAMED + "WHERE l.name = ? ORDER BY l.locale"
ALL = NAMED + "ORDER BY l.name, l.locale"
ENTRIES = (
    "SELECT e.is_pinned, e.from_at, e.until_at, e.title, e.article_id, c.locale, c.card "
    "FROM front_list_entries e LEFT JOIN documents d ON d.article_id = e.article_id "
    "LEFT JOIN document_cards c ON c.number = d.number "
    "WHERE e.list_number = ? ORDER BY e.position"
)
TOLD = ("name", "title", "section", "locale")


@dataclass(frozen=True)
class EntryNow:
    """An entry as it was arranged, at an instant; without a card where readers do not see the article."""

    is_pinned: bool
    is_open: bool
    title: str
    article_id: str
    locale: str | None
    card: bytes | None


@dataclass(frozen=True)
class NamedList:
    """A list: what is told of it, where its entries are, and with what it is filled up."""

    told: dict[str, Any]
    number: int
    fill_limit: int
    filled_from: str | None


def named_list(reads: DirectReads, name: str, locale: str | None) -> NamedList | None:
    """The list in the language, else the one for every language; asked for no language, the first that there is."""
    rows = reads.rows(VARIANTS, (name,))
    by_locale = {row[3]: row for row in rows}
    row = (rows[0] if rows else None) if locale is None else by_locale.get(locale) or by_locale.get("")
    return None if row is None else NamedList(_told(row), *row[4:])


def entries_now(reads: DirectReads, number: int, now: datetime) -> list[EntryNow]:
    """The entries of a list in the editors' order, one statement."""
    return [_entry(row, now) for row in reads.rows(ENTRIES, (number,))]


def known_lists(reads: DirectReads) -> list[dict[str, Any]]:
    """Every list as apps know it, by name and language."""
    return [_told(row) for row in reads.rows(ALL)]


def _entry(row: tuple[Any, ...], now: datetime) -> EntryNow:
    is_pinned, from_at, until_at, title, article_id, locale, card = row
    return EntryNow(
        is_pinned=bool(is_pinned),
        is_open=is_open(_instant(from_at), _instant(until_at), now),
        title=title,
        article_id=str(UUID(str(article_id))),
        locale=locale,
        card=None if card is None else bytes(card),
    )


def _told(row: tuple[Any, ...]) -> dict[str, Any]:
    return {**dict(zip(TOLD, row, strict=False)), "locale": row[3] or None}


def _instant(stored: Any) -> datetime | None:
    return None if stored is None else read_instant(stored)

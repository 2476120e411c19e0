"""The lists of articles: which statement reads one page, and what its cursors are.

Every list is a range of an index, read from the place where the cursor points, so page 400 costs what page 2 costs.
Not here: what narrows them (`narrowing.py`), HTTP (`api.py`).
"""

# ruff: noqa: S608  # the statements are put together from this module's own names; what askers send goes by placeholder

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any
from uuid import UUID

from cms.content.narrowing import Part, Pattern, lead_of, parts_of, pattern_of, stored_instant, values_of, where
from cms.content.queries import stored_id
from cms.content.rules import Filter
from cms.platform.clock import rfc3339
from cms.platform.direct_reads import DirectReads, read_instant
from cms.platform.errors import BadRequest

Position = tuple[Any, ...]
# Where an entry's bytes are: its card, or its whole document.
CARDS = ("c.card", "document_cards c", "c.number")
DOCUMENTS = ("d.body", "documents d", "d.number")


@dataclass(frozen=True)
class CardPage:
    """One page of ready entries. `following` and `preceding` are where the pages beside it begin."""

    cards: list[bytes]
    following: Position | None
    preceding: Position | None


def newest(
    reads: DirectReads,
    asked: Filter,
    limit: int,
    after: Sequence[Any] | None,
    *,
    is_backwards: bool = False,
    source: tuple[str, str, str] = CARDS,
) -> CardPage:
    """One page of a list, from a position on, or of what stands before it when reading backwards.

    One statement, whatever is filtered. Raises: BadRequest for a position that is not one of a list.
    """
    statement, parts = _page_statement(pattern_of(asked), after is not None, asked.is_falling != is_backwards, source)
    place = () if after is None else _place(after, is_sqlite=reads.is_sqlite)
    values: list[Any] = []
    for tag in asked.tags or (None,):
        values += [*values_of(parts, asked, tag, is_sqlite=reads.is_sqlite), *place, limit + 1]
    rows = reads.rows(statement, [*values, limit + 1])
    is_more, rows = len(rows) > limit, rows[:limit]
    if is_backwards:
        rows.reverse()
    if not rows:
        return CardPage([], None, None)
    has_following = is_more or is_backwards
    has_preceding = is_more if is_backwards else after is not None
    return CardPage(
        cards=[bytes(row[0]) for row in rows],
        following=_position(rows[-1]) if has_following else None,
        preceding=_position(rows[0]) if has_preceding else None,
    )


def by_ids(reads: DirectReads, article_ids: Sequence[str], source: tuple[str, str, str] = CARDS) -> list[bytes]:
    """The entries of those of these articles that readers see, in the order asked for. One statement."""
    column, table, key = source
    wanted = [stored_id(reads, article_id) for article_id in article_ids]
    rows = reads.rows(
        f"SELECT k.article_id, {column} FROM documents k CROSS JOIN {table} WHERE {key} = k.number "
        f"AND k.article_id IN ({', '.join('?' * len(wanted))})",
        wanted,
    )
    found = {str(UUID(str(article_id))): bytes(entry) for article_id, entry in rows}
    return [found[article_id] for article_id in dict.fromkeys(article_ids) if article_id in found]


def count(reads: DirectReads, asked: Filter) -> int:
    """How many articles a list holds, counted one by one."""
    statement, parts = _count_statement(pattern_of(asked))
    values: list[Any] = []
    for tag in asked.tags or (None,):
        values += values_of(parts, asked, tag, is_sqlite=reads.is_sqlite)
    return int(reads.rows(statement, values)[0][0])


@lru_cache(maxsize=256)
def _page_statement(
    pattern: Pattern, has_cursor: bool, is_falling: bool, source: tuple[str, str, str]
) -> tuple[str, list[Part]]:
    if has_cursor and pattern.column == "published_at":
        # The cursor is a narrower bound on its side. With both, SQLite would begin to read at the other one.
        pattern = replace(pattern, until=False) if is_falling else replace(pattern, since=False)
    parts = parts_of(pattern)
    place, way = f"k.{pattern.column}", "DESC" if is_falling else "ASC"
    clause = where(parts)
    if has_cursor:
        clause += f"{' AND' if clause else ' WHERE'} ({place}, k.number) {'<' if is_falling else '>'} (?, ?)"
    keys = f"SELECT k.number, {place} AS place FROM {lead_of(pattern)} k{clause}"
    branch = f"SELECT * FROM ({keys} ORDER BY {place} {way}, k.number {way} LIMIT ?) AS b"
    columns, table, key = source
    # In this order, whatever the planner believes: the page is small, and its entries are read by key.
    return (
        f"SELECT {columns}, p.place, p.number FROM ({' UNION '.join([branch] * max(pattern.tags, 1))}) AS p "
        f"CROSS JOIN {table} WHERE {key} = p.number ORDER BY p.place {way}, p.number {way} LIMIT ?",
        parts,
    )


@lru_cache(maxsize=256)
def _count_statement(pattern: Pattern) -> tuple[str, list[Part]]:
    parts = parts_of(pattern)
    counted = f"SELECT k.number FROM {lead_of(pattern)} k{where(parts)}"
    return f"SELECT COUNT(*) FROM ({' UNION '.join([counted] * max(pattern.tags, 1))}) AS c", parts


def _position(row: tuple[Any, ...]) -> Position:
    *_, place, number = row
    return (rfc3339(read_instant(place)), number)


def _place(position: Sequence[Any], *, is_sqlite: bool) -> Position:
    try:
        text, number = position
        instant = datetime.fromisoformat(text).astimezone(UTC)
    except (TypeError, ValueError):
        raise BadRequest("The cursor is not one of this list; begin again without it.", code="bad_cursor") from None
    return (stored_instant(instant, is_sqlite=is_sqlite), number)

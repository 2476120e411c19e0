"""The lists of articles: which statement reads one page, and what its cursors are.

Every list is a range of an index, read from the place where the cursor points, so page 400 costs what page 2 costs.
Not here: what narrows them (`narrowing.py`), HTTP (`api.py`).
"""

# ruff: noqa: S608  # the statements are put together from this module's own names; what askers send goes by placeholder

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any, NamedTuple
from uuid import UUID

import orjson

from cms.content.narrowing import Part, Pattern, lead_of, parts_of, pattern_of, stored_instant, values_of, where
from cms.content.queries import stored_id
from cms.content.rules import Filter
from cms.platform.direct_reads import DirectReads
from cms.platform.errors import BadRequest

Position = tuple[Any, ...]
# Where an entry's bytes and their mark are: its card, or its whole document, of which parts are shown.
CARDS = ("c.card AS entry, c.mark", "document_cards c", "c.number")
DOCUMENTS = ("d.body AS entry, '' AS mark", "documents d", "d.number")
MARK_LENGTH = 24
# What stands between two entries of a page. No entry holds a line feed: JSON writes those of texts as \\n.
BETWEEN = b",\n"
# One row with the whole page: a driver takes longer for a row than the database does for an entry.
JOINED = {
    True: "SELECT CAST(group_concat(entry, ',' || char(10)) AS BLOB), group_concat(mark, ''), COUNT(*)",
    False: "SELECT string_agg(entry, convert_to(E',\\n', 'UTF8')), string_agg(mark, ''), COUNT(*)",
}


class CardPage(NamedTuple):
    """One page of ready entries, joined as a list of JSON holds them; empty where there are none.

    `marks` stand for the bytes of all entries, and are empty for whole documents. `following` and `preceding` are where
    the pages beside it begin.
    """

    joined: bytes
    marks: str
    following: Position | None
    preceding: Position | None

    @property
    def cards(self) -> list[bytes]:
        """The entries one by one."""
        return self.joined.split(BETWEEN) if self.joined else []


class Plan(NamedTuple):
    """How a page is read: the statement, and for each of its branches the values before those of the place."""

    text: str
    branches: tuple[tuple[Any, ...], ...]


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
    text, branches = _plan(asked, limit + 1, after is not None, is_backwards, source, reads.is_sqlite)
    place = () if after is None else _place(after, is_sqlite=reads.is_sqlite)
    [(joined, marks, found)] = reads.rows(text, [value for branch in branches for value in (*branch, *place)])
    if not found:
        return CardPage(b"", "", None, None)
    is_more, joined = found > limit, bytes(joined)
    if is_more:
        joined, marks = joined[: joined.rfind(BETWEEN)], marks[: limit * MARK_LENGTH]
    if is_backwards:
        joined = BETWEEN.join(reversed(joined.split(BETWEEN)))
        marks = "".join(
            marks[place : place + MARK_LENGTH] for place in range(len(marks) - MARK_LENGTH, -1, -MARK_LENGTH)
        )
    position = _position_of_card if marks else _position
    has_following = is_more or is_backwards
    has_preceding = is_more if is_backwards else after is not None
    return CardPage(
        joined=joined,
        marks=marks,
        following=position(joined[_after(joined.rfind(BETWEEN)) :], asked.column) if has_following else None,
        preceding=position(joined.partition(BETWEEN)[0], asked.column) if has_preceding else None,
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
    found = {str(UUID(str(article_id))): bytes(entry) for article_id, entry, _ in rows}
    return [found[article_id] for article_id in dict.fromkeys(article_ids) if article_id in found]


def count(reads: DirectReads, asked: Filter) -> int:
    """How many articles a list holds, counted one by one."""
    statement, parts = _count_statement(pattern_of(asked))
    values: list[Any] = []
    for tag in asked.tags or (None,):
        values += values_of(parts, asked, tag, is_sqlite=reads.is_sqlite)
    return int(reads.rows(statement, values)[0][0])


@lru_cache(maxsize=1024)
def _plan(
    asked: Filter, most: int, has_cursor: bool, is_backwards: bool, source: tuple[str, str, str], is_sqlite: bool
) -> Plan:
    is_falling = asked.is_falling != is_backwards
    text, parts = _page_statement(pattern_of(asked), most, has_cursor, is_falling, source, is_sqlite)
    return Plan(text, tuple(tuple(values_of(parts, asked, tag, is_sqlite=is_sqlite)) for tag in asked.tags or (None,)))


@lru_cache(maxsize=1024)
def _page_statement(
    pattern: Pattern, most: int, has_cursor: bool, is_falling: bool, source: tuple[str, str, str], is_sqlite: bool
) -> tuple[str, list[Part]]:
    if has_cursor and pattern.column == "published_at":
        # The cursor is a narrower bound on its side. With both, SQLite would begin to read at the other one.
        pattern = replace(pattern, until=False) if is_falling else replace(pattern, since=False)
    parts = parts_of(pattern)
    place, way = f"k.{pattern.column}", "DESC" if is_falling else "ASC"
    clause = where(parts)
    if has_cursor:
        clause += f"{' AND' if clause else ' WHERE'} ({place}, k.number) {'<' if is_falling else '>'} (?, ?)"
    column, table, key = source
    # The limit is written out. One that PostgreSQL does not know when it makes a plan to keep is taken for a tenth of
    # the table; it would rather plan each read anew then, which takes longer than the read.
    lead, order = lead_of(pattern), f"ORDER BY {place} {way}, k.number {way} LIMIT {most:d}"
    if is_sqlite and pattern.tags < 2:
        # SQLite reads the tables of a CROSS JOIN in the order in which they are named, and so sorts nothing here.
        joint = f"{clause}{' AND' if clause else ' WHERE'} {key} = k.number"
        page = f"SELECT {column} FROM {lead} k CROSS JOIN {table}{joint} {order}"
        return f"{JOINED[is_sqlite]} FROM ({page}) AS page", parts
    branch = f"SELECT * FROM (SELECT k.number, {place} AS place FROM {lead} k{clause} {order}) AS b"
    # In this order, whatever the planner believes: the page is small, and its entries are read by key.
    page = (
        f"SELECT {column} FROM ({' UNION '.join([branch] * max(pattern.tags, 1))}) AS p "
        f"CROSS JOIN {table} WHERE {key} = p.number ORDER BY p.place {way}, p.number {way} LIMIT {most:d}"
    )
    return f"{JOINED[is_sqlite]} FROM ({page}) AS page", parts


@lru_cache(maxsize=256)
def _count_statement(pattern: Pattern) -> tuple[str, list[Part]]:
    parts = parts_of(pattern)
    counted = f"SELECT k.number FROM {lead_of(pattern)} k{where(parts)}"
    return f"SELECT COUNT(*) FROM ({' UNION '.join([counted] * max(pattern.tags, 1))}) AS c", parts


def _after(found: int) -> int:
    """Where what comes after a mark begins; the beginning where there was none."""
    return found + len(BETWEEN) if found >= 0 else 0


def _position(entry: bytes, column: str) -> Position:
    """Where an entry stands. It says itself, in the same instants, what the index is ordered by."""
    told = orjson.loads(entry)
    return (told[column], told["number"])


# A card is short, and the same one ends a first page until the next publish. Whole documents may be long.
_position_of_card = lru_cache(maxsize=512)(_position)


def _place(position: Sequence[Any], *, is_sqlite: bool) -> Position:
    try:
        text, number = position
        instant = datetime.fromisoformat(text).astimezone(UTC)
    except (TypeError, ValueError):
        raise BadRequest("The cursor is not one of this list; begin again without it.", code="bad_cursor") from None
    return (stored_instant(instant, is_sqlite=is_sqlite), number)

"""The newest articles by section, tag, author, locale, type and fields: which statement reads one page, and what its
cursors are.

Every list is a range of an index, read from the place where the cursor points, so page 400 costs what page 2 costs.
Not here: HTTP (`api.py`).
"""

# ruff: noqa: S608  # the statements are put together from this module's own names; what askers send goes by placeholder

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any

from cms.content.rules import Filter
from cms.platform.clock import rfc3339
from cms.platform.direct_reads import DirectReads
from cms.platform.errors import BadRequest

Position = tuple[Any, ...]
# Section, how many tags, author, locale, type; for each field how many values, and whether it has least and most.
Pattern = tuple[bool, int, bool, bool, bool, tuple[tuple[int, bool, bool], ...]]


@dataclass(frozen=True)
class CardPage:
    """One page of ready cards, newest first. `following` and `preceding` are where the pages beside it begin."""

    cards: list[bytes]
    following: Position | None
    preceding: Position | None


def newest(
    reads: DirectReads, asked: Filter, limit: int, after: Sequence[Any] | None, *, is_backwards: bool = False
) -> CardPage:
    """One page of the newest articles, from a position on, or of what stands before it when reading backwards.

    One statement, whatever is filtered. Raises: BadRequest for a position that is not one of a list.
    """
    statement, _ = _statements(_pattern(asked), after is not None, is_backwards)
    place = () if after is None else _place(after, is_sqlite=reads.is_sqlite)
    values: list[Any] = []
    for tag in asked.tags or (None,):
        values += [*_values(asked, tag), *place, limit + 1]
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


def count(reads: DirectReads, asked: Filter) -> int:
    """How many articles a list holds, counted one by one."""
    _, statement = _statements(_pattern(asked), False, False)
    values: list[Any] = []
    for tag in asked.tags or (None,):
        values += _values(asked, tag)
    return int(reads.rows(statement, values)[0][0])


def _pattern(asked: Filter) -> Pattern:
    """What is filtered, without the values: one statement serves all lists of a pattern."""
    fields = tuple((len(one.values), one.least is not None, one.most is not None) for one in asked.fields)
    named = (asked.section is not None, len(asked.tags), asked.author is not None, asked.locale is not None)
    return (*named, asked.type is not None, fields)


def _leads_by_field(pattern: Pattern) -> bool:
    """Whether the first field's one value names the range that is read: where nothing narrower does."""
    has_section, tags, has_author, *_, fields = pattern
    return not (has_section or tags or has_author) and bool(fields) and fields[0][0] == 1


def _values(asked: Filter, tag: str | None) -> list[Any]:
    """What stands for the placeholders of one branch, up to its cursor."""
    leading = asked.fields[:1] if _leads_by_field(_pattern(asked)) else ()
    values: list[Any] = [value for one in leading for value in (one.field, one.values[0])]
    named = (tag, asked.author, asked.section, asked.locale, asked.type)
    values += [value for value in named if value is not None]
    for one in asked.fields[len(leading) :]:
        values += [one.field, *one.values, *(bound for bound in (one.least, one.most) if bound is not None)]
    return values


def _own_conditions(pattern: Pattern, lead: str) -> list[str]:
    """The conditions on the article's type and on its own fields, in the order of `_values`."""
    *_, has_type, fields = pattern
    conditions = []
    if has_type and lead == "documents":
        conditions.append("k.type = ?")
    elif has_type:
        conditions.append("EXISTS (SELECT 1 FROM documents x WHERE x.article_id = k.article_id AND x.type = ?)")
    for values, has_least, has_most in fields[1:] if lead == "document_fields" else fields:
        narrowed = f" AND x.value IN ({', '.join('?' * values)})" if values else ""
        narrowed += " AND x.amount >= ?" if has_least else ""
        narrowed += " AND x.amount <= ?" if has_most else ""
        conditions.append(
            f"EXISTS (SELECT 1 FROM document_fields x WHERE x.article_id = k.article_id AND x.field = ?{narrowed})"
        )
    return conditions


@lru_cache(maxsize=256)
def _statements(pattern: Pattern, has_cursor: bool, is_backwards: bool) -> tuple[str, str]:
    # The narrowest table leads, in the order of its own index; the others are asked by key for each of its rows.
    has_section, tags, has_author, has_locale, *_ = pattern
    narrow = [("document_tags", "tag")] if tags else []
    narrow += [("document_authors", "author")] if has_author else []
    narrow += [("document_sections", "section")] if has_section else []
    lead = narrow[0][0] if narrow else "document_fields" if _leads_by_field(pattern) else "documents"
    conditions = ["k.field = ? AND k.value = ?"] if lead == "document_fields" else []
    conditions += [f"k.{narrow[0][1]} = ?"] if narrow else []
    conditions += [
        f"EXISTS (SELECT 1 FROM {table} x WHERE x.article_id = k.article_id AND x.{column} = ?)"
        for table, column in narrow[1:]
    ]
    if has_locale and lead == "documents":
        conditions.append("k.locale = ?")
    elif has_locale:
        conditions.append("EXISTS (SELECT 1 FROM documents x WHERE x.article_id = k.article_id AND x.locale = ?)")
    conditions += _own_conditions(pattern, lead)
    keys = f"SELECT k.article_id, k.published_at, k.number FROM {lead} k"
    counted = f"SELECT k.article_id FROM {lead} k" + _where(conditions)
    if has_cursor:
        conditions.append(f"(k.published_at, k.number) {'>' if is_backwards else '<'} (?, ?)")
    way = "ASC" if is_backwards else "DESC"
    order = "ORDER BY {0}.published_at " + way + ", {0}.number " + way + " LIMIT ?"
    branch = f"SELECT * FROM ({keys}{_where(conditions)} {order.format('k')}) AS b"
    page = " UNION ".join([branch] * max(tags, 1))
    whole = (
        f"SELECT d.card, d.published_at, d.number FROM ({page}) AS p CROSS JOIN documents d "
        f"WHERE d.article_id = p.article_id {order.format('p')}"
    )
    return whole, f"SELECT COUNT(*) FROM ({' UNION '.join([counted] * max(tags, 1))}) AS c"


def _where(conditions: list[str]) -> str:
    return " WHERE " + " AND ".join(conditions) if conditions else ""


def _position(row: tuple[Any, ...]) -> Position:
    instant = row[1] if isinstance(row[1], datetime) else datetime.fromisoformat(row[1]).replace(tzinfo=UTC)
    return (rfc3339(instant), row[2])


def _place(position: Sequence[Any], *, is_sqlite: bool) -> Position:
    try:
        text, number = position
        instant = datetime.fromisoformat(text).astimezone(UTC)
    except (TypeError, ValueError):
        raise BadRequest("The cursor is not one of this list; begin again without it.", code="bad_cursor") from None
    # SQLAlchemy writes instants into SQLite in this form, always with microseconds, so they compare as text.
    return (instant.strftime("%Y-%m-%d %H:%M:%S.%f") if is_sqlite else instant, number)

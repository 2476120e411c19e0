"""What a list is narrowed to, as SQL: the table that leads, and what is asked of each of its rows.

The narrowest table leads, in the order of its own index; the others are asked by key. Not here: pages (`listing.py`),
months (`archiving.py`).
"""

# ruff: noqa: S608  # the statements are put together from this module's own names; what askers send goes by placeholder

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, NamedTuple

from cms.content.rules import Filter

Value = Callable[[Filter, str | None], Any]


@dataclass(frozen=True)
class Pattern:
    """What is narrowed, without the values: one statement serves all lists of a pattern.

    `tags` says how many, `fields` for each field how many values, and whether it has least and most.
    """

    section: bool
    tags: int
    author: bool
    locale: bool
    type: bool
    since: bool
    until: bool
    column: str
    fields: tuple[tuple[int, bool, bool], ...]


class Part(NamedTuple):
    """A condition, and where its values come from, in their order."""

    text: str
    values: tuple[Value, ...]


def pattern_of(asked: Filter) -> Pattern:
    """The pattern of a filter."""
    return Pattern(
        section=asked.section is not None,
        tags=len(asked.tags),
        author=asked.author is not None,
        locale=asked.locale is not None,
        type=asked.type is not None,
        since=asked.since is not None,
        until=asked.until is not None,
        column=asked.column,
        fields=tuple((len(one.values), one.least is not None, one.most is not None) for one in asked.fields),
    )


def lead_of(pattern: Pattern) -> str:
    """The table whose index is read in order. Only published articles as such are ordered by their last change."""
    if pattern.column != "published_at":
        return "documents"
    named = {
        "document_tags": bool(pattern.tags),
        "document_authors": pattern.author,
        "document_sections": pattern.section,
        "document_fields": bool(pattern.fields) and pattern.fields[0][0] == 1,
    }
    return next((table for table, is_named in named.items() if is_named), "documents")


def parts_of(pattern: Pattern) -> list[Part]:
    """The conditions on a row `k` of the leading table."""
    lead = lead_of(pattern)
    words = (
        ("document_tags", "tag", bool(pattern.tags), lambda _asked, tag: tag),
        ("document_authors", "author", pattern.author, lambda asked, _tag: asked.author),
        ("document_sections", "section", pattern.section, lambda asked, _tag: asked.section),
    )
    parts = [
        Part(f"k.{column} = ?" if table == lead else _known(table, f"x.{column} = ?"), (value,))
        for table, column, is_named, value in words
        if is_named
    ]
    if pattern.locale:
        parts.append(_own("locale", lead, ("documents", "document_sections"), lambda asked, _tag: asked.locale))
    if pattern.type:
        parts.append(_own("type", lead, ("documents",), lambda asked, _tag: asked.type))
    parts += [_field(place, shape, lead) for place, shape in enumerate(pattern.fields)]
    if pattern.since:
        parts.append(Part("k.published_at >= ?", (lambda asked, _tag: asked.since,)))
    if pattern.until:
        parts.append(Part("k.published_at < ?", (lambda asked, _tag: asked.until,)))
    return parts


def where(parts: list[Part]) -> str:
    """The conditions as a clause."""
    return " WHERE " + " AND ".join(part.text for part in parts) if parts else ""


def values_of(parts: list[Part], asked: Filter, tag: str | None, *, is_sqlite: bool) -> list[Any]:
    """What stands for the placeholders of the conditions."""
    given = [value(asked, tag) for part in parts for value in part.values]
    return [stored_instant(one, is_sqlite=is_sqlite) if isinstance(one, datetime) else one for one in given]


def stored_instant(instant: datetime, *, is_sqlite: bool) -> Any:
    """An instant as the database compares it."""
    # SQLAlchemy writes instants into SQLite in this form, always with microseconds, so they compare as text.
    # Not by strftime, which writes years before 1000 with fewer than four digits.
    return instant.astimezone(UTC).replace(tzinfo=None).isoformat(" ", "microseconds") if is_sqlite else instant


def _known(table: str, condition: str) -> str:
    return f"EXISTS (SELECT 1 FROM {table} x WHERE x.article_id = k.article_id AND {condition})"


def _own(column: str, lead: str, having: tuple[str, ...], value: Value) -> Part:
    if lead in having:
        return Part(f"k.{column} = ?", (value,))
    return Part(f"EXISTS (SELECT 1 FROM document_cards x WHERE x.number = k.number AND x.{column} = ?)", (value,))


def _field(place: int, shape: tuple[int, bool, bool], lead: str) -> Part:
    values, has_least, has_most = shape
    if place == 0 and lead == "document_fields":
        return Part("k.field = ? AND k.value = ?", (_name_of(place), _value_of(place, 0)))
    narrowed = f" AND x.value IN ({', '.join('?' * values)})" if values else ""
    narrowed += " AND x.amount >= ?" if has_least else ""
    narrowed += " AND x.amount <= ?" if has_most else ""
    bounds: list[Value] = [lambda asked, _tag: asked.fields[place].least] if has_least else []
    bounds += [lambda asked, _tag: asked.fields[place].most] if has_most else []
    chosen = [_value_of(place, number) for number in range(values)]
    return Part(_known("document_fields", f"x.field = ?{narrowed}"), (_name_of(place), *chosen, *bounds))


def _name_of(place: int) -> Value:
    return lambda asked, _tag: asked.fields[place].field


def _value_of(place: int, number: int) -> Value:
    return lambda asked, _tag: asked.fields[place].values[number]

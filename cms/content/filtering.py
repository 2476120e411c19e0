"""Filters by an article's own fields: what was asked for, held against what its type declares.

Only a field that is declared as filterable can be named. Everything else is refused in the same words whether it is
there or not, so that nobody reads by filtering what they may not read.
"""

from collections.abc import Sequence

from cms.content.rules import FieldFilter
from cms.platform.direct_reads import DirectReads
from cms.platform.errors import BadRequest, FieldError
from cms.platform.http.query_input import AskedField
from cms.taxonomy.article_types.queries import type_for_readers
from cms.taxonomy.article_types.rules.values import RANGED, FieldValue, Kind, asked_value, filterable

MOST_VALUES = 50
FORMS = {
    "text": "a text of up to 200 characters",
    "number": "a number",
    "flag": "true or false",
    "date": "a day such as 2026-11-25",
    "instant": "an instant such as 2026-11-25T08:00:00Z",
}


def field_filters(reads: DirectReads, type_name: str | None, asked: Sequence[AskedField]) -> tuple[FieldFilter, ...]:
    """The filters of a list, those with one value first. Raises: BadRequest, naming what cannot be asked."""
    if not asked:
        return ()
    kind = None if type_name is None else type_for_readers(reads, type_name)
    if kind is None:
        raise _refusal([FieldError("?type", "required", "Name the type whose fields these are, such as type=video.")])
    known = filterable(kind.schema)
    errors: list[FieldError] = []
    grouped: dict[str, list[tuple[str, list[FieldValue]]]] = {}
    for one in asked:
        problem, values = _read(one, known.get(one.field))
        if problem:
            code = "invalid" if one.field in known else "not_filterable"
            errors.append(FieldError(f"?{one.parameter}", code, problem))
        grouped.setdefault(one.field, []).append((one.operator, values))
    if errors:
        raise _refusal(errors)
    filters = [_filter(field, parts) for field, parts in sorted(grouped.items())]
    return tuple(sorted(filters, key=lambda one: len(one.values) != 1))


def _read(asked: AskedField, kind: Kind | None) -> tuple[str, list[FieldValue]]:
    """What is wrong with a filter, or its values."""
    if kind is None:
        return "The type has no field of this name that can be filtered by.", []
    if asked.operator in ("gte", "lte") and kind not in RANGED:
        return f"A {kind} has no more and less; compare it by eq or in.", []
    texts = asked.text.split(",") if asked.operator == "in" else [asked.text]
    values = [asked_value(asked.field, kind, text) for text in texts]
    if None in values or len(values) > MOST_VALUES:
        several = f", or up to {MOST_VALUES} with commas" if asked.operator == "in" else ""
        return f"Must be {FORMS[kind]}{several}.", []
    return "", [value for value in values if value is not None]


def _filter(field: str, parts: Sequence[tuple[str, list[FieldValue]]]) -> FieldFilter:
    values: set[str] | None = None
    least: float | None = None
    most: float | None = None
    for operator, found in parts:
        if operator == "gte":
            least = found[0].amount
        elif operator == "lte":
            most = found[0].amount
        else:
            texts = {value.text for value in found}
            values = texts if values is None else values & texts
    if values is not None and not values:
        # Two values at once that no field can have: nothing is less than the least of all numbers.
        return FieldFilter(field, least=float("inf"), most=float("-inf"))
    return FieldFilter(field, tuple(sorted(values or ())), least, most)


def _refusal(errors: list[FieldError]) -> BadRequest:
    return BadRequest("A filter is not one that can be asked.", errors=errors)

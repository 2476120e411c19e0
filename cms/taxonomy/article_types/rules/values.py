"""What of an article's fields readers can filter by and search in: which fields a type declares for it, and the values
of one article."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Literal

from cms.platform.clock import rfc3339
from cms.taxonomy.article_types.rules.formats import date_from, instant_from
from cms.taxonomy.article_types.rules.limits import FILTERABLE, SEARCHABLE, Fault, escaped, parts_of, resolved

Kind = Literal["text", "number", "flag", "date", "instant"]
LONGEST_VALUE = 200
LONGEST_FIELD_NAME = 100
MOST_VALUES = 100
RANGED: frozenset[Kind] = frozenset({"number", "date", "instant"})
NUMBER = re.compile(r"-?[0-9]{1,18}(?:\.[0-9]{1,18})?", re.ASCII)
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True)
class FieldValue:
    """One value of one field: as text, to be the same as, and as a number where there is more and less of it."""

    field: str
    text: str
    amount: float | None


def filterable(schema: Mapping[str, Any]) -> dict[str, Kind]:
    """The fields that readers can filter by, with their kinds; for schemas without faults."""
    found = {}
    for name, part in schema.get("properties", {}).items():
        whole = resolved(schema, part)
        kind = _kind_of(_item_of(schema, whole))
        if whole.get(FILTERABLE) is True and kind is not None:
            found[name] = kind
    return found


def value_faults(schema: Mapping[str, Any]) -> list[Fault]:
    """What is wrong with the marks that make fields filterable and searchable."""
    faults = []
    tops = {f"/properties/{escaped(name)}": (name, part) for name, part in schema.get("properties", {}).items()}
    for pointer, part in parts_of(schema):
        if part.get(FILTERABLE) is True:
            name, _ = tops.get(pointer, (None, None))
            problem = "Only a field itself can be filterable." if name is None else _filter_problem(schema, name, part)
            if problem:
                faults.append(Fault(f"{pointer}/{FILTERABLE}", problem))
        if part.get(SEARCHABLE) is True and not _is_along_the_way(pointer):
            faults.append(Fault(f"{pointer}/{SEARCHABLE}", "Only fields, their members and items can be searchable."))
    return faults


def filter_values(schema: Mapping[str, Any], fields: Mapping[str, Any]) -> tuple[FieldValue, ...]:
    """What an article's fields can be filtered by. What does not fit its declaration is left out."""
    found: dict[tuple[str, str], FieldValue] = {}
    for name, kind in filterable(schema).items():
        given = fields.get(name)
        for item in given[:MOST_VALUES] if isinstance(given, list) else [given]:
            value = value_of(name, kind, item)
            if value is not None:
                found[name, value.text] = value
    return tuple(found[key] for key in sorted(found))


def value_of(field: str, kind: Kind, item: Any) -> FieldValue | None:
    """A value of a field as it is compared; None for what is none of this kind."""
    if kind == "flag":
        return FieldValue(field, "true" if item else "false", None) if isinstance(item, bool) else None
    if kind == "number":
        if isinstance(item, bool) or not isinstance(item, int | float):
            return None
        is_whole = isinstance(item, int) or item.is_integer()
        return FieldValue(field, str(int(item)) if is_whole else repr(item), float(item))
    if not isinstance(item, str):
        return None
    if kind == "date":
        day = date_from(item)
        return None if day is None else FieldValue(field, day.isoformat(), float((day - EPOCH.date()).days))
    if kind == "instant":
        at = instant_from(item)
        return None if at is None else FieldValue(field, rfc3339(at), (at - EPOCH).total_seconds())
    return FieldValue(field, item, None) if len(item) <= LONGEST_VALUE else None


def asked_value(field: str, kind: Kind, text: str) -> FieldValue | None:
    """A value from an address, as `value_of` gives it; None for what is none of this kind."""
    if kind == "flag":
        return value_of(field, kind, {"true": True, "false": False}.get(text))
    if kind == "number":
        if not NUMBER.fullmatch(text):
            return None
        return value_of(field, kind, float(text) if "." in text else int(text))
    return value_of(field, kind, text)


def searchable_text(schema: Mapping[str, Any], fields: Mapping[str, Any]) -> str:
    """The texts of an article's fields that readers search in, in the order of the schema."""
    return "\n".join(text for text in _texts(schema, schema, fields, is_marked=False) if text.strip())


def _texts(root: Mapping[str, Any], part: Any, value: Any, *, is_marked: bool) -> Iterator[str]:
    whole = resolved(root, part)
    is_marked = is_marked or whole.get(SEARCHABLE) is True
    if isinstance(value, str):
        if is_marked:
            yield value
    elif isinstance(value, list):
        for item in value:
            yield from _texts(root, whole.get("items"), item, is_marked=is_marked)
    elif isinstance(value, dict):
        known = whole.get("properties", {})
        for name in (*known, *(sorted(value.keys() - known.keys()) if is_marked else ())):
            if name in value:
                yield from _texts(root, known.get(name), value[name], is_marked=is_marked)


def _filter_problem(schema: Mapping[str, Any], name: str, part: Any) -> str | None:
    whole = resolved(schema, part)
    item = _item_of(schema, whole)
    kind = _kind_of(item)
    if len(name) > LONGEST_FIELD_NAME or "[" in name or "]" in name:
        return f"The name of a filterable field has up to {LONGEST_FIELD_NAME} characters and no brackets."
    if kind is None:
        return "A filterable field has the type string, integer, number or boolean, or is an array of one of them."
    if whole.get("type") == "array" and not _at_most(whole.get("maxItems"), MOST_VALUES):
        return f"A filterable array needs maxItems of up to {MOST_VALUES}."
    is_bounded = _at_most(item.get("maxLength"), LONGEST_VALUE) or "format" in item or "enum" in item
    if kind == "text" and (not is_bounded or item.get("format") == "uri"):
        return f"A filterable text needs maxLength of up to {LONGEST_VALUE}, an enum, or the format uuid."
    return None


def _at_most(number: Any, most: int) -> bool:
    return isinstance(number, int) and number <= most


def _item_of(schema: Mapping[str, Any], whole: Mapping[str, Any]) -> Mapping[str, Any]:
    return resolved(schema, whole.get("items")) if whole.get("type") == "array" else whole


def _kind_of(item: Mapping[str, Any]) -> Kind | None:
    kinds: dict[str, Kind] = {"string": "text", "integer": "number", "number": "number", "boolean": "flag"}
    formats: dict[str, Kind] = {"date": "date", "date-time": "instant"}
    name = item.get("type")
    if not isinstance(name, str):
        return None
    return formats.get(item.get("format", ""), kinds.get(name)) if name == "string" else kinds.get(name)


def _is_along_the_way(pointer: str) -> bool:
    """Whether a part is reached by members and items alone, from the top or from a definition."""
    steps = pointer.split("/")[1:]
    if steps[:1] == ["$defs"]:
        steps = steps[2:]
    while steps:
        if steps[0] == "items":
            steps = steps[1:]
        elif steps[0] == "properties" and len(steps) > 1:
            steps = steps[2:]
        else:
            return False
    return True

"""Reading query parameters strictly: unknown, repeated and malformed ones are refused by name, never ignored."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from flask import request
from marshmallow import Schema, ValidationError, fields, validate

from cms.platform.errors import BadRequest, FieldError
from cms.platform.http.json_input import text_problem
from cms.platform.http.shapes import Shape, field_errors, load

OPERATORS = ("eq", "in", "gte", "lte")
FIELD_PARAMETER = re.compile(rf"fields\[([^\[\]]{{1,100}})\](?:\[({'|'.join(OPERATORS)})\])?")
MOST_FIELD_FILTERS = 10
LONGEST_NAMES = 500
DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
INSTANT = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}(?::[0-9]{2}(?:\.[0-9]{1,6})?)?(?:Z|[+-][0-9]{2}:[0-9]{2})"
)
# What the filters by fields are called together: each has the field's name in the place of `name`.
OWN_FIELDS = "fields[name]"


class WholeNumber(fields.Integer):
    """ASCII digits and nothing else: no sign, space, underscore or other script's digits."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **options: Any) -> int:
        if not isinstance(value, str) or not value.isascii() or not value.isdigit() or len(value) > 18:
            raise self.make_error("invalid", input=value)
        return int(value)


@dataclass(frozen=True)
class AskedField:
    """A filter by a field as it was asked for: `fields[views][gte]=10`. `parameter` is its name in the address."""

    parameter: str
    field: str
    operator: str
    text: str


class AskedFields(fields.Field[tuple[AskedField, ...]]):
    """Filters by fields whose names no shape knows; `gathered` puts their parameters together."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **options: Any) -> tuple[AskedField, ...]:
        if not isinstance(value, dict):
            raise ValidationError("Name a field and what it is compared by in brackets: fields[views][gte]=10.")
        asked = []
        for parameter, text in value.items():
            named = FIELD_PARAMETER.fullmatch(parameter)
            assert named is not None
            asked.append(AskedField(parameter, named[1], named[2] or "eq", text))
        return tuple(asked)


class NamesOf(fields.String):
    """One or more of a few names, with commas between them."""

    def __init__(self, names: Sequence[str], **options: Any) -> None:
        super().__init__(**options)
        self.names = names

    def _deserialize(self, value: Any, attr: str | None, data: Any, **options: Any) -> tuple[str, ...]:  # type: ignore[override]  # a text comes in, names go on
        asked = tuple(dict.fromkeys(str(value).split(",")))
        unknown = next((name for name in asked if name not in self.names), None)
        if unknown is not None or len(str(value)) > LONGEST_NAMES:
            raise ValidationError(f"Must be one or more of: {', '.join(self.names)}; with commas and no spaces.")
        return asked


class Moment(fields.String):
    """A day of UTC, or an instant with its offset: where it begins, and where it is over."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **options: Any) -> tuple[datetime, datetime]:  # type: ignore[override]  # a text comes in, instants go on
        text = str(value)
        try:
            if DAY.fullmatch(text):
                begins = datetime.fromisoformat(text).replace(tzinfo=UTC)
                return begins, begins + timedelta(days=1)
            instant = datetime.fromisoformat(text) if INSTANT.fullmatch(text) else None
            if instant is not None and instant.tzinfo is not None:
                return instant.astimezone(UTC), instant.astimezone(UTC) + timedelta(microseconds=1)
        except (ValueError, OverflowError):
            pass
        raise ValidationError("Must be a day such as 2026-11-25, or an instant such as 2026-11-25T08:00:00Z.")


def gathered(given: Mapping[str, Any]) -> dict[str, Any]:
    """A query with its parameters `fields[…]` put together in one member for `AskedFields`. Raises: ValidationError."""
    found = {name: text for name, text in given.items() if name.startswith("fields[")}
    for parameter in found:
        if not FIELD_PARAMETER.fullmatch(parameter):
            raise ValidationError(f"Must read fields[name] or fields[name][{'|'.join(OPERATORS)}].", parameter[:120])
    if len(found) > MOST_FIELD_FILTERS:
        raise ValidationError(f"Filter by at most {MOST_FIELD_FILTERS} fields.", "fields")
    rest = {name: value for name, value in given.items() if name not in found}
    return {**rest, OWN_FIELDS: found} if found else rest


class PageShape(Shape):
    """`limit` and `cursor`, as every list takes them."""

    limit = WholeNumber(
        load_default=20, validate=validate.Range(1, 100), metadata={"description": "How many, 1 to 100"}
    )
    cursor = fields.String(
        load_default=None,
        validate=validate.Length(max=2000),
        metadata={"description": "`next_cursor` or `prev_cursor` of a page before"},
    )
    count = fields.String(
        load_default=None,
        validate=validate.OneOf(["exact"]),
        metadata={"description": "`exact` counts all matches into `meta.count`"},
    )


def load_query(shape: Schema | None) -> dict[str, Any]:
    """The query parameters by their shape. Raises: BadRequest."""
    if shape is None and not request.environ.get("QUERY_STRING"):
        return {}
    given: dict[str, str] = {}
    try:
        asked = list(request.args.lists())
    except UnicodeDecodeError:
        # Bytes as they are, not written by percent signs: a browser sends none, and no text can be made of them.
        raise BadRequest("The query is not UTF-8.") from None
    for name, values in asked:
        if len(values) > 1:
            raise BadRequest(f"The query parameter {name[:60]!r} is given {len(values)} times; give it once.")
        if text_problem(name) or text_problem(values[0]):
            raise BadRequest("A query parameter holds a character that no text can have.")
        given[name] = values[0]
    if shape is None:
        if given:
            raise BadRequest(f"The query parameter {next(iter(given))[:60]!r} is not known here.")
        return {}
    try:
        loaded: dict[str, Any] = load(shape, given)
    except ValidationError as error:
        errors = [
            FieldError("?" + problem.pointer.removeprefix("/"), problem.code, problem.detail)
            for problem in field_errors(error)
        ]
        raise BadRequest("A query parameter is not right.", errors=errors) from None
    return loaded

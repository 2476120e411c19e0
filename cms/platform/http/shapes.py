"""The ground that every marshmallow schema stands on: strict types, unknown members refused, errors with pointers."""

import re
from collections.abc import Iterable, Iterator, Mapping
from copy import deepcopy
from datetime import UTC, datetime
from functools import cache
from itertools import islice
from typing import Any

from marshmallow import RAISE, Schema, ValidationError, fields

from cms.platform.clock import rfc3339
from cms.platform.errors import FieldError
from cms.platform.text.locales import canonical_locale

# Enough for a form that somebody fills in; a hostile body must not be answered at many times its length.
MOST_ERRORS = 50
LONGEST_POINTER = 300
NOT_ON_A_LINE = re.compile("[\x00-\x1f\x7f\x85\u2028\u2029]")


class Shape(Schema):
    """A shape on the wire. Unknown members are refused by name; a subclass makes a frozen command in `@post_load`."""

    class Meta:
        """Options for all shapes."""

        unknown = RAISE


class Text(fields.String):
    """A string and nothing else; `is_line` refuses line breaks and control characters."""

    def __init__(self, *, is_line: bool = True, **options: Any) -> None:
        super().__init__(**options)
        self.is_line = is_line

    def _deserialize(self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **options: Any) -> str:
        text = super()._deserialize(value, attr, data, **options)
        if self.is_line and NOT_ON_A_LINE.search(text):
            raise ValidationError("Must be one line without control characters.")
        return text


class Flag(fields.Boolean):
    """`true` or `false` and nothing that looks like it."""

    def _deserialize(self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **options: Any) -> bool:
        if not isinstance(value, bool):
            raise self.make_error("invalid", input=value)
        return value


class Locale(Text):
    """A BCP 47 tag, read into its usual case."""

    def _deserialize(self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **options: Any) -> str:
        locale = canonical_locale(super()._deserialize(value, attr, data, **options))
        if locale is None:
            raise ValidationError("Must be a BCP 47 tag, such as en or zh-CN.")
        return locale


class UtcInstant(fields.AwareDateTime):
    """An RFC 3339 instant of any offset; read into UTC and written with `Z`."""

    def _deserialize(self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **options: Any) -> datetime:
        instant = super()._deserialize(value, attr, data, **options)
        try:
            return instant.astimezone(UTC)
        except OverflowError:
            raise self.make_error("invalid", input=value, obj_type="datetime") from None

    def _serialize(self, value: Any, attr: str | None, obj: Any, **options: Any) -> str | None:
        return None if value is None else rfc3339(value)


class PagePlaceShape(Shape):
    """Where a page stands in its list."""

    limit = fields.Integer(required=True)
    next_cursor = fields.String(required=True, allow_none=True)
    prev_cursor = fields.String(required=True, allow_none=True)
    has_more = Flag(required=True)


class ListMetaShape(Shape):
    """What is known of the whole list; `count` is null unless it was asked for."""

    count = fields.Integer(required=True, allow_none=True)


class ListShape(Shape):
    """What every list has beside its `data`, on every surface."""

    page = fields.Nested(PagePlaceShape, required=True)
    meta = fields.Nested(ListMetaShape, required=True)


def load(shape: Schema, given: Mapping[str, Any]) -> Any:
    """What a shape reads out of this. Out of nothing it reads the same each time, so that is found out once.

    Raises: ValidationError.
    """
    return shape.load(given) if given else deepcopy(_out_of_nothing(shape))


@cache
def _out_of_nothing(shape: Schema) -> Any:
    return shape.load({})


def field_errors(error: ValidationError) -> list[FieldError]:
    """marshmallow's messages as a flat list with JSON Pointers: the first ones, where there are very many."""
    return list(islice(_flatten(error.normalized_messages(), ()), MOST_ERRORS))


def pointer(path: Iterable[str | int]) -> str:
    """The JSON Pointer of a path, cut where it is longer than anybody reads. Source: RFC 6901."""
    text = ""
    for step in path:
        text += "/" + str(step)[:LONGEST_POINTER].replace("~", "~0").replace("/", "~1")
        if len(text) > LONGEST_POINTER:
            return text[: LONGEST_POINTER - 1] + "…"
    return text


def _flatten(messages: Any, path: tuple[str | int, ...]) -> Iterator[FieldError]:
    if isinstance(messages, dict):
        for name, inner in messages.items():
            yield from _flatten(inner, path if name == "_schema" else (*path, name))
    elif isinstance(messages, list):
        for message in messages:
            yield from _flatten(message, path)
    else:
        text = str(messages)
        yield FieldError(pointer(path), _code(text), text)


def _code(message: str) -> str:
    for beginning, code in (
        ("Missing data", "required"),
        ("Unknown field", "unknown"),
        ("Not a valid", "wrong_type"),
        ("Invalid input type", "wrong_type"),
        ("Invalid type", "wrong_type"),
        ("Field may not be null", "wrong_type"),
        ("Longer than", "too_long"),
        ("Shorter than", "too_short"),
        ("Length must be", "wrong_length"),
        ("Must be one of", "not_allowed"),
    ):
        if message.startswith(beginning):
            return code
    return "invalid"

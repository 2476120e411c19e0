"""Reading query parameters strictly: unknown, repeated and malformed ones are refused by name, never ignored."""

from typing import Any

from flask import request
from marshmallow import Schema, ValidationError, fields, validate

from cms.platform.errors import BadRequest, FieldError
from cms.platform.http.json_input import text_problem
from cms.platform.http.shapes import Shape, field_errors


class WholeNumber(fields.Integer):
    """ASCII digits and nothing else: no sign, space, underscore or other script's digits."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **options: Any) -> int:
        if not isinstance(value, str) or not value.isascii() or not value.isdigit() or len(value) > 18:
            raise self.make_error("invalid", input=value)
        return int(value)


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
    for name, values in request.args.lists():
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
        loaded: dict[str, Any] = shape.load(given)
    except ValidationError as error:
        errors = [
            FieldError("?" + problem.pointer.removeprefix("/"), problem.code, problem.detail)
            for problem in field_errors(error)
        ]
        raise BadRequest("A query parameter is not right.", errors=errors) from None
    return loaded

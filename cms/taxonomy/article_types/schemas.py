"""Shapes of article types on the wire."""

from marshmallow import fields

from cms.platform.http.shapes import Shape


class ArticleTypeShape(Shape):
    """A type of article. `filterable` names the fields that readers can filter by, each with its kind."""

    name = fields.String(required=True)
    title = fields.String(required=True)
    description = fields.String(required=True)
    filterable = fields.Dict(
        keys=fields.String(),
        values=fields.String(),
        required=True,
        metadata={"description": "text, number, flag, date or instant"},
    )
    schema = fields.Dict(required=True, metadata={"description": "JSON Schema (2020-12) of the fields"})


class ArticleTypesShape(Shape):
    """Every type, by name."""

    data = fields.List(fields.Nested(ArticleTypeShape), required=True)

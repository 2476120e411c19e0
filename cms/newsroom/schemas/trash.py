"""Shapes of the trash."""

from marshmallow import fields, validate

from cms.newsroom import rules
from cms.platform.http.shapes import ListShape, Shape, UtcInstant


class TrashEntryShape(Shape):
    """A deleted article."""

    id = fields.String(required=True)
    number = fields.Integer(required=True)
    title = fields.String(required=True)
    locale = fields.String(required=True)
    state = fields.String(
        required=True, validate=validate.OneOf(rules.STATES), metadata={"description": "What it has when taken back"}
    )
    revision = fields.Integer(required=True)
    deleted_at = UtcInstant(required=True)
    expires_at = UtcInstant(required=True, metadata={"description": "When it is archived"})


class TrashPageShape(ListShape):
    """Deleted articles, the ones deleted last first."""

    data = fields.List(fields.Nested(TrashEntryShape), required=True)

"""Shapes of deleting and merging words on the wire."""

from marshmallow import fields, validate

from cms.platform.http.shapes import Shape
from cms.taxonomy.rules import LONGEST_SLUG
from cms.taxonomy.schemas import slug_field


class RemovalQueryShape(Shape):
    """What becomes of the articles that use the word."""

    reassign_to = fields.String(
        load_default=None,
        validate=validate.Length(1, LONGEST_SLUG),
        metadata={"description": "Slug (of a source: id) of the one that articles name instead from now on"},
    )


class MergeShape(Shape):
    """Which tag stays."""

    into = slug_field(required=True, metadata={"description": "Slug of the tag that stays", "example": "rail"})

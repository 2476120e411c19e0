"""Shapes of asking for renditions."""

from marshmallow import fields, validate

from cms.platform.http.shapes import Shape


class OrderQueryShape(Shape):
    """What a signed address has."""

    signature = fields.String(load_default=None, validate=validate.Length(max=64))

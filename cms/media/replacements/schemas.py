"""Shapes of replacing an asset's file."""

from typing import Any

from marshmallow import fields, post_load

from cms.media.rules import Described
from cms.media.schemas import MakerShape, check_sha256
from cms.platform.http.shapes import Shape, Text, UtcInstant


class ReplacingShape(Shape):
    """What is said of a file that takes another's place."""

    sha256 = Text(validate=check_sha256, metadata={"description": "What the file has; another one is refused"})

    @post_load
    def _described(self, values: dict[str, Any], **_options: Any) -> Described:
        return Described({}, values.get("sha256", ""))


class ReplacementShape(Shape):
    """A file that an asset had before."""

    revision = fields.Integer(required=True, metadata={"description": "The revision that the replacement made"})
    media_type = fields.String(required=True)
    sha256 = fields.String(required=True, metadata={"description": "Of the file that went"})
    byte_count = fields.Integer(required=True)
    width = fields.Integer(required=True, allow_none=True)
    height = fields.Integer(required=True, allow_none=True)
    replaced_by = fields.Nested(MakerShape, required=True)
    replaced_at = UtcInstant(required=True)


class ReplacementsShape(Shape):
    """The files that an asset had before, the latest first, at most a hundred."""

    data = fields.List(fields.Nested(ReplacementShape), required=True)

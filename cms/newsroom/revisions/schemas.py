"""Shapes of revisions on the wire."""

from marshmallow import fields

from cms.newsroom.schemas.articles import SourceOutputShape
from cms.platform.http.shapes import ListShape, Shape, UtcInstant


class RevisionEntryShape(Shape):
    """A saved state in the list of revisions."""

    revision = fields.Integer(required=True)
    action = fields.String(required=True, metadata={"description": "Such as created, edited, published"})
    actor_kind = fields.String(required=True)
    actor_id = fields.String(required=True)
    actor_name = fields.String(required=True, metadata={"description": "The author's name at that time, or empty"})
    at = UtcInstant(required=True)
    note = fields.String(required=True, metadata={"description": "What the author said of it, or empty"})


class ContentShape(Shape):
    """The fields that editors write, as one revision has them."""

    title = fields.String(required=True)
    locale = fields.String(required=True)
    slug = fields.String(required=True)
    dek = fields.String(required=True)
    summary = fields.List(fields.String(), required=True)
    body = fields.String(required=True)
    body_format = fields.String(required=True)
    section = fields.String(required=True, allow_none=True)
    tags = fields.List(fields.String(), required=True)
    authors = fields.List(fields.String(), required=True)
    editor = fields.String(required=True, allow_none=True)
    source = fields.Nested(SourceOutputShape, required=True, allow_none=True)
    fields_ = fields.Dict(required=True, data_key="fields")


class RevisionShape(RevisionEntryShape):
    """A saved state with its content."""

    content = fields.Nested(ContentShape, required=True)


class RevisionPageShape(ListShape):
    """Revisions, newest first."""

    data = fields.List(fields.Nested(RevisionEntryShape), required=True)

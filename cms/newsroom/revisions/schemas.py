"""Shapes of revisions on the wire."""

from typing import get_args

from marshmallow import fields, validate

from cms.newsroom.revisions.comparing import Kind
from cms.newsroom.revisions.text_diff import Op
from cms.newsroom.schemas.articles import SourceOutputShape, note_field
from cms.platform.http.shapes import Flag, ListShape, Shape, UtcInstant


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

    type = fields.String(required=True)
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


class RestoreInputShape(Shape):
    """Which revision to bring back."""

    revision = fields.Integer(
        required=True, strict=True, validate=validate.Range(1), metadata={"description": "The one to bring back"}
    )
    note = note_field(load_default="")
    drops_missing = Flag(
        load_default=False,
        metadata={"description": "Leave out sections and people that do not exist any more, instead of refusing"},
    )


class PieceShape(Shape):
    """A stretch of text that both revisions have, or only the one."""

    op = fields.String(required=True, validate=validate.OneOf(get_args(Op)))
    text = fields.String(required=True)


class DifferenceShape(Shape):
    """A field that differs. `text_diff` is there where both sides are text; its pieces in order make up both."""

    pointer = fields.String(required=True)
    kind = fields.String(required=True, validate=validate.OneOf(get_args(Kind)))
    before = fields.Raw(required=True, allow_none=True)
    after = fields.Raw(required=True, allow_none=True)
    text_diff = fields.List(fields.Nested(PieceShape), required=True, allow_none=True)


class ComparisonShape(Shape):
    """Two revisions and the fields in which they differ."""

    from_ = fields.Nested(RevisionEntryShape, required=True, data_key="from")
    to = fields.Nested(RevisionEntryShape, required=True)
    fields_ = fields.List(fields.Nested(DifferenceShape), required=True, data_key="fields")


class RevisionPageShape(ListShape):
    """Revisions, newest first."""

    data = fields.List(fields.Nested(RevisionEntryShape), required=True)

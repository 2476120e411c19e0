"""Shapes of changes."""

from marshmallow import fields, validate

from cms.content.changes.rules import TYPES
from cms.content.schemas import ArticleDocumentShape
from cms.platform.http.query_input import WholeNumber
from cms.platform.http.shapes import ListShape, PagePlaceShape, Shape, UtcInstant


class ChangesQueryShape(Shape):
    """From where on."""

    since = fields.String(
        load_default=None,
        validate=validate.Length(1, 2000),
        metadata={
            "description": "`next_cursor` of the answer before, or `now` for what happens from here on. "
            "Left out: from the beginning, for a first copy"
        },
    )
    limit = WholeNumber(
        load_default=20, validate=validate.Range(1, 100), metadata={"description": "How many, 1 to 100"}
    )


class StoneShape(Shape):
    """What is left of an article that readers do not see any more."""

    id = fields.UUID(required=True)
    locale = fields.String(required=True)
    slug = fields.String(required=True)
    at = UtcInstant(required=True)
    reason = fields.String(metadata={"description": "Of what was taken down, where one was given"})


class ChangedShape(Shape):
    """One of the two."""

    article = fields.Nested(ArticleDocumentShape, metadata={"description": "As readers see it now"})
    tombstone = fields.Nested(StoneShape)


class ChangeShape(Shape):
    """The last change of one article, as a CloudEvent."""

    specversion = fields.String(required=True, validate=validate.Equal("1.0"))
    id = fields.UUID(required=True)
    source = fields.String(required=True)
    type = fields.String(required=True, validate=validate.OneOf(TYPES))
    subject = fields.UUID(required=True, metadata={"description": "Id of the article"})
    time = UtcInstant(required=True)
    datacontenttype = fields.String(required=True)
    data = fields.Nested(ChangedShape, required=True)


class ChangesPlaceShape(PagePlaceShape):
    """`next_cursor` is always there; `has_more` is false at the present end."""

    next_cursor = fields.String(required=True)


class ChangeListShape(ListShape):
    """Changes in their order."""

    data = fields.List(fields.Nested(ChangeShape), required=True)
    page = fields.Nested(ChangesPlaceShape, required=True)

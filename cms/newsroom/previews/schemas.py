"""Shapes of previews on the wire."""

from marshmallow import fields, validate

from cms.content.asking import ChoiceShape
from cms.content.schemas import ArticleDocumentShape
from cms.newsroom.previews.rules import LARGEST_REVISION, LONGEST_HOURS, LONGEST_LABEL, STATES
from cms.platform.http.shapes import Flag, ListShape, Shape, Text, UtcInstant

LONGEST_TOKEN = 200


class PreviewInputShape(Shape):
    """Which link is wanted; all may be left out."""

    expires_in_hours = fields.Integer(
        load_default=None,
        strict=True,
        validate=validate.Range(1, LONGEST_HOURS),
        metadata={
            "description": "How long it opens: `COPYDESK_PREVIEW_HOURS` where nothing is said, at most "
            "`COPYDESK_PREVIEW_LONGEST_HOURS`",
            "example": 72,
        },
    )
    revision = fields.Integer(
        load_default=None,
        allow_none=True,
        strict=True,
        validate=validate.Range(1, LARGEST_REVISION),
        metadata={"description": "Show this revision for good. Without it the link shows the working copy as it is"},
    )
    label = Text(
        load_default="",
        validate=validate.Length(max=LONGEST_LABEL),
        metadata={"description": "For colleagues: whom it is for", "example": "The press office"},
    )


class PreviewMakerShape(Shape):
    """Who made a link."""

    kind = fields.String(required=True)
    id = fields.String(required=True)
    name = fields.String(required=True)


class PreviewShape(Shape):
    """A preview link as colleagues see it: without its token, which was shown once."""

    id = fields.UUID(required=True)
    article_id = fields.UUID(required=True)
    label = fields.String(required=True)
    revision = fields.Integer(
        required=True, allow_none=True, metadata={"description": "The revision that it shows; null: the working copy"}
    )
    state = fields.String(
        required=True,
        validate=validate.OneOf(STATES),
        metadata={
            "description": "`suspended`: it does not open, because the article is archived or who made the link may "
            "not edit the article any more"
        },
    )
    created_by = fields.Nested(PreviewMakerShape, required=True)
    created_at = UtcInstant(required=True)
    expires_at = UtcInstant(required=True)
    revoked_at = UtcInstant(required=True, allow_none=True)
    views = fields.Integer(required=True, metadata={"description": "How often it was opened"})
    last_viewed_at = UtcInstant(required=True, allow_none=True)


class SharedPreviewShape(PreviewShape):
    """A link that was just made, with what to give to others. The token is not shown again."""

    token = fields.String(required=True)
    url = fields.Url(required=True, metadata={"description": "The working copy as a document, for apps"})
    page_url = fields.Url(required=True, metadata={"description": "The working copy as a page, for people"})


class PreviewPageShape(ListShape):
    """Links, newest first."""

    data = fields.List(fields.Nested(PreviewShape), required=True)


class PreviewViewShape(Shape):
    """The looks of one visitor on one day."""

    visitor = fields.String(
        required=True, metadata={"description": "Tells visitors of this link apart, and tells nothing else of them"}
    )
    day = fields.Date(required=True, metadata={"description": "Of UTC"})
    first_at = UtcInstant(required=True)
    last_at = UtcInstant(required=True)
    count = fields.Integer(required=True)


class PreviewViewPageShape(ListShape):
    """Who looked, the newest first."""

    data = fields.List(fields.Nested(PreviewViewShape), required=True)


class TokenQueryShape(Shape):
    """How a link is proved."""

    token = fields.String(
        load_default=None,
        validate=validate.Length(max=LONGEST_TOKEN),
        metadata={"description": "The token of the link; or send it as `Authorization: Bearer …`"},
    )


class PreviewQueryShape(TokenQueryShape, ChoiceShape):
    """How a link is proved, and which members of the document are wanted."""


class WatermarkShape(Shape):
    """What tells a preview from what readers get. It is always there."""

    is_pinned = Flag(required=True, metadata={"description": "Whether it shows one revision for good"})
    is_published = Flag(required=True, metadata={"description": "Whether readers see this very revision"})
    expires_at = UtcInstant(required=True, metadata={"description": "Take it off the screen then"})


class PreviewDocumentShape(ArticleDocumentShape):
    """A working copy as readers would get it. What was never published is dated as if it were published now."""

    preview = fields.Nested(WatermarkShape, required=True)

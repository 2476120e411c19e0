"""Shapes of redirects on the wire."""

from typing import Any

from marshmallow import fields, post_load, validate

from cms.content.redirects.rules import LONGEST_PATH, LONGEST_TARGET, PERMANENT, STATUSES, NewRedirect
from cms.platform.http.query_input import PageShape
from cms.platform.http.shapes import ListShape, Shape, Text, UtcInstant


class NewRedirectShape(Shape):
    """A redirect to add."""

    path = Text(
        required=True,
        validate=validate.Length(1, 3 * LONGEST_PATH),
        metadata={"description": "A path of the site, such as /en/old-name", "example": "/about-us.html"},
    )
    target = Text(
        required=True,
        validate=validate.Length(1, LONGEST_TARGET),
        metadata={
            "description": "A path of the site, or a page of a host that COPYDESK_REDIRECT_HOSTS lists",
            "example": "/en/about",
        },
    )
    status = fields.Integer(strict=True, load_default=PERMANENT, validate=validate.OneOf(STATUSES))

    @post_load
    def _command(self, values: dict[str, Any], **_options: Any) -> NewRedirect:
        return NewRedirect(**values)


class RedirectQueryShape(PageShape):
    """Which redirects to list."""

    path = fields.String(
        load_default=None,
        validate=validate.Length(1, 3 * LONGEST_PATH),
        metadata={"description": "Only that of a path"},
    )


class RedirectShape(Shape):
    """A redirect. One that an article left has its id, and `location` is null while that is not published."""

    id = fields.UUID(required=True)
    path = fields.String(required=True)
    location = fields.String(required=True, allow_none=True)
    status = fields.Integer(required=True)
    article_id = fields.UUID(required=True, allow_none=True)
    created_at = UtcInstant(required=True)


class RedirectPageShape(ListShape):
    """Redirects, the newest first."""

    data = fields.List(fields.Nested(RedirectShape), required=True)


class ResolveQueryShape(Shape):
    """Which path to resolve."""

    path = fields.String(
        required=True,
        validate=validate.Length(1, 4_000),
        metadata={"description": "A path of the site such as /en/my-slug, or of the content API", "example": "/en/x"},
    )


class ResolvedArticleShape(Shape):
    """The article at the end of a path; `url` is relative to the site."""

    id = fields.UUID(required=True)
    locale = fields.String(required=True)
    slug = fields.String(required=True)
    url = fields.String(required=True)


class ResolvedShape(Shape):
    """What readers get at a path. `status` is the one for a front end to answer with, `location` where it leads."""

    kind = fields.String(required=True, validate=validate.OneOf(["article", "redirect", "gone"]))
    status = fields.Integer(required=True)
    location = fields.String(required=True, allow_none=True)
    article = fields.Nested(ResolvedArticleShape, required=True, allow_none=True)

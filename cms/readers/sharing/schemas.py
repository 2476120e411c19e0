"""Shapes of sharing on the wire."""

from typing import Any

from marshmallow import EXCLUDE, fields, post_load, validate

from cms.platform.http.shapes import Shape, Text
from cms.readers.sharing.rules import TRACKED, Tracking

IS_TRACKED = validate.Regexp(
    f"^{TRACKED.pattern}$", error="Must be 1 to 64 letters, digits, dots, hyphens and underscores of ASCII."
)


class ShareInputShape(Shape):
    """By what a campaign is told; all may be left out."""

    utm_source = Text(load_default=None, validate=IS_TRACKED, metadata={"example": "newsletter"})
    utm_medium = Text(load_default=None, validate=IS_TRACKED, metadata={"example": "email"})
    utm_campaign = Text(load_default=None, validate=IS_TRACKED, metadata={"example": "sunday-2026-11"})

    @post_load
    def _command(self, values: dict[str, Any], **_options: Any) -> Tracking:
        return Tracking(*(values[f"utm_{name}"] or "" for name in ("source", "medium", "campaign")))


class SharedShape(Shape):
    """Addresses to give to others."""

    url = fields.Url(required=True, metadata={"description": "The page of the article, with what was asked for"})
    short_url = fields.Url(required=True, metadata={"description": "Leads to the same page, wherever that moves to"})


class FollowedShape(Shape):
    """A short link takes no parameters, and minds none: other sites add theirs to every link."""

    class Meta:
        """What is not known is left alone."""

        unknown = EXCLUDE

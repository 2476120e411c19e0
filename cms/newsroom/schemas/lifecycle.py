"""Shapes of the acts of an article's life: how to publish, and what the answer waits for."""

from typing import Any, ClassVar

from marshmallow import ValidationError, fields, post_load, validate

from cms.events.subscriptions import hearing
from cms.newsroom.schemas.articles import note_field
from cms.platform.http.shapes import Shape, UtcInstant


class PublishInputShape(Shape):
    """How to publish; without a body it is published now."""

    published_at = UtcInstant(
        load_default=None,
        metadata={"description": "Dates the publish back, for what was published elsewhere before; not in the future"},
    )
    revision_note = note_field(load_default="")


class WaitQueryShape(Shape):
    """What the answer waits for."""

    event_type: ClassVar[str] = ""

    wait = fields.String(
        load_default="",
        validate=validate.Length(max=200),
        metadata={"description": "Consequences, with commas, such as `search,related`; waits up to a stated time"},
    )

    @post_load
    def _names(self, values: dict[str, Any], **_options: Any) -> dict[str, Any]:
        names = {name for name in values["wait"].split(",") if name}
        known = {subscription.name for subscription in hearing(self.event_type)}
        if names - known:
            raise ValidationError(f"Must be one of: {', '.join(sorted(known))}; several with commas.", "wait")
        return {**values, "wait": frozenset(names)}


class PublishQueryShape(WaitQueryShape):
    """What the answer to a publish waits for."""

    event_type = "article.published"


class UnpublishQueryShape(WaitQueryShape):
    """What the answer to an unpublish waits for."""

    event_type = "article.unpublished"

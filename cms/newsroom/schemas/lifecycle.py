"""Shapes of the acts of an article's life: how to publish, and what the answer waits for."""

from typing import Any, ClassVar

from marshmallow import ValidationError, fields, post_load, validate, validates_schema

from cms.events.at_once import done_at_once
from cms.events.subscriptions import hearing
from cms.newsroom.rules import LONGEST_NOTE
from cms.newsroom.schemas.articles import note_field
from cms.platform.http.shapes import Flag, Shape, Text, UtcInstant
from cms.taxonomy.schemas import check_not_blank


class PublishInputShape(Shape):
    """How to publish; without a body it is published now."""

    published_at = UtcInstant(
        load_default=None,
        metadata={"description": "Dates the publish back, for what was published elsewhere before; not in the future"},
    )
    embargo_until = UtcInstant(
        load_default=None,
        metadata={"description": "Shares it now with those who may read under embargo; public from this instant on"},
    )
    revision_note = note_field(load_default="")

    @validates_schema
    def _one_instant(self, values: dict[str, Any], **_options: Any) -> None:
        if values["published_at"] and values["embargo_until"]:
            raise ValidationError("What is under embargo bears the instant of its end.", "published_at")


class RemarkShape(Shape):
    """What the actor says of an act, to colleagues."""

    note = Text(is_line=False, load_default="", validate=validate.Length(max=LONGEST_NOTE))


class RejectionShape(Shape):
    """Why an article is rejected."""

    note = Text(is_line=False, required=True, validate=[validate.Length(max=LONGEST_NOTE), check_not_blank])


class CorrectionInputShape(Shape):
    """What readers are told of a correction."""

    note = Text(
        is_line=False,
        required=True,
        validate=[validate.Length(max=LONGEST_NOTE), check_not_blank],
        metadata={"description": "Public: what was wrong, and what is right"},
    )


class TakedownInputShape(Shape):
    """Why an article is taken down; without a reason readers are told only that it was."""

    reason = Text(
        is_line=False,
        load_default="",
        validate=validate.Length(max=LONGEST_NOTE),
        metadata={"description": "Public: stands on the tombstone"},
    )


class FindingShape(Shape):
    """One thing that a publish would refuse (`block`) or warn about (`warn`)."""

    severity = fields.String(required=True, validate=validate.OneOf(("block", "warn")))
    pointer = fields.String(required=True, metadata={"description": "JSON Pointer; empty for the whole article"})
    code = fields.String(required=True)
    detail = fields.String(required=True)


class ValidationShape(Shape):
    """What a publish of this revision would say."""

    revision = fields.Integer(required=True)
    can_publish = Flag(required=True, metadata={"description": "Whether nothing blocks"})
    findings = fields.List(fields.Nested(FindingShape), required=True)


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
        known = {subscription.name for subscription in hearing(self.event_type)} | {*done_at_once(self.event_type)}
        if names - known:
            raise ValidationError(f"Must be one of: {', '.join(sorted(known))}; several with commas.", "wait")
        return {**values, "wait": frozenset(names)}


class PublishQueryShape(WaitQueryShape):
    """What the answer to a publish waits for."""

    event_type = "article.published"


class CorrectQueryShape(WaitQueryShape):
    """What the answer to a correction waits for."""

    event_type = "article.corrected"


class TakedownQueryShape(WaitQueryShape):
    """What the answer to a takedown waits for."""

    event_type = "article.taken_down"


class UnpublishQueryShape(WaitQueryShape):
    """What the answer to an unpublish waits for."""

    event_type = "article.unpublished"

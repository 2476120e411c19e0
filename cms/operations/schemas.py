"""Shapes of what operators and editors see: receipts, deliveries, audit entries."""

from marshmallow import fields, validate

from cms.events.models import STATES
from cms.events.subscriptions import BY_NAME
from cms.platform.http.query_input import PageShape
from cms.platform.http.shapes import ListShape, Shape, UtcInstant


class ConsequenceShape(Shape):
    """One thing that follows from an act, with its state and duration."""

    name = fields.String(metadata={"description": "The subscription, such as `search`"})
    state = fields.String(validate=validate.OneOf(["waiting", "running", "done", "failed", "superseded"]))
    attempts = fields.Integer()
    started_at = UtcInstant(allow_none=True)
    finished_at = UtcInstant(allow_none=True)
    duration_ms = fields.Integer(allow_none=True, metadata={"description": "From the act to the end, in milliseconds"})
    error = fields.String(allow_none=True)


class EventShape(Shape):
    """What happened."""

    id = fields.String()
    type = fields.String()
    subject = fields.String()


class ReceiptShape(Shape):
    """What follows from one act, as far as it has come."""

    id = fields.String()
    event = fields.Nested(EventShape)
    occurred_at = UtcInstant()
    state = fields.String(validate=validate.OneOf(["running", "done", "failed"]))
    consequences = fields.List(fields.Nested(ConsequenceShape))


class DeliveryShape(Shape):
    """What one subscription still owes, or has done."""

    number = fields.Integer()
    receipt_id = fields.String()
    event_type = fields.String()
    subscription = fields.String()
    subject = fields.String()
    state = fields.String(validate=validate.OneOf(STATES))
    attempts = fields.Integer()
    due_at = UtcInstant()
    finished_at = UtcInstant(allow_none=True)
    error = fields.String(allow_none=True)


class DeliveryPageShape(ListShape):
    """A page of deliveries, newest first."""

    data = fields.List(fields.Nested(DeliveryShape), required=True)


class DeliveryQueryShape(PageShape):
    """Which deliveries to list."""

    state = fields.String(load_default="dead", validate=validate.OneOf(STATES))
    subscription = fields.String(load_default=None, validate=validate.OneOf(sorted(BY_NAME)))


class AuditEntryShape(Shape):
    """Who did what to which thing, when and from where."""

    number = fields.Integer()
    at = UtcInstant()
    actor_kind = fields.String()
    actor_id = fields.String()
    action = fields.String()
    subject_kind = fields.String()
    subject_id = fields.String()
    changes = fields.List(fields.String())
    request_id = fields.String()
    client_address = fields.String()


class AuditPageShape(ListShape):
    """A page of the audit trail, newest first."""

    data = fields.List(fields.Nested(AuditEntryShape), required=True)


class AuditQueryShape(PageShape):
    """Which audit entries to list."""

    action = fields.String(load_default=None, validate=validate.Length(max=60))
    subject_id = fields.String(load_default=None, validate=validate.Length(max=80))
    actor_id = fields.String(load_default=None, validate=validate.Length(max=80))


class HealthShape(Shape):
    """Whether this process can serve, and what is degraded."""

    status = fields.String(validate=validate.OneOf(["ok", "degraded", "unavailable"]))
    degraded = fields.List(fields.String())

"""Shapes of leases on the wire."""

from marshmallow import fields

from cms.platform.http.shapes import Flag, Shape, UtcInstant


class LeaseInputShape(Shape):
    """How to take a lease; without a body it is taken only from nobody."""

    force = Flag(
        load_default=False, metadata={"description": "Take it from whoever holds it; the audit trail tells of it"}
    )


class HolderShape(Shape):
    """Who holds a lease."""

    kind = fields.String(required=True)
    id = fields.String(required=True)
    name = fields.String(required=True)


class LeaseShape(Shape):
    """Who is at work on an article."""

    holder = fields.Nested(HolderShape, required=True)
    taken_at = UtcInstant(required=True)
    renewed_at = UtcInstant(required=True, metadata={"description": "The last heartbeat"})
    expires_at = UtcInstant(required=True, metadata={"description": "Ends by itself then, unless it is taken again"})

"""Receipts, deliveries and the audit trail over HTTP."""

from typing import Any

from flask import Blueprint, Response

from cms.audit.models import AuditEntry
from cms.events.models import Delivery
from cms.operations import queries
from cms.operations.dead_letters import discard, retry
from cms.operations.schemas import (
    AuditPageShape,
    AuditQueryShape,
    DeliveryPageShape,
    DeliveryQueryShape,
    DeliveryShape,
    ReceiptShape,
)
from cms.platform.errors import NotFound
from cms.platform.http.answers import answer
from cms.platform.http.endpoint import endpoint
from cms.platform.http.guard import current_actor
from cms.platform.http.paging import Cursor, decode_cursor, encode_cursor, link_header, page_of
from cms.platform.http.services import services
from cms.platform.http.transactions import reading, transaction

receipts = Blueprint("receipts", __name__, url_prefix="/api/v1")


@receipts.get("/receipts/<receipt_id>")
@endpoint(summary="What follows from one act", scope="articles:read", answers={200: ReceiptShape}, refuses=(404,))
def read_receipt(receipt_id: str) -> Response:
    """Every consequence of an act with its state and duration."""
    with reading() as session:
        found = queries.receipt(session, receipt_id, services().clock())
    if found is None:
        raise NotFound("There is no receipt of this id; receipts are kept for some days after everything is done.")
    return answer(found)


@receipts.get("/deliveries")
@endpoint(
    summary="Deliveries by state; dead letters unless asked otherwise",
    scope="operations:read",
    query=DeliveryQueryShape,
    answers={200: DeliveryPageShape},
    refuses=(400,),
)
def list_deliveries(query: dict[str, Any]) -> Response:
    """What waits, what failed for good, what was done."""
    filters = {name: query[name] for name in ("state", "subscription") if query[name] is not None}

    def read(limit: int, direction: str, after: int | None) -> Any:
        return queries.deliveries(
            session,
            state=query["state"],
            subscription=query["subscription"],
            limit=limit,
            direction=direction,
            after=after,
        )

    with reading() as session:
        return _page("deliveries", query, filters, read, Delivery, session, delivery_data)


@receipts.post("/deliveries/<int:number>/retry")
@endpoint(
    summary="Try a dead letter again",
    scope="operations:write",
    answers={200: DeliveryShape},
    refuses=(404, 409),
)
def retry_delivery(number: int) -> Response:
    """Open a dead delivery again, with all its attempts."""
    with transaction() as session:
        return answer(delivery_data(retry(session, current_actor(), number, services().clock())))


@receipts.post("/deliveries/<int:number>/discard")
@endpoint(
    summary="Give a dead letter up",
    scope="operations:write",
    answers={200: DeliveryShape},
    refuses=(404, 409),
)
def discard_delivery(number: int) -> Response:
    """Close a dead delivery without its effect."""
    with transaction() as session:
        return answer(delivery_data(discard(session, current_actor(), number, services().clock())))


@receipts.get("/audit")
@endpoint(
    summary="Who did what, newest first",
    scope="audit:read",
    query=AuditQueryShape,
    answers={200: AuditPageShape},
    refuses=(400,),
)
def list_audit(query: dict[str, Any]) -> Response:
    """The audit trail."""
    filters = {name: query[name] for name in ("action", "subject_id", "actor_id") if query[name] is not None}

    def read(limit: int, direction: str, after: int | None) -> Any:
        return queries.audit_entries(session, filters=filters, limit=limit, direction=direction, after=after)

    with reading() as session:
        return _page("audit", query, filters, read, AuditEntry, session, audit_data)


def delivery_data(delivery: Delivery) -> dict[str, Any]:
    """A delivery in the shape of `DeliveryShape`."""
    return {
        "number": delivery.number,
        "receipt_id": delivery.letter_id,
        "event_type": delivery.letter.type,
        "subscription": delivery.subscription,
        "subject": delivery.subject,
        "state": delivery.state,
        "attempts": delivery.attempts,
        "due_at": delivery.due_at,
        "finished_at": delivery.finished_at,
        "error": delivery.error,
    }


def audit_data(entry: AuditEntry) -> dict[str, Any]:
    """An audit entry in the shape of `AuditEntryShape`."""
    names = ("number", "at", "actor_kind", "actor_id", "action", "subject_kind", "subject_id", "changes")
    return {name: getattr(entry, name) for name in (*names, "request_id", "client_address")}


def _page(
    listing: str, query: dict[str, Any], filters: dict[str, str], read: Any, table: Any, session: Any, dump: Any
) -> Response:
    keys, limit = services().keys, query["limit"]
    name = f"{listing}:{sorted(filters.items())}"
    cursor = decode_cursor(keys, name, query["cursor"])
    direction = cursor.direction if cursor else "next"
    rows = list(read(limit, direction, cursor.position[0] if cursor else None))
    has_over = len(rows) > limit
    rows = (rows[:limit] if direction == "next" else rows[-limit:]) if has_over else rows
    has_next = has_over if direction == "next" else bool(rows)
    has_previous = cursor is not None if direction == "next" else has_over
    next_cursor = encode_cursor(keys, name, Cursor("next", (rows[-1].number,))) if rows and has_next else None
    prev_cursor = encode_cursor(keys, name, Cursor("prev", (rows[0].number,))) if rows and has_previous else None
    count = queries.count_of(session, table, filters) if query["count"] else None
    data = page_of(
        [dump(row) for row in rows], limit=limit, next_cursor=next_cursor, prev_cursor=prev_cursor, count=count
    )
    return answer(data, headers=link_header(services().settings.public_url, next_cursor, prev_cursor))

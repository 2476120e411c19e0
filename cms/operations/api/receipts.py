"""Receipts, deliveries and the audit trail over HTTP."""

from collections.abc import Callable, Sequence
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
from cms.platform.http.pages import page_answer
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
    return _page("deliveries", query, ("state", "subscription"), queries.deliveries, Delivery, delivery_data)


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
    columns = ("action", "subject_id", "actor_id")
    return _page("audit", query, columns, queries.audit_entries, AuditEntry, audit_data)


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
    listing: str,
    query: dict[str, Any],
    columns: tuple[str, ...],
    read: Callable[..., Sequence[Any]],
    table: type[Any],
    dump: Callable[[Any], Any],
) -> Response:
    filters = {name: query[name] for name in columns if query[name] is not None}
    with reading() as session:
        return page_answer(
            f"operations|{listing}|{sorted(filters.items())}",
            query,
            read=lambda limit, after, is_backwards: read(
                session, filters, limit=limit, after=after, is_backwards=is_backwards
            ),
            position=lambda row: (row.number,),
            dump=dump,
            count=lambda: queries.count_of(session, table, filters),
        )

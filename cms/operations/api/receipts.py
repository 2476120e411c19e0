"""Receipts and deliveries over HTTP."""

from typing import Any

from flask import Blueprint, Response
from sqlalchemy.orm import Session

from cms.events.models import Delivery
from cms.identity.access import READ
from cms.identity.rules import Place, decide
from cms.newsroom.queries import whereabouts
from cms.operations import queries
from cms.operations.dead_letters import discard, retry
from cms.operations.schemas import (
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
        is_visible = found is not None and _may_see(session, found["event"]["subject"])
    if not is_visible:
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
    with reading() as session:
        return page_answer(
            f"operations|deliveries|{sorted(filters.items())}",
            query,
            read=lambda limit, after, is_backwards: queries.deliveries(
                session, filters, limit=limit, after=after, is_backwards=is_backwards
            ),
            position=lambda row: (row.number,),
            dump=delivery_data,
            count=lambda: queries.count_of(session, Delivery, filters),
        )


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


def _may_see(session: Session, subject: str) -> bool:
    # What follows from an act on an article is for those who may read it; what is about something else is site-wide.
    place = whereabouts(session, subject) or Place()
    return decide(current_actor().grants, READ, place.section_path, place.locale).is_allowed

"""Reads of the outbox: what a delivery is called in a receipt, and what an act still waits for."""

from collections.abc import Collection
from datetime import datetime
from typing import Literal

from sqlalchemy import select
from sqlalchemy.orm import Session

from cms.events.models import Delivery

ConsequenceState = Literal["waiting", "running", "done", "failed", "superseded"]


def consequence_state(delivery: Delivery, now: datetime) -> ConsequenceState:
    """A delivery's state as editors see it in a receipt. What a killed worker had in hand waits again."""
    if delivery.state == "open":
        return "running" if delivery.leased_until is not None and delivery.leased_until > now else "waiting"
    if delivery.state == "done":
        return "done"
    return "superseded" if delivery.state == "superseded" else "failed"


def open_consequences(session: Session, letter_id: str, names: Collection[str]) -> set[str]:
    """Those of these subscriptions that still owe something for one act."""
    statement = select(Delivery.subscription).where(
        Delivery.letter_id == letter_id, Delivery.state == "open", Delivery.subscription.in_(names)
    )
    return set(session.scalars(statement))


def is_any_due(session: Session, now: datetime, names: Collection[str]) -> bool:
    """Whether a delivery of these subscriptions is to be sent now."""
    statement = select(Delivery.number).where(
        Delivery.state == "open", Delivery.due_at <= now, Delivery.subscription.in_(names)
    )
    return session.scalar(statement.limit(1)) is not None

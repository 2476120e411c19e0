"""What a person decides about a dead letter, noted in the audit trail."""

from datetime import datetime

from sqlalchemy.orm import Session

from cms.audit.recording import note
from cms.events import deliveries
from cms.events.models import Delivery
from cms.platform.actor import Actor


def retry(session: Session, actor: Actor, number: int, now: datetime) -> Delivery:
    """Open a dead letter again, with all its attempts. Raises: NotFound, Conflict when it is not dead."""
    delivery = deliveries.retry(session, number, now)
    _note(session, actor, "delivery.retry", number, now)
    return delivery


def discard(session: Session, actor: Actor, number: int, now: datetime) -> Delivery:
    """Give a dead letter up. Raises: NotFound, Conflict when it is not dead."""
    delivery = deliveries.discard(session, number, now)
    _note(session, actor, "delivery.discard", number, now)
    return delivery


def _note(session: Session, actor: Actor, action: str, number: int, now: datetime) -> None:
    note(
        session, actor=actor, action=action, subject_kind="delivery", subject_id=str(number), now=now, changes=["state"]
    )

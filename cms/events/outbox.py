"""Dropping letters: an event and its open deliveries are written in the transaction of the act.

Not here: sending (`workers/relay.py`) and acting (`workers/handlers/`).
"""

from datetime import datetime

from sqlalchemy.orm import Session

from cms.events.catalogue import Event
from cms.events.models import Delivery, Letter
from cms.events.subscriptions import hearing
from cms.platform.actor import Actor
from cms.platform.db import wake_after_commit
from cms.platform.ids import new_id


def record(session: Session, event: Event, *, actor: Actor, now: datetime) -> Letter:
    """Write what happened, with one open delivery for each subscription that hears it.

    Emits: the given event; the letter's `id` is the id of the receipt.
    """
    letter = Letter(
        id=new_id(),
        type=event.type,
        version=event.version,
        subject=event.subject,
        data=event.data(),
        occurred_at=now,
        actor_kind=actor.kind,
        actor_id=actor.id,
        request_id=actor.request_id,
    )
    letter.deliveries = [
        Delivery(subscription=subscription.name, subject=event.subject, due_at=now)
        for subscription in hearing(event.type)
    ]
    session.add(letter)
    if letter.deliveries:
        wake_after_commit(session)
    return letter

"""Dropping letters: an event and its open deliveries are written in the transaction of the act.

Not here: sending (`workers/relay.py`) and acting (`workers/handlers/`).
"""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from cms.events.catalogue import Event
from cms.events.models import Delivery, Letter
from cms.events.subscriptions import hearing
from cms.platform.actor import Actor
from cms.platform.db import insert_into, wake_after_commit
from cms.platform.ids import new_id

# Every act drops a letter, and nobody changes it in the same session.
LETTER = insert_into(Letter)
DELIVERIES = insert_into(Delivery)


@dataclass(frozen=True)
class Dropped:
    """A letter in the outbox. Its `id` is the id of the act's receipt."""

    id: str


def record(session: Session, event: Event, *, actor: Actor, now: datetime) -> Dropped:
    """Write what happened, with one open delivery for each subscription that hears it.

    Emits: the given event.
    """
    letter = Dropped(new_id())
    values = {
        "id": letter.id,
        "type": event.type,
        "version": event.version,
        "subject": event.subject,
        "data": event.data(),
        "occurred_at": now,
        "actor_kind": actor.kind,
        "actor_id": actor.id,
        "request_id": actor.request_id,
    }
    session.execute(LETTER, values)
    owed = {"letter_id": letter.id, "subject": event.subject, "state": "open", "attempts": 0, "sends": 0, "due_at": now}
    deliveries = [{**owed, "subscription": subscription.name} for subscription in hearing(event.type)]
    if deliveries:
        session.execute(DELIVERIES, deliveries)
        wake_after_commit(session)
    return letter

"""Dropping letters: an event and its open deliveries are written in the transaction of the act.

Not here: sending (`workers/relay.py`) and acting (`workers/handlers/`).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

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
    [letter] = record_all(session, [event], actor=actor, now=now)
    return letter


def record_all(session: Session, events: Sequence[Event], *, actor: Actor, now: datetime) -> list[Dropped]:
    """Write all that one act made happen, by as many statements as for one event. Emits: the given events."""
    letters = [Dropped(new_id()) for _ in events]
    if not letters:
        return []
    LETTER.run_all(session, [_letter(*pair, actor, now) for pair in zip(letters, events, strict=True)])
    deliveries = [
        {
            "letter_id": letter.id, "subject": event.subject, "state": "open", "attempts": 0, "sends": 0, "due_at": now,
            "subscription": subscription.name,
        }
        for letter, event in zip(letters, events, strict=True)
        for subscription in hearing(event.type)
    ]  # fmt: skip
    if deliveries:
        DELIVERIES.run_all(session, deliveries)
        wake_after_commit(session)
    return letters


def _letter(letter: Dropped, event: Event, actor: Actor, now: datetime) -> dict[str, Any]:
    return {
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

"""Reads for operators: receipts and deliveries. Nothing here writes."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session, joinedload, selectinload

from cms.events.at_once import done_at_once
from cms.events.models import Delivery, Letter
from cms.events.queries import consequence_state
from cms.platform.ids import is_id
from cms.platform.keyset import one_page

OVER = ("done", "superseded")


def receipt(session: Session, receipt_id: str, now: datetime) -> dict[str, Any] | None:
    """What follows from one act, in the shape of `ReceiptShape`; None when there is no such act."""
    if not is_id(receipt_id):
        return None
    letter = session.scalar(select(Letter).where(Letter.id == receipt_id).options(selectinload(Letter.deliveries)))
    if letter is None:
        return None
    consequences = [_at_once(letter, name) for name in done_at_once(letter.type)]
    consequences += [_consequence(letter, delivery, now) for delivery in letter.deliveries]
    states = {consequence["state"] for consequence in consequences}
    state = "failed" if "failed" in states else "done" if states <= set(OVER) else "running"
    return {
        "id": letter.id,
        "event": {"id": letter.id, "type": letter.type, "subject": letter.subject},
        "occurred_at": letter.occurred_at,
        "state": state,
        "consequences": consequences,
    }


def _at_once(letter: Letter, name: str) -> dict[str, Any]:
    # The letter was written by the transaction that did it, so where there is the letter, this is done.
    at = letter.occurred_at
    times = {"started_at": at, "finished_at": at, "duration_ms": 0}
    return {"name": name, "state": "done", "attempts": 1, **times, "error": None}


def _consequence(letter: Letter, delivery: Delivery, now: datetime) -> dict[str, Any]:
    finished_at = delivery.finished_at
    return {
        "name": delivery.subscription,
        "state": consequence_state(delivery, now),
        "attempts": delivery.attempts,
        "started_at": delivery.started_at,
        "finished_at": finished_at,
        "duration_ms": None
        if finished_at is None
        else round((finished_at - letter.occurred_at).total_seconds() * 1000),
        "error": delivery.error,
    }


def deliveries(
    session: Session, filters: Mapping[str, str], *, limit: int, after: Sequence[Any] | None, is_backwards: bool
) -> Sequence[Delivery]:
    """One page of deliveries, newest first; `filters` are columns with the value they must have."""
    statement = select(Delivery).options(joinedload(Delivery.letter)).filter_by(**filters)
    return one_page(
        session, statement, [Delivery.number], after, limit=limit, is_falling=True, is_backwards=is_backwards
    )


def count_of(session: Session, table: Any, filters: Mapping[str, str]) -> int:
    """How many rows have these values."""
    return session.scalar(select(func.count()).select_from(table).filter_by(**filters)) or 0


def open_work(session: Session) -> list[tuple[str, str, int, Any]]:
    """For each subscription and state that is not over: how many deliveries, and the oldest one's instant."""
    rows = session.execute(
        select(Delivery.subscription, Delivery.state, func.count(), func.min(Letter.occurred_at))
        .join(Letter, Letter.id == Delivery.letter_id)
        .where(Delivery.state.in_(["open", "dead"]))
        .group_by(Delivery.subscription, Delivery.state)
    )
    return [(name, state, count, oldest) for name, state, count, oldest in rows]

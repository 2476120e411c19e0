"""Reads for operators: receipts, deliveries, the audit trail. Nothing here writes."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Select, func, select
from sqlalchemy.orm import Session, joinedload, selectinload

from cms.audit.models import AuditEntry
from cms.events.models import Delivery, Letter
from cms.events.queries import consequence_state
from cms.platform.ids import is_id

OVER = ("done", "superseded")


def receipt(session: Session, receipt_id: str, now: datetime) -> dict[str, Any] | None:
    """What follows from one act, in the shape of `ReceiptShape`; None when there is no such act."""
    if not is_id(receipt_id):
        return None
    letter = session.scalar(select(Letter).where(Letter.id == receipt_id).options(selectinload(Letter.deliveries)))
    if letter is None:
        return None
    consequences = [_consequence(letter, delivery, now) for delivery in letter.deliveries]
    states = {consequence["state"] for consequence in consequences}
    state = "failed" if "failed" in states else "done" if states <= set(OVER) else "running"
    return {
        "id": letter.id,
        "event": {"id": letter.id, "type": letter.type, "subject": letter.subject},
        "occurred_at": letter.occurred_at,
        "state": state,
        "consequences": consequences,
    }


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
    session: Session, *, state: str, subscription: str | None, limit: int, direction: str, after: int | None
) -> Sequence[Delivery]:
    """Deliveries, newest first, from after a number on; one more than `limit`, to see whether there are more."""
    query = select(Delivery).options(joinedload(Delivery.letter)).where(Delivery.state == state)
    if subscription is not None:
        query = query.where(Delivery.subscription == subscription)
    return newest_first(session, query, Delivery.number, limit=limit, direction=direction, after=after)


def audit_entries(
    session: Session, *, filters: dict[str, str], limit: int, direction: str, after: int | None
) -> Sequence[AuditEntry]:
    """Audit entries, newest first; `filters` are columns with the value they must have."""
    query = select(AuditEntry).filter_by(**filters)
    return newest_first(session, query, AuditEntry.number, limit=limit, direction=direction, after=after)


def newest_first(
    session: Session, query: Select[Any], number: Any, *, limit: int, direction: str, after: int | None
) -> Sequence[Any]:
    """One keyset page by a falling number, in either direction, with one row more than the limit."""
    if direction == "next":
        query = query.order_by(number.desc()) if after is None else query.where(number < after).order_by(number.desc())
        return session.scalars(query.limit(limit + 1)).all()
    rows = session.scalars(query.where(number > after).order_by(number).limit(limit + 1)).all()
    return rows[::-1]


def count_of(session: Session, table: Any, filters: dict[str, str]) -> int:
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

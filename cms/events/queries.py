"""Reads of the outbox: what a delivery is called in a receipt, and what an act still waits for."""

from collections.abc import Collection
from datetime import datetime
from typing import Literal

from sqlalchemy import Label, and_, bindparam, exists, literal_column, or_, select
from sqlalchemy.orm import Session

from cms.events.models import Delivery
from cms.events.subscriptions import QUEUES, SUBSCRIPTIONS
from cms.platform.db import columns_of
from cms.platform.direct_reads import DirectReads
from cms.platform.prepared import PreparedRead

# The relay asks this after every act, so it is built once. The state is a word of the statement and no parameter, by
# which SQLite sees that its index of open deliveries holds them all.
_ROWS = columns_of(Delivery).c
IS_DUE = and_(_ROWS.state == literal_column("'open'"), _ROWS.due_at <= bindparam("now"))

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


def queues_with_work(asked: DirectReads, now: datetime) -> list[str]:
    """The queues of which a delivery is to be sent now. Raises: Unavailable."""
    row = WORK.first(asked, now=now)
    return [queue for queue in QUEUES if getattr(row, queue)]


def _has_work(queue: str) -> Label[bool]:
    names = [_ROWS.subscription == one.name for one in SUBSCRIPTIONS if one.queue == queue]
    return exists().where(IS_DUE, or_(*names)).label(queue)


WORK = PreparedRead(select(*map(_has_work, QUEUES)))

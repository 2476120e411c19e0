"""What is known of letters and of addresses that take none. Reads that never write."""

from collections.abc import Collection, Sequence
from typing import Any

from sqlalchemy import ColumnElement, Select, exists, func, select
from sqlalchemy.orm import Session

from cms.events.models import Delivery
from cms.mail.models import OutgoingLetter, Suppression
from cms.platform.keyset import one_page

# States of a letter that is not over, unless its delivery is: dead after five attempts, or given up by a person.
WAITING = ("queued", "deferred")
GIVEN_UP = ("dead", "discarded")
UNSENT = ("open", *GIVEN_UP)
_SENDS = (Delivery.subscription.in_(("letter", "bulk_letter")),)


def suppression_of(session: Session, address: str) -> Suppression | None:
    """Since when and why an address gets no letters; None where it does."""
    return session.scalar(select(Suppression).where(Suppression.address == address))


def newest_letters(session: Session, address: str, limit: int) -> Sequence[OutgoingLetter]:
    """The letters to an address, the newest first."""
    statement = select(OutgoingLetter).where(OutgoingLetter.recipient == address)
    return session.scalars(statement.order_by(OutgoingLetter.number.desc()).limit(limit)).all()


def unsent_deliveries(session: Session, letters: Sequence[OutgoingLetter]) -> dict[str, Delivery]:
    """What still is, or was, to send these letters, by the letter's id; of those that are closed there is none."""
    waits = [letter.id for letter in letters if letter.state in WAITING]
    rows = session.scalars(select(Delivery).where(Delivery.subject.in_(waits), *_SENDS, Delivery.state.in_(UNSENT)))
    return {row.subject: row for row in rows}


def in_state(state: str) -> ColumnElement[bool]:
    """The condition that a letter is in a state as it is shown: `dead` or `discarded` where its delivery is."""
    has_failed = exists().where(Delivery.subject == OutgoingLetter.id, *_SENDS)
    if state in GIVEN_UP:
        return OutgoingLetter.state.in_(WAITING) & has_failed.where(Delivery.state == state)
    is_state = OutgoingLetter.state == state
    return is_state & ~has_failed.where(Delivery.state.in_(GIVEN_UP)) if state in WAITING else is_state


def page_of(
    session: Session, table: Any, conditions: Collection[ColumnElement[bool]], *, limit: int,
    after: Sequence[Any] | None, is_backwards: bool,
) -> Sequence[Any]:  # fmt: skip
    """One page of letters or suppressions, newest first."""
    statement: Select[Any] = select(table).where(*conditions)
    return one_page(session, statement, [table.number], after, limit=limit, is_falling=True, is_backwards=is_backwards)


def count_of(session: Session, table: Any, conditions: Collection[ColumnElement[bool]]) -> int:
    """How many there are."""
    return session.scalar(select(func.count()).select_from(table).where(*conditions)) or 0

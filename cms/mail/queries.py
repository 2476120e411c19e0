"""What is known of letters and of addresses that take none. Reads that never write."""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Select, func, select
from sqlalchemy.orm import Session

from cms.mail.models import OutgoingLetter, Suppression
from cms.platform.keyset import one_page


def suppression_of(session: Session, address: str) -> Suppression | None:
    """Since when and why an address gets no letters; None where it does."""
    return session.scalar(select(Suppression).where(Suppression.address == address))


def newest_letters(session: Session, address: str, limit: int) -> Sequence[OutgoingLetter]:
    """The letters to an address, the newest first."""
    statement = select(OutgoingLetter).where(OutgoingLetter.recipient == address)
    return session.scalars(statement.order_by(OutgoingLetter.number.desc()).limit(limit)).all()


def page_of(
    session: Session, table: Any, filters: Mapping[str, str], *, limit: int, after: Sequence[Any] | None,
    is_backwards: bool,
) -> Sequence[Any]:  # fmt: skip
    """One page of letters or suppressions, newest first; `filters` are columns with the value they must have."""
    statement: Select[Any] = select(table).filter_by(**filters)
    return one_page(session, statement, [table.number], after, limit=limit, is_falling=True, is_backwards=is_backwards)


def count_of(session: Session, table: Any, filters: Mapping[str, str]) -> int:
    """How many there are."""
    return session.scalar(select(func.count()).select_from(table).filter_by(**filters)) or 0

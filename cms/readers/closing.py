"""Closing codes that are on their way: when a reader's password or address changes, none of them is to work."""

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import or_, update
from sqlalchemy.orm import Session

from cms.platform.db import change_rows
from cms.readers.models import Challenge


def close_codes(session: Session, account_id: str, emails: Collection[str], now: datetime) -> None:
    """Close what is open at these addresses and of this account, but for what takes a change of address back.

    That belongs to whoever had the address before: a thief who sets a password must not end it.
    """
    is_theirs = or_(Challenge.email.in_(emails), Challenge.account_id == account_id)
    is_open = (Challenge.used_at.is_(None), Challenge.closed_at.is_(None), Challenge.purpose != "undo_email")
    change_rows(session, update(Challenge).where(is_theirs, *is_open).values(closed_at=now))


def close_later_undos(session: Session, account_id: str, than: Challenge, now: datetime) -> None:
    """Close what would take later changes of address back: they were undone with the one before."""
    is_later = (Challenge.account_id == account_id, Challenge.purpose == "undo_email", Challenge.number > than.number)
    is_open = (Challenge.used_at.is_(None), Challenge.closed_at.is_(None))
    change_rows(session, update(Challenge).where(*is_later, *is_open).values(closed_at=now))

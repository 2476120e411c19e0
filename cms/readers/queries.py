"""What is known of readers and their challenges. Reads that never write."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from cms.platform.ids import is_id
from cms.readers.models import Account, Challenge


def account_of(session: Session, email: str) -> Account | None:
    """The account of an address in its canonical spelling."""
    return session.scalar(select(Account).where(Account.email == email))


def challenge_of(session: Session, challenge_id: str) -> Challenge | None:
    """A challenge by its public id, or None; a text that is no id is asked of no database."""
    if not is_id(challenge_id):
        return None
    return session.scalar(select(Challenge).where(Challenge.id == challenge_id))


def open_challenge_of(session: Session, email: str, purpose: str, now: datetime) -> Challenge | None:
    """The one challenge of an address and a purpose that a code can still answer."""
    is_open = (Challenge.used_at.is_(None), Challenge.closed_at.is_(None), Challenge.expires_at > now)
    return session.scalar(select(Challenge).where(Challenge.email == email, Challenge.purpose == purpose, *is_open))


def codes_asked(session: Session, email: str, since: datetime) -> Sequence[tuple[str, datetime]]:
    """Purpose and instant of each challenge of an address since an instant."""
    rows = session.execute(
        select(Challenge.purpose, Challenge.created_at).where(Challenge.email == email, Challenge.created_at > since)
    )
    return [(purpose, created_at) for purpose, created_at in rows]

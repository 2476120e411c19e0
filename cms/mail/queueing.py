"""Queueing letters: the row that a worker sends from, and the event that wakes it, in the transaction of the act."""

from collections.abc import Collection
from datetime import datetime
from email.utils import parseaddr

from sqlalchemy import case, delete, or_, update
from sqlalchemy.orm import Session

from cms.events.catalogue import BulkLetterQueued, LetterQueued
from cms.events.outbox import record
from cms.mail.models import OutgoingLetter, Suppression
from cms.platform.actor import Actor
from cms.platform.db import change_rows
from cms.platform.ids import new_id


def queue_letter(
    session: Session,
    *,
    kind: str,
    recipient: str,
    locale: str,
    about_id: str,
    expires_at: datetime,
    actor: Actor,
    now: datetime,
    domain: str = "copydesk.invalid",
    is_bulk: bool = False,
) -> OutgoingLetter:
    """Queue a letter to one address in its canonical spelling; after `expires_at` it is not sent any more.

    Its Message-ID is made here, so that two copies of one letter have the same; `domain` is the sender's.
    One of very many is `is_bulk`, and goes by a queue of its own, so that codes never wait behind it.
    Emits: LetterQueued or BulkLetterQueued.
    """
    identity = new_id()
    letter = OutgoingLetter(
        id=identity,
        kind=kind,
        recipient=recipient,
        locale=locale,
        about_id=about_id,
        message_id=f"<{identity}@{domain}>",
        created_at=now,
        expires_at=expires_at,
    )
    session.add(letter)
    event = BulkLetterQueued if is_bulk else LetterQueued
    record(session, event(subject=identity), actor=actor, now=now)
    return letter


def forget_recipient(session: Session, recipient: str, about: Collection[str] = ()) -> None:
    """Wipe the addresses from the letters of readers that went to this one, or are about these things.

    Those that wait are not sent any more, and that letters to the address bounced is forgotten too. Letters to a
    colleague of the same address are not a reader's data and stay as they are.
    """
    change_rows(session, delete(Suppression).where(Suppression.address == recipient))
    is_theirs = or_(OutgoingLetter.recipient == recipient, OutgoingLetter.about_id.in_(about))
    waits = OutgoingLetter.state.in_(("queued", "deferred"))
    change_rows(
        session,
        update(OutgoingLetter)
        .where(is_theirs, OutgoingLetter.kind.not_like("staff\\_%", escape="\\"))
        .values(recipient="", state=case((waits, "expired"), else_=OutgoingLetter.state)),
    )


def domain_of(sender: str) -> str:
    """The domain of a sender such as `Copydesk <desk@example.org>`."""
    return parseaddr(sender)[1].rpartition("@")[2] or "localhost"

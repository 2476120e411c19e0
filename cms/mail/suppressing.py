"""Holding letters back from addresses that bounced, and ending that: a server that is asked again and again for a
mailbox that is not there takes us for a sender of spam, and then no reader gets a code.
"""

from datetime import datetime

import structlog
from sqlalchemy import select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from cms.audit.recording import note
from cms.mail.models import OutgoingLetter, Suppression
from cms.platform.actor import Actor
from cms.platform.ids import is_id, new_id

log = structlog.get_logger("copydesk.mail")


def suppress(session: Session, letter: OutgoingLetter, answer: str, now: datetime) -> None:
    """Send no more letters to where this one went; `answer` is why. Once is enough, however many bounce at a time."""
    insert = postgresql.insert if session.get_bind().dialect.name == "postgresql" else sqlite.insert
    values = {"id": new_id(), "address": letter.recipient, "answer": answer, "letter_id": letter.id, "created_at": now}
    session.execute(insert(Suppression).values(values).on_conflict_do_nothing(index_elements=[Suppression.address]))
    log.warning("address_suppressed", letter=letter.id, because=answer)


def lift(session: Session, actor: Actor, suppression_id: str, now: datetime) -> bool:
    """Let letters go to an address again; False where none of this id is held back. The trail names no address."""
    found = (
        session.scalar(select(Suppression).where(Suppression.id == suppression_id)) if is_id(suppression_id) else None
    )
    if found is None:
        return False
    session.delete(found)
    note(session, actor=actor, action="suppression.lifted", subject_kind="suppression", subject_id=found.id, now=now)
    return True

"""A bounce that comes later than the mail server's answer: a report that names a letter by its Message-ID."""

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from cms.audit.recording import note
from cms.mail.models import OutgoingLetter
from cms.mail.rules import says_no_mailbox
from cms.mail.suppressing import suppress
from cms.platform.actor import Actor

# What a server would have said at once; the report has the enhanced code alone. Source: RFC 3464, section 2.3.4.
REFUSED = 550


def report_bounce(session: Session, actor: Actor, message_id: str, status: str, now: datetime) -> OutgoingLetter | None:
    """Write down that a letter was returned; `status` is such as `5.1.1`. None where no letter has this Message-ID.

    Where it says that there is no such mailbox, the address is held back. A second report changes nothing.
    """
    letter = session.scalar(select(OutgoingLetter).where(OutgoingLetter.message_id == message_id))
    if letter is None:
        return None
    if letter.state != "bounced":
        letter.state, letter.error = "bounced", f"report: {status}"
        note(session, actor=actor, action="letter.bounced", subject_kind="letter", subject_id=letter.id, now=now)
    if letter.recipient and says_no_mailbox(REFUSED, status):
        suppress(session, letter, f"report: {status}", now)
    return letter

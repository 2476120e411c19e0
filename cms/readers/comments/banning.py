"""Keeping a reader out of comments, for a time or until somebody says otherwise. The account itself stays as it is."""

from datetime import datetime

from sqlalchemy.orm import Session

from cms.audit.recording import note
from cms.events.comment_events import ReaderBanned, ReaderUnbanned
from cms.events.outbox import record
from cms.identity.access import refuse
from cms.platform.actor import Actor
from cms.platform.clock import rfc3339
from cms.platform.errors import FieldError, Invalid, NotFound
from cms.platform.limits import line_up
from cms.readers.comments.deciding import MODERATE
from cms.readers.comments.models import ReaderBan
from cms.readers.comments.queries.standing import ban_of
from cms.readers.comments.rules import Ban
from cms.readers.queries import account_by_id

NO_READER = "There is no reader of this id."


def refuse_limited(actor: Actor) -> None:
    """Let only those go on who moderate everywhere: a ban holds on the whole site. Raises: Forbidden."""
    refuse(actor, MODERATE, section_path="", locale="", is_target=True)


def ban_reader(session: Session, actor: Actor, reader_id: str, command: Ban, now: datetime) -> ReaderBan:
    """Let a reader say, change, like and report nothing any more; what was said stays, and can be deleted.

    Emits: ReaderBanned
    Raises: Forbidden; NotFound; Invalid for an end that is past.
    """
    refuse_limited(actor)
    if command.until is not None and command.until <= now:
        raise Invalid(errors=[FieldError("/until", "past", "A ban ends in the future, or not at all.")])
    line_up(session, f"reader:{reader_id}")
    if account_by_id(session, reader_id) is None:
        raise NotFound(NO_READER)
    row = ban_of(session, reader_id) or ReaderBan(account_id=reader_id)
    row.until, row.note, row.by, row.at = command.until, command.note, f"{actor.kind}:{actor.id}", now
    session.add(row)
    session.flush()
    until = rfc3339(command.until) if command.until is not None else None
    _tell(session, actor, ReaderBanned(subject=reader_id, until=until), now)
    return row


def unban_reader(session: Session, actor: Actor, reader_id: str, now: datetime) -> None:
    """Let a reader take part again. Emits: ReaderUnbanned. Raises: Forbidden; NotFound where there is no ban."""
    refuse_limited(actor)
    line_up(session, f"reader:{reader_id}")
    row = ban_of(session, reader_id) if account_by_id(session, reader_id) is not None else None
    if row is None:
        raise NotFound("There is no ban of a reader of this id.")
    session.delete(row)
    session.flush()
    _tell(session, actor, ReaderUnbanned(subject=reader_id), now)


def _tell(session: Session, actor: Actor, event: ReaderBanned | ReaderUnbanned, now: datetime) -> None:
    note(session, actor=actor, action=event.type, subject_kind="account", subject_id=event.subject, now=now)
    record(session, event, actor=actor, now=now)

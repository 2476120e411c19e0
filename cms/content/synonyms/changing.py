"""Adding, changing and removing synonyms."""

from datetime import datetime

from sqlalchemy import update
from sqlalchemy.orm import Session

from cms.audit.recording import note
from cms.content.synonyms import queries
from cms.content.synonyms.models import SynonymSet, SynonymTurn
from cms.content.synonyms.rules import MOST_SETS, SynonymContent
from cms.events.outbox import record
from cms.events.search_events import SynonymsChanged
from cms.platform.actor import Actor
from cms.platform.errors import Conflict, NotFound, Stale
from cms.platform.ids import new_id

NO_SET = "There are no synonyms of this id."
FIELDS = ("words", "locale", "is_one_way")


def add_synonyms(session: Session, actor: Actor, command: SynonymContent, now: datetime) -> SynonymSet:
    """Let words mean the same to every search from now on. Emits: SynonymsChanged  Raises: Conflict (`too_many`)"""
    _take_turn(session)
    if queries.count_of(session) >= MOST_SETS:
        raise Conflict(f"There are {MOST_SETS} sets already; remove one first.", code="too_many")
    row = SynonymSet(id=new_id(), revision=1, created_at=now, updated_at=now)
    _put(row, command)
    session.add(row)
    session.flush()
    _record(session, actor, "synonyms.added", row, now)
    return row


def replace_synonyms(
    session: Session, actor: Actor, set_id: str, revision: int, command: SynonymContent, now: datetime
) -> SynonymSet:
    """Make a set say this and nothing else. One that says it already stays at its revision.

    Emits: SynonymsChanged  Raises: NotFound; Stale
    """
    _take_turn(session)
    row = _held(session, set_id, revision)
    before = SynonymContent(tuple(row.words), row.locale, row.is_one_way)
    if before == command:
        return row
    _put(row, command)
    row.revision += 1
    row.updated_at = now
    session.flush()
    changes = [name for name in FIELDS if getattr(before, name) != getattr(command, name)]
    _record(session, actor, "synonyms.changed", row, now, changes)
    return row


def remove_synonyms(session: Session, actor: Actor, set_id: str, revision: int, now: datetime) -> None:
    """Let words mean no more than themselves again. Emits: SynonymsChanged  Raises: NotFound; Stale"""
    _take_turn(session)
    row = _held(session, set_id, revision)
    session.delete(row)
    session.flush()
    _record(session, actor, "synonyms.removed", row, now)


def _take_turn(session: Session) -> None:
    """One change after the other; each moves the number by which API servers know of it."""
    session.execute(update(SynonymTurn).where(SynonymTurn.id == 1).values(turn=SynonymTurn.turn + 1))


def _held(session: Session, set_id: str, revision: int) -> SynonymSet:
    row = queries.set_by_id(session, set_id, is_locked=True)
    if row is None:
        raise NotFound(NO_SET)
    if row.revision != revision:
        etag = f'"{row.revision}"'
        raise Stale(f"The set is at revision {row.revision} by now.", extra={"etag": etag}, headers={"ETag": etag})
    return row


def _put(row: SynonymSet, command: SynonymContent) -> None:
    row.words, row.locale, row.is_one_way = list(command.words), command.locale, command.is_one_way


def _record(
    session: Session, actor: Actor, action: str, row: SynonymSet, now: datetime, changes: list[str] | None = None
) -> None:
    note(
        session, actor=actor, action=action, subject_kind="synonyms", subject_id=row.id, now=now, changes=changes or []
    )
    record(session, SynonymsChanged(row.id, action.rpartition(".")[2]), actor=actor, now=now)

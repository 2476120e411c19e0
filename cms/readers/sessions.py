"""Readers' sessions: opened by a sign-in, looked up on each request, ended by whoever holds them."""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime

from sqlalchemy import update
from sqlalchemy.orm import Session

from cms.audit.recording import note
from cms.identity.rules import READER_PREFIX, digest, is_well_formed, new_token
from cms.identity.sessions import Client, is_alive, note_seen
from cms.platform.actor import Actor
from cms.platform.db import Database, change_rows
from cms.platform.errors import Unauthenticated
from cms.platform.http.guard import CHALLENGE, SESSION, client_address, request_id
from cms.platform.ids import new_id
from cms.readers import queries
from cms.readers.models import Account, ReaderSession
from cms.readers.rules import IDLE_LIFE, SEEN_EVERY, SESSION_LIFE


def open_session(
    session: Session, actor: Actor, account: Account, client: Client, now: datetime
) -> tuple[ReaderSession, str]:
    """A new session with its token, which is seen only now."""
    token = new_token(READER_PREFIX)
    row = ReaderSession(
        id=new_id(),
        account_id=account.id,
        digest=digest(token),
        device=client.device,
        network=client.network,
        created_at=now,
        last_seen_at=now,
        expires_at=now + SESSION_LIFE,
    )
    session.add(row)
    actor = replace(actor, kind="reader", id=account.id, credential=SESSION + row.id)
    note(session, actor=actor, action="session.opened", subject_kind="session", subject_id=row.id, now=now)
    return row, token


def end_session(session: Session, actor: Actor, session_id: str, now: datetime) -> bool:
    """End one of the actor's own sessions; False where there is none of this id that is alive."""
    row = queries.session_by_id(session, session_id)
    if row is None or row.account_id != actor.id or row.revoked_at is not None:
        return False
    row.revoked_at = now
    note(session, actor=actor, action="session.ended", subject_kind="session", subject_id=row.id, now=now)
    return True


def end_all(session: Session, actor: Actor, now: datetime) -> None:
    """End all of the actor's own sessions, the present one too."""
    end_sessions(session, actor.id, now)
    note(session, actor=actor, action="session.ended_everywhere", subject_kind="account", subject_id=actor.id, now=now)


def end_sessions(session: Session, account_id: str, now: datetime, *, but: str = "") -> None:
    """End the sessions of a reader, all or all but one."""
    statement = update(ReaderSession).where(ReaderSession.account_id == account_id, ReaderSession.revoked_at.is_(None))
    if but:
        statement = statement.where(ReaderSession.id != but)
    change_rows(session, statement.values(revoked_at=now))


def reader_verifier(database: Database, clock: Callable[[], datetime]) -> Callable[[str], Actor]:
    """A function from a reader's token to its Actor, who has no permission in the newsroom; read on each request.

    Raises: Unauthenticated; the text does not tell unknown, ended and too old apart.
    """

    def verify(token: str) -> Actor:
        now, found = clock(), None
        if is_well_formed(token, READER_PREFIX):
            with database.reading() as session:
                found = queries.signed_in(session, digest(token))
        if found is None or not is_alive(found[0], IDLE_LIFE, now):
            raise Unauthenticated("The session is unknown or over; sign in again.", headers=CHALLENGE)
        row, account = found
        if now - row.last_seen_at >= SEEN_EVERY:
            note_seen(database, row, now)
        return Actor(
            kind="reader",
            id=account.id,
            credential=SESSION + row.id,
            request_id=request_id(),
            client_address=client_address(),
        )

    return verify

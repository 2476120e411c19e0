"""Sessions: opened by a sign-in, looked up on each request, ended by whoever holds them or by whoever may."""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime

import structlog
from sqlalchemy import update
from sqlalchemy.orm import Session

from cms.audit.recording import note
from cms.identity.rules import SESSION_PREFIX, digest, is_well_formed, new_token
from cms.identity.sessions import Client, is_alive, note_seen
from cms.identity.staff import queries
from cms.identity.staff.models import StaffSession, StaffUser
from cms.identity.staff.queries import SignedIn
from cms.identity.staff.rules import IDLE_LIFE, SEEN_EVERY, SESSION_LIFE
from cms.platform.actor import Actor
from cms.platform.db import Database, change_rows
from cms.platform.errors import Unauthenticated
from cms.platform.http.guard import CHALLENGE, client_address, request_id
from cms.platform.ids import new_id

log = structlog.get_logger("copydesk.staff")


def open_session(
    session: Session, actor: Actor, user: StaffUser, *, kind: str, client: Client, now: datetime
) -> tuple[StaffSession, str]:
    """A new session with its token, which is seen only now; never one that was known before the sign-in."""
    token = new_token(SESSION_PREFIX)
    row = StaffSession(
        id=new_id(),
        user_id=user.id,
        digest=digest(token),
        kind=kind,
        device=client.device,
        address=client.address[:64],
        network=client.network,
        created_at=now,
        last_seen_at=now,
        proven_at=now,
        expires_at=now + SESSION_LIFE,
    )
    session.add(row)
    actor = replace(actor, credential=f"session:{row.id}")
    note(session, actor=actor, action="session.opened", subject_kind="session", subject_id=row.id, now=now)
    return row, token


def end_session(session: Session, actor: Actor, session_id: str, now: datetime) -> bool:
    """End one of the actor's own sessions; False where there is none of this id that is alive."""
    row = queries.session_by_id(session, session_id)
    if row is None or row.user_id != actor.id or row.revoked_at is not None:
        return False
    row.revoked_at = now
    note(session, actor=actor, action="session.ended", subject_kind="session", subject_id=row.id, now=now)
    return True


def end_all(session: Session, actor: Actor, now: datetime) -> None:
    """End all of the actor's own sessions, the present one too."""
    end_sessions(session, actor.id, now)
    note(session, actor=actor, action="session.ended_everywhere", subject_kind="staff", subject_id=actor.id, now=now)


def end_sessions(session: Session, user_id: str, now: datetime, *, but: str = "") -> None:
    """End the sessions of a colleague, all or all but one."""
    statement = update(StaffSession).where(StaffSession.user_id == user_id, StaffSession.revoked_at.is_(None))
    if but:
        statement = statement.where(StaffSession.id != but)
    change_rows(session, statement.values(revoked_at=now))


def session_verifier(database: Database, clock: Callable[[], datetime]) -> Callable[[str], Actor]:
    """A function from a session's token to its Actor; state and grants are read on each request, by one statement.

    Raises: Unauthenticated; the text does not tell unknown, ended, too old and disabled apart.
    """

    def verify(token: str) -> Actor:
        now, found = clock(), None
        if is_well_formed(token, SESSION_PREFIX):
            with database.reading() as session:
                found = queries.signed_in(session, digest(token))
        because = _wrong_with(found, now)
        if found is None or because:
            _note_refusal(found, because)
            raise Unauthenticated("The session is unknown or over; sign in again.", headers=CHALLENGE)
        row = found.session
        if now - row.last_seen_at >= SEEN_EVERY:
            note_seen(database, row, now)
        return Actor(
            kind="staff",
            id=found.user.id,
            name=found.user.name,
            grants=found.grants,
            credential=f"session:{row.id}",
            proven_at=row.proven_at,
            request_id=request_id(),
            client_address=client_address(),
        )

    return verify


def _wrong_with(found: SignedIn | None, now: datetime) -> str:
    if found is None:
        return "unknown"
    if found.user.state != "active":
        return found.user.state
    row = found.session
    if is_alive(row, IDLE_LIFE, now):
        return ""
    return "ended" if row.revoked_at is not None else "expired"


def _note_refusal(found: SignedIn | None, because: str) -> None:
    # As for a token: who, what and from where; the access line of the same request says which path.
    log.warning(
        "session_refused",
        because=because,
        staff=found.user.id if found is not None else None,
        session=found.session.id if found is not None else None,
        client_address=client_address(),
        request_id=request_id(),
    )

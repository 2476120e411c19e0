"""Signing in, and typing the password again. Whether an address has an account shows in nothing that is done for it.

An attempt is counted before the password is compared, so that many at once are all counted. What is counted belongs to
one account from one client: nobody keeps a colleague out from elsewhere. Beyond a hundred attempts in an hour on one
account, only clients that the colleague used before, or set the password from, are heard. Source: S14; ASVS 5.0, 6.1.1.
"""

import math
from dataclasses import dataclass, replace
from datetime import datetime

import structlog
from sqlalchemy import delete
from sqlalchemy.orm import Session

from cms.audit.recording import note
from cms.identity.passwords import Hasher
from cms.identity.sessions import Client
from cms.identity.staff import queries
from cms.identity.staff.models import SignInTrail, StaffSession, StaffUser
from cms.identity.staff.rules import SIGN_INS_PER_ACCOUNT, delay_after
from cms.identity.staff.sessions import open_session
from cms.platform.actor import Actor
from cms.platform.counting import counted_address
from cms.platform.db import change_rows
from cms.platform.ids import new_id
from cms.platform.limits import line_up, take

log = structlog.get_logger("copydesk.staff")


@dataclass(frozen=True)
class Candidate:
    """Somebody whose password is about to be compared. With `wait_seconds` it is not: too many were wrong."""

    email: str
    user: StaffUser | None
    wait_seconds: int = 0

    @property
    def password_hash(self) -> str | None:
        """What to compare with; None where nobody can sign in, whatever the password."""
        return self.user.password_hash if self.user is not None and self.user.state == "active" else None


def announce(session: Session, email: str, client: Client, now: datetime) -> Candidate:
    """Count an attempt on an account from a client. Commit before the password is compared."""
    key = client.trail(email)
    line_up(session, f"trail:{key}")
    user = queries.user_by_email(session, email)
    trail = queries.trail(session, key)
    # Nobody's id is a fresh one, so that the same question is asked for whoever is not there.
    is_known = queries.is_known_client(session, user.id if user is not None else new_id(), client.network, now)
    if trail is not None:
        wait = (trail.last_at + delay_after(trail.failures) - now).total_seconds()
        if wait > 0:
            return Candidate(email, user, wait_seconds=math.ceil(wait))
    limit = SIGN_INS_PER_ACCOUNT
    verdict = take(session, f"{limit.name}:{counted_address(email)}", limit, now)
    if not verdict.is_allowed and not is_known:
        log.warning("sign_ins_from_unknown_clients_refused", because="too many attempts on this account")
        return Candidate(email, user, wait_seconds=verdict.retry_after_seconds)
    failures = 1 if trail is None else trail.failures + 1
    session.merge(SignInTrail(key=key, failures=failures, last_at=now))
    return Candidate(email, user)


def admit(
    session: Session, actor: Actor, candidate: Candidate, *, kind: str, client: Client, hasher: Hasher, password: str,
    now: datetime,
) -> tuple[StaffSession, str] | None:  # fmt: skip
    """Open a session for whoever gave the right password. None for who was disabled or changed it meanwhile."""
    user = _again(session, candidate)
    if user is None:
        return None
    forget_trail(session, candidate.email, client)
    if hasher.is_outdated(user.password_hash):
        user.password_hash = hasher.hash(password)
    return open_session(
        session, replace(actor, kind="staff", id=user.id, name=user.name), user, kind=kind, client=client, now=now
    )


def refuse(session: Session, actor: Actor, candidate: Candidate, now: datetime) -> None:
    """Note a sign-in that was refused; of an address without an account no more than that."""
    note(
        session, actor=actor, action="session.refused", subject_kind="staff",
        subject_id=candidate.user.id if candidate.user is not None else "", now=now, outcome="refused",
    )  # fmt: skip


def prove_again(
    session: Session, actor: Actor, session_id: str, candidate: Candidate, client: Client, now: datetime
) -> bool:
    """Note that the password of a session was typed again just now."""
    user, row = _again(session, candidate), queries.session_by_id(session, session_id)
    if user is None or row is None or row.user_id != user.id or row.revoked_at is not None:
        return False
    forget_trail(session, candidate.email, client)
    row.proven_at = now
    note(session, actor=actor, action="session.reauthenticated", subject_kind="session", subject_id=row.id, now=now)
    return True


def forget_trail(session: Session, email: str, client: Client) -> None:
    """Begin to count anew for an account from a client."""
    change_rows(session, delete(SignInTrail).where(SignInTrail.key == client.trail(email)))


def _again(session: Session, candidate: Candidate) -> StaffUser | None:
    # Between the comparison and now the colleague may have been disabled, or the password changed.
    if candidate.user is None:
        return None
    user = queries.user_by_id(session, candidate.user.id)
    if user is None or user.state != "active" or user.password_hash != candidate.user.password_hash:
        return None
    return user

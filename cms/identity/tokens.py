"""Issuing and verifying API tokens."""

import hashlib
from collections.abc import Callable
from datetime import datetime, timedelta

import structlog
from sqlalchemy import select
from sqlalchemy.orm import Session

from cms.audit.recording import note
from cms.identity import rules
from cms.identity.models import ApiToken
from cms.platform.actor import Actor
from cms.platform.db import Database
from cms.platform.errors import Unauthenticated
from cms.platform.http.guard import CHALLENGE, client_address, request_id
from cms.platform.ids import new_id

log = structlog.get_logger("copydesk.identity")


def issue_token(session: Session, actor: Actor, *, name: str, role: str, lifetime: timedelta, now: datetime) -> str:
    """Make a token and give it back; this is the only time that it is seen. Raises: KeyError for an unknown role."""
    assert role in rules.ROLES
    token = rules.new_token()
    row = ApiToken(
        id=new_id(),
        name=name,
        hint=token[: len(rules.PREFIX) + 4],
        digest=digest(token),
        role=role,
        created_at=now,
        expires_at=now + lifetime,
    )
    session.add(row)
    note(
        session,
        actor=actor,
        action="token.issued",
        subject_kind="token",
        subject_id=row.id,
        now=now,
        changes=["role", "expires_at"],
    )
    return token


def digest(token: str) -> bytes:
    """What the database keeps. A plain SHA-256 is enough for 178 random bits. Source: OWASP ASVS 5.0, 6.5.2."""
    return hashlib.sha256(token.encode()).digest()


def has_tokens(session: Session) -> bool:
    """Whether any token was ever issued; the first start issues one only when not."""
    return session.scalar(select(ApiToken.number).limit(1)) is not None


def verifier(database: Database, clock: Callable[[], datetime]) -> Callable[[str], Actor]:
    """A function from a token to its Actor. State is read on each request, so a revoked token ends at once.

    Raises: Unauthenticated; the text does not tell unknown, expired and revoked apart.
    """

    def verify(token: str) -> Actor:
        row = None
        if rules.is_well_formed(token):
            with database.reading() as session:
                row = session.scalar(select(ApiToken).where(ApiToken.digest == digest(token)))
        why_not = _why_not(row, clock())
        if row is None or why_not is not None:
            _note_refusal(row, why_not)
            raise Unauthenticated("The token is unknown, expired or revoked.", headers=CHALLENGE)
        return Actor(
            kind="service",
            id=row.id,
            name=row.name,
            scopes=rules.ROLES[row.role],
            request_id=request_id(),
            client_address=client_address(),
        )

    return verify


def _why_not(row: ApiToken | None, now: datetime) -> str | None:
    if row is None:
        return "unknown"
    if row.revoked_at is not None:
        return "revoked"
    return "expired" if row.expires_at <= now else None


def _note_refusal(row: ApiToken | None, why_not: str | None) -> None:
    # Who, what and from where; the line says when, and the access line of the same request says which path.
    # Source: OWASP ASVS 5.0, 16.2 and 16.3.
    log.warning(
        "token_refused",
        because=why_not,
        token_id=row.id if row is not None else None,
        client_address=client_address(),
        request_id=request_id(),
    )

"""Issuing and verifying API tokens."""

import hashlib
from collections.abc import Callable
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from cms.audit.recording import note
from cms.identity import rules
from cms.identity.models import ApiToken
from cms.platform.actor import Actor, Grant
from cms.platform.db import Database
from cms.platform.errors import Unauthenticated
from cms.platform.http.guard import CHALLENGE, client_address, request_id
from cms.platform.ids import new_id


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
        refusal = Unauthenticated("The token is unknown, expired or revoked.", headers=CHALLENGE)
        if not rules.is_well_formed(token):
            raise refusal
        with database.reading() as session:
            row = session.scalar(select(ApiToken).where(ApiToken.digest == digest(token)))
        if row is None or row.revoked_at is not None or row.expires_at <= clock():
            raise refusal
        return Actor(
            kind="service",
            id=row.id,
            name=row.name,
            grants=(Grant(rules.ROLES[row.role], source=f"role {row.role}"),),
            credential=f"token:{row.id}",
            request_id=request_id(),
            client_address=client_address(),
        )

    return verify

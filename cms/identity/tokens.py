"""From a token to the Actor that it stands for, once per request."""

import hmac
import threading
from collections.abc import Callable
from datetime import datetime, timedelta

import structlog
from sqlalchemy import or_, select, update
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from cms.identity import issuing, queries, rules
from cms.identity.models import ApiToken, Role
from cms.identity.staff import queries as staff
from cms.platform.actor import Actor, Grant
from cms.platform.db import Database
from cms.platform.errors import Unauthenticated
from cms.platform.http.guard import CHALLENGE, client_address, request_id

log = structlog.get_logger("copydesk.identity")

USE_NOTED_EVERY = timedelta(seconds=60)


def issue_token(session: Session, actor: Actor, *, name: str, role: str, lifetime: timedelta, now: datetime) -> str:
    """Make a token with a role that holds everywhere and give it back; this is the only time that it is seen."""
    _, text = issuing.issue(session, actor, rules.NewToken(name=name, role=role, lifetime=lifetime), now)
    return text


def has_tokens(session: Session) -> bool:
    """Whether any token was ever issued; the first start issues one only when not."""
    return session.scalar(select(ApiToken.number).limit(1)) is not None


def verifier(database: Database, clock: Callable[[], datetime]) -> Callable[[str], Actor]:
    """A function from a token to its Actor. State and role are read on each request, so that a change holds at once.

    Raises: Unauthenticated; the text does not tell unknown, expired, revoked and wrong address apart.
    """
    uses = Uses(database)

    def verify(token: str) -> Actor:
        refusal = Unauthenticated("The token is unknown, expired, revoked or not for this address.", headers=CHALLENGE)
        wanted, now = rules.digest(token), clock()
        found, grants, owner = None, None, ""
        if rules.is_well_formed(token) and (found := queries.token_and_role(database.direct, wanted)) is not None:
            row, role = found
            owner = row.issued_by if hmac.compare_digest(row.digest, wanted) else row.previous_by
            grants = _grants_now(database, row, role, owner)
        because = _wrong_with(found[0], wanted, now) if found is not None else "unknown"
        if found is None or because or grants is None:
            _note_refusal(found[0] if found is not None else None, because or "issuer")
            raise refusal
        row = found[0]
        uses.note(row, now)
        return Actor(
            kind="service",
            id=row.id,
            name=row.name,
            grants=grants,
            credential=f"token:{row.id}",
            request_id=request_id(),
            client_address=client_address(),
            on_behalf_of=owner if owner.startswith(staff.STAFF) else "",
        )

    return verify


def _grants_now(database: Database, row: ApiToken, role: Role | None, owner: str) -> tuple[Grant, ...] | None:
    if not owner.startswith(staff.STAFF):
        return queries.grants_of_token(row, role)
    with database.reading() as session:
        return staff.grants_of_token_now(session, row, role, owner)


class Uses:
    """Notes when a token was last used, at most once a minute, so that reading does not become writing.

    A request never fails for it: when the database takes no write, this process tries again a minute later.
    """

    def __init__(self, database: Database) -> None:
        self._database = database
        self._tried: dict[int, datetime] = {}
        self._lock = threading.Lock()

    def note(self, row: ApiToken, now: datetime) -> None:
        """Note a use of this token where the last noted one is old."""
        before = now - USE_NOTED_EVERY
        if row.last_used_at is not None and row.last_used_at > before:
            return
        with self._lock:
            tried = self._tried.get(row.number)
            if tried is not None and tried > before:
                return
            self._tried = {number: at for number, at in self._tried.items() if at > before} | {row.number: now}
        statement = update(ApiToken).where(
            ApiToken.number == row.number, or_(ApiToken.last_used_at.is_(None), ApiToken.last_used_at <= before)
        )
        try:
            with self._database.transaction() as session:
                session.execute(statement.values(last_used_at=now))
        except DBAPIError as error:
            log.warning("token_use_not_noted", credential=row.id, error=type(error).__name__)


def _wrong_with(row: ApiToken, digest: bytes, now: datetime) -> str:
    if row.revoked_at is not None:
        return "revoked"
    ends_at = row.expires_at if hmac.compare_digest(row.digest, digest) else row.previous_until
    if ends_at is None or ends_at <= now:
        return "expired"
    return "" if rules.is_at_home(client_address(), row.networks or ()) else "address"


def _note_refusal(row: ApiToken | None, because: str) -> None:
    # Who, what and from where; the line says when, and the access line of the same request says which path.
    # Source: OWASP ASVS 5.0, 16.2 and 16.3.
    log.warning(
        "token_refused",
        because=because,
        token_id=row.id if row is not None else None,
        client_address=client_address(),
        request_id=request_id(),
    )

"""`Idempotency-Key`: a POST that is sent twice happens once, and its answer is given twice.

The key is claimed first in the transaction of the effect and the answer is kept in the same transaction, so a crash
leaves either both or none. A concurrent repeat waits up to two seconds for the first.

Nobody can see on SQLite which key the one writer holds, so there a request with a key that did not get its turn to
write in two seconds is told the same as a repeat: something is under way, send it again.
"""

import hashlib
import json
from dataclasses import dataclass
from datetime import datetime

from flask import Response, g, request
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError, OperationalError
from sqlalchemy.orm import Session

from cms.platform.errors import BadRequest, Conflict, Forbidden, Invalid
from cms.platform.http.guard import current_actor
from cms.platform.models import RememberedAnswer

HEADER = "Idempotency-Key"
KEPT_HEADERS = ("Content-Type", "Cache-Control", "ETag", "Location", "Link")
KEPT_HOURS = 24
# A fingerprint is 160 bits of the request and 96 of the caller's rights, in hexadecimal.
REQUEST_CHARACTERS, RIGHTS_CHARACTERS = 40, 24
BODY_DIGEST = "body_digest"
PATIENCE_MS = 2_000
LOCK_NOT_AVAILABLE = "55P03"


class Replay(Exception):
    """Not an error: this POST was answered before, and here is that answer again."""

    def __init__(self, response: Response) -> None:
        super().__init__("answered before")
        self.response = response


@dataclass
class Claim:
    """The right of one request to act under its key."""

    session: Session
    remembered: RememberedAnswer
    is_kept: bool = False

    def keep(self, response: Response, *, is_secret: bool) -> None:
        """Keep the answer beside the effect; a secret one is not kept, only that there was one."""
        self.is_kept = True
        if is_secret:
            return
        self.remembered.status = response.status_code
        self.remembered.headers = {name: response.headers[name] for name in KEPT_HEADERS if name in response.headers}
        self.remembered.body = response.get_data()


def patience() -> int | None:
    """How long the request may wait until nobody else writes: with a key shorter than usual. Units: milliseconds."""
    return None if _key() is None else PATIENCE_MS


def claim(session: Session, now: datetime) -> Claim | None:
    """Claim the request's key, if it has one and a known caller.

    Raises: Replay with the first answer; Invalid (`idempotency_key_reused`) when the body differs; Forbidden
    (`rights_changed`) when the caller may do something else by now; Conflict when the first is still under way or its
    answer was secret; BadRequest for a key that is empty or too long.
    """
    key = _key()
    if key is None:
        return None
    actor = current_actor()
    if not 1 <= len(key) <= 255 or not key.isascii() or not key.isprintable():
        raise BadRequest(f"{HEADER} must have 1 to 255 visible ASCII characters.")
    mine = RememberedAnswer(caller=f"{actor.kind}:{actor.id}", key=key, fingerprint=_fingerprint(), created_at=now)
    try:
        known = _put(session, mine)
    except OperationalError as error:
        if not _is_busy(error):
            raise
        raise Conflict(
            "The first request with this key is still under way, or another change is; try again.",
            code="in_progress",
            headers={"Retry-After": "1"},
        ) from None
    if known is not None:
        raise _replay(known, mine.fingerprint)
    g.idempotency_claim = Claim(session, mine)
    return g.idempotency_claim


def _key() -> str | None:
    """The key that the request is to be claimed by."""
    key = request.headers.get(HEADER)
    return None if key is None or request.method != "POST" or current_actor().kind == "anonymous" else key


def _put(session: Session, mine: RememberedAnswer) -> RememberedAnswer | None:
    """Write the claim down, or give the one that was there first. Raises: OperationalError after the patience."""
    place = (mine.caller, mine.key)
    is_postgresql = session.get_bind().dialect.name == "postgresql"
    if is_postgresql:
        session.execute(text(f"SET LOCAL lock_timeout = {PATIENCE_MS}"))
    known = session.get(RememberedAnswer, place)
    if known is None:
        try:
            with session.begin_nested():
                session.add(mine)
        except IntegrityError:
            known = session.get(RememberedAnswer, place, populate_existing=True)
    if is_postgresql:
        # What the request itself waits for has patience of its own; the setting would last until the commit.
        session.execute(text("SET LOCAL lock_timeout TO DEFAULT"))
    return known


def _is_busy(error: OperationalError) -> bool:
    name = str(getattr(error.orig, "sqlite_errorname", ""))
    return name.startswith("SQLITE_BUSY") or getattr(error.orig, "sqlstate", None) == LOCK_NOT_AVAILABLE


def _replay(known: RememberedAnswer, fingerprint: str) -> Exception:
    if known.fingerprint[:REQUEST_CHARACTERS] != fingerprint[:REQUEST_CHARACTERS]:
        return Invalid(f"This {HEADER} was used for another request.", code="idempotency_key_reused")
    if known.fingerprint != fingerprint:
        return Forbidden(
            "This was done before, and what you may do has changed since; look whether you may still see it.",
            code="rights_changed",
        )
    if known.status is None:
        return Conflict("This was done before; its answer held a secret and was not kept.", code="answer_not_kept")
    response = Response(known.body, known.status)
    response.headers.clear()
    response.headers.extend(known.headers or {})
    response.headers["Idempotency-Replayed"] = "true"
    return Replay(response)


def _fingerprint() -> str:
    # Query and If-Match belong to what was asked; a repeat that differs in them is another request.
    parts = (request.method, request.full_path, request.headers.get("If-Match", ""))
    digest = hashlib.sha256("\n".join(parts).encode("utf-8", "surrogatepass"))
    # Of a body that was read in passing, such as a file, its digest is known.
    digest.update(g.get(BODY_DIGEST) or request.get_data(cache=True))
    return digest.hexdigest()[:REQUEST_CHARACTERS] + _rights()


def _rights() -> str:
    """What the caller may do and where, as 96 bits: an answer is not given again to whoever lost the right to it."""
    grants = sorted((grant.section_path, grant.locale, sorted(grant.permissions)) for grant in current_actor().grants)
    return hashlib.sha256(json.dumps(grants).encode()).hexdigest()[:RIGHTS_CHARACTERS]

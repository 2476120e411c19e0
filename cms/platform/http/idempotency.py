"""`Idempotency-Key`: a POST that is sent twice happens once, and its answer is given twice.

The key is claimed first in the transaction of the effect and the answer is kept in the same transaction, so a crash
leaves either both or none. A concurrent repeat waits for the first; on PostgreSQL at most two seconds.
"""

import hashlib
from dataclasses import dataclass
from datetime import datetime

from flask import Response, g, request
from sqlalchemy import select, text
from sqlalchemy.exc import IntegrityError, OperationalError
from sqlalchemy.orm import Session

from cms.platform.errors import BadRequest, Conflict, Invalid
from cms.platform.http.guard import current_actor
from cms.platform.models import RememberedAnswer

HEADER = "Idempotency-Key"
KEPT_HEADERS = ("Content-Type", "Cache-Control", "ETag", "Location", "Link")
KEPT_HOURS = 24


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


def claim(session: Session, now: datetime) -> Claim | None:
    """Claim the request's key, if it has one and a known caller.

    Raises: Replay with the first answer; Invalid (`idempotency_key_reused`) when the body differs; Conflict when the
    first is still under way or its answer was secret; BadRequest for a key that is empty or too long.
    """
    key = request.headers.get(HEADER)
    actor = current_actor()
    if key is None or request.method != "POST" or actor.kind == "anonymous":
        return None
    if not 1 <= len(key) <= 255 or not key.isascii() or not key.isprintable():
        raise BadRequest(f"{HEADER} must have 1 to 255 visible ASCII characters.")
    mine = RememberedAnswer(caller=f"{actor.kind}:{actor.id}", key=key, fingerprint=_fingerprint(), created_at=now)
    if session.get_bind().dialect.name == "postgresql":
        session.execute(text("SET LOCAL lock_timeout = '2s'"))
    known = session.get(RememberedAnswer, (mine.caller, mine.key))
    if known is None:
        try:
            with session.begin_nested():
                session.add(mine)
        except IntegrityError:
            known = session.scalar(select(RememberedAnswer).filter_by(caller=mine.caller, key=mine.key))
        except OperationalError:
            raise Conflict(
                "The first request with this key is still under way; try again.", code="in_progress"
            ) from None
    if known is not None:
        raise _replay(known, mine.fingerprint)
    g.idempotency_claim = Claim(session, mine)
    return g.idempotency_claim


def _replay(known: RememberedAnswer, fingerprint: str) -> Exception:
    if known.fingerprint != fingerprint:
        return Invalid(f"This {HEADER} was used for another request.", code="idempotency_key_reused")
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
    digest.update(request.get_data(cache=True))
    return digest.hexdigest()

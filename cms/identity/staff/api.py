"""Sessions and passwords of the staff over HTTP. Who is a colleague is managed in `operations/api/staff.py`."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import timedelta
from typing import Any

import structlog
from flask import Blueprint, Response, request

from cms.identity.passwords import HASHER, password_problem
from cms.identity.sessions import Client
from cms.identity.staff import queries, retrieving, signing_in, staffing
from cms.identity.staff.models import StaffSession, StaffUser
from cms.identity.staff.rules import (
    CODES_PER_CLIENT,
    PROOFS_PER_CLIENT,
    SESSION_LIFE,
    SIGN_INS_PER_CLIENT,
)
from cms.identity.staff.schemas import (
    Acceptance,
    AcceptanceShape,
    CodeAskedShape,
    CurrentSessionShape,
    JoinedShape,
    OwnPasswordChangeShape,
    OwnPasswordShape,
    PasswordRetrieval,
    PasswordRetrievalShape,
    SessionListShape,
    SessionShape,
    SignedInShape,
    SignIn,
    SignInShape,
    StaffCodeRequestShape,
)
from cms.identity.staff.sessions import end_all, end_session
from cms.identity.staff.signing_in import Candidate
from cms.mail.queueing import domain_of
from cms.platform.errors import BadRequest, Forbidden, Invalid, NotFound, TooMany, Unauthenticated
from cms.platform.http.answers import answer
from cms.platform.http.csrf import csrf_token, drop_cookie, refuse_foreign_origin, refuse_plain_http, set_cookie
from cms.platform.http.endpoint import endpoint
from cms.platform.http.guard import CHALLENGE, SESSION, client_address, current_actor, request_id, require_session
from cms.platform.http.services import services
from cms.platform.http.transactions import reading, refusal_noted, transaction

log = structlog.get_logger("copydesk.staff")
staff_access = Blueprint("staff_access", __name__, url_prefix="/api/v1")

LOCALES = ("en", "zh-CN", "kk", "ru")
WRONG_CODE = "The code is wrong, used, too old, or was tried too often. Ask for a new one."
WRONG_PASSWORD = "The password is not right."  # noqa: S105  # a sentence


@staff_access.post("/sessions")
@endpoint(
    summary="Sign in",
    body=SignInShape,
    answers={201: SignedInShape},
    refuses=(401, 403),
    limit=SIGN_INS_PER_CLIENT,
    within=HASHER.act,
    description="An unknown address, a wrong password and a disabled account get the same answer. After five wrong "
    "passwords in a row from one client each further one waits longer, at most 15 minutes.",
)
def sign_in(body: SignIn) -> Response:
    """A session of at most a day, which ends an hour after it was used last."""
    if body.kind == "cookie":
        refuse_foreign_origin(is_needed=False)
        refuse_plain_http()
    parts, client, actor = services(), _client(), current_actor()
    candidate = _announced(body.email)
    refusal = Unauthenticated("Address and password do not fit together.", code="sign_in_refused", headers=CHALLENGE)
    with _refusal_noted(candidate):
        if not HASHER.is_right(candidate.password_hash, body.password):
            raise refusal
    with _refusal_noted(candidate), transaction() as session:
        opened = signing_in.admit(
            session, actor, candidate, kind=body.kind, client=client, hasher=HASHER, password=body.password,
            now=parts.clock(),
        )  # fmt: skip
        if opened is None:
            raise refusal
        row, token = opened
        data: dict[str, Any] = {"id": row.id, "expires_at": row.expires_at}
        headers: dict[str, str] = {}
        if body.kind == "cookie":
            data["csrf_token"] = csrf_token(SESSION + row.id)
            headers = set_cookie(token, int(SESSION_LIFE.total_seconds()))
        else:
            data["token"] = token
        return answer(data, 201, headers=headers, is_secret=True)


@staff_access.get("/sessions")
@endpoint(summary="One's own sessions", needs_session=True, answers={200: SessionListShape})
def list_sessions() -> Response:
    """Where one is signed in: device, address, and when it was seen last."""
    with reading() as session:
        rows = queries.sessions_of(session, current_actor().id, services().clock())
    return answer({"data": [session_data(row) for row in rows]})


@staff_access.get("/sessions/current")
@endpoint(
    summary="The present session",
    needs_session=True,
    answers={200: CurrentSessionShape},
    description="With a cookie, `csrf_token` is there for a page that was loaded anew.",
)
def read_session() -> Response:
    """The session that this request came with."""
    with reading() as session:
        row = queries.session_by_id(session, require_session())
        user = queries.user_by_id(session, current_actor().id)
    if row is None or user is None:
        raise NotFound
    extra = {"csrf_token": csrf_token(SESSION + row.id)} if row.kind == "cookie" else {}
    return answer(session_data(row) | {"staff": person_data(user)} | extra)


@staff_access.delete("/sessions/<session_id>")
@endpoint(summary="Sign out of one session", needs_session=True, answers={204: None}, refuses=(404,))
def sign_out(session_id: str) -> Response:
    """End one of one's own sessions, the present one or another."""
    with transaction() as session:
        if not end_session(session, current_actor(), session_id, services().clock()):
            raise NotFound("You have no session of this id that is alive.")
    return answer(None, 204, headers=drop_cookie() if session_id == require_session() else {})


@staff_access.delete("/sessions")
@endpoint(summary="Sign out everywhere", needs_session=True, answers={204: None})
def sign_out_everywhere() -> Response:
    """End all of one's own sessions, the present one too. Needs no fresh password: whoever does it loses by it."""
    with transaction() as session:
        end_all(session, current_actor(), services().clock())
    return answer(None, 204, headers=drop_cookie())


@staff_access.post("/sessions/reauthenticate")
@endpoint(
    summary="Type the password again, for what is dangerous",
    needs_session=True,
    body=OwnPasswordShape,
    answers={200: SessionShape},
    limit=PROOFS_PER_CLIENT,
    within=HASHER.act,
)
def reauthenticate(body: dict[str, str]) -> Response:
    """For ten minutes the session may do what needs a fresh password."""
    session_id, candidate = require_session(), _own_candidate(body["password"])
    with _refusal_noted(candidate), transaction() as session:
        is_done = signing_in.prove_again(session, current_actor(), session_id, candidate, _client(), services().clock())
        row = queries.session_by_id(session, session_id)
        if not is_done or row is None:
            raise Forbidden(WRONG_PASSWORD, code="password_refused")
        return answer(session_data(row))


@staff_access.post("/staff/me/password")
@endpoint(
    summary="Change one's own password",
    needs_session=True,
    needs_fresh_proof=True,
    body=OwnPasswordChangeShape,
    answers={204: None},
    limit=PROOFS_PER_CLIENT,
    within=HASHER.act,
)
def change_password(body: dict[str, Any]) -> Response:
    """Needs the present password. Every other session ends, and a letter tells of it."""
    session_id, candidate = require_session(), _own_candidate(body["current_password"] or "")
    try:
        _refuse_weak(body["new_password"], candidate.email, current_actor().name, "/new_password")
    except Invalid:
        # The present password was right, so this is no failure that the next attempt has to wait for.
        with services().database.transaction() as session:
            signing_in.forget_trail(session, candidate.email, _client())
        raise
    password_hash = HASHER.hash(body["new_password"])
    with _refusal_noted(candidate), transaction() as session:
        is_done = retrieving.change_password(
            session, current_actor(), session_id, candidate, password_hash, client=_client(),
            sender_domain=sender_domain(), now=services().clock(),
        )  # fmt: skip
        if not is_done:
            raise Forbidden(WRONG_PASSWORD, code="password_refused")
        return answer(None, 204)


@staff_access.post("/staff/invitations/<invitation_id>/accept")
@endpoint(
    summary="Accept an invitation",
    body=AcceptanceShape,
    answers={201: JoinedShape},
    limit=PROOFS_PER_CLIENT,
    within=HASHER.act,
    description="Needs no token: the code came by mail. Sign in afterwards.",
)
def accept_invitation(body: Acceptance, invitation_id: str) -> Response:
    """Make the account, with a password that nobody else knows."""
    with reading() as session:
        invitation = queries.invitation_by_id(session, invitation_id)
    email, name = (invitation.email, invitation.name) if invitation is not None else ("", "")
    _refuse_weak(body.password, email, name, "/password")
    parts, password_hash = services(), HASHER.hash(body.password)
    with transaction() as session:
        user = staffing.accept(
            session, parts.keys, current_actor(), invitation_id, body.code, password_hash, network=_client().network,
            now=parts.instant(session),
        )  # fmt: skip
        joined = person_data(user) if user is not None else None
    return _proven(joined, lambda: answer(joined, 201))


@staff_access.post("/staff/codes")
@endpoint(
    summary="Ask for a code to set another password",
    body=StaffCodeRequestShape,
    answers={202: CodeAskedShape},
    limit=CODES_PER_CLIENT,
    description="The same answer whether the address belongs to a colleague and whether a letter goes out.",
)
def ask_for_code(body: dict[str, str]) -> Response:
    """A code by mail with its number, at most once in the cooldown and five times an hour, whoever asks."""
    parts = services()
    with transaction() as session:
        code_id = retrieving.ask_for_code(
            session,
            current_actor(),
            body["email"],
            locale=request.accept_languages.best_match(LOCALES, LOCALES[0]),
            cooldown=timedelta(seconds=parts.settings.code_cooldown_seconds),
            sender_domain=sender_domain(),
            now=parts.instant(session),
        )
        return answer({"code_id": code_id}, 202)


@staff_access.post("/staff/password")
@endpoint(
    summary="Set another password by the code of a letter", body=PasswordRetrievalShape, answers={204: None},
    limit=PROOFS_PER_CLIENT, within=HASHER.act,
)  # fmt: skip
def retrieve_password(body: PasswordRetrieval) -> Response:
    """Every session of the account ends, and a letter tells of it. Sign in afterwards."""
    with reading() as session:
        question = queries.code_by_id(session, body.code_id)
    email = question.email if question is not None else ""
    _refuse_weak(body.new_password, email, "", "/new_password")
    parts, password_hash = services(), HASHER.hash(body.new_password)
    with transaction() as session:
        is_proven = retrieving.set_password(
            session, parts.keys, current_actor(), body.code_id, body.code, password_hash, client=_client(),
            # Raised within, so that the code is not used up by it.
            refuse_name=lambda name: _refuse_weak(body.new_password, email, name, "/new_password"),
            sender_domain=sender_domain(), now=parts.instant(session),
        )  # fmt: skip
    return _proven(is_proven or None, lambda: answer(None, 204))


def session_data(row: StaffSession) -> dict[str, Any]:
    """A session in the shape of `SessionShape`."""
    names = ("id", "kind", "device", "address", "created_at", "last_seen_at", "expires_at")
    return {name: getattr(row, name) for name in names} | {
        "reauthenticated_at": row.proven_at,
        "is_current": current_actor().credential == SESSION + row.id,
    }


def person_data(user: StaffUser) -> dict[str, Any]:
    """A colleague in the shape of `JoinedShape`."""
    return {"id": user.id, "email": user.email, "name": user.name}


def sender_domain() -> str:
    """The domain that letters come from."""
    return domain_of(services().settings.mail_from)


def _announced(email: str) -> Candidate:
    """Count an attempt before its password is compared. Raises: TooMany."""
    # Not the request's own transaction: an Idempotency-Key is not to be claimed by what comes before the act.
    with services().database.transaction() as session:
        candidate = signing_in.announce(session, email, _client(), services().clock())
    if candidate.wait_seconds:
        log.warning(
            "sign_in_delayed",
            staff=candidate.user.id if candidate.user is not None else "nobody",
            wait_seconds=candidate.wait_seconds,
            client_address=client_address(),
            request_id=request_id(),
        )
        raise TooMany(
            "Too many wrong passwords; wait before the next one, or ask for a code to set another.",
            headers={"Retry-After": str(candidate.wait_seconds)},
        )
    return candidate


def _own_candidate(password: str) -> Candidate:
    """The caller, whose password is right. Raises: Forbidden, TooMany."""
    with reading() as session:
        user = queries.user_by_id(session, current_actor().id)
    candidate = _announced(user.email if user is not None else "")
    with _refusal_noted(candidate):
        if not HASHER.is_right(candidate.password_hash, password):
            raise Forbidden(WRONG_PASSWORD, code="password_refused")
    return candidate


def _refusal_noted(candidate: Candidate) -> AbstractContextManager[None]:
    """Leave an entry of a password that was refused, also of an account that changed while it was compared."""
    return refusal_noted(lambda session: signing_in.refuse(session, current_actor(), candidate, services().clock()))


def _proven(found: Any, build: Callable[[], Response]) -> Response:
    # Raised after the transaction was left, so that the failed attempt stays counted.
    if found is None:
        raise BadRequest(WRONG_CODE, code="code_refused")
    return build()


def _refuse_weak(password: str, email: str, name: str, pointer: str) -> None:
    context = (services().settings.site_name, name, *email.split("@"))
    problem = password_problem(password, context, pointer)
    if problem is not None:
        raise Invalid(errors=[problem])


def _client() -> Client:
    return Client(client_address(), request.headers.get("User-Agent", ""))

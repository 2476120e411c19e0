"""Readers who are signed in: sessions, profile, password, and the end of an account. Nobody sees another's."""

from contextlib import AbstractContextManager
from typing import Any

import structlog
from flask import Blueprint, Response, request

from cms.identity.passwords import HASHER, password_problem
from cms.identity.sessions import Client
from cms.mail.queueing import domain_of
from cms.platform.errors import Forbidden, Invalid, NotFound, TooMany, Unauthenticated
from cms.platform.http.answers import answer
from cms.platform.http.endpoint import endpoint
from cms.platform.http.guard import CHALLENGE, SESSION, client_address, current_actor, request_id, require_session
from cms.platform.http.services import services
from cms.platform.http.transactions import reading, refusal_noted, transaction
from cms.readers import own_account, queries, signing_in
from cms.readers.comments.queries.threads import comment_kept
from cms.readers.consenting import consent_data
from cms.readers.follows.queries import follow_data
from cms.readers.models import Account, ReaderSession
from cms.readers.rules import SIGN_INS_PER_CLIENT, VERIFICATIONS_PER_CLIENT
from cms.readers.schemas import (
    ExportShape,
    ProfileChange,
    ProfileChangeShape,
    ProfileShape,
    ReaderPasswordChangeShape,
    ReaderPasswordShape,
    ReaderSessionListShape,
    ReaderSignedInShape,
    ReaderSignInShape,
    SignIn,
)
from cms.readers.sessions import end_all, end_session
from cms.readers.signing_in import Candidate

log = structlog.get_logger("copydesk.readers")
reader_accounts = Blueprint("reader_accounts", __name__, url_prefix="/readers/v1")

GONE = "There is no such account any more."
WRONG_PASSWORD = "The password is not right."  # noqa: S105  # a sentence


@reader_accounts.post("/sessions")
@endpoint(
    summary="Sign in as a reader",
    body=ReaderSignInShape,
    answers={201: ReaderSignedInShape},
    refuses=(401,),
    limit=SIGN_INS_PER_CLIENT,
    within=HASHER.act,
    description="An unknown address, a wrong password and an account without a password get the same answer.",
)
def sign_in(body: SignIn) -> Response:
    """A session of at most 30 days, which ends 14 days after it was used last."""
    parts, candidate = services(), _announced(body.email)
    refusal = Unauthenticated("Address and password do not fit together.", code="sign_in_refused", headers=CHALLENGE)
    with password_refusal_noted(candidate):
        if not HASHER.is_right(candidate.password_hash, body.password):
            raise refusal
        rehashed = signing_in.hashed_anew(HASHER, candidate, body.password)
        with transaction() as session:
            opened = signing_in.admit(session, current_actor(), candidate, rehashed, _client(), parts.clock())
            if opened is None:
                raise refusal
            row, token = opened
            return answer({"id": row.id, "token": token, "expires_at": row.expires_at}, 201, is_secret=True)


@reader_accounts.get("/sessions")
@endpoint(summary="A reader's own sessions", needs_reader=True, answers={200: ReaderSessionListShape})
def list_sessions() -> Response:
    """Where one is signed in: device, network, and when it was seen last."""
    with reading() as session:
        rows = queries.sessions_of(session, current_actor().id, services().clock())
    return answer({"data": [_session_data(row) for row in rows]})


@reader_accounts.delete("/sessions/<session_id>")
@endpoint(summary="Sign a reader out of one session", needs_reader=True, answers={204: None}, refuses=(404,))
def sign_out(session_id: str) -> Response:
    """End one of one's own sessions, the present one or another."""
    with transaction() as session:
        if not end_session(session, current_actor(), session_id, services().clock()):
            raise NotFound("You have no session of this id that is alive.")
    return answer(None, 204)


@reader_accounts.delete("/sessions")
@endpoint(summary="Sign a reader out everywhere", needs_reader=True, answers={204: None})
def sign_out_everywhere() -> Response:
    """End all of one's own sessions, the present one too."""
    with transaction() as session:
        end_all(session, current_actor(), services().clock())
    return answer(None, 204)


@reader_accounts.get("/me")
@endpoint(summary="A reader's own account", needs_reader=True, answers={200: ProfileShape}, refuses=(404,))
def read_profile() -> Response:
    """Address, display name and language."""
    with reading() as session:
        account = queries.account_by_id(session, current_actor().id)
    return answer(profile_data(_there(account)))


@reader_accounts.patch("/me")
@endpoint(
    summary="Change a reader's own account", needs_reader=True, body=ProfileChangeShape,
    answers={200: ProfileShape}, refuses=(404,),
)  # fmt: skip
def change_profile(body: ProfileChange) -> Response:
    """Another display name or language. The last change counts: an account has one owner."""
    with transaction() as session:
        account = own_account.change_profile(session, current_actor(), body, services().clock())
        return answer(profile_data(_there(account)))


@reader_accounts.post("/me/password")
@endpoint(
    summary="Change a reader's own password", needs_reader=True, body=ReaderPasswordChangeShape,
    answers={204: None}, refuses=(403,), limit=VERIFICATIONS_PER_CLIENT, within=HASHER.act,
)  # fmt: skip
def change_password(body: dict[str, str]) -> Response:
    """Needs the present password. Every other session ends, and a letter tells of it."""
    parts, session_id = services(), require_session()
    candidate = own_candidate(body["current_password"])
    context = (parts.settings.site_name, *candidate.email.split("@"))
    problem = password_problem(body["new_password"], context, "/new_password")
    if problem is not None:
        raise Invalid(errors=[problem])
    password_hash = HASHER.hash(body["new_password"])
    with password_refusal_noted(candidate), transaction() as session:
        is_done = signing_in.change_password(
            session, current_actor(), session_id, candidate, password_hash, client=_client(),
            sender_domain=domain_of(parts.settings.mail_from), now=parts.clock(),
        )  # fmt: skip
        if not is_done:
            raise Forbidden(WRONG_PASSWORD, code="password_refused")
        return answer(None, 204)


@reader_accounts.post("/me/export")
@endpoint(
    summary="All that is kept of a reader",
    needs_reader=True,
    answers={200: ExportShape},
    refuses=(404,),
    description="The account, all sessions, consents, bookmarks and folders, comments, likes and reports, follows and "
    "what was told for them, what became of letters to the address, and the codes that were asked for it. Left out are "
    "the hash of the password and what was written in letters, which is not kept.",
)
def export_account() -> Response:
    """One's own data as JSON; that it was taken is noted in the audit trail."""
    with transaction() as session:
        kept = own_account.export_account(session, current_actor(), services().clock())
        if kept is None:
            raise NotFound(GONE)
        data = {
            "account": profile_data(kept.account),
            "sessions": [_session_data(row) for row in kept.sessions],
            "letters": [_members(one, "kind", "state", "created_at", "sent_at") for one in kept.letters],
            "codes": [_members(one, "purpose", "created_at", "used_at") for one in kept.codes],
            "consents": [consent_data(one) for one in kept.consents],
            "bookmarks": [
                {"folder": one.folder_id, **_members(one, "article_id", "added_at", "removed_at")}
                for one in kept.bookmarks
            ],
            "folders": [_members(one, "id", "name", "created_at") for one in kept.folders],
            "comments": [comment_kept(one) for one in kept.comments],
            "likes": [{"comment": one.comment_id, "at": one.at} for one in kept.likes],
            "reports": [{"comment": one.comment_id, **_members(one, "reason", "note", "at")} for one in kept.reports],
            "follows": [follow_data(one, kept.account.locale) for one in kept.follows],
            "told": kept.told,
            "digest": _members(kept.digest, "hour", "time_zone", "last_period") if kept.digest else None,
        }
        return answer(data, is_secret=True)


@reader_accounts.post("/me/delete")
@endpoint(
    summary="Delete a reader's own account", needs_reader=True, body=ReaderPasswordShape, answers={204: None},
    refuses=(403,), limit=VERIFICATIONS_PER_CLIENT, within=HASHER.act,
)  # fmt: skip
def delete_account(body: dict[str, str]) -> Response:
    """Needs the password. All that is kept of the reader is gone for good, and the address is wiped from letters.

    Comments stay in their threads without text and author.
    """
    candidate = own_candidate(body["password"])
    with password_refusal_noted(candidate), transaction() as session:
        if not own_account.delete_account(session, current_actor(), candidate, services().clock()):
            raise Forbidden(WRONG_PASSWORD, code="password_refused")
        return answer(None, 204, is_secret=True)


def _announced(email: str) -> Candidate:
    """Count an attempt before its password is compared. Raises: TooMany."""
    # Not the request's own transaction: an Idempotency-Key is not to be claimed by what comes before the act.
    with services().database.transaction() as session:
        candidate = signing_in.announce(session, email, _client(), services().clock())
    if candidate.wait_seconds:
        log.warning("sign_in_delayed", wait_seconds=candidate.wait_seconds, request_id=request_id())
        raise TooMany(
            "Too many passwords were tried; wait before the next one, or ask for a code to set another.",
            headers={"Retry-After": str(candidate.wait_seconds)},
        )
    return candidate


def own_candidate(password: str) -> Candidate:
    """The reader, whose password is right. Raises: Forbidden, TooMany."""
    with reading() as session:
        account = queries.account_by_id(session, current_actor().id)
    candidate = _announced(account.email if account is not None else "")
    with password_refusal_noted(candidate):
        if not HASHER.is_right(candidate.password_hash, password):
            raise Forbidden(WRONG_PASSWORD, code="password_refused")
    return candidate


def password_refusal_noted(candidate: Candidate) -> AbstractContextManager[None]:
    """Leave an entry of a password that was refused, also of an account that changed while it was compared."""
    return refusal_noted(lambda session: signing_in.refuse(session, current_actor(), candidate, services().clock()))


def _there(account: Account | None) -> Account:
    if account is None:
        raise NotFound(GONE)
    return account


def profile_data(account: Account) -> dict[str, Any]:
    """An account in the shape of `ProfileShape`."""
    return _members(account, "id", "email", "display_name", "locale", "created_at")


def _session_data(row: ReaderSession) -> dict[str, Any]:
    names = ("id", "device", "network", "created_at", "last_seen_at", "expires_at")
    return _members(row, *names) | {"is_current": current_actor().credential == SESSION + row.id}


def _members(row: Any, *names: str) -> dict[str, Any]:
    return {name: getattr(row, name) for name in names}


def _client() -> Client:
    return Client(client_address(), request.headers.get("User-Agent", ""))

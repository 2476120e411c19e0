"""Who asks, and whether they may: the credential of a request becomes an Actor, once."""

from datetime import timedelta

import structlog
from flask import g, request

from cms.platform.actor import Actor
from cms.platform.errors import CHALLENGE, Forbidden, NotFound, Unauthenticated
from cms.platform.http.csrf import cookie_name, refuse_forgery
from cms.platform.http.services import services

log = structlog.get_logger("copydesk.access")
PRIVATE_PREFIXES = ("/api/",)
SESSION = "session:"
# Dangerous acts in a session need a password that was typed so short ago; RFC 9470 says how to ask for it.
PROOF_LIFE = timedelta(minutes=10)
PROOF_CHALLENGE = {
    "WWW-Authenticate": 'Bearer realm="copydesk", error="insufficient_user_authentication", '
    f"max_age={int(PROOF_LIFE.total_seconds())}"
}
# The only routes below a private prefix that answer without a credential: those by which somebody comes to one.
OPEN_ROUTES = frozenset(
    {
        ("POST", "/api/v1/sessions"),
        ("POST", "/api/v1/staff/invitations/<invitation_id>/accept"),
        ("POST", "/api/v1/staff/codes"),
        ("POST", "/api/v1/staff/password"),
    }
)


def authenticate() -> None:
    """Before every request below a private prefix, known path or not: no credential, no answer.

    Raises: Unauthenticated; Forbidden for a change by cookie that another site may have sent.
    """
    if not request.path.startswith(PRIVATE_PREFIXES) or _is_open():
        return
    cookie = None if "HTTP_AUTHORIZATION" in request.environ else request.cookies.get(cookie_name())
    if cookie is None:
        g.actor = services().verify_token(bearer_token())
        return
    actor = services().verify_token(cookie)
    if not actor.credential.startswith(SESSION):
        raise Unauthenticated("A cookie carries sessions only.", headers=CHALLENGE)
    # Before the refusal, so that its line in the log says whose session was used.
    g.actor = actor
    refuse_forgery(actor.credential)


def refuse_nameless_path() -> None:
    """A path with a NUL names nothing, and PostgreSQL would not even look for it. Raises: NotFound."""
    if "\0" in request.path:
        raise NotFound


def bearer_token() -> str:
    """The token of the Authorization header; tokens in URLs and bodies are not looked at. Raises: Unauthenticated."""
    kind, _, token = request.headers.get("Authorization", "").partition(" ")
    if kind.lower() != "bearer" or not token.strip():
        raise Unauthenticated("Send the header Authorization: Bearer <token>.", headers=CHALLENGE)
    return token.strip()


def require(scope: str) -> None:
    """Let the caller go on only with this scope. Raises: Forbidden, naming it."""
    if not current_actor().may(scope):
        raise Forbidden(
            f"This needs the scope {scope}, which the token does not carry.",
            extra={"missing_scope": scope, "missing_permission": scope},
        )


def note_forbidden(problem: Forbidden) -> None:
    """Tell the log who was refused what; the access line of the same request says on which path.

    Source: OWASP ASVS 5.0, 16.3.2.
    """
    actor = current_actor()
    log.warning(
        "access_refused",
        because=problem.code,
        missing=problem.extra.get("missing_permission"),
        actor=f"{actor.kind}:{actor.id}",
        credential=actor.credential,
        client_address=client_address(),
        request_id=request_id(),
    )


def require_session() -> str:
    """The id of the caller's session; what concerns a person's account is not done with a token. Raises: Forbidden."""
    credential = current_actor().credential
    if not credential.startswith(SESSION):
        raise Forbidden(
            "This is done in a session that a colleague signed in to, not with a token.", code="session_needed"
        )
    return credential.removeprefix(SESSION)


def require_reader() -> None:
    """Let only a reader who signed in go on; no credential of the newsroom is one. Raises: Unauthenticated."""
    g.actor = services().verify_reader(bearer_token())


def require_fresh_proof() -> None:
    """Let a session do what is dangerous only shortly after the password was typed; tokens have no password.

    Raises: Unauthenticated (`reauthenticate`).
    """
    actor = current_actor()
    if actor.proven_at is not None and services().clock() >= actor.proven_at + PROOF_LIFE:
        raise Unauthenticated(
            "Type your password again: POST /api/v1/sessions/reauthenticate.",
            code="reauthenticate",
            headers=PROOF_CHALLENGE,
        )


def current_actor() -> Actor:
    """Who asks; anonymous on public surfaces."""
    actor: Actor | None = g.get("actor")
    if actor is None:
        return Actor(kind="anonymous", request_id=request_id(), client_address=client_address())
    return actor


def request_id() -> str:
    """The id of this request, which stands in the answer, the log and every letter that it drops."""
    return str(request.environ.get("copydesk.request_id", ""))


def client_address() -> str:
    """The asker's address; forwarded ones count only from a configured proxy."""
    return str(request.environ.get("copydesk.client_address", request.remote_addr or ""))


def _is_open() -> bool:
    rule = request.url_rule
    return rule is not None and (request.method, rule.rule) in OPEN_ROUTES

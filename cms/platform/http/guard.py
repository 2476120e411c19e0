"""Who asks, and whether they may: the bearer token becomes an Actor, once per request."""

from typing import cast

from flask import g, request

from cms.platform.actor import Actor
from cms.platform.errors import Forbidden, NotFound, Unauthenticated
from cms.platform.http.services import services

PRIVATE_PREFIXES = ("/api/",)
CHALLENGE = {"WWW-Authenticate": 'Bearer realm="copydesk"'}


def authenticate() -> None:
    """Before every request below a private prefix, known path or not: no token, no answer. Raises: Unauthenticated."""
    if request.path.startswith(PRIVATE_PREFIXES):
        g.actor = services().verify_token(bearer_token())


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
            f"This needs the scope {scope}, which the token does not carry.", extra={"missing_scope": scope}
        )


def current_actor() -> Actor:
    """Who asks; anonymous on public surfaces."""
    if "actor" not in g:
        return Actor(kind="anonymous", request_id=request_id(), client_address=client_address())
    return cast(Actor, g.actor)


def request_id() -> str:
    """The id of this request, which stands in the answer, the log and every letter that it drops."""
    return str(request.environ.get("copydesk.request_id", ""))


def client_address() -> str:
    """The asker's address; forwarded ones count only from a configured proxy."""
    return str(request.environ.get("copydesk.client_address", request.remote_addr or ""))

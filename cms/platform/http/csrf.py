"""Sessions that a browser carries in a cookie, and what keeps another site from using them (S95).

A change with the cookie needs `X-CSRF-Token`, which only a page that may read our answers can know, an `Origin` that
is ours, and a body of a type that no plain form can send, except where files are sent. Reads need none of it, because
they change nothing.
"""

import hashlib
import hmac
from urllib.parse import urlsplit

from flask import current_app, request

from cms.platform.errors import Forbidden, Invalid
from cms.platform.http.services import services

SAFE = frozenset({"GET", "HEAD", "OPTIONS"})
# What a form of another site can send without asking first. Source: Fetch, CORS-safelisted request-header.
FORM_TYPES = frozenset({"application/x-www-form-urlencoded", "multipart/form-data", "text/plain"})
LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})
LONGEST_TOKEN = 200


def cookie_name() -> str:
    """What the cookie is called: over https with the prefix that browsers bind to this host, see `set_cookie`."""
    return "__Host-copydesk" if _is_https() else "copydesk"


def set_cookie(token: str, max_age_seconds: int) -> dict[str, str]:
    """The header that gives a browser its session, or takes it away with an age of 0.

    Over plain http browsers refuse `Secure` and the prefix `__Host-`, so the cookie goes without both.
    """
    secure = "; Secure" if _is_https() else ""
    value = f"{cookie_name()}={token}; Path=/; Max-Age={max_age_seconds}; HttpOnly; SameSite=Lax{secure}"
    return {"Set-Cookie": value}


def drop_cookie() -> dict[str, str]:
    """The header that takes the session away from a browser that sent it in a cookie."""
    return set_cookie("", 0) if cookie_name() in request.cookies else {}


def refuse_plain_http() -> None:
    """Refuse sessions by cookie over plain http, except on loopback. Raises: Invalid (`https_needed`)."""
    if not _is_https() and (urlsplit(services().settings.public_url).hostname or "") not in LOOPBACK:
        raise Invalid("A session by cookie needs https: set COPYDESK_BASE_URL to it.", code="https_needed")


def csrf_token(credential: str) -> str:
    """What a page sends back with each change. Formula: HMAC-SHA-256(key for this purpose, the session)."""
    return _token(services().keys.derive("csrf"), credential)


def refuse_forgery(credential: str) -> None:
    """Refuse a change that another site may have made the browser send. Raises: Forbidden (`csrf`)."""
    if request.method in SAFE:
        return
    refuse_foreign_origin(is_needed=True)
    if request.mimetype in FORM_TYPES and not _is_upload():
        raise Forbidden("With a cookie, send application/json; forms are not read.", code="csrf")
    given = request.headers.get("X-CSRF-Token", "")[:LONGEST_TOKEN].encode()
    right = (_token(key, credential).encode() for key in services().keys.accepted("csrf"))
    if not any(hmac.compare_digest(given, one) for one in right):
        raise Forbidden("With a cookie, send the csrf_token of the sign-in in X-CSRF-Token.", code="csrf")


def _is_upload() -> bool:
    """Whether a form is what this route reads. The header with the token is one that no form of another site sends."""
    view = current_app.view_functions.get(request.endpoint or "")
    declared = getattr(view, "__endpoint__", None)
    return request.mimetype == "multipart/form-data" and declared is not None and declared.upload is not None


def refuse_foreign_origin(*, is_needed: bool) -> None:
    """Refuse a request that a page of another site sends. Raises: Forbidden (`csrf`)."""
    origin = request.headers.get("Origin")
    parts = urlsplit(services().settings.public_url)
    if origin != f"{parts.scheme}://{parts.netloc}" and (is_needed or origin is not None):
        raise Forbidden("This came from a page of another site.", code="csrf")


def _token(key: bytes, credential: str) -> str:
    return hmac.new(key, credential.encode(), hashlib.sha256).hexdigest()


def _is_https() -> bool:
    return services().settings.public_url.startswith("https://")

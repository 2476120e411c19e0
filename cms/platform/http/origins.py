"""What a request may name: the host that it asks, and the origin of the page that it comes from (CORS).

No address is ever made from a request's Host; a list of host names keeps requests away that were sent here by a
foreign name. Pages of other origins may read answers only where the settings list their origin, and never with cookies:
a browser sends a session in a cookie to pages of our own origin alone.
"""

import re

from flask import Response, request
from werkzeug.exceptions import NotImplemented as MethodUnknown

from cms.platform.errors import BadRequest
from cms.platform.http.accounting import METHODS
from cms.platform.http.public import origin_headers
from cms.platform.http.services import services
from cms.settings import HOST_NAME

HOST = re.compile(rf"({HOST_NAME.pattern})(?::[0-9]{{1,5}})?")
PREFLIGHT = {
    "Access-Control-Allow-Methods": "GET, HEAD, POST, PUT, PATCH, DELETE",
    "Access-Control-Allow-Headers": "Authorization, Content-Type, If-Match, If-None-Match, If-Modified-Since, "
    "Idempotency-Key, Last-Event-ID, Accept-Language, X-Request-Id",
    "Access-Control-Max-Age": "600",
    "Cache-Control": "no-store",
}


def refuse_unknown_method() -> None:
    """Methods are what they are, in capitals; no header says another. Raises: MethodUnknown, answered 501."""
    if request.environ["REQUEST_METHOD"] not in METHODS:
        raise MethodUnknown("This method is not known here.")


def refuse_foreign_host() -> None:
    """Refuse a Host that is none, that is two, or that the settings do not list. Raises: BadRequest.

    A server joins two headers by a comma, which no host has. Only HTTP/1.0 may leave Host out, where nothing is listed.
    """
    hosts, given = services().settings.hosts, request.environ.get("HTTP_HOST", "")
    if not given and not hosts and request.environ.get("SERVER_PROTOCOL") == "HTTP/1.0":
        return
    found = HOST.fullmatch(given.lower())
    if found is None or (hosts and found[1] not in hosts):
        raise BadRequest("The header Host names nothing that is served here.")


def answer_preflight() -> Response | None:
    """Answer a browser that asks whether a page of a listed origin may send something; others learn nothing."""
    is_preflight = request.method == "OPTIONS" and "Access-Control-Request-Method" in request.headers
    if not is_preflight or not _is_listed():
        return None
    return Response(status=204, headers=PREFLIGHT)


def allow_origin(response: Response) -> Response:
    """Let a page of a listed origin read an answer, and caches tell answers to different origins apart."""
    if services().settings.allowed_origins:
        response.vary.add("Origin")
        response.headers.extend(origin_headers(services().settings.allowed_origins, request.headers.get("Origin")))
    return response


def _is_listed() -> bool:
    return request.headers.get("Origin") in services().settings.allowed_origins

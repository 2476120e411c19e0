"""Every refusal of every layer as `application/problem+json`. Source: RFC 9457."""

from typing import Any

import structlog
from flask import Flask, Response, g, request
from sqlalchemy.exc import DBAPIError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from werkzeug.exceptions import HTTPException, MethodNotAllowed, NotFound

from cms.platform.errors import Forbidden, Problem, Unavailable
from cms.platform.http.answers import encode
from cms.platform.http.guard import note_forbidden, request_id
from cms.platform.http.idempotency import Replay
from cms.platform.http.services import services

log = structlog.get_logger("copydesk.api")

CODES = {
    400: "bad_request", 401: "unauthenticated", 403: "forbidden", 404: "not_found", 405: "method_not_allowed",
    406: "not_acceptable", 408: "request_timeout", 409: "conflict", 410: "gone", 411: "length_required",
    412: "stale", 413: "too_large", 414: "uri_too_long", 415: "unsupported_media_type", 416: "range_not_satisfiable",
    417: "expectation_failed", 422: "invalid", 423: "lease_held", 428: "precondition_required",
    429: "too_many_requests", 431: "headers_too_large", 500: "internal", 501: "not_implemented",
    502: "bad_gateway", 503: "unavailable", 507: "no_room",
}  # fmt: skip


def install(app: Flask) -> None:
    """Teach an application to refuse in one voice."""
    app.register_error_handler(Replay, lambda replay: replay.response)
    app.register_error_handler(Problem, problem_response)
    app.register_error_handler(HTTPException, _from_werkzeug)
    app.register_error_handler(Exception, _from_surprise)


def committed_refusal(problem: Problem) -> Response:
    """A problem as an answer that is built inside a transaction, so that what was counted there stays counted.

    To raise it would undo the count. It is remembered like any answer: a repeat of the POST gets it again.
    """
    response = problem_response(problem)
    claim = g.get("idempotency_claim")
    if claim is not None:
        claim.keep(response, is_secret=False)
    return response


def problem_response(problem: Problem) -> Response:
    """A problem as an answer. Never an exception's own text for what we did not foresee."""
    if isinstance(problem, Forbidden):
        note_forbidden(problem)
    if isinstance(problem, Unavailable):
        # As operators read it: whoever asked may be told less.
        log.warning("unavailable", reason=str(problem))
    base = services().settings.public_url
    body: dict[str, Any] = {
        "type": f"{base}/docs/problems#{problem.code}",
        "title": problem.title,
        "status": problem.status,
        "detail": _detail(problem),
        "instance": f"urn:request:{request_id()}",
        "code": problem.code,
        "request_id": request_id(),
        **problem.extra,
    }
    if problem.errors:
        body["errors"] = [
            {"pointer": error.pointer, "code": error.code, "detail": error.detail} for error in problem.errors
        ]
    response = Response(encode(body), problem.status, mimetype="application/problem+json")
    response.headers["Cache-Control"] = "private, no-store"
    response.headers.extend(problem.headers)
    return response


def _detail(problem: Problem) -> str:
    """What it says for itself, or else the first thing that was wrong and how many more there are."""
    if not problem.errors or problem.detail != problem.title:
        return problem.detail
    first, *others = problem.errors
    place = f"{first.pointer}: " if first.pointer else ""
    return place + first.detail + (f" And {len(others)} more; see errors." if others else "")


def _from_werkzeug(error: HTTPException) -> Response:
    status = error.code or 500
    detail = error.description or error.name
    if isinstance(error, NotFound):
        detail = "There is nothing at this address."
    elif isinstance(error, MethodNotAllowed):
        detail = f"This address does not know the method {request.method}; Allow lists those that it does."
    problem = Problem(detail, code=CODES.get(status, "refused"))
    response = problem_response(problem)
    # The class attributes of Problem speak of a 500; what werkzeug refused has a status and title of its own.
    body = {"title": error.name, "status": status}
    response.set_data(encode({**_json(response), **body}))
    response.status_code = status
    for name, value in error.get_headers():
        if name.lower() in ("allow", "retry-after", "www-authenticate"):
            response.headers[name] = value
    return response


def _json(response: Response) -> dict[str, Any]:
    value: dict[str, Any] = response.get_json()
    return value


def _from_surprise(error: Exception) -> Response:
    if isinstance(error, OperationalError | PoolTimeout) or (
        isinstance(error, DBAPIError) and error.connection_invalidated
    ):
        log.error("database_unavailable", error=type(error).__name__, exc_info=error)
        return problem_response(Unavailable("The database does not answer right now.", headers={"Retry-After": "2"}))
    log.error("unhandled", exc_info=error)
    return problem_response(Problem("The request id names this in the log."))

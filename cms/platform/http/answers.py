"""Answers: JSON by orjson, with the headers that each surface owes."""

from collections.abc import Mapping
from typing import Any

import orjson
from flask import Response, g, request

from cms.platform.http.public import JSON
from cms.platform.http.representing import Representation, etag_of, respond
from cms.platform.http.services import services


def encode(data: Any) -> bytes:
    """JSON bytes; instants in UTC with `Z`."""
    return orjson.dumps(data, option=orjson.OPT_UTC_Z)


def answer(
    data: Any,
    status: int = 200,
    *,
    headers: Mapping[str, str] | None = None,
    etag: str | None = None,
    is_secret: bool = False,
) -> Response:
    """A private answer, never stored by caches. For a POST with an `Idempotency-Key` it is remembered on commit.

    `is_secret` answers are never remembered: a repeat of such a POST gets 409.
    """
    body = b"" if data is None else encode(data)
    response = Response(body, status, mimetype=JSON)
    response.headers["Cache-Control"] = "private, no-store"
    if data is None:
        del response.headers["Content-Type"]
    if etag:
        response.headers["ETag"] = etag
    response.headers.extend(headers or {})
    claim = g.get("idempotency_claim")
    if claim is not None:
        claim.keep(response, is_secret=is_secret)
    return response


def public_answer(
    body: bytes | Representation, *, headers: Mapping[str, str] | None = None, cache_keys: str = ""
) -> Response:
    """A cacheable answer with a strong ETag over its bytes, or 304 when the asker has them. Raises: NotAcceptable."""
    if isinstance(body, bytes):
        body = Representation(body, etag_of(body), cache_keys)
    status, told, data = respond(body, request.environ, services().clock(), list((headers or {}).items()))
    return Response(data, status, headers=told)

"""Answers: JSON by orjson, with the headers that each surface owes."""

import hashlib
from collections.abc import Mapping
from typing import Any

import orjson
from flask import Response, g

from cms.platform.http.etags import is_not_modified
from cms.platform.http.public import JSON, PUBLIC


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


def public_answer(body: bytes, *, etag: str | None = None, headers: Mapping[str, str] | None = None) -> Response:
    """A cacheable answer with a strong ETag over its bytes, or 304 when the asker has them."""
    tag = etag or f'"{hashlib.blake2b(body, digest_size=12).hexdigest()}"'
    common = [("ETag", tag), ("Cache-Control", PUBLIC), *(headers or {}).items()]
    if is_not_modified(tag):
        return Response(b"", 304, headers=common)
    return Response(body, 200, headers=common, content_type=JSON)

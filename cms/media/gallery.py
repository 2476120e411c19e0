"""Giving renditions and other files out, in front of Flask: by one read of the database and one of the store.

An address holds the digest of its bytes, so it never means anything else, and caches may keep it for good. Readers get
what a published article shows; a signed address gives an editor any. Everything else falls through to Flask, which
says that there is nothing. Source: RFC 9110, sections 13 and 14; RFC 8246.
"""

import re
from collections.abc import Callable, Iterable
from datetime import datetime
from functools import lru_cache
from typing import Any
from uuid import UUID

import orjson
import structlog

from cms.media.linking import NAME, is_signed
from cms.media.rules import FORMATS, PREFIX, disposition
from cms.media.storing import Store, StoreAway, area_of
from cms.platform.direct_reads import DirectReads
from cms.platform.errors import Unavailable
from cms.platform.http.door import POLICY
from cms.platform.http.public import origin_headers
from cms.platform.http.representing import is_listed
from cms.platform.keys import Keys
from cms.settings import Settings

log = structlog.get_logger("copydesk.media")
Application = Callable[[dict[str, Any], Callable[..., Any]], Iterable[bytes]]
Header = tuple[str, str]
Answer = tuple[str, list[Header], Iterable[bytes]]
ROUTE = "/media/<name>"
# Two assets may have a rendition in common; one that readers may see comes first.
FOUND = (
    "SELECT f.format, f.byte_count, f.asset_id, EXISTS (SELECT 1 FROM asset_uses u WHERE u.asset_id = f.asset_id AND "
    "u.place = 'shown') FROM asset_files f WHERE f.sha256 = ? ORDER BY 4 DESC LIMIT 1"
)
# A text is seen with what it goes along with. Pictures, which are asked for most, are spared this.
ATTACHED = (
    "SELECT f.format, f.byte_count, f.asset_id, EXISTS (SELECT 1 FROM asset_uses u WHERE u.asset_id IN (f.asset_id, "
    "a.track_of) AND u.place = 'shown'), a.name FROM asset_files f JOIN assets a ON a.id = f.asset_id "
    "WHERE f.sha256 = ? ORDER BY 4 DESC LIMIT 1"
)
# Whatever a document holds, it runs nowhere, and is no page of ours.
SANDBOX = "sandbox; default-src 'none'; frame-ancestors 'none'"
FOR_GOOD = "public, max-age=31536000, immutable"
FOR_AN_EDITOR = "private, max-age=3600"
RANGE = re.compile(r"bytes=([0-9]{0,18})-([0-9]{0,18})")
AWAY = {
    "type": "/docs/problems#unavailable", "title": Unavailable.title, "status": 503,
    "detail": "Files cannot be reached right now; try again in a moment.", "code": "unavailable",
}  # fmt: skip
NO_RANGE = {
    "type": "/docs/problems#range_not_satisfiable", "title": "Requested Range Not Satisfiable", "status": 416,
    "detail": "The file ends before this range begins.", "code": "range_not_satisfiable",
}  # fmt: skip


class Gallery:
    """The renditions of one process, in front of an application; safe for threads."""

    def __init__(
        self,
        application: Application,
        reads: DirectReads,
        keys: Keys,
        store: Store,
        settings: Settings,
        clock: Callable[[], datetime],
    ) -> None:
        self.application, self.reads, self.keys, self.store, self.clock = application, reads, keys, store, clock
        self.origins, self.hosts = settings.allowed_origins, settings.hosts
        self.is_always_public = settings.media_public == "always"
        self.accelerated = settings.media_accel_prefix.rstrip("/")

    def __call__(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        """One request."""
        if environ["PATH_INFO"].startswith(PREFIX) and environ["REQUEST_METHOD"] in ("GET", "HEAD"):
            try:
                found = self._found(environ)
            except StoreAway as away:
                log.warning("store_away", reason=away.reason)
                found = _refused(environ, "503 SERVICE UNAVAILABLE", AWAY, list(away.headers.items()))
            except (Unavailable, OSError):
                found = None
            if found is not None:
                status, headers, body = found
                environ["copydesk.route"] = ROUTE
                start_response(status, headers)
                return body if environ["REQUEST_METHOD"] == "GET" else []
        return self.application(environ, start_response)

    def _found(self, environ: dict[str, Any]) -> Answer | None:
        """The answer, or None where there is nothing for this asker. Raises: StoreAway; Unavailable; OSError."""
        named = NAME.fullmatch(environ["PATH_INFO"][len(PREFIX) :])
        host = environ.get("HTTP_HOST", "").rpartition(":")[0] or environ.get("HTTP_HOST", "")
        if named is None or (self.hosts and host not in self.hosts):
            return None
        sha256, query = named[1], environ.get("QUERY_STRING", "")
        rows = self.reads.rows(FOUND, (sha256,))
        is_attached = bool(rows) and FORMATS[rows[0][0]].kind != "image"
        if is_attached:
            rows = self.reads.rows(ATTACHED, (sha256,))
        if not rows or FORMATS[rows[0][0]].ending != named[2]:
            return None
        is_public = (self.is_always_public or bool(rows[0][3])) and not query
        if not is_public and not is_signed(self.keys, sha256, query, self.clock()):
            return None
        kind, byte_count, asset_id = rows[0][:3]
        headers = [
            ("Content-Type", FORMATS[kind].media_type), ("ETag", f'"{sha256[:32]}"'), ("Accept-Ranges", "bytes"),
            ("Cache-Control", FOR_GOOD if is_public else FOR_AN_EDITOR),
        ]  # fmt: skip
        if is_attached:
            headers.append(("Content-Disposition", disposition(rows[0][4], FORMATS[kind].ending)))
            environ[POLICY] = SANDBOX
        if is_public:
            key = _cache_key(asset_id)
            headers += [("Surrogate-Key", key), ("Cache-Tag", key)]
        if self.origins:
            headers += [("Vary", "Origin"), *origin_headers(self.origins, environ.get("HTTP_ORIGIN"))]
        return self._bytes(environ, area_of(kind), sha256, byte_count, headers)

    def _bytes(self, environ: dict[str, Any], area: str, sha256: str, byte_count: int, headers: list[Header]) -> Answer:
        etag = headers[1][1]
        if is_listed(etag, environ.get("HTTP_IF_NONE_MATCH")):
            return "304 NOT MODIFIED", headers, ()
        if self.accelerated:
            # The front server knows ranges itself, and the length.
            place = f"{self.accelerated}/{area}/{sha256[:2]}/{sha256}"
            return "200 OK", [*headers, ("X-Accel-Redirect", place)], ()
        if environ["REQUEST_METHOD"] == "HEAD":
            if not self.store.has(area, sha256):
                raise FileNotFoundError(sha256)
            return "200 OK", [*headers, ("Content-Length", str(byte_count))], ()
        asked = _range(environ, etag, byte_count)
        if asked is None:
            body = self.store.pieces(area, sha256, 0, byte_count)
            return "200 OK", [*headers, ("Content-Length", str(byte_count))], body
        start, end = asked
        if start > end:
            told = [("Content-Range", f"bytes */{byte_count}")]
            return _refused(environ, "416 RANGE NOT SATISFIABLE", NO_RANGE, told)
        body = self.store.pieces(area, sha256, start, end - start + 1)
        told = [("Content-Range", f"bytes {start}-{end}/{byte_count}"), ("Content-Length", str(end - start + 1))]
        return "206 PARTIAL CONTENT", [*headers, *told], body


@lru_cache(maxsize=4_096)
def _cache_key(asset_id: object) -> str:
    return f"asset-{UUID(str(asset_id))}"


def _refused(environ: dict[str, Any], status: str, problem: dict[str, Any], headers: list[Header]) -> Answer:
    body = orjson.dumps({**problem, "request_id": environ.get("copydesk.request_id", "")})
    told = [("Content-Type", "application/problem+json"), ("Content-Length", str(len(body)))]
    return status, [*headers, *told], [body]


def _range(environ: dict[str, Any], etag: str, byte_count: int) -> tuple[int, int] | None:
    """The first and last byte that are asked for; None for the whole. The last is before the first where none is there.

    Only one range is read, and any other header is as if it were not there. Source: RFC 9110, 14.2.
    """
    found = RANGE.fullmatch(environ.get("HTTP_RANGE", ""))
    if found is None or found[0] == "bytes=-" or environ["REQUEST_METHOD"] != "GET":
        return None
    if environ.get("HTTP_IF_RANGE") not in (None, etag):
        return None
    if not found[1]:
        count = int(found[2])
        return (max(0, byte_count - count), byte_count - 1) if count else (0, -1)
    start, end = int(found[1]), int(found[2]) if found[2] else byte_count - 1
    if found[2] and start > end:
        return None
    return start, min(end, byte_count - 1)

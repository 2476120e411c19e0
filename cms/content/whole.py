"""What concerns all of the published articles: their months, and a snapshot to copy."""

import threading
from collections.abc import Iterator
from contextlib import ExitStack
from typing import Any

import orjson
from flask import Response, request

from cms.content.addressing import Pages
from cms.content.answering import list_keys
from cms.content.archiving import counted_months, months
from cms.content.exporting import snapshot
from cms.platform.db import Database
from cms.platform.errors import Unavailable
from cms.platform.http.answers import public_answer
from cms.platform.http.paging import page_of
from cms.platform.http.public import PUBLIC
from cms.platform.http.services import services

# A copy keeps a thread for as long as its reader takes; articles must be answered meanwhile.
copying = threading.BoundedSemaphore(2)
NDJSON = "application/x-ndjson"


def archive_answer(query: dict[str, Any]) -> Response:
    """The months of a list."""
    reads, asked = services().database.direct, query["asked"]
    found = (counted_months if query["count"] else months)(reads, asked)
    data = [{"year": one.year, "month": one.month, "count": one.count} for one in found]
    page = page_of(data, limit=len(data), next_cursor=None, prev_cursor=None)
    return public_answer(orjson.dumps(page), cache_keys=list_keys(asked))


def export_answer(locale: str | None) -> Response:
    """All documents, one a line. Raises: Unavailable while as many copies are made as may be at once."""
    parts = services()
    if request.method == "HEAD":
        return Response((), 200, content_type=NDJSON, headers={"Cache-Control": PUBLIC})
    if not copying.acquire(blocking=False):
        raise Unavailable("Others are copying everything just now.", headers={"Retry-After": "10"})
    # Given back once, whether the copy came to its end or its reader went away before it had begun.
    give_back = ExitStack()
    give_back.callback(copying.release)
    lines = _lines(parts.database, Pages.of(parts.settings), locale, give_back)
    response = Response(lines, 200, content_type=NDJSON, headers={"Cache-Control": PUBLIC})
    response.call_on_close(give_back.close)
    return response


def _lines(database: Database, pages: Pages, locale: str | None, give_back: ExitStack) -> Iterator[bytes]:
    with give_back:
        for portion in snapshot(database, locale):
            yield b"".join(pages.shown(body, "")[0] + b"\n" for body in portion)

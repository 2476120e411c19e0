"""What changed in what readers see, for apps that keep a copy: page by page, or as a stream."""

from typing import Any

import orjson
from flask import Blueprint, Response, current_app, request

from cms.content.addressing import Pages
from cms.content.changes.queries import beginning
from cms.content.changes.schemas import ChangeListShape, ChangesQueryShape
from cms.content.changes.telling import Streams, Teller, followed
from cms.platform.http.answers import public_answer
from cms.platform.http.endpoint import endpoint
from cms.platform.http.services import services

changes = Blueprint("changes", __name__, url_prefix="/content/v1/changes")

JSON, STREAM = "application/json", "text/event-stream"
STREAMS = "copydesk.streams"


@changes.get("")
@endpoint(
    summary="Follow what changes",
    answers={200: ChangeListShape, 304: None},
    query=ChangesQueryShape,
    refuses=(410, 503),
    also_as=(STREAM,),
    description="The last change of each article that changed since, with the document as readers see it now, or a "
    "tombstone. Without `since` it begins with everything that is published. What a document shows of other articles "
    "and of readers (`related`, `previous`, `next`, counts) is no change of it. A cursor can be used for "
    "`COPYDESK_CHANGES_KEPT_DAYS`; an older one is answered 410 with the code `cursor_too_old` once it would miss "
    "something: begin again without it.\n\n"
    "With `Accept: text/event-stream` the same comes as server-sent events as it happens; the id of each is a cursor, "
    "which a browser sends as `Last-Event-ID` when it comes back. A stream ends after five minutes. "
    "Each API process serves `COPYDESK_CHANGE_STREAMS` at once and answers 503 with `Retry-After` to others.",
)
def follow(query: dict[str, Any]) -> Response:
    """A page of changes, or the stream of them."""
    parts = services()
    source = f"{parts.settings.public_url}/content/v1"
    teller = Teller(parts.database.direct, parts.keys, Pages.of(parts.settings), source)
    is_stream = request.accept_mimetypes.best_match([JSON, STREAM]) == STREAM
    resumed = request.headers.get("Last-Event-ID") if is_stream else None
    position = teller.position(resumed or query["since"]) or beginning(teller.reads)
    limit = query["limit"]
    # One more than is given says whether there are more; and a stream is refused as a page is.
    found = teller.after(position, 1 if is_stream else limit + 1)
    if is_stream:
        response = Response((), 200, headers={"Cache-Control": "no-store", "X-Accel-Buffering": "no"})
        response.content_type = f"{STREAM}; charset=utf-8"
        if request.method == "GET":
            streams: Streams = current_app.extensions[STREAMS]
            # Left also when the reader went away before the first byte.
            response.call_on_close(streams.enter().close)
            response.response = followed(teller, position, streams.pause)
    else:
        shown = found[:limit]
        after = teller.cursor(shown[-1][0] if shown else position)
        place = {"limit": limit, "next_cursor": after, "prev_cursor": None, "has_more": len(found) > limit}
        rest = orjson.dumps({"page": place, "meta": {"count": None}})
        body = b'{"data":[' + b",".join(event for _, event in shown) + b"]," + rest[1:]
        response = public_answer(body, cache_keys="articles")
    response.vary.add("Accept")
    return response

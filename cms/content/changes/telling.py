"""Changes as apps are told of them: CloudEvents in JSON, cursors, and the stream of server-sent events. No Flask.

Source: CloudEvents 1.0; WHATWG HTML, section 9.2 (server-sent events).
"""

import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Any

import orjson
import structlog

from cms.content.addressing import Pages
from cms.content.changes.queries import Position, beginning, changes_after, is_ahead, is_forgotten
from cms.content.changes.rules import TAKEN_DOWN
from cms.platform.clock import rfc3339
from cms.platform.direct_reads import DirectReads
from cms.platform.errors import Gone, Unavailable
from cms.platform.http.paging import Cursor, decode_cursor, encode_cursor
from cms.platform.keys import Keys

log = structlog.get_logger("copydesk.api")
LISTING = "content|changes"
NOW = "now"
PORTION = 20
LOOKED_AT_EVERY_SECONDS = 1.0
# A line that says nothing keeps proxies from closing the stream, and finds out that its reader is gone.
SILENCE_LOOKS = 15
# After so many looks it ends, and its reader comes back: no stream outlives a change of the servers behind an address.
MOST_LOOKS = 300
COME_BACK_MILLISECONDS = 2_000


@dataclass(frozen=True)
class Teller:
    """Tells changes in the words of this site."""

    reads: DirectReads
    keys: Keys
    pages: Pages
    source: str

    def position(self, text: str | None) -> Position | None:
        """The position of a cursor, or the present one for `now`. Raises: BadRequest."""
        if text == NOW:
            newest = beginning(self.reads).harmless
            return Position(newest, newest)
        cursor = decode_cursor(self.keys, LISTING, text)
        return Position(*cursor.position) if cursor is not None else None

    def cursor(self, position: Position) -> str:
        """The cursor of a position."""
        return encode_cursor(self.keys, LISTING, Cursor("next", (position.number, position.harmless)))

    def after(self, position: Position, limit: int) -> list[tuple[Position, bytes]]:
        """Changes after a position as CloudEvents, each with the position after it.

        Raises: Gone, when what went away since is not known any more.
        """
        rows = changes_after(self.reads, position.number, limit)
        if is_forgotten(self.reads, position) or (not rows and is_ahead(self.reads, position)):
            raise Gone(
                "Not all that changed since is known any more. Begin again without since: what the run to "
                "the present end does not name, readers do not see any more.",
                code="cursor_too_old",
            )
        return [(Position(row.number, position.harmless), self._event(row)) for row in rows]

    def _event(self, row: Any) -> bytes:
        event = {
            "specversion": "1.0", "id": row.id, "source": self.source, "type": row.type, "subject": row.article_id,
            "time": rfc3339(row.at), "datacontenttype": "application/json",
        }  # fmt: skip
        if row.body is not None:
            article, _ = self.pages.shown(bytes(row.body), "")
            data = b'{"article":' + article + b"}"
        else:
            stone = {"id": row.article_id, "locale": row.locale, "slug": row.slug, "at": event["time"]}
            if row.type == TAKEN_DOWN and row.reason:
                stone["reason"] = row.reason
            data = orjson.dumps({"tombstone": stone})
        return orjson.dumps(event)[:-1] + b',"data":' + data + b"}"


def followed(teller: Teller, position: Position, pause: Callable[[float], bool]) -> Iterator[bytes]:
    """The stream from a position on, until it has lasted its time. `pause` waits between two looks, and says whether
    the stream has to end now.

    The name of each event is its type, its id the cursor after it.
    """
    yield f"retry: {COME_BACK_MILLISECONDS}\n\n".encode()
    silent = 0
    for _ in range(MOST_LOOKS):
        try:
            portion = teller.after(position, PORTION)
            while portion:
                for after, event in portion:
                    position, silent = after, 0
                    name = orjson.loads(event)["type"]
                    yield f"event: {name}\nid: {teller.cursor(after)}\ndata: ".encode() + event + b"\n\n"
                portion = teller.after(position, PORTION)
        except (Gone, Unavailable) as problem:
            # Whoever comes back is told by a status and in full.
            log.info("stream_ended", code=problem.code)
            return
        silent += 1
        if silent % SILENCE_LOOKS == 0:
            yield b": nothing new\n\n"
        if pause(LOOKED_AT_EVERY_SECONDS):
            return


class Streams:
    """How many streams one process serves at once: each holds a thread that could answer other requests."""

    def __init__(self, most: int) -> None:
        self._free = threading.BoundedSemaphore(most) if most > 0 else None
        self._has_ended = threading.Event()

    def pause(self, seconds: float) -> bool:
        """Wait between two looks; says whether every stream has to end, which it is told at once."""
        return self._has_ended.wait(seconds)

    def end(self) -> None:
        """End every stream: the process is about to."""
        self._has_ended.set()

    def enter(self) -> ExitStack:
        """Take a place; closing what is given leaves it, once. Raises: Unavailable when there is none."""
        if self._free is None or not self._free.acquire(blocking=False):
            raise Unavailable(
                "As many streams of changes are open as there may be. Ask for JSON instead, or come back.",
                headers={"Retry-After": "10"},
            )
        leaving = ExitStack()
        leaving.callback(self._free.release)
        return leaving

"""What is kept of every answer: its place in the metrics, and a line in the access log.

A request leaves a note, and four times a second all notes that wait are written down together. One by one they took
longer than a read of an article, and each write let another thread take over the interpreter. The price: a process that
is killed may lose the lines and counts of its last quarter of a second, and /metrics may not have those of another one.
"""

import atexit
import contextlib
import logging
import threading
import time
from collections import defaultdict, deque
from collections.abc import Iterable
from datetime import datetime
from functools import lru_cache
from typing import Any

from prometheus_client import Counter, Histogram

from cms.platform.logs import write_lines

REQUESTS = Counter("copydesk_http_requests_total", "Answers by route and status.", ["method", "route", "status"])
SECONDS = Histogram(
    "copydesk_http_request_seconds",
    "Time to the first byte of an answer, in seconds.",
    ["route"],
    buckets=(0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5),
)
METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
# Each time takes the interpreter from those who answer: at ten times a second an article cost a tenth more.
EVERY_SECONDS = 0.25
LONGEST_PATH_IN_LOG = 500
# One answer: its method, route and status, how long it took until its first byte, when that was, the request's id, its
# path as WSGI hands it on, and the asker's address. A plain tuple, as one is made for each request. Units: seconds.
Note = tuple[str, str, str, float, datetime, str, str, str]
access = logging.getLogger("copydesk.access")


class Accounts:
    """The notes of a process that wait, and the thread that writes them down."""

    def __init__(self) -> None:
        self._waiting: deque[Note] = deque()
        self._news = threading.Event()
        self._turn = threading.Lock()
        self._writer: threading.Thread | None = None

    def take(self, note: Note) -> None:
        """Take the note of one answer."""
        self._waiting.append(note)
        if self._writer is None:
            self._writer = threading.Thread(target=self._run, name="accounts", daemon=True)
            self._writer.start()
            atexit.register(self.write)
        if not self._news.is_set():
            self._news.set()

    def write(self) -> None:
        """Write down all that waits."""
        with self._turn:
            notes = [self._waiting.popleft() for _ in range(len(self._waiting))]
            # Counts are kept in files; that they cannot be written must not fail a request.
            with contextlib.suppress(OSError):
                _count(notes)
            if access.isEnabledFor(logging.INFO):
                write_lines(access.name, "request", map(_line, notes))

    def _run(self) -> None:
        while True:
            self._news.wait()
            self._news.clear()
            time.sleep(EVERY_SECONDS)
            self.write()


accounts = Accounts()


def _count(notes: Iterable[Note]) -> None:
    taken: dict[tuple[str, str, str], list[float]] = defaultdict(list)
    for method, route, status, seconds, *_ in notes:
        taken[method if method in METHODS else "other", route, status].append(seconds)
    for counted, times in taken.items():
        _counter(counted).inc(len(times))
        for seconds in times:
            _histogram(counted[1]).observe(seconds)


def _line(note: Note) -> dict[str, Any]:
    method, _, status, seconds, at, request_id, path, client = note
    return {
        "at": at,
        "request_id": request_id,
        "method": method,
        "path": _readable(path[:LONGEST_PATH_IN_LOG]),
        "status": int(status),
        "milliseconds": round(seconds * 1000, 2),
        "client": client,
    }


def _readable(path: str) -> str:
    # WSGI hands the bytes of a path on as Latin-1, whatever they are.
    return path if path.isascii() else path.encode("latin-1", "replace").decode("utf-8", "replace")


@lru_cache(maxsize=2048)
def _counter(counted: tuple[str, str, str]) -> Any:
    return REQUESTS.labels(*counted)


@lru_cache(maxsize=2048)
def _histogram(route: str) -> Any:
    return SECONDS.labels(route)

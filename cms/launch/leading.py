"""Which thread takes the next request: one leads and answers reads, the others rest until it has something longer to do
(ADR 24).

SQLite's driver lets go of the interpreter three times in a read. With several threads at reads it wakes one of the
others each time, mostly in vain; that cost more than the read and its answer together.
Source: the pattern Leader/Followers of Schmidt, Stal, Rohnert and Buschmann, Pattern-Oriented Software Architecture 2.
"""

import sys
import threading
from collections.abc import Callable, Iterable
from typing import Any, Protocol

from granian.server import Server

# What makes something that the server calls of a WSGI application. It has no documented name; where it is missing, all
# threads take requests, as the server has it.
SERVER = sys.modules[Server.__module__]
HOOK = "_wsgi_call_wrap"
IS_POSSIBLE = hasattr(SERVER, HOOK)

Scope = dict[str, Any]


class Reply(Protocol):
    """What the server takes the answer to one request by."""

    def response_bytes(self, status: int, headers: list[tuple[str, str]], body: bytes) -> None: ...


AtOnce = Callable[[Scope, Callable[..., Any]], Iterable[bytes] | None]
Whole = Callable[[Reply, Scope], Any]


class Head:
    """Status and headers of an answer, as WSGI tells them."""

    __slots__ = ("headers", "status")

    def __call__(self, status: str, headers: list[tuple[str, str]], _exc_info: Any = None) -> None:
        self.status, self.headers = int(status[:3]), headers


class Lead:
    """Called by each thread of the server with each request that it takes; one object per process.

    `at_once` answers a request or gives None, and waits for nothing but a file. `whole` answers any. Whoever answers at
    once leads; who begins something longer calls a resting one to lead, and whoever finds another one leading rests.
    """

    def __init__(self, at_once: AtOnce, whole: Whole) -> None:
        self._at_once, self._whole = at_once, whole
        self._state = threading.Lock()
        self._mine = threading.local()
        self._resting: list[threading.Lock] = []
        self.leading = 0

    def __call__(self, reply: Reply, scope: Scope) -> None:
        """One request."""
        if not hasattr(self._mine, "place"):
            self._mine.place = Place(self)
        head = Head()
        body = self._at_once(scope, head)
        if body is not None:
            reply.response_bytes(head.status, head.headers, b"".join(body))
        else:
            self.leave()
            try:
                self._whole(reply, scope)
            finally:
                self.enter()
        # The server lets go of a request's body when this returns, and its connection waits for that.
        if self.leading > 1 and "CONTENT_LENGTH" not in scope and "HTTP_TRANSFER_ENCODING" not in scope:
            self._rest()

    def enter(self) -> None:
        """This thread may take a request."""
        with self._state:
            self.leading += 1

    def leave(self) -> None:
        """This thread takes none for a while, or ever again."""
        with self._state:
            self.leading -= 1
            if self.leading == 0 and self._resting:
                self.leading = 1
                self._resting.pop().release()

    def _rest(self) -> None:
        called = threading.Lock()
        called.acquire()
        with self._state:
            if self.leading == 1:
                return
            self.leading -= 1
            self._resting.append(called)
        called.acquire()


class Place:
    """A thread's place among those that may lead, which it has for as long as it lives."""

    def __init__(self, lead: Lead) -> None:
        self._lead = lead
        lead.enter()

    def __del__(self) -> None:
        self._lead.leave()


def let_one_lead(at_once: AtOnce) -> None:
    """Let one thread lead in what the server of this process serves from here on."""
    wrap = getattr(SERVER, HOOK)

    def wrapped(*given: Any) -> Lead:
        return Lead(at_once, wrap(*given))

    setattr(SERVER, HOOK, wrapped)

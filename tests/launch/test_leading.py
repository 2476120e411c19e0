"""One thread takes requests and answers reads; the others rest until something longer is to be done."""

import random
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from queue import SimpleQueue
from typing import Any

from cms.launch import leading
from cms.launch.leading import Lead
from tests.servers import wait_until

THREADS = 4
READ, WRITE, SLOW, FAIL = "/read", "/write", "/slow", "/fail"


class Asked:
    """A request, which remembers how it was answered and by which thread."""

    def __init__(self, path: str, **more: str) -> None:
        self.scope = {"PATH_INFO": path, **more}
        self.answers: list[tuple[int, bytes]] = []
        self.thread = 0

    def response_bytes(self, status: int, _headers: list[tuple[str, str]], body: bytes) -> None:
        self.thread = threading.get_ident()
        self.answers.append((status, body))


class Server:
    """Takes requests as the HTTP server does: each of its threads takes the next one when it is done with one."""

    def __init__(self) -> None:
        self.waiting: SimpleQueue[Asked | None] = SimpleQueue()
        self.go_on = threading.Event()
        self.lead = Lead(self._at_once, self._whole)
        self.threads = [threading.Thread(target=self._serve) for _ in range(THREADS)]
        for thread in self.threads:
            thread.start()

    def ask(self, path: str, **more: str) -> Asked:
        asked = Asked(path, **more)
        self.waiting.put(asked)
        return asked

    def ask_and_wait(self, path: str) -> Asked:
        asked = self.ask(path)
        wait_until(lambda: bool(asked.answers), what="the answer")
        assert asked.answers == [(200, b"read")]
        return asked

    def end(self) -> None:
        """Each thread that takes requests ends, and another one leads, until none is left."""
        self.go_on.set()
        for _ in self.threads:
            self.waiting.put(None)
        for thread in self.threads:
            thread.join(10)
        assert not any(thread.is_alive() for thread in self.threads)

    def _serve(self) -> None:
        while (asked := self.waiting.get()) is not None:
            try:
                self.lead(asked, asked.scope)
            except ValueError:
                asked.response_bytes(500, [], b"")

    def _at_once(self, scope: dict[str, Any], start_response: Callable[..., Any]) -> list[bytes] | None:
        if scope["PATH_INFO"] != READ:
            return None
        start_response("200 OK", [])
        return [b"re", b"ad"]

    def _whole(self, asked: Asked, scope: dict[str, Any]) -> None:
        if scope["PATH_INFO"] == FAIL:
            raise ValueError("nobody expected this")
        if scope["PATH_INFO"] == SLOW:
            self.go_on.wait(20)
        asked.response_bytes(201, [], b"made")


@contextmanager
def served() -> Iterator[Server]:
    server = Server()
    try:
        yield server
    finally:
        server.end()


def test_reads_are_answered_by_one_thread_once_all_have_come() -> None:
    with served() as server:
        seen: set[int] = set()
        wait_until(lambda: seen.add(server.ask_and_wait(READ).thread) or len(seen) == THREADS, what="all threads")
        wait_until(lambda: server.lead.leading == 1, what="rest")
        assert len({server.ask_and_wait(READ).thread for _ in range(50)}) == 1


def test_whoever_has_something_longer_to_do_calls_another_to_lead() -> None:
    with served() as server:
        wait_until(lambda: server.ask_and_wait(READ) is not None and server.lead.leading == 1)
        slow = [server.ask(SLOW) for _ in range(THREADS - 1)]
        reads = [server.ask_and_wait(READ) for _ in range(20)]
        assert not any(asked.answers for asked in slow)
        server.go_on.set()
        wait_until(lambda: all(asked.answers == [(201, b"made")] for asked in slow))
        assert {asked.thread for asked in reads}.isdisjoint({asked.thread for asked in slow})


def test_after_a_request_with_a_body_no_thread_rests_before_it_has_taken_another() -> None:
    with served() as server:
        wait_until(lambda: server.ask_and_wait(READ) is not None and server.lead.leading == 1)
        asked = server.ask(WRITE, CONTENT_LENGTH="2")
        wait_until(lambda: asked.answers == [(201, b"made")])
        # The server is told at once that it may let go of the body: both take requests now.
        wait_until(lambda: server.lead.leading == 2)
        for _ in range(20):
            server.ask_and_wait(READ)
        wait_until(lambda: server.lead.leading == 1, what="rest")


def test_every_request_of_any_mixture_is_answered_once() -> None:
    chance = random.Random(4)
    kinds = {READ: (200, b"read"), WRITE: (201, b"made"), FAIL: (500, b"")}
    with served() as server:
        asked = []
        for _ in range(3_000):
            more = {"CONTENT_LENGTH": "2"} if chance.random() < 0.3 else {}
            asked.append(server.ask(chance.choices(list(kinds), (6, 3, 1))[0], **more))
            if chance.random() < 0.02:
                wait_until(lambda: bool(asked[-1].answers))
        wait_until(lambda: all(one.answers for one in asked))
        wrong = [one.scope for one in asked if one.answers != [kinds[one.scope["PATH_INFO"]]]]
        assert wrong == [], Counter(one["PATH_INFO"] for one in wrong)
        assert server.lead.leading >= 1


def test_the_server_that_is_installed_lets_one_thread_lead() -> None:
    assert leading.IS_POSSIBLE

"""How soon every API process finds what was published while 20 publishes a second go on, and whether a search is ever
refused, or misses what is there, while the index is built again.

It goes on in the home of `publish_latency`, with 10,000 articles. A search is asked of each API process on a connection
of its own, from the acknowledgement of a publish on, until all of them find the new word.
"""

import contextlib
import json
import secrets
import subprocess
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from http.client import HTTPConnection
from pathlib import Path
from typing import Any

from benchmarks.product import COPYDESK, Product
from cms.launch.sample.generate import generated

PROCESSES = 2
ARTICLES, EDITORS = 40, 8
PER_SECOND, SECONDS = 20, 20.0
SAMPLED = 4
LIMIT_SECONDS = 20.0
PAUSE_SECONDS = 0.01
MOST_CONNECTIONS = 60


@dataclass
class Story:
    """One article that is changed again and again, with the words that it says by now."""

    id: str
    body: str
    revision: int
    words: list[str] = field(default_factory=list)
    is_free: threading.Lock = field(default_factory=threading.Lock)


class Newsroom:
    """Editors at work on some articles of a running product."""

    def __init__(self, product: Product, token: str) -> None:
        self.product, self.token = product, token
        self.stories = [self._made(article) for article in generated(ARTICLES, seed=78, words=500, locales=("en",))]
        self.taken: list[float] = []
        self.failures: list[str] = []
        self.count = 0

    def publish(self, seconds: float, per_second: float) -> float:
        """Change and publish at fixed instants; gives how long it took. Units: seconds"""
        began = time.perf_counter()
        local = threading.local()

        def change(number: int) -> None:
            time.sleep(max(0.0, began + number / per_second - time.perf_counter()))
            story = self.stories[number % len(self.stories)]
            try:
                with story.is_free:
                    word = self._change(story)
                    acknowledged = time.perf_counter()
                if number % SAMPLED == 0:
                    if not hasattr(local, "connections"):
                        local.connections = one_to_each(self.product)
                    self.taken.append(_found_everywhere(local.connections, word, acknowledged))
            except (OSError, RuntimeError) as error:
                self.failures.append(f"{type(error).__name__}: {error}")

        with ThreadPoolExecutor(EDITORS) as threads:
            list(threads.map(change, range(int(seconds * per_second))))
        return time.perf_counter() - began

    def _change(self, story: Story) -> str:
        word = "glimmerwort" + secrets.token_hex(4)
        path, said = f"/api/v1/articles/{story.id}", [*story.words, word]
        body = {"body": f"{story.body}\n\n{' '.join(said)}"}
        changed = self.product.ask("PATCH", path, self.token, body, if_match=f'"{story.revision}"')
        story.revision = changed["revision"]
        published = self.product.ask("POST", f"{path}/publish", self.token, {}, if_match=f'"{story.revision}"')
        story.revision, story.words = published["revision"], said
        self.count += 1
        return word

    def _made(self, article: Any) -> Story:
        draft = {"title": article.title, "locale": "en", "body": article.body, "tags": list(article.tags)}
        made = self.product.ask("POST", "/api/v1/articles", self.token, draft)
        return Story(made["id"], article.body, made["revision"])


def busy(product: Product, token: str) -> dict[str, Any]:
    """Shape: `taken_ms` of the sampled publishes, the rate that was reached, and the searches during a rebuild."""
    newsroom = Newsroom(product, token)
    newsroom.publish(2.0, PER_SECOND)
    newsroom.taken.clear()
    newsroom.count = 0
    seconds = newsroom.publish(SECONDS, PER_SECOND)
    rate = newsroom.count / seconds
    return {
        "taken_ms": [round(one * 1_000, 1) for one in newsroom.taken],
        "per_second": round(rate, 1),
        "processes": PROCESSES,
        "failures": newsroom.failures[:5],
        "rebuild": _rebuilt(newsroom),
    }


def _rebuilt(newsroom: Newsroom) -> dict[str, Any]:
    """Searches for what is surely there, of each process, while `copydesk reindex` runs and publishes go on."""
    words = [story.words[0] for story in newsroom.stories if story.words]
    connections = one_to_each(newsroom.product)
    found = {"searches": 0, "refused": 0, "missed": 0}
    environment, quiet = newsroom.product.environment, subprocess.DEVNULL
    with (
        subprocess.Popen([COPYDESK, "reindex"], env=environment, stdout=quiet, stderr=quiet) as building,
        ThreadPoolExecutor(1) as threads,
    ):
        editing = threads.submit(newsroom.publish, 4.0, 2.0)
        while building.poll() is None or not editing.done():
            for connection in connections:
                status, hits = _hits(connection, words[found["searches"] % len(words)])
                found["searches"] += 1
                found["refused"] += status != 200
                found["missed"] += status == 200 and hits != 1
            time.sleep(PAUSE_SECONDS / 2)
    return {**found, "is_built": building.returncode == 0}


def one_to_each(product: Product) -> list[HTTPConnection]:
    """A connection to each API process. Raises: RuntimeError where one of them never takes a connection"""
    found: dict[int, HTTPConnection] = {}
    for _ in range(MOST_CONNECTIONS):
        connection = HTTPConnection("127.0.0.1", product.port, timeout=10)
        connection.request("GET", "/healthz")
        connection.getresponse().read()
        process = _process_behind(connection.sock.getsockname()[1], product.port)
        if process in found:
            connection.close()
        else:
            found[process] = connection
        if len(found) == PROCESSES:
            return list(found.values())
    raise RuntimeError(f"of {PROCESSES} API processes {len(found)} took a connection")


def _process_behind(client: int, server: int) -> int:
    """The process at the other end of a connection on loopback. Source: proc(5), net/tcp"""
    wanted = f":{server:04X}", f":{client:04X}"
    lines = (line.split() for line in Path("/proc/net/tcp").read_text("ascii").splitlines()[1:])
    inode = next(line[9] for line in lines if (line[1][-5:], line[2][-5:]) == wanted)
    for link in Path("/proc").glob("[0-9]*/fd/*"):
        with contextlib.suppress(OSError):
            if str(link.readlink()) == f"socket:[{inode}]":
                return int(link.parts[2])
    return 0


def _found_everywhere(connections: list[HTTPConnection], word: str, since: float) -> float:
    """When the last of the processes found a word. Units: seconds after `since`. Raises: RuntimeError"""
    waiting = list(connections)
    while waiting:
        waiting = [connection for connection in waiting if _hits(connection, word)[1] == 0]
        if time.perf_counter() - since > LIMIT_SECONDS:
            raise RuntimeError(f"{word} was not found within {LIMIT_SECONDS:.0f} s")
        if waiting:
            time.sleep(PAUSE_SECONDS)
    return time.perf_counter() - since


def _hits(connection: HTTPConnection, word: str) -> tuple[int, int]:
    connection.request("GET", f"/content/v1/search?q={word}")
    answer = connection.getresponse()
    body = json.loads(answer.read())
    return answer.status, len(body.get("data", ()))

"""Whether a read that begins after a publish was answered ever shows what was before it, with 20 publishes a second and
two API processes.

The product is started whole. Editors change articles and publish them at fixed instants. Readers ask for the same
articles and for the first page of their section the whole time, each on connections of its own to either process, and
hold each answer against the last publish that was acknowledged before they asked.
"""

import contextlib
import itertools
import json
import tempfile
import threading
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from http.client import HTTPConnection
from pathlib import Path
from typing import Any

from benchmarks.processes import TICKS
from benchmarks.product import Product, prepare, started
from benchmarks.report import Row
from cms.settings import Settings

BEFORE = 500
ARTICLES = 15
PER_SECOND = 20
SECONDS = 20.0
EDITORS, READERS = 8, 3
# Readers rest in between: they share an interpreter with the editors, who must keep their pace.
REST_SECONDS = 0.002
# A connection goes to one process for as long as it lives, so each lives for a few requests.
REQUESTS_PER_CONNECTION = 20
PROCESSES = 2
SECTION = "world"
REPETITIONS = f"One run of {SECONDS:.0f} s with {PROCESSES} API processes, {EDITORS} editors and {READERS} readers."


class Acknowledged:
    """What editors were told: the revision of each article that readers must see at least."""

    def __init__(self) -> None:
        self.revisions: dict[str, int] = {}
        self.counted: Counter[str] = Counter()
        self.failures: list[str] = []


def run(seconds: float = SECONDS, per_second: int = PER_SECOND) -> dict[str, Any]:
    """Shape: publishes and their rate, reads by kind, stale ones, and how many API processes were at work."""
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        prepare(Settings(home=home), BEFORE)
        with started(home, COPYDESK_API_PROCESSES=str(PROCESSES)) as product:
            token = product.token()
            product.ask("POST", "/api/v1/sections", token, {"name": "World", "slug": SECTION})
            told = Acknowledged()
            articles = [_made(product, token, told, number) for number in range(ARTICLES)]
            before, is_over = _cpu(home), threading.Event()
            with ThreadPoolExecutor(READERS + EDITORS) as threads:
                readers = [threads.submit(_read, product, articles, told, is_over) for _ in range(READERS)]
                took = _publish(threads, product, token, articles, told, seconds, per_second)
                is_over.set()
                for reader in readers:
                    reader.result()
            busy = sum(after - before.get(process, 0.0) > 0.2 for process, after in _cpu(home).items())
    return {
        **{name: told.counted[name] for name in ("publishes", "articles", "lists", "stale", "missing")},
        "per_second": round(told.counted["publishes"] / took, 1),
        "seconds": round(took, 1),
        "api_processes": busy,
        "failures": told.failures[:5],
    }


def rows(figures: dict[str, Any]) -> list[Row]:
    """No stale read, and as many publishes a second as were meant."""
    reads = figures["articles"] + figures["lists"]
    stale = figures["stale"] + figures["missing"]
    rate, processes = figures["per_second"], figures["api_processes"]
    is_whole = processes >= PROCESSES and not figures["failures"]
    return [
        Row("reads that did not show the last acknowledged publish", "0",
            f"{stale} of {reads:,} ({figures['articles']:,} articles, {figures['lists']:,} lists)", stale == 0),
        Row("publishes meanwhile", f"{PER_SECOND} a second, {PROCESSES} API processes",
            f"{rate} a second, {figures['publishes']} in all, {processes} API processes at work",
            rate >= PER_SECOND * 0.95 and is_whole),
    ]  # fmt: skip


def _made(product: Product, token: str, told: Acknowledged, number: int) -> str:
    draft = {"title": f"Fresh {number}", "locale": "en", "section": SECTION, "body": "The first word."}
    article = product.ask("POST", "/api/v1/articles", token, draft)
    published = product.ask("POST", f"/api/v1/articles/{article['id']}/publish", token, {}, if_match='"1"')
    told.revisions[article["id"]] = published["revision"]
    return str(article["id"])


def _publish(
    threads: ThreadPoolExecutor, product: Product, token: str, articles: list[str], told: Acknowledged,
    seconds: float, per_second: int,
) -> float:  # fmt: skip
    """Change and publish at fixed instants; one article is never in the hands of two editors. Units: seconds taken."""
    began = time.perf_counter()
    free = {article: threading.Lock() for article in articles}

    def change(number: int) -> None:
        time.sleep(max(0.0, began + number / per_second - time.perf_counter()))
        article = articles[number % len(articles)]
        with free[article]:
            _change(product, token, article, told)

    list(threads.map(change, range(int(seconds * per_second))))
    return time.perf_counter() - began


def _change(product: Product, token: str, article: str, told: Acknowledged) -> None:
    try:
        path, revision = f"/api/v1/articles/{article}", told.revisions[article]
        body = {"title": f"Fresh at revision {revision}"}
        changed = product.ask("PATCH", path, token, body, if_match=f'"{revision}"')
        published = product.ask("POST", f"{path}/publish", token, {}, if_match=f'"{changed["revision"]}"')
        told.revisions[article] = published["revision"]
        told.counted["publishes"] += 1
    except OSError as error:
        told.failures.append(str(error))


def _read(product: Product, articles: list[str], told: Acknowledged, is_over: threading.Event) -> None:
    """Ask for one article after another, and after each for the list, until it is over."""
    found: Counter[str] = Counter()
    turns = itertools.cycle(articles)
    while not is_over.is_set():
        with contextlib.closing(HTTPConnection("127.0.0.1", product.port, timeout=10)) as connection:
            for _ in range(REQUESTS_PER_CONNECTION):
                article = next(turns)
                expected = told.revisions[article]
                shown = _get(connection, f"/content/v1/articles/{article}")
                found["articles"] += 1
                found["stale"] += shown["revision"] < expected
                known = dict(told.revisions)
                page = _get(connection, f"/content/v1/articles?section={SECTION}")
                cards = {card["id"]: card for card in page["data"]}
                found["lists"] += 1
                found["missing"] += any(one not in cards for one in known)
                time.sleep(REST_SECONDS)
                found["stale"] += any(cards[one]["revision"] < least for one, least in known.items() if one in cards)
    told.counted.update(found)


def _get(connection: HTTPConnection, path: str) -> Any:
    connection.request("GET", path)
    return json.loads(connection.getresponse().read())


def _cpu(home: Path) -> dict[str, float]:
    """CPU of each API process, by its id. Source: proc(5), stat."""
    taken = {}
    for folder in Path("/proc").iterdir():
        with contextlib.suppress(OSError):
            command = (folder / "cmdline").read_bytes().replace(b"\0", b" ")
            if b"copydesk api" in command and f"COPYDESK_HOME={home}".encode() in (folder / "environ").read_bytes():
                fields = (folder / "stat").read_text("utf-8").rpartition(")")[2].split()
                taken[folder.name] = (int(fields[11]) + int(fields[12])) / TICKS
    return taken


if __name__ == "__main__":
    print(json.dumps(run(), indent=2))

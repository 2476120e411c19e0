"""What it costs to make a draft and publish it, with eight editors at once and the workers running, at 10,000 articles.

Each editor keeps one connection and makes pairs: POST an article of 500 words in Markdown, then POST its publish. The
CPU is what the kernel has on account for each process, from before the first pair to after the last; the workers' is
read again when nothing waits any more, and so is what relay and database took meanwhile. PostgreSQL runs with `fsync`
and `synchronous_commit` on.
"""

import contextlib
import json
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Iterator
from http.client import HTTPConnection
from pathlib import Path
from typing import Any

from benchmarks.processes import cpu_seconds
from benchmarks.product import Product, copy_home, prepare, started
from benchmarks.report import Row, percentile
from cms.launch.sample.generate import generated
from cms.launch.sample.reading import SampleArticle
from cms.settings import Settings
from tests.servers import postgresql

ARTICLES = 10_000
EDITORS = 8
PAIRS = 400
WARMING = 40
SETTLED_SECONDS = 120.0
# Source: Payload, the cheapest of the peers measured for create and publish, application and database together.
PEER_MS = 18.7
MOST_MS = PEER_MS / 3
REPETITIONS = f"{PAIRS} pairs by {EDITORS} editors at once, after {WARMING} to warm up, on each database."


def run() -> dict[str, Any]:
    """Units: `cpu_ms` per pair and by part, latencies in milliseconds, `rate` in pairs a second."""
    with tempfile.TemporaryDirectory() as folder, postgresql(is_durable=True) as server:
        server.execute("CREATE DATABASE copydesk")
        home, other, url = Path(folder) / "sqlite", Path(folder) / "postgresql", server.url("copydesk")
        prepare(Settings(home=home), ARTICLES)
        other.mkdir(mode=0o700)
        copy_home(Settings(home=home), Settings(home=other, database_url=url))
        return {"sqlite": _measure(home), "postgresql": _measure(other, url, server.process)}


def rows(figures: dict[str, Any]) -> list[Row]:
    """The CPU on SQLite is held against the promise; the rest is told."""
    told = []
    for database, label in (("sqlite", "SQLite"), ("postgresql", "PostgreSQL")):
        found = figures[database]
        answering = found["cpu_ms"]["api"] + found["cpu_ms"]["relay"] + found["cpu_ms"]["database"]
        told += [
            Row(
                f"{label}: CPU per pair of API, relay and database",
                f"≤ {MOST_MS:.1f} ms, a third of the best peer's {PEER_MS} ms" if database == "sqlite" else "—",
                f"{answering:.1f} ms ({_parts(found['cpu_ms'], ('api', 'relay', 'database'))}), "
                f"at {found['rate']:.0f} pairs a second",
                database != "sqlite" or answering <= MOST_MS,
            ),
            Row(
                f"{label}: CPU per pair of the workers, until nothing waits",
                "—",
                f"{found['cpu_ms']['worker']:.1f} ms (after the last pair also "
                f"{_parts(found['settling_ms'], ('relay', 'database'))}, in {found['settling_seconds']:.0f} s)",
                True,
            ),
            Row(
                f"{label}: save, then publish", "—", f"{_words(found['save_ms'])}; {_words(found['publish_ms'])}", True
            ),
        ]
    return told


def _measure(home: Path, database_url: str = "", server: int = 0) -> dict[str, Any]:
    fresh = list(generated(PAIRS + WARMING, seed=91, words=500, locales=("en",)))
    with started(home, COPYDESK_DATABASE_URL=database_url) as product:
        token = product.token()
        _pairs(product, token, fresh[:WARMING])
        _settle(product, token)
        before = cpu_seconds(home, server)
        began = time.perf_counter()
        times = _pairs(product, token, fresh[WARMING:])
        seconds = time.perf_counter() - began
        after = cpu_seconds(home, server)
        settling = _settle(product, token)
        settled = cpu_seconds(home, server)
    spent = {name: after[name] - before[name] for name in ("api", "relay", "database")}
    spent["worker"] = settled["worker"] - before["worker"]
    return {
        "pairs": PAIRS,
        "rate": round(PAIRS / seconds, 1),
        "cpu_ms": {name: round(value * 1000 / PAIRS, 2) for name, value in spent.items()},
        "settling_ms": {name: round((settled[name] - after[name]) * 1000 / PAIRS, 2) for name in ("relay", "database")},
        "settling_seconds": round(settling, 1),
        "save_ms": _spread([save for save, _ in times]),
        "publish_ms": _spread([publish for _, publish in times]),
    }


def _pairs(product: Product, token: str, articles: list[SampleArticle]) -> list[tuple[float, float]]:
    """Let the editors make these articles. Shape: milliseconds of each save and of each publish."""
    waiting, times, failures = iter(articles), [], []
    lock = threading.Lock()

    def edit() -> None:
        with _connected(product) as connection:
            while not failures:
                with lock:
                    article = next(waiting, None)
                if article is None:
                    return
                try:
                    times.append(_pair(connection, token, article))
                except Exception as error:  # noqa: BLE001  # whatever it was, the measurement ends and says it
                    failures.append(error)

    editors = [threading.Thread(target=edit) for _ in range(EDITORS)]
    for editor in editors:
        editor.start()
    for editor in editors:
        editor.join()
    if failures:
        raise failures[0]
    return times


def _pair(connection: HTTPConnection, token: str, article: SampleArticle) -> tuple[float, float]:
    draft = {
        "title": article.title, "dek": article.dek, "summary": list(article.summary), "body": article.body,
        "tags": list(article.tags), "locale": article.locale,
    }  # fmt: skip
    began = time.perf_counter()
    saved = _post(connection, token, "/api/v1/articles", json.dumps(draft))
    middle = time.perf_counter()
    _post(connection, token, f"/api/v1/articles/{saved['id']}/publish", None, {"If-Match": '"1"'})
    return (middle - began) * 1000, (time.perf_counter() - middle) * 1000


def _post(
    connection: HTTPConnection, token: str, path: str, body: str | None, headers: dict[str, str] | None = None
) -> Any:
    sent = {"Authorization": f"Bearer {token}", **(headers or {})}
    if body is not None:
        sent["Content-Type"] = "application/json"
    connection.request("POST", path, body, sent)
    answer = connection.getresponse()
    text = answer.read()
    if answer.status not in (200, 201):
        raise RuntimeError(f"POST {path} answered {answer.status}: {text[:300]!r}")
    return json.loads(text)


@contextlib.contextmanager
def _connected(product: Product) -> Iterator[HTTPConnection]:
    connection = HTTPConnection("127.0.0.1", product.port, timeout=30)
    try:
        yield connection
    finally:
        connection.close()


def _settle(product: Product, token: str) -> float:
    """Wait until nothing is owed; gives the seconds. Raises: RuntimeError that says what is owed when it takes long."""
    began = time.monotonic()
    while found := product.ask("GET", "/api/v1/deliveries?state=open&limit=100", token)["data"]:
        if time.monotonic() > began + SETTLED_SECONDS:
            owed = Counter(delivery["subscription"] for delivery in found)
            raise RuntimeError(f"after {SETTLED_SECONDS:.0f} s were still open, of the newest hundred: {dict(owed)}")
        time.sleep(0.2)
    return time.monotonic() - began


def _spread(values: list[float]) -> dict[str, float]:
    return {name: round(percentile(values, share), 1) for name, share in (("p50", 0.5), ("p95", 0.95), ("p99", 0.99))}


def _words(spread: dict[str, float]) -> str:
    return f"p50 {spread['p50']:.0f} ms, p95 {spread['p95']:.0f} ms, p99 {spread['p99']:.0f} ms"


def _parts(values: dict[str, float], names: tuple[str, ...]) -> str:
    return ", ".join(f"{name} {values[name]:.1f}" for name in names if values[name])

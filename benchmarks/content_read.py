"""How fast an article is read by slug and by id, beside a Flask view that returns constant bytes of the same size."""

import json
import os
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.request import urlopen

from benchmarks.report import Row
from cms.content.publishing import PersonValue, PublishedArticle, SectionValue, SourceValue, TagValue, put_document
from cms.migrations.running import upgrade
from cms.platform.db import Database
from cms.platform.ids import new_id
from cms.settings import Settings

ARTICLES = 1_000
ROUNDS = 5
SECONDS = 3.0
CONNECTIONS = 8
BODY = "<p>" + "The harbour opened again after eleven days of ice, and the first ferry left at dawn. " * 36 + "</p>"
SERVER = ["--interface", "wsgi", "--workers", "1", "--blocking-threads", "4", "--no-ws", "--log-level", "warning"]
TICKS = os.sysconf("SC_CLK_TCK")
LEAST_RATIO = 0.5
REPETITIONS = f"Medians of {ROUNDS} interleaved rounds of {SECONDS:.0f} s with {CONNECTIONS} connections."


def run() -> dict[str, Any]:
    """Medians over interleaved rounds. Shape: per subject `rate` (a second) and `cpu_ms` of the server a request."""
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        slugs, ids, size = _prepare(home)
        subjects = {
            "by_slug": [f"/content/v1/articles/en/{slug}" for slug in slugs],
            "by_id": [f"/content/v1/articles/{article_id}" for article_id in ids],
            "list": ["/content/v1/articles?section=world"],
        }
        figures: dict[str, list[dict[str, float]]] = {name: [] for name in (*subjects, "constant")}
        with (
            _server("cms.app:create_app_from_environment", "/content/v1/tags", home, size) as product,
            _server("benchmarks.constant_view:create_constant_app", "/constant", home, size) as constant,
        ):
            for _ in range(ROUNDS):
                for name, paths in subjects.items():
                    figures["constant"].append(_measure(constant, ["/constant"]))
                    figures[name].append(_measure(product, paths))
    medians = {
        name: {part: round(statistics.median(row[part] for row in rows), 4) for part in ("rate", "cpu_ms")}
        for name, rows in figures.items()
    }
    ratios = {
        name: {
            "rate": round(medians[name]["rate"] / medians["constant"]["rate"], 3),
            "cpu": round(medians[name]["cpu_ms"] / medians["constant"]["cpu_ms"], 3),
        }
        for name in subjects
    }
    return {"bytes": size, "rounds": ROUNDS, "medians": medians, "against_constant": ratios}


def rows(figures: dict[str, Any]) -> list[Row]:
    """The article by slug is held against the promise; the others are told."""
    ratios, medians = figures["against_constant"], figures["medians"]
    return [
        Row(
            f"{label}, against a view of constant bytes of the same size",
            f"≥ {LEAST_RATIO} × its rate" if name == "by_slug" else "—",
            f"{ratios[name]['rate']:.2f} × the rate, {ratios[name]['cpu']:.2f} × the CPU "
            f"({medians[name]['rate']:.0f} against {medians['constant']['rate']:.0f} a second)",
            name != "by_slug" or ratios[name]["rate"] >= LEAST_RATIO,
        )
        for name, label in (("by_slug", "article by slug"), ("by_id", "article by id"), ("list", "list of a section"))
    ]


def _prepare(home: Path) -> tuple[list[str], list[str], int]:
    database = Database(Settings(home=home).database, is_durable=False)
    upgrade(database)
    slugs, ids = [], []
    for start in range(1, ARTICLES + 1, 100):
        with database.transaction() as session:
            for number in range(start, start + 100):
                article = _article(number)
                put_document(session, article, article.published_at)
                slugs.append(article.slug)
                ids.append(article.article_id)
    rows = database.direct.rows("SELECT body FROM documents WHERE slug = ?", (slugs[0],))
    database.dispose()
    return slugs, ids, len(rows[0][0])


def _article(number: int) -> PublishedArticle:
    at = datetime(2026, 1, 1, tzinfo=UTC) + timedelta(minutes=number)
    return PublishedArticle(
        article_id=new_id(),
        number=number,
        revision=1,
        locale="en",
        slug=f"the-harbour-opens-{number}",
        section=SectionValue("world", "World", ("world",)),
        title=f"The harbour opens again, part {number}",
        dek="The first ferry in eleven days left at dawn.",
        summary=("The ice is gone.", "Prices are expected to fall."),
        body_html=BODY,
        text=BODY[3:-4],
        image_count=0,
        tags=(TagValue("harbour", "Harbour"), TagValue("winter", "Winter")),
        authors=(PersonValue("aigul", "Aigul"),),
        editor=PersonValue("jo", "Jo"),
        source=SourceValue("Agency", "https://agency.example/"),
        fields={},
        published_at=at,
        first_published_at=at,
        updated_at=at,
    )


@contextmanager
def _server(target: str, path: str, home: Path, size: int) -> Iterator[tuple[int, int]]:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = int(probe.getsockname()[1])
    environment = {
        **os.environ,
        "COPYDESK_HOME": str(home),
        "CONSTANT_BYTES": str(size),
    }
    command = [
        sys.executable,
        "-m",
        "granian",
        "--host",
        "127.0.0.1",
        "--port",
        str(port),
        "--factory",
        *SERVER,
        target,
    ]
    with (home / f"server-{port}.log").open("wb") as log:
        process = subprocess.Popen(command, env=environment, stderr=log, stdout=log, start_new_session=True)
    try:
        _wait(f"http://127.0.0.1:{port}{path}")
        yield port, process.pid
    finally:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait(5)


def _wait(url: str) -> None:
    until = time.monotonic() + 20
    while time.monotonic() < until:
        try:
            with urlopen(url, timeout=2):
                return
        except OSError:
            time.sleep(0.05)
    raise RuntimeError(f"{url} does not answer")


def _measure(server: tuple[int, int], paths: list[str]) -> dict[str, float]:
    port, process_id = server
    before = _cpu_seconds(process_id)
    command = [sys.executable, "-m", "benchmarks.load", str(port), str(CONNECTIONS), str(SECONDS)]
    done = subprocess.run(command, input="\n".join(paths), capture_output=True, text=True, check=True, timeout=60)
    result = json.loads(done.stdout)
    cpu = _cpu_seconds(process_id) - before
    return {"rate": result["requests"] / result["seconds"], "cpu_ms": cpu / result["requests"] * 1000}


def _cpu_seconds(process_id: int) -> float:
    """User and system time of a process and its children so far. Source: proc(5), fields 14 and 15 of stat."""
    total = 0.0
    for pid in (process_id, *_children(process_id)):
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        total += (int(fields[11]) + int(fields[12])) / TICKS
    return total


def _children(process_id: int) -> list[int]:
    text = "".join(path.read_text() for path in Path(f"/proc/{process_id}/task").glob("*/children"))
    return [int(part) for part in text.split()]


if __name__ == "__main__":
    print(json.dumps(run(), indent=2))

"""Four writers and two readers, each a process of its own, on one SQLite file for a minute: no update is lost and
nobody is told that the database is locked.

Every writer adds one to a counter in an article that all share, on the revision that it has just read, and publishes
now and then. Two of them write as the API does (`synchronous=FULL`), two as workers do (NORMAL).
"""

import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from sqlalchemy.exc import OperationalError

from benchmarks.report import Row, percentile
from cms.content.listing import newest
from cms.content.rules import Filter
from cms.migrations.running import upgrade
from cms.newsroom import queries
from cms.newsroom.drafting import create_article
from cms.newsroom.editing import edit_article
from cms.newsroom.preparing import prepare_body
from cms.newsroom.publishing import publish_article
from cms.newsroom.rules import EditArticle, NewArticle, PublishArticle
from cms.platform.actor import system
from cms.platform.clock import now
from cms.platform.db import Database
from cms.platform.errors import Conflict, Stale, Unavailable
from cms.settings import Settings

REPETITIONS = "One run of a minute with 4 writing and 2 reading processes."
SECONDS = 60.0
WRITERS, READERS = 4, 2
ARTICLES = 3
PUBLISH_EVERY = 10
ACTOR = system("benchmark")
BODY = "The harbour opened again after eleven days of ice, and the first ferry left at dawn.\n\n" * 20


def run(seconds: float = SECONDS, least: int = 0) -> dict[str, Any]:
    """What was written and read, what went wrong, and how long a write took. Units: milliseconds.

    Each process goes on until it has written or read `least` times, however slow the machine is.
    """
    with tempfile.TemporaryDirectory() as folder:
        database = _database(folder, is_durable=True)
        upgrade(database)
        ids = []
        for number in range(ARTICLES):
            with database.transaction() as session:
                made = create_article(session, ACTOR, NewArticle(f"Story {number}", "en", body=BODY), now())
                ids.append(made.article.id)
        processes = [
            _start(kind, folder, number, seconds, least, ids)
            for kind, count in (("write", WRITERS), ("read", READERS))
            for number in range(count)
        ]
        # They begin together, once all of them are there.
        for process in processes:
            assert process.stdout is not None and process.stdout.readline()
        began = time.perf_counter()
        for process in processes:
            assert process.stdin is not None
            process.stdin.write("\n")
            process.stdin.flush()
        told = [json.loads(process.communicate(timeout=seconds + 200)[0]) for process in processes]
        took = time.perf_counter() - began
        with database.reading() as session:
            articles = [queries.article_by_id(session, article_id) for article_id in ids]
            counted = sum(article.fields.get("count", 0) for article in articles if article)
            revisions = sum(article.revision for article in articles if article)
        database.dispose()
    total = {
        name: sum(one.get(name, 0) for one in told) for name in ("edits", "publishes", "refused", "errors", "reads")
    }
    waits = sorted(one for part in told for one in part.get("milliseconds", []))
    return {
        **total,
        "seconds": round(took, 1),
        "lost_updates": total["edits"] - counted,
        "lost_revisions": total["edits"] + total["publishes"] + ARTICLES - revisions,
        "went_back": sum(one.get("went_back", 0) for one in told),
        "write_p50_ms": round(percentile(waits, 0.5), 1),
        "write_p99_ms": round(percentile(waits, 0.99), 1),
        "write_longest_ms": round(waits[-1], 1),
    }


def rows(figures: dict[str, Any]) -> list[Row]:
    """Nothing lost, nothing refused."""
    written = figures["edits"] + figures["publishes"]
    lost = abs(figures["lost_updates"]) + abs(figures["lost_revisions"])
    return [
        Row("updates lost", "0", f"{lost} of {written} in {figures['seconds']:.0f} s", lost == 0),
        Row('"database is locked"', "0", str(figures["errors"]), figures["errors"] == 0),
        Row("reads that saw an older state than one before", "0", f"{figures['went_back']} of {figures['reads']}",
            figures["went_back"] == 0),
        Row("one write, waiting for its turn included", "—",
            f"p50 {figures['write_p50_ms']:.0f} ms, p99 {figures['write_p99_ms']:.0f} ms, "
            f"longest {figures['write_longest_ms']:.0f} ms", True),
    ]  # fmt: skip


def _start(kind: str, folder: str, number: int, seconds: float, least: int, ids: list[str]) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", __spec__.name, kind, folder, str(number), str(seconds), str(least), *ids]
    top = Path(__file__).parents[1]
    return subprocess.Popen(command, cwd=top, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)


def _wait_for_the_others() -> None:
    print("ready", flush=True)
    sys.stdin.readline()


def _database(folder: str, *, is_durable: bool) -> Database:
    return Database(Settings(home=Path(folder)).database, is_durable=is_durable)


def write(folder: str, number: int, seconds: float, least: int, ids: list[str]) -> dict[str, Any]:
    """One writer: counts what was acknowledged."""
    database = _database(folder, is_durable=number % 2 == 0)
    told: dict[str, Any] = {"edits": 0, "publishes": 0, "refused": 0, "errors": 0, "milliseconds": []}
    _wait_for_the_others()
    until, turn = time.monotonic() + seconds, number
    while time.monotonic() < until or turn - number < least:
        turn += 1
        began = time.perf_counter()
        try:
            told[_write_once(database, ids[turn % len(ids)], is_publish=turn % PUBLISH_EVERY == 0)] += 1
        except (Stale, Conflict):
            # Somebody else was first: refused as it should be, and nothing was written.
            told["refused"] += 1
        except OperationalError:
            told["errors"] += 1
        told["milliseconds"].append((time.perf_counter() - began) * 1000)
    database.dispose()
    return told


def _write_once(database: Database, article_id: str, *, is_publish: bool) -> str:
    with database.reading() as session:
        article = queries.article_by_id(session, article_id)
        assert article is not None
        revision, count = article.revision, article.fields.get("count", 0)
    if is_publish:
        prepared = prepare_body(database, ACTOR, article_id, revision)
        with database.transaction() as session:
            publish_article(session, ACTOR, PublishArticle(article_id, revision), prepared, now())
        return "publishes"
    with database.transaction() as session:
        edit_article(session, ACTOR, EditArticle(article_id, revision, {"fields": {"count": count + 1}}), now())
        return "edits"


def read(folder: str, _number: int, seconds: float, least: int, ids: list[str]) -> dict[str, Any]:
    """One reader: lists for readers and articles for editors; each must be at least as new as the time before."""
    database = _database(folder, is_durable=True)
    told = {"reads": 0, "errors": 0, "went_back": 0}
    seen = dict.fromkeys(ids, 0)
    _wait_for_the_others()
    until = time.monotonic() + seconds
    while time.monotonic() < until or told["reads"] < least:
        try:
            newest(database.direct, Filter(), 20, None)
            with database.reading() as session:
                for article_id in ids:
                    article = queries.article_by_id(session, article_id)
                    assert article is not None
                    told["went_back"] += article.revision < seen[article_id]
                    seen[article_id] = article.revision
        except (OperationalError, Unavailable):
            told["errors"] += 1
        told["reads"] += 1
        time.sleep(0.005)
    database.dispose()
    return told


if __name__ == "__main__":
    kind, folder, number, seconds, least, *ids = sys.argv[1:]
    print(json.dumps({"write": write, "read": read}[kind](folder, int(number), float(seconds), int(least), ids)))

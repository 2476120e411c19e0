"""How fast articles and lists are read, beside constant bytes of the same size from a Flask view and from a bare WSGI
function on the same server, at 10,000 articles on SQLite and 1,000 on PostgreSQL."""

import contextlib
import json
import tempfile
from pathlib import Path
from typing import Any

from benchmarks.report import Row
from benchmarks.serving import Served, Subject, in_turn, product, yardstick
from benchmarks.stories import put_stories
from cms.settings import Settings
from tests.servers import postgresql

ARTICLES, ON_POSTGRESQL = 10_000, 1_000
ASKED_FOR = 1_000
HELD = 200
ROUNDS = 5
SECONDS = 3.0
LIST = "/content/v1/articles"
FIRST_PAGE = f"{LIST}?section=world"
FILTERED = f"{LIST}?section=world&tag=winter&year=2025"
DEEP = 400
REPETITIONS = f"Medians of {ROUNDS} interleaved rounds of {SECONDS:.0f} s with 8 connections."


def run(articles: int = ARTICLES, rounds: int = ROUNDS, seconds: float = SECONDS) -> dict[str, Any]:
    """Medians over interleaved rounds. Shape: per subject `rate` (a second) and `cpu_ms` of the server a request."""
    with contextlib.ExitStack() as opened:
        folder = Path(opened.enter_context(tempfile.TemporaryDirectory()))
        home, other = folder / "sqlite", folder / "postgresql"
        stories = put_stories(Settings(home=home), range(1, articles + 1))
        server = opened.enter_context(postgresql())
        server.execute("CREATE DATABASE copydesk")
        url = server.url("copydesk")
        there = put_stories(Settings(home=other, database_url=url), range(1, min(articles, ON_POSTGRESQL) + 1))
        on_sqlite = opened.enter_context(product(home))
        on_postgresql = opened.enter_context(product(other, url, server.process))
        chosen = stories[:: max(1, articles // ASKED_FOR)]
        by_slug = [f"{LIST}/en/{one.slug}" for one in chosen]
        sizes = {name: on_sqlite.size(path) for name, path in _sizes(by_slug[0]).items()}
        constant = opened.enter_context(yardstick("constant", folder, list(sizes.values())))
        bare = opened.enter_context(yardstick("bare", folder, [sizes["article"]]))
        second, deep = _pages(on_sqlite, min(DEEP, articles // 23))
        subjects = {
            "bare": Subject(bare, ["/constant"]),
            "constant": Subject(constant, [f"/constant/{sizes['article']}"]),
            "by_slug": Subject(on_sqlite, by_slug),
            "by_id": Subject(on_sqlite, [f"{LIST}/{one.article_id}" for one in chosen]),
            "not_modified": Subject(on_sqlite, [f"{path}\t{on_sqlite.get(path)[0]}" for path in by_slug[:HELD]]),
            "postgresql": Subject(on_postgresql, [f"{LIST}/en/{one.slug}" for one in there]),
            "constant_list": Subject(constant, [f"/constant/{sizes['list']}"]),
            "list": Subject(on_sqlite, [FIRST_PAGE]),
            "constant_filtered": Subject(constant, [f"/constant/{sizes['filtered']}"]),
            "filtered": Subject(on_sqlite, [FILTERED]),
            "page_2": Subject(on_sqlite, [second]),
            "page_400": Subject(on_sqlite, [deep]),
        }
        return {"articles": articles, "bytes": sizes, "rounds": rounds, "medians": in_turn(subjects, rounds, seconds)}


def rows(figures: dict[str, Any]) -> list[Row]:
    """Each of the promises, as a ratio of two subjects of the same rounds."""
    medians = figures["medians"]
    bare, view = "a bare WSGI function", "the Flask view"
    return [
        _rate(medians, "article by slug, SQLite", "by_slug", "bare", bare, 0.6),
        _cpu(medians, "article by slug, SQLite", "by_slug", "constant", view, 0.66),
        _rate(medians, "article by slug, SQLite", "by_slug", "constant", view),
        _rate(medians, "article by id, SQLite", "by_id", "constant", view),
        _rate(medians, "article by slug, PostgreSQL", "postgresql", "constant", view, 0.5),
        _cpu(medians, "first page of a section, SQLite", "list", "constant_list", view, 1.0),
        _rate(medians, "first page of a section, SQLite", "list", "constant_list", view),
        _rate(medians, "304 for an article, SQLite", "not_modified", "bare", bare, 0.6),
        _rate(medians, "page 400 of a section, SQLite", "page_400", "page_2", "page 2", 0.95),
        _rate(medians, "list of a section, a tag and a year, SQLite", "filtered", "constant_filtered", view, 0.4),
    ]


def _rate(medians: dict[str, Any], label: str, name: str, other: str, beside: str, least: float | None = None) -> Row:
    one, against = medians[name]["rate"], medians[other]["rate"]
    promised = "—" if least is None else f"≥ {least} ×"
    measured = f"{one / against:.2f} × ({one:.0f} against {against:.0f} a second)"
    return Row(f"{label}: rate, against {beside}", promised, measured, least is None or one / against >= least)


def _cpu(medians: dict[str, Any], label: str, name: str, other: str, beside: str, most: float) -> Row:
    one, against = medians[name]["cpu_ms"], medians[other]["cpu_ms"]
    measured = f"{one / against:.2f} × ({one * 1000:.0f} against {against * 1000:.0f} µs)"
    return Row(f"{label}: CPU, against {beside}", f"≤ {most} ×", measured, one / against <= most)


def _sizes(article: str) -> dict[str, str]:
    return {"article": article, "list": FIRST_PAGE, "filtered": FILTERED}


def _pages(server: Served, number: int) -> tuple[str, str]:
    """The addresses of page 2 and of a page further on, each reached by the cursors of those before."""
    second = address = _next(server, FIRST_PAGE)
    for _ in range(number - 2):
        address = _next(server, address)
    return second, address


def _next(server: Served, address: str) -> str:
    cursor = server.get(address)[1]["page"]["next_cursor"]
    return f"{FIRST_PAGE}&cursor={cursor}"


if __name__ == "__main__":
    print(json.dumps(run(), indent=2))

"""Whether an API process that answers for ten minutes holds as much memory at the end as after its first minute.

One process answers articles by slug and by id, lists, filtered lists, deep pages, 304s and addresses that nobody has.
What is counted is memory of its own (RssAnon), without the files that it shares with others.
"""

import json
import statistics
import tempfile
import time
from pathlib import Path
from typing import Any

from benchmarks.report import Row
from benchmarks.serving import Served, Subject, measured, product
from benchmarks.stories import put_stories
from cms.platform.ids import new_id
from cms.settings import Settings

ARTICLES = 2_000
MINUTES = 10
TURN_SECONDS = 6.0
CONNECTIONS = 2
# What a process may grow by and be called flat: less than what one connection or one cache of SQLite takes.
MOST_MB = 2.0
LIST = "/content/v1/articles"
REPETITIONS = (
    f"One run of {MINUTES} minutes, in turns of {TURN_SECONDS:.0f} s for each kind of request, "
    f"with {CONNECTIONS} connections."
)


def run(minutes: float = MINUTES, articles: int = ARTICLES) -> dict[str, Any]:
    """Shape: MB after each minute, the first being that after the first minute; how many were answered."""
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        stories = put_stories(Settings(home=home), range(1, articles + 1))
        with product(home) as served:
            slugs = [f"{LIST}/en/{one.slug}" for one in stories]
            turns = [
                Subject(served, slugs),
                Subject(served, [f"{LIST}/{one.article_id}" for one in stories]),
                Subject(served, [f"{path}\t{served.get(path)[0]}" for path in slugs[:200]]),
                Subject(served, [LIST, f"{LIST}?section=world", f"{LIST}?section=city&locale=en"]),
                Subject(served, [f"{LIST}?tag=winter&year=2025&limit=50", f"{LIST}?fields=title&include=related"]),
                Subject(served, _pages(served)),
            ]
            sizes, answered = [_memory(served)], 0.0
            until = time.monotonic() + minutes * 60
            samples: list[list[float]] = []
            minute = time.monotonic() + 60
            while time.monotonic() < until:
                samples.append([])
                while time.monotonic() < min(minute, until):
                    for turn in turns:
                        answered += measured(turn, TURN_SECONDS, CONNECTIONS)["rate"] * TURN_SECONDS
                        samples[-1].append(_memory(served))
                    _strangers(served)
                minute += 60
                sizes.append(round(statistics.median(samples[-1]), 1))
    return {"mb": sizes, "answered": round(answered), "minutes": minutes}


def rows(figures: dict[str, Any]) -> list[Row]:
    """After the first minute nothing is added."""
    first, last = figures["mb"][1], figures["mb"][-1]
    return [
        Row(
            f"memory of an API process, from the first minute to the last of {figures['minutes']:.0f}",
            f"grows by {MOST_MB:.0f} MB at most",
            f"{first:.1f} → {last:.1f} MB, {figures['answered']:,} requests",
            last - first <= MOST_MB,
        )
    ]


def _pages(served: Served) -> list[str]:
    path = f"{LIST}?section=world"
    pages = [path]
    for _ in range(20):
        pages.append(f"{path}&cursor={served.get(pages[-1])[1]['page']['next_cursor']}")
    return pages


def _strangers(served: Served) -> None:
    """Addresses that nobody has and lists that are empty: each is new, so whatever is kept by address would grow."""
    for _ in range(200):
        for path in (f"{LIST}/en/{new_id()}", f"{LIST}/{new_id()}", f"{LIST}?section={new_id()}"):
            served.status(path)


def _memory(served: Served) -> float:
    """Units: MB. Source: proc(5), status."""
    lines = Path(f"/proc/{served.worker}/status").read_text("utf-8").splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("RssAnon:")) / 1024


if __name__ == "__main__":
    print(json.dumps(run(), indent=2))

"""What a search costs over a log of everything that people type, and a publish in the index, at 10,000 and at 100,000
articles.

The log has words, several words, phrases, choices, exclusions, beginnings, fields, facets, dates, Chinese, misspelt
words and pages far behind the first, each asked once of one commit of the index, so nothing is answered from what is
kept. Then one article after the other is changed, with all the joining of segments that this leads to. `--kept DIR`
builds the indexes once and keeps them there.
"""

import argparse
import json
import random
import re
import shutil
import statistics
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from benchmarks.report import Row, percentile, tell
from benchmarks.shelving import index_document
from cms.launch.sample.generate import generated
from cms.launch.sample.reading import SampleArticle
from cms.platform.clock import now
from search_index.document import IndexDocument
from search_index.engine import FACETS, NEWEST, RELEVANCE, SearchReader
from search_index.query import Query, parse
from search_index.shelf import Shelf

SIZES = (10_000, 100_000)
WORDS = 500
EACH = 40
LIMIT = 20
DEEP_PAGES = 10
UPDATES, AGAIN = 96, 60
# What a writer does once is not on the account of the others.
FIRST_UPDATES = 8
MOST_MEAN_MS, MOST_P99_MS, MOST_GROWTH = 8.0, 60.0, 1.2
REPETITIONS = f"One run; {EACH} different questions of each kind and {UPDATES} updates, at each size."
RUN_OF_WORDS = re.compile(r"[a-z]{3,}")
RUN_OF_HAN = re.compile("[\u4e00-\u9fff]{5,}")


@dataclass(frozen=True)
class Asked:
    """One question as the API asks it."""

    kind: str
    text: str
    narrowed: tuple[tuple[str, str], ...] = ()
    facets: tuple[str, ...] = ()
    sort: str = RELEVANCE
    pages: int = 1

    @property
    def query(self) -> Query:
        """What is looked for."""
        return parse(self.text).narrowed(dict(self.narrowed))


def run(kept: Path | None = None, sizes: Sequence[int] = SIZES) -> dict[str, Any]:
    """Shape: by number of articles `mean`, `p50`, `p99` and `longest`, `again`, and the mean of each kind. Units: ms"""
    figures = {}
    for size in sizes:
        with tempfile.TemporaryDirectory() as folder:
            home = (kept or Path(folder)) / f"{size}"
            built = _built(home, size)
            reader = Shelf(home).reader()
            figures[str(size)] = {"build_seconds": built, **_measured(reader, log())}
            reader.close()
            if kept is not None:
                home = shutil.copytree(home, Path(folder) / "changed")
            figures[str(size)]["update"] = _mean_update(home, size)
    return figures


def rows(figures: dict[str, Any]) -> list[Row]:
    """The smaller size is promised, the larger one told."""
    found = []
    for size, of_size in figures.items():
        is_promised = int(size) <= SIZES[0]
        what = f"CPU of a search, {of_size['questions']} different questions, {int(size):,} articles"
        told = f"{of_size['mean']:.1f} ms mean, {of_size['p50']:.1f} ms p50, {of_size['p99']:.0f} ms p99"
        kept = of_size["mean"] <= MOST_MEAN_MS and of_size["p99"] <= MOST_P99_MS
        promised = f"≤ {MOST_MEAN_MS:.0f} ms mean, ≤ {MOST_P99_MS:.0f} ms p99" if is_promised else "—"
        found.append(Row(what, promised, told, kept or not is_promised))
        kinds = ", ".join(f"{kind} {value:.1f}" for kind, value in of_size["kinds"].items())
        found.append(Row(f"by kind, mean ms, {int(size):,} articles", "—", kinds, True))
        told = f"{of_size['again'] * 1000:.0f} µs mean"
        found.append(Row(f"what was asked before in the same commit, {int(size):,} articles", "—", told, True))
    if len(figures) > 1:
        (few, small), *_, (many, large) = ((int(size), of_size["update"]) for size, of_size in figures.items())
        ratio = large / small
        told = f"{ratio:.2f} × ({small:.1f} ms, then {large:.1f} ms)"
        what = f"CPU of changing one article in the index, from {few:,} to {many:,}"
        found.append(Row(what, f"≤ {MOST_GROWTH} ×", told, ratio <= MOST_GROWTH))
    return found


def _built(home: Path, size: int) -> float:
    """Build an index of so many articles unless it is there. Units: seconds of CPU, 0 where it was there"""
    if home.exists():
        return 0.0
    began = time.process_time()
    Shelf(home).rebuild(lambda: _documents(size), lambda _: ((), ()))
    return round(time.process_time() - began, 1)


def _documents(size: int) -> Iterator[IndexDocument]:
    for number, article in enumerate(generated(size, words=WORDS), 1):
        yield index_document(f"{number:032x}", article)


def _measured(reader: SearchReader, asked: Sequence[Asked]) -> dict[str, Any]:
    # What an API process does once for each commit or segment is not on the account of the first who asks.
    for one in asked[:: EACH // 4]:
        _ask(reader, Asked(one.kind, f"{one.text} -warm", one.narrowed, FACETS))
    taken: dict[str, list[float]] = defaultdict(list)
    for one in asked:
        began = time.thread_time()
        _ask(reader, one)
        taken[one.kind].append((time.thread_time() - began) * 1_000 / one.pages)
    for _ in range(2):
        began = time.thread_time()
        for one in asked[:AGAIN]:
            _ask(reader, one)
    once_more = (time.thread_time() - began) * 1_000 / sum(one.pages for one in asked[:AGAIN])
    everything = [value for values in taken.values() for value in values]
    return {
        "questions": len(everything),
        "mean": round(statistics.mean(everything), 2),
        "p50": round(percentile(everything, 0.5), 2),
        "p99": round(percentile(everything, 0.99), 2),
        "longest": round(max(everything), 2),
        "again": round(once_more, 4),
        "kinds": {kind: round(statistics.mean(values), 2) for kind, values in taken.items()},
    }


def _mean_update(home: Path, size: int) -> float:
    """Change articles from everywhere in the index, one a commit. Units: ms of CPU for each"""
    articles = generated(UPDATES + FIRST_UPDATES, seed=21, words=WORDS)
    changed = [
        replace(index_document(f"{1 + number * size // (UPDATES + FIRST_UPDATES):032x}", article), revision=2)
        for number, article in enumerate(articles)
    ]
    writer = Shelf(home).writer()
    for document in changed[:FIRST_UPDATES]:
        writer.apply([document], ())
    began = time.process_time()
    for document in changed[FIRST_UPDATES:]:
        writer.apply([document], ())
    taken = time.process_time() - began
    writer.close()
    return round(taken * 1_000 / UPDATES, 2)


def _ask(reader: SearchReader, asked: Asked) -> None:
    query, after = asked.query, None
    for _ in range(asked.pages):
        page = reader.search(query, limit=LIMIT, after=after, sort=asked.sort, facets=asked.facets)
        if after is None and page.count < 3:
            reader.suggest(query)
        if not page.has_more:
            return
        after = page.hits[-1].position


def log() -> list[Asked]:
    """What people ask, in no order: the same every time."""
    chance = random.Random(11)
    english = list(generated(400, seed=5, words=WORDS, locales=("en",)))
    chinese = list(generated(400, seed=6, words=WORDS, locales=("zh-CN",)))
    asked = [one for _ in range(EACH) for one in _one_of_each(chance, chance.choice(english), chance.choice(chinese))]
    different = list(dict.fromkeys(asked))
    chance.shuffle(different)
    return different


def _one_of_each(chance: random.Random, en: SampleArticle, zh: SampleArticle) -> list[Asked]:
    words = RUN_OF_WORDS.findall(en.body.lower())
    at = chance.randrange(len(words) - 6)
    one, two, three = chance.sample(sorted(set(words)), 3)
    row, long_word = words[at : at + 3], max(words[at : at + 6], key=len)
    han = chance.choice(RUN_OF_HAN.findall(zh.body))
    begin = chance.randrange(len(han) - 4)
    title = en.title.lower()
    return [
        Asked("word", one),
        Asked("words", f"{one} {two} {three}"),
        Asked("headline", title),
        Asked("phrase", f'"{" ".join(row)}"'),
        Asked("choice", f"{one} OR {two}"),
        Asked("without", f"{long_word} -{three}"),
        Asked("beginning", f"{long_word[:4]}*"),
        Asked("field", f"{two} tag:{en.tags[0]} author:{en.authors[0]}"),
        Asked("facets", f"{three} {row[0]}", facets=FACETS),
        Asked("narrowed", two, (("section", en.section), ("locale", "en")), ("tag", "year")),
        Asked("newest", long_word, sort=NEWEST),
        Asked("dates", f"{one} after:{en.published_at:%Y-%m} before:2026-06"),
        Asked("chinese word", han[begin : begin + 2]),
        Asked("chinese words", han[begin : begin + 5]),
        Asked("chinese phrase", f'"{han[begin : begin + 4]}"', facets=("tag",)),
        Asked("misspelt", _misspelt(chance, long_word)),
        Asked("deep", f"{one} {long_word}", pages=DEEP_PAGES),
    ]


def _misspelt(chance: random.Random, word: str) -> str:
    at = chance.randrange(1, len(word) - 1)
    return f"{word[:at]}{word[at + 1]}{word[at]}{word[at + 2 :]}"


def main() -> None:
    """Prints the figures as JSON, and what was promised."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--kept", type=Path, metavar="DIR", help="where the indexes are kept and found again")
    parser.add_argument("--size", type=int, action="append", help="articles; both sizes when none is given")
    parser.add_argument("--keep", action="store_true", help="write the figures down as `make bench` does")
    asked = parser.parse_args()
    figures = run(asked.kept, asked.size or SIZES)
    print(json.dumps(figures, indent=2))
    tell(sys.modules[__name__], figures, now() if asked.keep else None)


if __name__ == "__main__":
    main()

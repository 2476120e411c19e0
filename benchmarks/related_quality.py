"""How good related lists are: against comparing everything, against a judged set over the sample newsroom, by category;
and what a refresh costs when there are ten times as many articles.

`python -m benchmarks.related_quality [--collection DIR] [--base N] [--articles N]`. A collection's documents name
their `category`; the sample newsroom's judged lists are split by their line: weights are chosen on odd ones, even ones
say what came of it. Scores of categories see texts alone, as sections and tags would give them away.
"""

import argparse
import itertools
import json
import shutil
import statistics
import sys
import tempfile
import time
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence, Set
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from sqlalchemy import select, text

from benchmarks.judging import ndcg
from benchmarks.product import published
from benchmarks.report import Row, tell
from cms.content.models import Document
from cms.content.neighbours import Crowd
from cms.content.portraits import coarse, portraits, strongest
from cms.content.publishing import put_document
from cms.content.related.rules import SHOWN, Neighbour, Portrait, rank
from cms.content.relating import refresh_related, stored_lists, veiled_lists
from cms.content.relating import shown as visible
from cms.content.sweeping import sweep_related
from cms.launch.sample.generate import generated
from cms.launch.sample.reading import SampleArticle, sample
from cms.migrations.running import upgrade
from cms.platform.clock import now
from cms.platform.db import Database
from cms.platform.text.terms import count_terms
from cms.settings import Settings

REPETITIONS = "One run; CPU is the median of 40 publishes, at each size."
JUDGED = Path(__file__).parent / "judged" / "related.tsv"
ARTICLES, PUBLISHED, WORDS = 900, 600, 200
BASE, FEW, MANY, PUBLISHES = 2_500, 4, 40, 40
LEAST_AFTER_REFRESH, LEAST_AFTER_SWEEP, MOST_GROWTH = 0.97, 0.999, 2.0
LEAST_JUDGED, LEAST_CATEGORY = 0.85, 0.9
DAY = datetime(2026, 1, 1, tzinfo=UTC)
# What a copy of the base has of its own: rows by table, with the columns that differ. Names that few articles share
# are another region's names in each copy; words that many share are everybody's.
COPIES = {
    "documents": {"article_id": "id", "number": "number", "slug": "word", "previous_id": "NULL", "next_id": "NULL"},
    "document_terms": {"article_id": "id", "term": "term"},
    "document_tags": {"article_id": "id", "number": "number", "tag": "word"},
    "document_authors": {"article_id": "id", "number": "number"},
    "document_sketches": {"article_id": "id"},
    "related_entries": {"article_id": "id", "other_id": "id"},
}
COMMON_FROM = 0.02
# Ids of copies begin with a byte that no id of now begins with.
FIRST_COPY = 0xA0


def run(collections: Sequence[Path] = (), base: int = BASE, articles: int = ARTICLES) -> dict[str, Any]:
    """Shape: `agreement` with brute force, `judged` by language and split, `categories`, `cost` by size."""
    return {
        "agreement": _agreement(articles),
        "judged": _judged(),
        "categories": {
            "generated newsroom": _category_share(_texts_of(generated(ARTICLES, words=WORDS, locales=("en",)))),
            **{folder.name: _category_share(_texts_in(folder)) for folder in collections},
        },
        "cost": _cost(base),
    }


def rows(figures: dict[str, Any]) -> list[Row]:
    """What is promised of the figures."""
    agreement, cost = figures["agreement"], figures["cost"]
    what = f"shown entries that are those of comparing all {agreement['articles']:,} articles"
    refreshed, swept = agreement["after_refreshes"], agreement["after_sweep"]
    least = f"≥ {LEAST_AFTER_REFRESH}"
    found = [
        Row(f"{what}, after a refresh at each publish", least, f"{refreshed:.4f}", refreshed >= LEAST_AFTER_REFRESH),
        Row(f"{what}, after the sweep", f"≥ {LEAST_AFTER_SWEEP}", f"{swept:.4f}", swept >= LEAST_AFTER_SWEEP),
    ]
    for key, value in figures["judged"].items():
        told = f"nDCG@5 {value['ndcg_at_5']:.3f}, right among the first three {value['right_of_three']:.3f}"
        kept = value["ndcg_at_5"] >= LEAST_JUDGED
        found.append(Row(f"sample newsroom, {value['lists']} judged lists: {key}", f"≥ {LEAST_JUDGED}", told, kept))
    for key, share in figures["categories"].items():
        is_ours = key == "generated newsroom"
        promised = f"≥ {LEAST_CATEGORY}" if is_ours else "—"
        kept = share >= LEAST_CATEGORY or not is_ours
        found.append(Row(f"same category among the five, by text alone: {key}", promised, f"{share:.3f}", kept))
    (small, few), (large, many) = cost["cpu_ms"].items()
    growth = many / few
    told = f"{growth:.2f} × ({few:.1f} ms, then {many:.1f} ms)"
    what = f"CPU of related lists per publish, from {int(small):,} to {int(large):,} articles"
    found.append(Row(what, f"≤ {MOST_GROWTH} ×", told, growth <= MOST_GROWTH))
    return found


def _agreement(count: int) -> dict[str, Any]:
    """The lists of a newsroom that grew by publishing, beside those of every pair's score.

    The first articles are swept and the last published one by one; of the refreshes only lists are told that one of
    these is in, or should be in.
    """
    with _newsroom() as database:
        articles = list(generated(count, words=WORDS))
        fitted = count - PUBLISHED
        _publish(database, articles[:fitted], 0)
        sweep_related(database, DAY)
        fresh = set()
        for number, article in enumerate(articles[fitted:], fitted):
            ids = _publish(database, [article], number)
            _refresh(database, ids)
            fresh.update(ids)
        after_refreshes = _share_exact(database, fresh)
        sweep_related(database, DAY)
        return {"articles": count, "after_refreshes": after_refreshes, "after_sweep": _share_exact(database)}


def _share_exact(database: Database, fresh: Set[str] = frozenset()) -> float:
    """The share of entries that comparing everything would show, which are shown: of all lists, or of those that
    concern some articles."""
    with database.reading() as session:
        faces = portraits(session, session.scalars(select(Document.article_id)).all())
        by_locale: dict[str, list[Portrait]] = defaultdict(list)
        for face in faces.values():
            by_locale[face.locale].append(face)
        exact: dict[str, Sequence[Neighbour]] = {}
        for crowd in by_locale.values():
            exact |= {portrait.article_id: entries for portrait, entries in Crowd(crowd).lists()}
        right, stored = veiled_lists(session, exact), stored_lists(session, faces)
    concerned = {
        owner for owner in right if not fresh or owner in fresh or not fresh.isdisjoint({*right[owner], *stored[owner]})
    }
    wanted = {(owner, one.other_id) for owner in concerned for one in visible(right[owner])}
    found = {(owner, one.other_id) for owner in concerned for one in visible(stored[owner])}
    return round(len(wanted & found) / len(wanted), 5)


def _judged() -> dict[str, dict[str, float]]:
    """The lists of the sample newsroom as the product makes them, beside what people would put there."""
    articles = [one for one in sample().articles if one.locale in ("en", "zh-CN")]
    with _newsroom() as database:
        ids = dict(zip(_publish(database, articles, 0), articles, strict=True))
        sweep_related(database, DAY)
        with database.reading() as session:
            lists = stored_lists(session, ids)
    shown = {
        (ids[owner].locale, ids[owner].slug): [ids[one.other_id].slug for one in visible(found)]
        for owner, found in lists.items()
    }
    figures = {}
    for locale in ("en", "zh-CN"):
        lines = [one for one in JUDGED.read_text("utf-8").splitlines() if one.startswith(f"{locale}\t")]
        for split, some in (("development", lines[::2]), ("test", lines[1::2])):
            figures[f"{locale}, {split}"] = _judge(shown, some)
    return figures


def _judge(shown: Mapping[tuple[str, str], Sequence[str]], lines: Sequence[str]) -> dict[str, float]:
    gains, rights = [], []
    for line in lines:
        locale, slug, told = line.split("\t")
        pairs = (pair.rsplit("=", 1) for pair in told.split())
        grades = {other: int(grade) for other, grade in pairs}
        found = shown[locale, slug]
        gains.append(ndcg(found, grades, SHOWN))
        most = min(3, len(grades))
        rights.append(sum(one in grades for one in found[:most]) / most)
    return {
        "ndcg_at_5": round(statistics.mean(gains), 4),
        "right_of_three": round(statistics.mean(rights), 4),
        "lists": len(lines),
    }


def _category_share(texts: Sequence[tuple[str, str]]) -> float:
    """Of the five nearest by text alone, the share in the same category. Shape of `texts`: (category, text)"""
    counts = [count_terms(words, "en") for _, words in texts]
    frequencies = Counter(term for found in counts for term in found)
    fitted = {term: coarse(number) for term, number in frequencies.items()}
    crowd = Crowd(
        [
            Portrait(str(number), "en", "", DAY, frozenset(), strongest(found, fitted, len(texts)))
            for number, found in enumerate(counts)
        ]
    )
    shares = []
    for portrait, entries in crowd.lists():
        nearest = sorted(entries, key=rank)[:SHOWN]
        category = texts[int(portrait.article_id)][0]
        if nearest:
            shares.append(sum(texts[int(one.other_id)][0] == category for one in nearest) / len(nearest))
    return round(statistics.mean(shares), 4)


def _texts_of(articles: Iterable[SampleArticle]) -> list[tuple[str, str]]:
    return [(one.section, "\n".join((one.title, one.title, one.dek, *one.summary, one.body))) for one in articles]


def _texts_in(folder: Path) -> list[tuple[str, str]]:
    documents = [json.loads(line) for line in (folder / "docs.jsonl").read_text("utf-8").splitlines() if line]
    return [(str(one["category"]), f"{one['title']}\n{one['title']}\n{one['text']}") for one in documents]


def _cost(base: int) -> dict[str, Any]:
    """What a refresh takes after a publish, in a newsroom of a few regions and in one of ten times as many."""
    taken = {}
    with _newsroom() as database:
        articles = list(generated(base + 2 * PUBLISHES, words=WORDS, locales=("en",)))
        fresh = iter(articles[base:])
        _publish(database, articles[:base], 0)
        sweep_related(database, DAY)
        copies = 1
        for number, times in enumerate((FEW, MANY)):
            for copy in range(copies, times):
                _copy(database, copy, int(base * copies * COMMON_FROM))
            with database.transaction() as session:
                session.execute(text(f"UPDATE term_frequencies SET documents = documents * {times} / {copies}"))
                session.execute(text("ANALYZE"))
            copies = times
            some = list(itertools.islice(fresh, PUBLISHES))
            taken[str(base * times)] = round(_median_refresh(database, some, base + number * PUBLISHES), 2)
    return {"cpu_ms": taken, "publishes": PUBLISHES}


def _median_refresh(database: Database, articles: Sequence[SampleArticle], before: int) -> float:
    taken = []
    for number, article in enumerate(articles, before):
        ids = _publish(database, [article], number)
        began = time.process_time()
        _refresh(database, ids)
        taken.append((time.process_time() - began) * 1_000)
    return statistics.median(taken)


def _copy(database: Database, copy: int, common: int) -> None:
    """Every article once more, as one of another region: with its own names and tags, and the same words where so many
    articles have them."""
    values = {
        "id": f"'{FIRST_COPY + copy:02x}' || substr({{0}}, 3)",
        "number": f"{{0}} + {copy} * 10000000",
        "word": f"{{0}} || '-{copy}'",
        "term": f"CASE WHEN {{0}} IN (SELECT term FROM term_frequencies WHERE documents >= {common}) "
        f"THEN {{0}} ELSE {{0}} || '-{copy}' END",
        "NULL": "NULL",
    }
    with database.transaction() as session:
        for table, own in COPIES.items():
            columns = [row.name for row in session.execute(text(f"PRAGMA table_info({table})"))]
            sources = [values[own[name]].format(name) if name in own else name for name in columns]
            of_base = "IN (SELECT article_id FROM documents WHERE number < 10000000)"
            rows_of_base = " AND ".join(f"{name} {of_base}" for name in ("article_id", "other_id") if name in own)
            session.execute(
                text(
                    f"INSERT INTO {table} ({', '.join(columns)}) "
                    f"SELECT {', '.join(sources)} FROM {table} WHERE {rows_of_base}"
                )
            )


def _publish(database: Database, articles: Sequence[SampleArticle], before: int) -> list[str]:
    ids = []
    with database.transaction() as session:
        for number, article in enumerate(articles, before + 1):
            one = published(article, number)
            put_document(session, one, article.published_at)
            ids.append(one.article_id)
    return ids


def _refresh(database: Database, article_ids: Sequence[str]) -> None:
    for article_id in article_ids:
        with database.transaction() as session:
            refresh_related(session, article_id, DAY)


@contextmanager
def _newsroom() -> Iterator[Database]:
    """An empty database."""
    home = Path(tempfile.mkdtemp())
    database = Database(Settings(home=home).database, is_durable=False)
    try:
        upgrade(database)
        yield database
    finally:
        database.dispose()
        shutil.rmtree(home)


def main() -> None:
    """Prints the figures as JSON, and what was promised."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--collection", type=Path, action="append", default=[], metavar="DIR")
    parser.add_argument("--keep", action="store_true", help="write the figures down as `make bench` does")
    parser.add_argument("--base", type=int, default=BASE, help=f"articles of a region; there are {FEW} and then {MANY}")
    parser.add_argument("--articles", type=int, default=ARTICLES, help="how many are compared with one another")
    asked = parser.parse_args()
    figures = run(asked.collection, asked.base, asked.articles)
    print(json.dumps(figures, indent=2, ensure_ascii=False))
    tell(sys.modules[__name__], figures, now() if asked.keep else None)


if __name__ == "__main__":
    main()

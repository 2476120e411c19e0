"""How well search answers: a judged set over the sample newsroom, every 2 to 4 characters of its Chinese articles, and
collections that are given.

Collections lie outside of the project: `python -m benchmarks.search_quality --collection DIR`. Where its packages are
there, each is asked of SQLite's FTS5 and of tantivy too, both with our list of stop words, a stemmer and any word. The
sets are split by the number of the query: weights are chosen on odd ones, even ones say what came of it.
"""

import argparse
import importlib.util
import json
import random
import re
import sqlite3
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from benchmarks.judging import Answers, Collection, Judgements, quality, read_collection
from benchmarks.report import Row, tell
from benchmarks.shelving import index_document
from cms.launch.sample.reading import sample
from cms.platform.clock import now
from search_index.analysis import fold
from search_index.document import IndexDocument
from search_index.engine import SearchReader
from search_index.query import MOST_CHARACTERS, parse
from search_index.shelf import Shelf
from search_index.stopwords import STOP_WORDS

REPETITIONS = "Nothing is timed; the same figures come every time."
JUDGED = Path(__file__).parent / "judged" / "search.tsv"
DEEP = 1_000
LEAST = {"ndcg_at_10": 0.39, "map": 0.31, "recall_at_100": 0.74}
NAMES = {"ndcg_at_10": "nDCG@10", "map": "MAP", "recall_at_100": "recall@100"}
WITHIN = 0.01
LEAST_JUDGED = 0.85
PIECES = 600
HAN_RUN = re.compile("[\u4e00-\u9fff]{4,}")
DAY = datetime(2026, 1, 1, tzinfo=UTC)
WORD = re.compile(r"\w+")
ROOM = 64_000_000


def run(collections: Sequence[Path] = ()) -> dict[str, Any]:
    """Shape: `judged`, by language and split; `substrings`; `collections`, by name and engine."""
    articles = [one for one in sample().articles if one.locale in ("en", "zh-CN")]
    documents = [index_document(f"{article.locale}/{article.slug}", article) for article in articles]
    with searching(documents) as reader:
        judged, substrings = _judged(reader), _substrings(reader, documents)
    return {
        "judged": judged,
        "substrings": substrings,
        "collections": {folder.name: _collection(read_collection(folder)) for folder in collections},
    }


def rows(figures: dict[str, Any]) -> list[Row]:
    """What is promised of the figures."""
    found = []
    for name, engines in figures["collections"].items():
        ours = engines["copydesk"]["all"]
        for key, least in LEAST.items():
            kept = ours[key] >= least
            found.append(Row(f"{name}: {NAMES[key]}, as it comes", f"≥ {least}", f"{ours[key]:.3f}", kept))
        for engine, splits in engines.items():
            if engine != "copydesk":
                gaps = {key: ours[key] - splits["all"][key] for key in LEAST}
                told = ", ".join(f"{NAMES[key]} {gap:+.3f}" for key, gap in gaps.items())
                kept = min(gaps.values()) >= -WITHIN
                found.append(Row(f"{name}: against {engine} tuned alike", f"≥ −{WITHIN}", told, kept))
    for key, value in figures["judged"].items():
        told = ", ".join(f"{NAMES[name]} {value[name]:.3f}" for name in LEAST)
        what = f"sample newsroom, {value['queries']} judged queries: {key}"
        found.append(Row(what, f"nDCG@10 ≥ {LEAST_JUDGED}", told, value["ndcg_at_10"] >= LEAST_JUDGED))
    pieces = figures["substrings"]
    told = f"recall {pieces['recall']:.4f}, precision {pieces['precision']:.4f} of {pieces['pieces']} pieces"
    kept = pieces["recall"] == pieces["precision"] == 1.0
    found.append(Row("any 2 to 4 Chinese characters that stand in an article", "1.00 and 1.00", told, kept))
    return found


@contextmanager
def searching(documents: Sequence[IndexDocument]) -> Iterator[SearchReader]:
    """A reader of an index of these."""
    with tempfile.TemporaryDirectory() as home:
        shelf = Shelf(Path(home))
        shelf.rebuild(lambda: documents, lambda _indexed: ((), ()))
        reader = shelf.reader()
        try:
            yield reader
        finally:
            reader.close()


def _judged(reader: SearchReader) -> dict[str, dict[str, float]]:
    found = {}
    for locale in ("en", "zh-CN"):
        queries, judgements = _judged_set(locale)

        def answers(text: str, locale: str = locale) -> list[str]:
            page = reader.search(parse(text).narrowed({"locale": locale}), limit=100)
            return [hit.id.partition("/")[2] for hit in page.hits]

        for split, some in _splits(queries).items():
            if split != "all":
                found[f"{locale}, {split}"] = quality(some, judgements, answers).figures()
    return found


def _judged_set(locale: str) -> tuple[dict[str, str], Judgements]:
    queries, judgements = {}, {}
    lines = [line for line in JUDGED.read_text("utf-8").splitlines() if not line.startswith("#")]
    for number, line in enumerate(lines, 1):
        text, language, right = line.split("\t")
        if language == locale:
            queries[str(number)] = text
            pairs = (pair.rsplit("=", 1) for pair in right.split())
            judgements[str(number)] = {slug: int(grade) for slug, grade in pairs}
    return queries, judgements


def _splits(queries: Mapping[str, str]) -> dict[str, dict[str, str]]:
    odd = {key: text for number, (key, text) in enumerate(queries.items(), 1) if number % 2}
    return {"all": dict(queries), "development": odd, "test": {k: t for k, t in queries.items() if k not in odd}}


def _substrings(reader: SearchReader, documents: Sequence[IndexDocument]) -> dict[str, Any]:
    """Pieces of Chinese running text as phrases, and which articles say them. Truth is what stands in the text."""
    chance = random.Random(6)
    texts = {one.id: fold("\n".join((one.title, one.dek, *one.summary, one.text))) for one in documents}
    runs = [run for text in texts.values() for run in HAN_RUN.findall(text)]
    found = right = missing = 0
    for number in range(PIECES):
        line, length = chance.choice(runs), 2 + number % 3
        at = chance.randrange(len(line) - length + 1)
        piece = line[at : at + length]
        hits = {hit.id for hit in reader.search(parse(f'"{piece}"'), limit=100).hits}
        truth = {key for key, text in texts.items() if piece in text}
        found, right, missing = found + len(hits), right + len(hits & truth), missing + len(truth - hits)
    return {"pieces": PIECES, "recall": round(right / (right + missing), 4), "precision": round(right / found, 4)}


def _collection(given: Collection) -> dict[str, dict[str, dict[str, float]]]:
    """Each engine that there is, asked all queries, and each half of them."""
    engines: dict[str, Any] = {"copydesk": _ours, "sqlite fts5": _fts5}
    if importlib.util.find_spec("tantivy") is not None:
        engines["tantivy"] = _tantivy
    figures = {}
    for name, engine in engines.items():
        with engine(given) as answers:
            halves = _splits(given.queries)
            figures[name] = {
                split: quality(some, given.judgements, answers).figures() for split, some in halves.items()
            }
    return figures


@contextmanager
def _ours(given: Collection) -> Iterator[Answers]:
    documents = [_plain(f"{number:032x}", title, text) for number, (_, title, text) in enumerate(given.documents)]
    keys = {f"{number:032x}": key for number, (key, _, _) in enumerate(given.documents)}
    with searching(documents) as reader:
        # Longer questions than fit into a search box are cut, as a search box would.
        yield lambda text: [keys[hit.id] for hit in reader.search(parse(text[:MOST_CHARACTERS]), limit=DEEP).hits]


@contextmanager
def _fts5(given: Collection) -> Iterator[Answers]:
    with closing(sqlite3.connect(":memory:")) as database:
        database.execute(
            "CREATE VIRTUAL TABLE docs USING fts5(key UNINDEXED, title, body, tokenize='porter unicode61')"
        )
        database.executemany("INSERT INTO docs VALUES (?, ?, ?)", given.documents)
        ranked = "SELECT key FROM docs WHERE docs MATCH ? ORDER BY bm25(docs, 0, 2.0, 1.0) LIMIT ?"

        def answers(text: str) -> list[str]:
            asked = " OR ".join(f'"{word}"' for word in _words(text))
            return [key for (key,) in database.execute(ranked, (asked, DEEP))] if asked else []

        yield answers


@contextmanager
def _tantivy(given: Collection) -> Iterator[Answers]:
    tantivy = importlib.import_module("tantivy")
    schema = tantivy.SchemaBuilder()
    schema.add_text_field("key", stored=True, tokenizer_name="raw")
    schema.add_text_field("all", stored=False, tokenizer_name="en_stem")
    index = tantivy.Index(schema.build())
    writer = index.writer(ROOM, 1)
    for key, title, text in given.documents:
        writer.add_document(tantivy.Document(key=key, all=f"{title}\n{text}"))
    writer.commit()
    index.reload()
    searcher = index.searcher()

    def answers(text: str) -> list[str]:
        query = index.parse_query(" ".join(_words(text)), ["all"])
        hits = searcher.search(query, DEEP).hits
        return [searcher.doc(address)["key"][0] for _, address in hits]

    yield answers


def _words(text: str) -> list[str]:
    return list(dict.fromkeys(word for word in WORD.findall(text.lower()) if word not in STOP_WORDS))


def _plain(key: str, title: str, text: str) -> IndexDocument:
    return IndexDocument(
        id=key, revision=1, locale="en", title=title, dek="", summary=(), text=text, section_path=(), section_name="",
        tags=(), people=(), published_at=DAY,
    )  # fmt: skip


def main() -> None:
    """`python -m benchmarks.search_quality [--collection DIR …]` prints the figures as JSON, and what was promised."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--collection", type=Path, action="append", default=[], metavar="DIR")
    parser.add_argument("--keep", action="store_true", help="write the figures down as `make bench` does")
    asked = parser.parse_args()
    figures = run(asked.collection)
    print(json.dumps(figures, indent=2, ensure_ascii=False))
    tell(sys.modules[__name__], figures, now() if asked.keep else None)


if __name__ == "__main__":
    main()

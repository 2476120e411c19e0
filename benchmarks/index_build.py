"""How much CPU a rebuild of the search index takes, of documents that are there and as `copydesk reindex` does it from
the database with all that it compares before the swap, beside what Whoosh itself takes for the same documents.

Whoosh's own way: its stemming analyzer, a writer with the memory that serves it best, one commit, and the same fields.
It is measured at each of a few memory limits, and the cheapest counts.
"""

import json
import shutil
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from whoosh.analysis import StemmingAnalyzer
from whoosh.fields import ID, KEYWORD, NUMERIC, TEXT, Schema
from whoosh.filedb.filestore import FileStorage

from benchmarks.product import published
from benchmarks.report import Row
from benchmarks.shelving import index_document
from cms.content.publishing import put_document
from cms.launch.sample.generate import generated
from cms.launch.sample.reading import SampleArticle
from cms.migrations.running import upgrade
from cms.platform.db import Database
from cms.settings import Settings
from search_index.document import IndexDocument
from search_index.generations import rebuild
from workers.handlers.indexing import rebuild_index

ARTICLES = 10_000
WORDS = 500
MEMORY_LIMITS = (128, 512)
MOST_RATIO = 1.1
AT_ONCE = 200
REPETITIONS = (
    f"One build of ours, one from the database, and one of Whoosh's own for each of {len(MEMORY_LIMITS)} memory limits."
)


def run(articles: int = ARTICLES, locales: Sequence[str] = ("en",)) -> dict[str, Any]:
    """Shape: `ours` and `whoosh` with cpu seconds, articles per CPU second and bytes; `ratio` of ours to Whoosh's, and
    `full` with the CPU seconds of a rebuild from the database."""
    given = list(generated(articles, words=WORDS, locales=locales))
    documents = [index_document(f"{number:032x}", article) for number, article in enumerate(given, start=1)]
    ours = _measured(lambda folder: _rebuild(folder, documents), len(documents))
    theirs = {
        limit: _measured(partial(_plain, documents=documents, limit=limit), len(documents)) for limit in MEMORY_LIMITS
    }
    best = min(theirs, key=lambda limit: theirs[limit]["cpu_seconds"])
    return {
        "articles": articles,
        "words": WORDS,
        "locales": list(locales),
        "ours": ours,
        "whoosh": {**theirs[best], "memory_limit_mb": best},
        "ratio": round(ours["cpu_seconds"] / theirs[best]["cpu_seconds"], 3),
        "full": {"cpu_seconds": _full(given)},
    }


def rows(figures: dict[str, Any]) -> list[Row]:
    """The ratio is promised; rate and size are told."""
    ours, theirs, full = figures["ours"], figures["whoosh"], figures["full"]["cpu_seconds"]
    ratio = full / theirs["cpu_seconds"]
    return [
        Row(
            f"CPU of building {figures['articles']:,} articles of {figures['words']} words, against Whoosh's own best",
            f"≤ {MOST_RATIO} ×",
            f"{figures['ratio']:.2f} × ({ours['cpu_seconds']:.1f} s against {theirs['cpu_seconds']:.1f} s)",
            figures["ratio"] <= MOST_RATIO,
        ),
        Row(
            "CPU of a rebuild of them from the database, compared before the swap, against the same of Whoosh's",
            f"≤ {MOST_RATIO} ×",
            f"{ratio:.2f} × ({full:.1f} s)",
            ratio <= MOST_RATIO,
        ),
        Row(
            "size of the index on disk, against Whoosh's own",
            "—",
            f"{ours['bytes'] / theirs['bytes']:.2f} × ({ours['bytes'] / 1e6:.1f} MB)",
            True,
        ),
    ]


def _measured(build: Callable[[Path], None], count: int) -> dict[str, float]:
    folder = Path(tempfile.mkdtemp())
    try:
        began = time.process_time()
        build(folder)
        seconds = time.process_time() - began
        size = sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())
    finally:
        shutil.rmtree(folder)
    return {"cpu_seconds": round(seconds, 2), "articles_per_cpu_second": round(count / seconds, 1), "bytes": size}


def _rebuild(folder: Path, documents: Sequence[IndexDocument]) -> None:
    count = rebuild(folder, lambda: documents, lambda _: ([], []))
    assert count == len(documents)


def _full(articles: Sequence[SampleArticle]) -> float:
    """Publish them, then rebuild as the command does. Units: seconds of CPU, of the rebuild alone"""
    with tempfile.TemporaryDirectory() as folder:
        settings = Settings(home=Path(folder))
        database = Database(settings.database, is_durable=False)
        upgrade(database)
        for start in range(0, len(articles), AT_ONCE):
            with database.transaction() as session:
                for number, article in enumerate(articles[start : start + AT_ONCE], start):
                    put_document(session, published(article, number), article.published_at)
        began = time.process_time()
        count = rebuild_index(database, settings.index_home)
        seconds = time.process_time() - began
        database.dispose()
    assert count == len(articles)
    return round(seconds, 2)


def _plain(folder: Path, documents: Sequence[IndexDocument], limit: int) -> None:
    words = StemmingAnalyzer(cachesize=-1)
    schema = Schema(
        id=ID(unique=True, stored=True),
        revision=NUMERIC(stored=True, numtype=int, bits=64, shift_step=0),
        all=TEXT(analyzer=words),
        title=TEXT(analyzer=words),
        tag=KEYWORD(commas=True, lowercase=True),
        author=KEYWORD(commas=True, lowercase=True),
        section=KEYWORD(lowercase=True),
        locale=ID(),
        published=NUMERIC(sortable=True, numtype=int, bits=64, shift_step=0),
    )
    index = FileStorage(str(folder)).create_index(schema)
    writer = index.writer(limitmb=limit)
    for document in documents:
        tags = [name for _, name in document.tags]
        people = [name for _, name in document.people]
        parts = (document.title, document.dek, *document.summary, document.text, document.section_name, *tags, *people)
        writer.add_document(
            id=document.id,
            revision=document.revision,
            all="\n".join(parts),
            title=document.title,
            tag=",".join(tags),
            author=",".join(people),
            section=" ".join(document.section_path),
            locale=document.locale,
            published=int(document.published_at.timestamp()),
        )
    writer.commit()


def main() -> None:
    """`python -m benchmarks.index_build [ARTICLES [LOCALE …]]` prints the figures as JSON."""
    articles = int(sys.argv[1]) if len(sys.argv) > 1 else ARTICLES
    print(json.dumps(run(articles, tuple(sys.argv[2:]) or ("en",)), indent=2))


if __name__ == "__main__":
    main()

"""What a read costs at 1,000,000 published articles, beside what it costs at 10,000, on PostgreSQL.

Most rows are made by the database from those of one article, with ids, numbers, slugs and instants of their own. CPU is
the API's and the database's together; rows are those that the plans of the product's own statements read.
"""

import contextlib
import json
import tempfile
from pathlib import Path
from typing import Any

import psycopg

from benchmarks.report import Row
from benchmarks.serving import Served, Subject, in_turn, product, yardstick
from benchmarks.stories import BEGINNING, SLUG, put_stories
from cms.content.listing import newest
from cms.content.queries import document_by_slug
from cms.content.rules import PAGE, Filter, span
from cms.platform.clock import rfc3339
from cms.platform.direct_reads import DirectReads
from cms.settings import Settings
from tests.servers import postgresql

FEW, MANY = 10_000, 1_000_000
TEMPLATE = 3
MADE_AT_ONCE = 50_000
ASKED_FOR = 2_000
EXPLAINED = 50
ROUNDS = 5
SECONDS = 3.0
MOST = 1.2
LIST = "/content/v1/articles"
REPETITIONS = (
    f"Medians of {ROUNDS} interleaved rounds of {SECONDS:.0f} s with 8 connections; rows of {EXPLAINED} plans."
)
ID = "('01a20000-0000-7000-8000-' || lpad(to_hex(g), 12, '0'))"
INSTANT = f"(TIMESTAMPTZ '{BEGINNING.isoformat()}' + g * INTERVAL '1 minute')"
TEXT = f"to_char({INSTANT} AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS\"Z\"')"
NEW_SLUG = f"replace('{SLUG}', '{{0}}', g::text)"
MARK = "left(md5(g::text), 24)"
LABELS = {
    "article": "article by slug",
    "list": "first page of a section",
    "filtered": "list of a section, a tag and a year",
    "deep": "page 400 of a section",
}
# What is different in each row, by column; every other value is that of the one article.
OWN = {
    "documents": {"article_id": f"{ID}::uuid", "slug": "{slug}", "published_at": INSTANT, "updated_at": INSTANT,
                  "changed_at": INSTANT, "etag": f"'\"' || {MARK} || '\"'", "body": "{body}", "packed": "NULL",
                  "content": "'{{}}'", "text": "''"},
    "document_cards": {"card": "{card}", "mark": MARK},
    "document_sections": {"article_id": f"{ID}::uuid", "published_at": INSTANT,
                          "section": "CASE WHEN g % 10 = 0 THEN 'city' ELSE 'world' END"},
    "document_tags": {"article_id": f"{ID}::uuid", "published_at": INSTANT},
    "document_authors": {"article_id": f"{ID}::uuid", "published_at": INSTANT},
}  # fmt: skip
ONLY = {"document_tags": " AND (t.tag <> 'winter' OR g % 3 = 0)", "document_sections": " AND t.section <> 'city'"}


def run(few: int = FEW, many: int = MANY, rounds: int = ROUNDS, seconds: float = SECONDS) -> dict[str, Any]:
    """Shape: for each size, per subject, CPU in milliseconds and rows a request."""
    counts = {"few": few, "many": many}
    with contextlib.ExitStack() as opened:
        folder = Path(opened.enter_context(tempfile.TemporaryDirectory()))
        server = opened.enter_context(postgresql())
        subjects = {
            "constant": Subject(opened.enter_context(yardstick("constant", folder, [2_000])), ["/constant/2000"])
        }
        read = {}
        for size, count in counts.items():
            server.execute(f"CREATE DATABASE {size}")
            settings = Settings(home=folder / size, database_url=server.url(size))
            [story] = put_stories(settings, [TEMPLATE], sentences=4)
            _make(settings.database_url, story.article_id, TEMPLATE + 1, count)
            read[size] = _rows_read(settings, count)
            served = opened.enter_context(product(settings.home, settings.database_url, server.process))
            subjects |= {f"{name}_{size}": Subject(served, asked) for name, asked in _asked(served, count).items()}
        return {"articles": counts, "medians": in_turn(subjects, rounds, seconds), "rows": read}


def rows(figures: dict[str, Any]) -> list[Row]:
    """What a request costs at the one size, against the other."""
    told = []
    medians, read = figures["medians"], figures["rows"]
    for name, label in LABELS.items():
        few, many = (_cost(medians[f"{name}_{size}"]) for size in ("few", "many"))
        told.append(_row(f"{label}: CPU of API and database", few, many, f"{few:.0f} → {many:.0f} µs"))
        few, many = read["few"][name], read["many"][name]
        told.append(_row(f"{label}: rows read", few, many, f"{few:.1f} → {many:.1f}"))
    return told


def _row(what: str, few: float, many: float, words: str) -> Row:
    ratio = many / few
    return Row(f"{what}, at 1,000,000 against 10,000", f"≤ {MOST} ×", f"{ratio:.2f} × ({words})", ratio <= MOST)


def _cost(median: dict[str, float]) -> float:
    """Microseconds of CPU."""
    return (median["cpu_ms"] + median["database_ms"]) * 1000


def _make(url: str, article_id: str, first: int, last: int) -> None:
    """Make the articles with these numbers out of the one that is there."""
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("SET session_replication_role = replica")
        for start in range(first, last + 1, MADE_AT_ONCE):
            for table in OWN:
                end = min(start + MADE_AT_ONCE - 1, last)
                connection.execute(_statement(connection, table, article_id, start, end))
        connection.execute("VACUUM ANALYZE")
        connection.execute("CHECKPOINT")


def _statement(connection: Any, table: str, article_id: str, first: int, last: int) -> str:
    found = connection.execute(
        "SELECT column_name FROM information_schema.columns WHERE table_name = %s AND table_schema = 'public'", [table]
    )
    columns = [name for (name,) in found]
    made = {"slug": NEW_SLUG, "body": _bytes(article_id, "body"), "card": _bytes(article_id, "card")}
    own = {"number": "g", **{name: text.format(**made) for name, text in OWN[table].items()}}
    values = ", ".join(own.get(name, f"t.{name}") for name in columns)
    return (
        f"INSERT INTO {table} ({', '.join(columns)}) SELECT {values} FROM {table} t "
        f"CROSS JOIN generate_series({first}, {last}) g WHERE t.number = {TEMPLATE}{ONLY.get(table, '')}"
    )


def _bytes(article_id: str, column: str) -> str:
    """The bytes of an article, with what names it replaced."""
    at = rfc3339(BEGINNING.replace(hour=TEMPLATE))
    text = f"convert_from(t.{column}, 'UTF8')"
    for old, new in (
        (f"'{article_id}'", ID),
        (f"'{SLUG.format(TEMPLATE)}'", NEW_SLUG),
        (f"'\"number\":{TEMPLATE},'", "'\"number\":' || g || ','"),
        (f"'{at}'", TEXT),
    ):
        text = f"replace({text}, {old}, {new})"
    return f"convert_to({text}, 'UTF8')"


def _asked(served: Served, count: int) -> dict[str, list[str]]:
    """What is asked for, by what it is called."""
    slugs = [SLUG.format(number) for number in range(TEMPLATE + 1, count, max(1, count // ASKED_FOR))]
    path = deep = f"{LIST}?section=world"
    for _ in range(80):
        # Four hundred pages of twenty are eighty of a hundred: a cursor is a place in the list, whatever the page.
        deep = f"{path}&cursor={served.get(f'{deep}&limit=100')[1]['page']['next_cursor']}"
    return {
        "article": [f"{LIST}/en/{slug}" for slug in slugs],
        "list": [path],
        "filtered": [f"{path}&tag=winter&year=2025"],
        "deep": [deep],
    }


class Explaining(DirectReads):
    """Reads that ask for the plan of each statement too, and add up how many rows it went through."""

    read = 0.0

    def rows(self, statement: str, values: Any = ()) -> list[tuple[Any, ...]]:
        """All rows of a statement."""
        [(plan,)] = super().rows(f"EXPLAIN (ANALYZE, FORMAT JSON) {statement}", values)
        self.read += _scanned(plan[0]["Plan"])
        return super().rows(statement, values)


def _scanned(node: dict[str, Any]) -> float:
    """Rows that scans of tables and indexes went through, those that a condition refused included."""
    below = sum(_scanned(one) for one in node.get("Plans", ()))
    if "Relation Name" not in node and "Index Name" not in node:
        return below
    refused = ("Rows Removed by Filter", "Rows Removed by Index Recheck")
    return below + (node["Actual Rows"] + sum(node.get(name, 0) for name in refused)) * node["Actual Loops"]


def _rows_read(settings: Settings, count: int) -> dict[str, float]:
    """Rows a request, by what is asked for."""
    reads = Explaining(settings.database)
    told = {}
    numbers = range(TEMPLATE + 1, count, max(1, count // EXPLAINED))
    for number in numbers:
        document_by_slug(reads, "en", SLUG.format(number))
    told["article"], reads.read = reads.read / len(numbers), 0.0
    since, until = span(2025, None)
    filtered = Filter("world", ("winter",), since=since, until=until)
    for name, asked in (("list", Filter("world")), ("filtered", filtered)):
        newest(reads, asked, PAGE, None)
        told[name], reads.read = reads.read, 0.0
    after = None
    for _ in range(80):
        after = newest(reads, Filter("world"), 100, after).following
    reads.read = 0.0
    newest(reads, Filter("world"), PAGE, after)
    told["deep"] = reads.read
    reads.close()
    return told


if __name__ == "__main__":
    print(json.dumps(run(), indent=2))

"""A second engine under the same contract: SQLite's FTS5 finds and weighs, the project's own matching decides.

It shows that nothing above `search_index.engine` knows Whoosh. One file is one index; a rebuild writes another file.
"""

import fcntl
import os
import pickle
import sqlite3
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from contextlib import closing, contextmanager
from heapq import nsmallest
from pathlib import Path
from typing import Any

from search_index.analysis import Element, written
from search_index.completing import begun_words, title_query, words_of
from search_index.damage import IndexBroken, IndexUnavailable
from search_index.document import IndexDocument
from search_index.engine import (
    MOST_FACET_VALUES,
    NEWEST,
    RELEVANCE,
    Completion,
    Differences,
    Examine,
    Progress,
    SearchPage,
    Stats,
    Tell,
)
from search_index.matching import Page, holds, is_asked_for, page_of, says
from search_index.ordering import hit_of, place_of, start_of
from search_index.query import Query, Unit, alternatives
from search_index.schema import EPOCH, MICROSECOND
from search_index.stemming import STEMMERS
from search_index.suggesting import distance

SCHEMA = """
CREATE TABLE documents (number INTEGER PRIMARY KEY, id TEXT UNIQUE, revision INTEGER, digest INTEGER, content BLOB);
CREATE VIRTUAL TABLE words USING fts5(said, title, detail=none, tokenize='ascii');
CREATE TABLE touched (id TEXT);
"""


@contextmanager
def damage() -> Iterator[None]:
    """Whatever a missing or damaged file leads to is one error."""
    try:
        yield
    except (sqlite3.Error, OSError, pickle.PickleError) as error:
        raise IndexBroken(str(error)) from error


@contextmanager
def alone(home: Path, name: str = "lock") -> Iterator[None]:
    """One writer at a time."""
    descriptor = os.open(home / name, os.O_RDWR | os.O_CREAT)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


def token(term: str) -> str:
    """A term as a word that the tokenizer leaves alone; what begins alike goes on beginning alike."""
    return "x" + term.encode("utf-8", "surrogatepass").hex()


class SqliteReader:
    """Searches one file."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def rows(self, statement: str, *values: Any) -> list[Any]:
        """What the file answers."""
        with damage():
            if not self.path.stat().st_size:
                raise IndexUnavailable("there is no index")
            with closing(sqlite3.connect(f"file:{self.path}?mode=ro", uri=True)) as database:
                return database.execute(statement, values).fetchall()

    def search(
        self, query: Query, *, limit: int, after: Sequence[Any] | None = None, sort: str = RELEVANCE,
        facets: Collection[str] = (),
    ) -> SearchPage:  # fmt: skip
        """One page of results."""
        start = start_of(after, sort)
        if query.is_empty:
            return SearchPage((), False, facets=dict.fromkeys(facets, ()))
        found = [(score, page, key) for score, page, key in self._found(query) if allowed(query, page)]
        if sort != RELEVANCE and any(score >= 1 for score, _, _ in found):
            found = [one for one in found if one[0] >= 1]
        places = [place_of((-round(score, 6), -page.published, key), sort) for score, page, key in found]
        best = nsmallest(limit + 1, (place for place in places if start is None or place > start))
        counts = {name: self._counts(name, [page for _, page, _ in found]) for name in facets}
        return SearchPage(tuple(hit_of(one, sort) for one in best[:limit]), len(best) > limit, len(found), counts)

    def _found(self, query: Query) -> Iterator[tuple[float, Page, str]]:
        if not query.units:
            for content, key in self.rows("SELECT content, id FROM documents"):
                yield 1.0, pickle.loads(content)[1], key
            return
        asked = " OR ".join(dict.fromkeys(word for part in query.units for one in part.elements for word in words(one)))
        statement = (
            "SELECT -bm25(words, 1.0, 0.3), content, id FROM words JOIN documents ON number = words.rowid "
            "WHERE words MATCH ?"
        )
        for weight, content, key in self.rows(statement, asked):
            page = pickle.loads(content)[1]
            parts = [any(has(page, unit) for unit, _ in alternatives(part)) for part in query.units]
            required = all(says(page, "all", part) for part in query.units if part.is_phrase)
            if any(parts) and required:
                row = query.in_a_row is not None and says(page, "all", query.in_a_row)
                value = max(weight, 1e-6) * (1.5 if row else 1.0)
                whole = all(says(page, "all", part) for part in query.units)
                yield value / (1 + value) * 0.99 + whole, page, key

    def _counts(self, name: str, pages: list[Page]) -> tuple[tuple[str, int], ...]:
        fields = {"tag": "tag_key", "author": "author_key"}
        counter: Counter[str] = Counter()
        for page in pages:
            year = (EPOCH + page.published * MICROSECOND).year
            counter.update([str(year)] if name == "year" else list(page.fields[fields.get(name, name)]))
        return tuple(sorted(counter.items(), key=lambda pair: (-pair[1], pair[0]))[:MOST_FACET_VALUES])

    def complete(self, text: str, *, locale: str | None, limit: int) -> tuple[list[str], list[Completion]]:
        """Titles and names that go on as was typed."""
        query = title_query(text, locale)
        ids = [hit.id for hit in self.search(query, limit=limit, sort=NEWEST).hits] if query is not None else []
        *whole, last = begun_words(text) or [""]
        if not last:
            return ids, []
        counts: Counter[tuple[str, str, str]] = Counter()
        for (content,) in self.rows("SELECT content FROM documents"):
            document: IndexDocument = pickle.loads(content)[0]
            if locale is not None and document.locale != locale:
                continue
            names = [("tag", *pair) for pair in document.tags] + [("person", *pair) for pair in document.people]
            for kind, slug, name in names:
                held = set(words_of(name))
                if any(word.startswith(last) for word in held) and held.issuperset(whole):
                    counts[kind, slug, name] += 1
        found = [Completion(kind, slug, name, count) for (kind, slug, name), count in counts.items()]
        return ids, sorted(found, key=lambda one: (-one.count, one.name, one.kind))[:limit]

    def suggest(self, query: Query) -> dict[str, str]:
        """Words that are there, for words that are not."""
        documents = [pickle.loads(content) for (content,) in self.rows("SELECT content FROM documents")]
        spelled = Counter(
            word for document, _ in documents for word in {*written(document.title), *written(document.dek)}
        )
        found = {}
        for element in (one for part in query.units for one in part.elements if len(one.word) >= 4):
            word, most = element.word, 1 if len(element.word) < 6 else 2
            if not any(page.places("all", element) for _, page in documents):
                near = [(distance(word, known, most), -count, known) for known, count in spelled.items()]
                near = [one for one in near if one[0] <= most and one[2][0] == word[0]]
                found.update({word: min(near)[2]} if near else {})
        return found

    def indexed(self) -> dict[str, int]:
        """Id → revision."""
        return dict(self.rows("SELECT id, revision FROM documents"))

    def digests(self) -> dict[str, int]:
        """Id → digest."""
        return dict(self.rows("SELECT id, digest FROM documents"))

    def count(self) -> int:
        """The number of articles."""
        return int(self.rows("SELECT count(*) FROM documents")[0][0])

    def stats(self) -> Stats:
        """What is known of the index."""
        return Stats(self.count(), 1, self.path.stat().st_size)

    def verify(self) -> None:
        """SQLite's own check."""
        if self.rows("PRAGMA integrity_check") != [("ok",)]:
            raise IndexUnavailable("the index is damaged")

    def close(self) -> None:
        """Nothing is held open."""


def words(element: Element) -> list[str]:
    """An element as words of FTS5, in whatever language."""
    terms = {element.term, element.whole, *element.in_languages(STEMMERS)} - {""}
    return [token(term) for term in sorted(terms)] + ([token(element.term) + "*"] if element.is_prefix else [])


def has(page: Page, unit: Unit) -> bool:
    """Whether a document has a unit, as far as it must."""
    if unit.is_phrase:
        return says(page, "all", unit)
    return sum(bool(page.places("all", one)) for one in unit.elements) >= unit.least


def allowed(query: Query, page: Page) -> bool:
    """Whether everything holds that always must."""
    return is_asked_for(Query((), query.restrictions, query.without), page) and all(
        holds(page, one) for one in query.restrictions
    )


class SqliteWriter:
    """Changes one file."""

    def __init__(self, home: Path) -> None:
        self.home = home

    def apply(self, documents: Sequence[IndexDocument], removed: Collection[str]) -> None:
        """One transaction."""
        with damage(), alone(self.home):
            if not (self.home / "index.db").exists():
                raise IndexBroken("there is no index")
            put(self.home / "index.db", documents, removed)

    def close(self) -> None:
        """Nothing is held open."""


def put(path: Path, documents: Iterable[IndexDocument], removed: Collection[str]) -> None:
    """Put, replace and remove."""
    with closing(sqlite3.connect(path)) as database, database:
        database.executemany("INSERT INTO touched VALUES (?)", [(key,) for key in removed])
        for key in removed:
            forget(database, key)
        for document in documents:
            known = database.execute("SELECT revision FROM documents WHERE id = ?", (document.id,)).fetchone()
            if document.id in removed or (known and known[0] > document.revision):
                continue
            forget(database, document.id)
            page = page_of(document)
            given = (document.id, document.revision, document.digest, pickle.dumps((document, page)))
            number = database.execute(
                "INSERT INTO documents (id, revision, digest, content) VALUES (?, ?, ?, ?)", given
            ).lastrowid
            texts = (
                " ".join(token(term) for term, places in page.fields[name].items() for _ in places)
                for name in ("all", "title")
            )
            database.execute("INSERT INTO words (rowid, said, title) VALUES (?, ?, ?)", (number, *texts))
            database.execute("INSERT INTO touched VALUES (?)", (document.id,))


def forget(database: sqlite3.Connection, key: str) -> None:
    """Remove one document."""
    for (number,) in database.execute("SELECT number FROM documents WHERE id = ?", (key,)).fetchall():
        database.execute("DELETE FROM words WHERE rowid = ?", (number,))
        database.execute("DELETE FROM documents WHERE number = ?", (number,))


class SqliteEngine:
    """The index of a folder."""

    def __init__(self, home: Path) -> None:
        self.home = home

    def reader(self) -> SqliteReader:
        """Who searches."""
        return SqliteReader(self.home / "index.db")

    def writer(self) -> SqliteWriter:
        """Who changes it."""
        return SqliteWriter(self.home)

    def rebuild(
        self, documents: Callable[[], Iterable[IndexDocument]], differences: Differences, *, total: int = 0,
        tell: Tell | None = None, examine: Examine | None = None,
    ) -> int:  # fmt: skip
        """Write another file and put it in the place of the first."""
        self.home.mkdir(parents=True, exist_ok=True)
        path, new = self.home / "index.db", self.home / "new.db"
        with alone(self.home, "rebuild"):
            new.unlink(missing_ok=True)
            with alone(self.home), closing(sqlite3.connect(path)) as database:
                if path.stat().st_size:
                    database.execute("DELETE FROM touched")
                    database.commit()
            with closing(sqlite3.connect(new)) as database:
                database.executescript(SCHEMA)
            given = list(documents())
            put(new, given, ())
            if tell is not None:
                tell(Progress(len(given), len(given)))
            reader = SqliteReader(new)
            if examine is not None and (wrong := list(examine(reader))):
                raise IndexBroken("; ".join(wrong))
            with alone(self.home):
                touched = (
                    {key for (key,) in self.reader().rows("SELECT id FROM touched")} if path.stat().st_size else set()
                )
                indexed = reader.indexed()
                more, gone = differences({key: value for key, value in indexed.items() if key not in touched})
                lost = touched - {document.id for document in more}
                put(new, more, {*gone, *lost})
                new.replace(path)
        return self.reader().count()

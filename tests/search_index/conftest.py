"""An index of a test's own, and short ways to fill and ask it."""

from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from search_index import reader as reader_module
from search_index.document import IndexDocument
from search_index.engine import RELEVANCE
from search_index.generations import rebuild
from search_index.query import parse
from search_index.reader import Reader, SearchPage
from search_index.writer import Writer

FIRST_AT = datetime(2026, 1, 1, tzinfo=UTC)


def article(key: str, title: str = "", text: str = "", **more: Any) -> IndexDocument:
    """A document with what a test leaves out."""
    given: dict[str, Any] = {
        "id": key,
        "revision": 1,
        "locale": "en",
        "title": title,
        "dek": "",
        "summary": (),
        "text": text,
        "section_path": ("world",),
        "section_name": "World",
        "tags": (),
        "people": (),
        "published_at": FIRST_AT + timedelta(hours=sum(map(ord, key)) % 1000),
    }
    return IndexDocument(**{**given, **more})


class Shelf:
    """An index with its writer and a reader that looks for news with every question."""

    def __init__(self, home: Path) -> None:
        self.home = home
        self.writer = Writer(home)
        self.reader = Reader(home)

    def fill(self, *documents: IndexDocument) -> None:
        """Build the index anew from these documents."""
        assert rebuild(self.home, lambda: documents, lambda _: ([], [])) == len(documents)

    def put(self, *documents: IndexDocument) -> None:
        """One commit that puts these."""
        self.writer.apply(documents, ())

    def remove(self, *ids: str) -> None:
        """One commit that removes these."""
        self.writer.apply((), ids)

    def page(
        self, text: str, limit: int = 100, after: Sequence[Any] | None = None, sort: str = RELEVANCE, **where: str
    ) -> SearchPage:
        """A page of results for what a reader types, narrowed by exact values."""
        return self.reader.search(parse(text).narrowed(where), limit=limit, after=after, sort=sort)

    def find(self, text: str, **where: str) -> list[str]:
        """Ids, best first."""
        return [hit.id for hit in self.page(text, **where).hits]

    def close(self) -> None:
        """Give everything back."""
        self.reader.close()
        self.writer.close()


@pytest.fixture
def always_looking(monkeypatch: pytest.MonkeyPatch) -> None:
    """Readers look for a new commit with every question, so that no test waits."""
    monkeypatch.setattr(reader_module, "LOOKING_SECONDS", 0.0)


@pytest.fixture
def shelf(tmp_path: Path, always_looking: None) -> Iterator[Shelf]:
    """An empty index."""
    shelf = Shelf(tmp_path / "index")
    shelf.fill()
    yield shelf
    shelf.close()


@pytest.fixture
def open_files() -> Callable[[], set[str]]:
    """The index files that this process holds open, as the kernel tells."""

    def look() -> set[str]:
        found = set()
        for entry in Path("/proc/self/fd").iterdir():
            try:
                found.add(str(entry.readlink()))
            except FileNotFoundError:
                continue
        return {name for name in found if "/index-" in name}

    return look

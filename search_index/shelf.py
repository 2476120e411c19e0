"""The engine in use: Whoosh's files in one folder, written and read as the other modules say. Source: ADR 3"""

from collections.abc import Callable, Iterable
from pathlib import Path

from search_index.document import IndexDocument
from search_index.engine import Differences, Examine, SearchReader, SearchWriter, Tell
from search_index.generations import rebuild
from search_index.reader import Reader
from search_index.writer import Writer


class Shelf:
    """The index of a home."""

    def __init__(self, home: Path) -> None:
        self._home = home

    def reader(self) -> SearchReader:
        """Who searches; opens nothing until it is asked."""
        return Reader(self._home)

    def writer(self) -> SearchWriter:
        """Who changes the index; opens nothing until it is asked."""
        return Writer(self._home)

    def rebuild(
        self,
        documents: Callable[[], Iterable[IndexDocument]],
        differences: Differences,
        *,
        total: int = 0,
        tell: Tell | None = None,
        examine: Examine | None = None,
    ) -> int:
        """Build a new index aside and swap, see `generations`."""
        return rebuild(self._home, documents, differences, total=total, tell=tell, examine=examine)

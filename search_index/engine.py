"""What every search engine can do, in the project's own words: the seam between the CMS and whatever finds.

An engine is told documents (`document`) and asked queries (`query`); it never sees what somebody typed. Readers never
write. All engines pass one suite of tests, `tests/search_index/test_contract.py`. The one in use is `shelf`.
"""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from search_index.document import IndexDocument
from search_index.query import Query

RELEVANCE, NEWEST, OLDEST = "relevance", "-published_at", "published_at"
SORTS = (RELEVANCE, NEWEST, OLDEST)
FACETS = ("section", "tag", "author", "year", "locale", "type")
MOST_FACET_VALUES = 50

Position = tuple[Any, ...]
Differences = Callable[[Mapping[str, int]], tuple[Sequence[IndexDocument], Sequence[str]]]


@dataclass(frozen=True)
class Hit:
    """One article found. `position` is where the next page goes on; JSON keeps it exactly."""

    id: str
    score: float
    position: Position


@dataclass(frozen=True)
class SearchPage:
    """Hits in their order, whether there are more, how many there are in all, and the facets that were asked for.

    Shape: facet → (value, number of articles), the most frequent first. A section counts for those above it too.
    """

    hits: tuple[Hit, ...]
    has_more: bool
    count: int = 0
    facets: Mapping[str, tuple[tuple[str, int], ...]] = field(default_factory=dict)


@dataclass(frozen=True)
class Completion:
    """A tag or person whose name goes on as was typed, with the number of articles. `kind` is `tag` or `person`."""

    kind: str
    slug: str
    name: str
    count: int


@dataclass(frozen=True)
class Stats:
    """What is known of an index: its articles, its parts, its size on the disk. Units: bytes"""

    documents: int
    segments: int
    size_bytes: int


@dataclass(frozen=True)
class Progress:
    """How far a rebuild is: documents put of those that there are."""

    done: int
    total: int


Tell = Callable[[Progress], None]
# Says what is wrong with a new index before anybody reads it, or nothing.
Examine = Callable[["SearchReader"], Sequence[str]]


class SearchReader(Protocol):
    """Answers from any number of threads, and sees other processes' commits within a fifth of a second.

    Everything raises IndexUnavailable while there is no index that can be searched.
    """

    def search(
        self,
        query: Query,
        *,
        limit: int,
        after: Sequence[Any] | None = None,
        sort: str = RELEVANCE,
        facets: Collection[str] = (),
    ) -> SearchPage:
        """One page of results. By date only what has all that was asked for is listed, where there is any.

        Raises: QueryError for a position that is none.
        """
        ...

    def complete(self, text: str, *, locale: str | None, limit: int) -> tuple[list[str], list[Completion]]:
        """Ids of the newest articles whose title, and tags and people whose name, goes on as was typed."""
        ...

    def suggest(self, query: Query) -> dict[str, str]:
        """For words of the query that no article has: the like one that headlines have, where there is one."""
        ...

    def indexed(self) -> dict[str, int]:
        """Id → revision of every article in the index."""
        ...

    def digests(self) -> dict[str, int]:
        """Id → digest of the content (`IndexDocument.digest`) of every article in the index."""
        ...

    def count(self) -> int:
        """The number of articles in the index."""
        ...

    def stats(self) -> Stats:
        """What is known of the index."""
        ...

    def verify(self) -> None:
        """Compare what lies on the disk with what was written. Raises: IndexUnavailable where it is damaged."""
        ...

    def close(self) -> None:
        """Give the files back; a later search opens them again."""
        ...


class SearchWriter(Protocol):
    """Changes the index. One thread at a time; processes wait for each other."""

    def apply(self, documents: Sequence[IndexDocument], removed: Collection[str]) -> None:
        """Put, replace and remove in one commit that is on the disk when this returns; may be repeated.

        A document whose revision is older than the indexed one is ignored. Raises: IndexBroken
        """
        ...

    def close(self) -> None:
        """Give the files back."""
        ...


class SearchEngine(Protocol):
    """One index in one place."""

    def reader(self) -> SearchReader:
        """Who searches."""
        ...

    def writer(self) -> SearchWriter:
        """Who changes it."""
        ...

    def rebuild(
        self,
        documents: Callable[[], Iterable[IndexDocument]],
        differences: Differences,
        *,
        total: int = 0,
        tell: Tell | None = None,
        examine: Examine | None = None,
    ) -> int:
        """Build a new index aside, catch up, and make it the index; gives its documents. Reads and writes go on.

        Raises: IndexBroken where `examine` found something wrong; then the old index stays.
        """
        ...

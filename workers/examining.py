"""Whether a new index is what it should be, asked before anybody reads it."""

from collections.abc import Callable, Iterable, Iterator

from cms.content.deriving import published_revisions
from cms.platform.db import Database
from search_index.analysis import elements
from search_index.document import IndexDocument
from search_index.engine import SearchReader
from search_index.query import Query, Unit

CANARIES = 20
LONGEST_CANARY = 4
LOOKED_THROUGH = 50


class Examining:
    """Remembers what went into an index, and asks the index about it."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._put: dict[str, tuple[int, int]] = {}
        self._canaries: list[tuple[str, Query]] = []
        self._every = 1

    def noted(self, documents: Callable[[], Iterable[IndexDocument]]) -> Iterator[IndexDocument]:
        """The documents, each remembered by revision and digest, and some of them by a query that must find them."""
        for number, document in enumerate(documents()):
            self._put[document.id] = (document.revision, document.digest)
            if number % self._every == 0 and (found := elements(document.title)[:LONGEST_CANARY]):
                self._canaries.append((document.id, Query((Unit(tuple(found), is_phrase=True),))))
                if len(self._canaries) == 2 * CANARIES:
                    # As many again will come, so every other one is enough.
                    self._canaries, self._every = self._canaries[::2], 2 * self._every
            yield document

    def examine(self, reader: SearchReader) -> list[str]:
        """What is wrong with the index. What changed in the database since is put into it later, and has no say."""
        with self._database.reading() as session:
            published = published_revisions(session)
        settled = {key: put for key, put in self._put.items() if published.get(key) == put[0]}
        indexed, digests = reader.indexed(), reader.digests()
        wrong = []
        if missing := settled.keys() - indexed.keys():
            wrong.append(f"{len(missing)} of {len(settled)} articles are missing")
        if other := [key for key, (_, digest) in settled.items() if key in digests and digests[key] != digest]:
            wrong.append(f"{len(other)} articles have other contents")
        if deaf := [key for key, query in self._canaries if key in settled and not _finds(reader, query, key)]:
            wrong.append(f"{len(deaf)} of {len(self._canaries)} headlines do not find their article")
        return wrong


def _finds(reader: SearchReader, query: Query, key: str) -> bool:
    page = reader.search(query, limit=LOOKED_THROUGH)
    # A headline that very many articles share says nothing about this one.
    return page.has_more or key in {hit.id for hit in page.hits}

"""Answers of one commit of the index, and what is kept of them for as long as nobody commits.

Kept are, for each of the latest queries, how much was found, its facets, and a stretch of its results in order: so what
many people ask is looked up, and so are the pages that somebody turns. A commit forgets everything.
"""

from bisect import bisect_right
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace

from search_index.choosing import Choosing
from search_index.engine import RELEVANCE, Position, SearchPage
from search_index.facets import counted
from search_index.ordering import hit_of
from search_index.query import Query
from search_index.sieving import sieved, whole
from search_index.snapshot import Snapshot
from search_index.suggesting import meant

# Queries that are kept; one takes 5 to 50 kB.
MOST_KEPT = 200
# Whoever turns one page turns the next ones too: so many hits are put in order at once.
AHEAD = 200
MOST_BEFORE = 1_000


@dataclass(frozen=True)
class Known:
    """What is known of one query in one order: the results after `begins`, and whether there are none after them."""

    count: int
    facets: Mapping[str, tuple[tuple[str, int], ...]] = field(default_factory=dict)
    begins: Position | None = None
    places: Sequence[Position] = ()
    is_to_the_end: bool = False

    def with_more(self, start: Position | None, places: Sequence[Position], *, is_to_the_end: bool) -> "Known":
        """The same with the results after a place, and with those before it as far as there is room."""
        begins, before = start, Known.places
        if start is not None and self.places and self.places[-1] >= start and (self.begins or start) <= start:
            at = bisect_right(self.places, start)
            if at <= MOST_BEFORE:
                begins, before = self.begins, self.places[:at]
        return replace(self, begins=begins, places=[*before, *places], is_to_the_end=is_to_the_end)

    def page(self, start: Position | None, limit: int) -> Sequence[Position] | None:
        """The results after a place, one more than the limit where there are more; None where they are not known."""
        if self.begins is not None and (start is None or start < self.begins):
            return None
        at = 0 if start is None else bisect_right(self.places, start)
        found = self.places[at : at + limit + 1]
        return found if len(found) > limit or self.is_to_the_end else None


def answered(
    snapshot: Snapshot, query: Query, limit: int, start: Position | None, sort: str, facets: Collection[str]
) -> SearchPage:
    """One page of results, found anew only as far as it is not known."""
    key = (query, _words(query), sort)
    known: Known | None = snapshot.kept.get(key)
    page = known.page(start, limit) if known is not None else None
    if known is None or page is None or not known.facets.keys() >= set(facets):
        known = _found(snapshot, query, limit, start, sort, facets, known, page)
        page = known.page(start, limit) or ()
        _keep(snapshot, key, known)
    hits = tuple(hit_of(place, sort) for place in page[:limit])
    return SearchPage(hits, len(page) > limit, known.count, {name: known.facets[name] for name in facets})


def suggested(snapshot: Snapshot, query: Query) -> dict[str, str]:
    """What was meant by words that no article has."""
    key = (query.units, _words(query))
    found: dict[str, str] | None = snapshot.kept.get(key)
    if found is None:
        found = meant(snapshot, query)
        _keep(snapshot, key, found)
    return found


def _words(query: Query) -> tuple[str, ...]:
    """The words as typed: some that differ before stemming have one term in one language and two in another."""
    return tuple(one.word for part in query.units for one in part.elements)


def _keep(snapshot: Snapshot, key: object, value: object) -> None:
    if len(snapshot.kept) >= MOST_KEPT:
        snapshot.kept.clear()
    snapshot.kept[key] = value


def _found(
    snapshot: Snapshot, query: Query, limit: int, start: Position | None, sort: str, facets: Collection[str],
    known: Known | None, page: Sequence[Position] | None,
) -> Known:  # fmt: skip
    """What is known, with a page and facets that were not."""
    sieves = sieved(snapshot, query)
    if sort != RELEVANCE:
        sieves = whole(sieves)
    if known is None:
        known = Known(sum(len(sieve.documents) for sieve in sieves))
    missing = [name for name in facets if name not in known.facets]
    if missing:
        counts = counted(((sieve.segment, sieve.documents) for sieve in sieves), missing)
        known = replace(known, facets={**known.facets, **counts})
    if page is None:
        most = limit + 1 if start is None else max(limit + 1, AHEAD)
        places = Choosing(sieves, query, sort).after(start, most)
        known = known.with_more(start, places, is_to_the_end=len(places) < most)
    return known

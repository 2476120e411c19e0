"""Which documents a query finds: those that have any of its words, and among them those that have everything.

Sets of numbers of documents are cheap; scores are not, so they come later and for few (`choosing`).
"""

from collections.abc import Sequence
from dataclasses import dataclass

from search_index.finding import Finder, Numbers
from search_index.query import Part, Query, Unit, alternatives
from search_index.segment import Segment
from search_index.snapshot import Snapshot

# Terms that the beginnings of words in a query may stand for, all together and per segment.
MOST_BEGINNINGS = 256


@dataclass
class Sieve:
    """What was found in one segment: all of it, what has everything that was asked for, and what has each part."""

    finder: Finder
    documents: Numbers
    full: Numbers
    by_part: Sequence[Numbers]

    @property
    def segment(self) -> Segment:
        """Where it was found."""
        return self.finder.segment


def sieved(snapshot: Snapshot, query: Query) -> list[Sieve]:
    """Every document that a query finds, by segment."""
    parts = [*query.units, *(part.unit for part in query.restrictions)]
    parts += [part if isinstance(part, Unit) else part.unit for part in query.without]
    beginnings = sum(element.is_prefix for part in parts for element in part.elements)
    most = MOST_BEGINNINGS // max(1, beginnings)
    return [_sieve(Finder(segment, most), query, gone) for segment, gone in snapshot]


def whole(sieves: list[Sieve]) -> list[Sieve]:
    """What has all that was asked for, where there is any: by date, a lucky half of a query would come first."""
    if not any(sieve.full for sieve in sieves):
        return sieves
    return [Sieve(sieve.finder, sieve.full, sieve.full, sieve.by_part) for sieve in sieves]


def _sieve(finder: Finder, query: Query, gone: frozenset[int]) -> Sieve:
    has: list[tuple[Numbers, Numbers]] = [_having(finder, part) for part in query.units]
    required = [all_of_it for part, (all_of_it, _) in zip(query.units, has, strict=True) if part.is_phrase]
    documents: Numbers = (
        frozenset().union(*(some for _, some in has)) if has else frozenset(range(finder.segment.documents))
    )
    for one in required:
        documents = documents & one
    if gone:
        documents = documents - gone
    for restriction in query.restrictions:
        documents = finder.holding(restriction, documents)
    for part in query.without:
        left_out = finder.saying(part, documents) if isinstance(part, Unit) else finder.holding(part, documents)
        documents = documents - left_out
    full = documents
    for all_of_it, _ in sorted(has, key=lambda pair: len(pair[0])):
        full = full & all_of_it
    return Sieve(finder, documents, full, [some for _, some in has])


def _having(finder: Finder, part: Part) -> tuple[Numbers, Numbers]:
    """The documents that have a part of the query, or one of its units, and those that have something of it."""
    pairs = [_having_unit(finder, unit) for unit, _ in alternatives(part)]
    if len(pairs) == 1:
        return pairs[0]
    return frozenset().union(*(all_of_it for all_of_it, _ in pairs)), frozenset().union(*(some for _, some in pairs))


def _having_unit(finder: Finder, unit: Unit) -> tuple[Numbers, Numbers]:
    if len(unit.elements) == 1:
        one = finder.found(unit.elements[0])
        return one, one
    return finder.row(unit), finder.having_enough(unit)

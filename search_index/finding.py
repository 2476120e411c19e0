"""Reads one segment for one query: which documents hold a word, a phrase, a value or a span of time. Not here: how well
they fit (`ranking`).
"""

from bisect import bisect_left
from collections import Counter
from collections.abc import Collection, Iterator
from dataclasses import dataclass, field
from itertools import chain, compress
from sys import maxunicode

from search_index.analysis import Element
from search_index.lists import Postings
from search_index.query import Limit, Part, Span, Unit, alternatives
from search_index.schema import microseconds
from search_index.segment import Segment

# A list is searched for a few documents and read for many; so many times as long is where the two cost the same.
SEARCHED_FROM = 12
Numbers = set[int] | frozenset[int]
NOWHERE: frozenset[int] = frozenset()


@dataclass
class Finder:
    """Reads one segment for one query; every posting list once."""

    segment: Segment
    most_beginnings: int
    kept: dict[tuple[str, Element], list[Postings]] = field(default_factory=dict)
    held: dict[tuple[str, Element], Numbers] = field(default_factory=dict)
    rows: dict[Unit, Numbers] = field(default_factory=dict)
    enough: dict[Unit, Numbers] = field(default_factory=dict)

    def postings(self, field: str, element: Element) -> list[Postings]:
        """The posting lists of an element: one for a term, several for what begins with it."""
        key = (field, element.anywhere)
        if key not in self.kept:
            words = [element.term]
            if element.is_prefix:
                words = self.segment.beginning_with(field, element.term, self.most_beginnings)
                if element.whole and element.whole not in words:
                    words.append(element.whole)
            words += [word for word in element.in_languages(self.segment.languages) if word not in words]
            lists = (self.segment.postings(field, word) for word in words)
            self.kept[key] = [found for found in lists if found]
        return self.kept[key]

    def documents(self, field: str, element: Element) -> Numbers:
        """The documents that hold an element."""
        key = (field, element.anywhere)
        if key not in self.held:
            self.held[key] = frozenset().union(*(found.documents for found in self.postings(field, element)))
        return self.held[key]

    def found(self, element: Element) -> Numbers:
        """The documents that say an element anywhere."""
        everywhere = self.documents("all", element)
        # Of very many beginnings other ones may be looked at in titles.
        return everywhere | self.documents("title", element) if element.is_prefix else everywhere

    def row(self, unit: Unit) -> Numbers:
        """The documents that say a unit just so."""
        if unit not in self.rows:
            self.rows[unit] = self.in_a_row("all", unit)
        return self.rows[unit]

    def having_enough(self, unit: Unit) -> Numbers:
        """The documents that count as having a unit of several elements: as a phrase, or enough of them."""
        if unit.is_phrase:
            return self.row(unit)
        if unit not in self.enough:
            sets = [self.found(element) for element in unit.elements]
            least = unit.least
            if least == 1:
                self.enough[unit] = frozenset().union(*sets)
            elif least == len(sets):
                self.enough[unit] = frozenset.intersection(*map(frozenset, sets))
            else:
                counts = Counter(chain.from_iterable(sets))
                self.enough[unit] = {one for one, count in counts.items() if count >= least}
        return self.enough[unit]

    def count(self, field: str, element: Element) -> int:
        """The number of documents that hold the element."""
        lists = self.postings(field, element)
        return len(lists[0]) if len(lists) == 1 else len(self.documents(field, element))

    def weights(self, field: str, element: Element, among: Collection[int]) -> Iterator[tuple[int, int]]:
        """Document and how often it holds the element, for those of a set that do."""
        lists = self.postings(field, element)
        if len(lists) == 1:
            return _weights(lists[0], among)
        total: dict[int, int] = {}
        for found in lists:
            for document, weight in _weights(found, among):
                total[document] = total.get(document, 0) + weight
        return iter(total.items())

    def in_a_row(self, field: str, unit: Unit, among: Numbers | None = None) -> Numbers:
        """The documents in which the elements of a unit stand side by side as typed."""
        held = sorted((self.documents(field, element) for element in unit.elements), key=len)
        documents: Numbers = held[0] if held else NOWHERE
        if among is not None:
            documents = documents & among
        for others in held[1:]:
            documents = documents & others
        if len(held) == 1 or not documents:
            return documents
        return set(compress(documents, self.fits(field, unit, documents)))

    def fits(self, field: str, unit: Unit, documents: Collection[int]) -> Iterator[bool]:
        """For documents that hold all elements of a unit, in turn, whether they stand side by side as typed."""
        elements = sorted(unit.elements, key=lambda element: self.count(field, element))
        first = elements[0]
        columns = [self._places(field, element, documents) for element in elements]
        offsets = [element.offset - first.offset for element in elements[1:]]
        if len(offsets) == 1:
            return map(_has_pair, *columns, [offsets[0]] * len(documents))
        return (_has_row(where, offsets) for where in zip(*columns, strict=True))

    def _places(self, field: str, element: Element, documents: Collection[int]) -> list[str]:
        """Where an element stands in each of these documents, which all hold it."""
        lists = self.postings(field, element)
        if len(lists) == 1:
            found = lists[0]
            if SEARCHED_FROM * len(documents) < len(found):
                return [found.places_at(found.find(document)) for document in documents]
            numbers = dict(zip(found.documents, range(len(found)), strict=True))
            return [found.places_at(numbers[document]) for document in documents]
        total = dict.fromkeys(documents, "")
        for found in lists:
            for document, where in zip(found.documents, found.places(), strict=True):
                if document in total:
                    total[document] += where
        return list(total.values())

    def saying(self, part: Part, among: Numbers) -> Numbers:
        """Those of some documents that say a unit, or one of several."""
        return set().union(*(self.in_a_row("all", unit, among) for unit, _ in alternatives(part)))

    def holding(self, restriction: Limit, among: Numbers) -> Numbers:
        """Those of some documents whose field holds what it must."""
        if isinstance(restriction, Span):
            return self._within(restriction, among)
        if restriction.unit.elements:
            return self.in_a_row(restriction.field, restriction.unit, among)
        found = self.segment.postings(restriction.field, restriction.value)
        return among.intersection(found.documents) if found else NOWHERE

    def _within(self, span: Span, among: Numbers) -> Numbers:
        instants, numbers = self.segment.by_time
        start = bisect_left(instants, microseconds(span.since)) if span.since else 0
        end = bisect_left(instants, microseconds(span.until)) if span.until else len(instants)
        return among.intersection(numbers[start:end])


def _weights(found: Postings, among: Collection[int]) -> Iterator[tuple[int, int]]:
    if SEARCHED_FROM * len(among) < len(found):
        places = ((document, found.find(document)) for document in among)
        return ((document, found.weights[at]) for document, at in places if at >= 0)
    pairs = zip(found.documents, found.weights, strict=True)
    return (pair for pair in pairs if pair[0] in among)


def _has_pair(one: str, other: str, offset: int) -> bool:
    if len(one) == len(other) == 1:
        return ord(other) - ord(one) == offset
    starts = set(map(ord, one))
    return any(ord(place) - offset in starts for place in other)


def _has_row(where: tuple[str, ...], offsets: list[int]) -> bool:
    first, *others = where
    for place in map(ord, first):
        wanted = [place + offset for offset in offsets]
        if min(wanted) >= 0 and max(wanted) <= maxunicode:
            for one, places in zip(wanted, others, strict=True):
                if chr(one) not in places:
                    break
            else:
                return True
    return False

"""Reads one segment for one query: which documents hold a word, a phrase, a value or a span of time. Not here: how well
they fit (`ranking`).
"""

import math
from collections.abc import Set
from dataclasses import dataclass, field, replace

from search_index.analysis import Element
from search_index.query import Limit, Part, Span, Unit, alternatives
from search_index.schema import microseconds, places
from search_index.segment import Postings, Segment


@dataclass
class Finder:
    """Reads one segment for one query; every posting list once."""

    segment: Segment
    most_beginnings: int
    kept: dict[tuple[str, Element], list[Postings]] = field(default_factory=dict)

    def postings(self, field: str, element: Element) -> list[Postings]:
        """The posting lists of an element: one for a term, several for what begins with it."""
        key = (field, replace(element, offset=0))
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

    def weights(self, field: str, element: Element) -> dict[int, float]:
        """Document → how often it holds the element."""
        lists = self.postings(field, element)
        if len(lists) == 1:
            return dict(zip(lists[0].documents, lists[0].weights, strict=True))
        total: dict[int, float] = {}
        for found in lists:
            for document, weight in zip(found.documents, found.weights, strict=True):
                total[document] = total.get(document, 0.0) + weight
        return total

    def count(self, field: str, element: Element) -> int:
        """The number of documents that hold the element."""
        lists = self.postings(field, element)
        return len(lists[0].documents) if len(lists) == 1 else len(self.weights(field, element))

    def in_a_row(self, field: str, unit: Unit, among: Set[int] | None = None) -> set[int]:
        """The documents in which the elements of a unit stand side by side as typed."""
        where = [self._places(field, element) for element in unit.elements]
        rarest: dict[int, bytes] = min(where, key=len, default={})
        documents = set(rarest)
        for found in where:
            documents &= found.keys()
        if among is not None:
            documents &= among
        if len(where) == 1:
            return documents
        return {document for document in documents if _fits([found[document] for found in where], unit)}

    def _places(self, field: str, element: Element) -> dict[int, bytes]:
        total: dict[int, bytes] = {}
        for found in self.postings(field, element):
            for document, value in zip(found.documents, found.places, strict=True):
                total[document] = total[document] + value if document in total else value
        return total

    def saying(self, part: Part) -> set[int]:
        """The documents that say a unit, or one of several."""
        return set().union(*(self.in_a_row("all", unit) for unit, _ in alternatives(part)))

    def holding(self, restriction: Limit) -> set[int]:
        """The documents whose field holds what it must."""
        if isinstance(restriction, Span):
            since = microseconds(restriction.since) if restriction.since else -math.inf
            until = microseconds(restriction.until) if restriction.until else math.inf
            return {number for number, instant in enumerate(self.segment.published) if since <= instant < until}
        if restriction.unit.elements:
            return self.in_a_row(restriction.field, restriction.unit)
        found = self.segment.postings(restriction.field, restriction.value)
        return set(found.documents) if found else set()


def _fits(where: list[bytes], unit: Unit) -> bool:
    starts: set[int] | None = None
    for value, element in zip(where, unit.elements, strict=True):
        here = {place - element.offset for place in places(value)}
        starts = here if starts is None else starts & here
        if not starts:
            return False
    return True

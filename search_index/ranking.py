"""Which documents a query finds, and how well.

A score is 1 and more where everything asked for was found, less where only a part was: what has all words comes
before what has some. Within that, BM25 over everything said of an article, a little more for its title, half as much
again where the words stand in a row, and up to a quarter more for recency, counted from the newest article, so
that scores are the same for as long as the index is.

Formula: BM25 = idf · w · (K1 + 1) / (w + K1 · (1 - B + B · length / average)), idf = 1 + ln(N / (n + 1))
Source: Robertson and Zaragoza, The Probabilistic Relevance Framework: BM25 and Beyond, 2009; weights: ADR 3
"""

import math
from collections import Counter
from collections.abc import Iterator, Mapping, Set
from dataclasses import dataclass, field, replace
from functools import cached_property

from whoosh.util.numeric import byte_to_length

from search_index.analysis import Element
from search_index.query import Query, Restriction, Unit
from search_index.schema import places
from search_index.segment import Postings, Segment
from search_index.snapshot import Snapshot

K1 = 1.2
B = 0.75
TITLE_WEIGHT = 0.3
ROW_BONUS = 0.5
RECENCY_BONUS = 0.25
RECENCY_HALF_LIFE = 30 * 86_400 * 1_000_000
# Terms that the beginnings of words in a query may stand for, all together and per segment.
MOST_BEGINNINGS = 256
# Beyond so many documents with all words, only the best of them are looked at for words in a row.
MOST_ROWS = 2_000
DECIMALS = 6
SCORED = {"all": 1.0, "title": TITLE_WEIGHT}

# -published, not published: ascending order of this is the order of results.
Ranked = tuple[float, int, str]


@dataclass
class _Finder:
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

    def holding(self, restriction: Restriction) -> set[int]:
        """The documents whose field holds what it must."""
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


@dataclass
class Ranking:
    """One query on one snapshot."""

    snapshot: Snapshot
    query: Query
    finders: list[_Finder] = field(init=False)

    def __post_init__(self) -> None:
        parts = (*self.query.units, *(part.unit for part in self.query.restrictions), *self.query.without)
        units = (part.unit if isinstance(part, Restriction) else part for part in parts)
        beginnings = sum(element.is_prefix for unit in units for element in unit.elements)
        most = MOST_BEGINNINGS // max(1, beginnings)
        self.finders = [_Finder(segment, most) for segment in self.snapshot.segments]

    def results(self) -> Iterator[Ranked]:
        """(-score, -published, id) of every document that was found, in no order."""
        for finder, gone in zip(self.finders, self.snapshot.gone, strict=True):
            yield from self._of_segment(finder, gone)

    def _of_segment(self, finder: _Finder, gone: frozenset[int]) -> Iterator[Ranked]:
        segment, query = finder.segment, self.query
        if query.units:
            total, full = self._scores(finder)
            candidates: Set[int] = total.keys()
        else:
            total, full = {}, set()
            candidates = set(range(segment.documents))
        for restriction in query.restrictions:
            candidates = candidates & finder.holding(restriction)
        for part in query.without:
            candidates = candidates - (
                finder.holding(part) if isinstance(part, Restriction) else finder.in_a_row("all", part)
            )
        candidates = candidates - gone
        if not query.units:
            for document in candidates:
                yield -1.0, -segment.published[document], segment.ids[document]
            return
        full &= candidates
        rows = self._rows(finder, total, full)
        for document in candidates:
            score = self._score(total[document], segment.published[document], document in rows)
            if document in full:
                score += 1.0
            yield -round(score, DECIMALS), -segment.published[document], segment.ids[document]

    def _scores(self, finder: _Finder) -> tuple[dict[int, float], set[int]]:
        """Document → its sum for what it has, and the documents that have everything. Phrases must be there."""
        total: dict[int, float] = {}
        full: set[int] | None = None
        required: set[int] | None = None
        for unit in self.query.units:
            found = [self._element_scores(finder, element) for element in unit.elements]
            has_all = set(found[0]) if len(found) == 1 else finder.in_a_row("all", unit)
            counted: Set[int] = has_all
            if not unit.is_phrase and len(found) > 1:
                counts = Counter(document for scores in found for document in scores)
                counted = {document for document, count in counts.items() if 2 * count > len(found)}
            for scores in found:
                for document in scores.keys() & counted:
                    total[document] = total.get(document, 0.0) + scores[document]
            full = has_all if full is None else full & has_all
            if unit.is_phrase:
                required = has_all if required is None else required & has_all
        if required is not None:
            total = {document: score for document, score in total.items() if document in required}
        return total, full or set()

    def _element_scores(self, finder: _Finder, element: Element) -> dict[int, float]:
        scores: dict[int, float] = {}
        for name, share in SCORED.items():
            gain, norms = share * self._gain(name, element), self._norms[name]
            lengths = finder.segment.lengths[name]
            found = finder.weights(name, element)
            if not scores:
                scores = {
                    document: gain * weight / (weight + norms[lengths[document]]) for document, weight in found.items()
                }
            else:
                for document, weight in found.items():
                    scores[document] = scores.get(document, 0.0) + gain * weight / (weight + norms[lengths[document]])
        return scores

    def _gain(self, name: str, element: Element) -> float:
        """The most that an element can add: its idf times K1 + 1."""
        key = (name, replace(element, offset=0))
        if key not in self._gains:
            documents = sum(finder.count(name, element) for finder in self.finders)
            self._gains[key] = (1.0 + math.log(max(1, self._documents) / (documents + 1))) * (K1 + 1)
        return self._gains[key]

    @cached_property
    def _gains(self) -> dict[tuple[str, Element], float]:
        return {}

    @cached_property
    def _documents(self) -> int:
        return sum(segment.documents for segment in self.snapshot.segments)

    @cached_property
    def _norms(self) -> Mapping[str, list[float]]:
        """Per field and one-byte length, the part of BM25's denominator that depends on the length."""
        norms = {}
        for name in SCORED:
            average = sum(segment.total_length(name) for segment in self.snapshot.segments) / max(1, self._documents)
            norms[name] = [K1 * (1 - B + B * byte_to_length(byte) / max(1.0, average)) for byte in range(256)]
        return norms

    @cached_property
    def _bound(self) -> float:
        """More than any document can reach."""
        found = sum(
            share * max(0.0, self._gain(name, element))
            for unit in self.query.units
            for element in unit.elements
            for name, share in SCORED.items()
        )
        return max(found, 1e-9)

    def _rows(self, finder: _Finder, total: Mapping[int, float], full: set[int]) -> set[int]:
        row = self.query.in_a_row
        if row is None or not full:
            return set()
        if len(full) > MOST_ROWS:
            full = set(sorted(full, key=lambda document: (-total[document], document))[:MOST_ROWS])
        return finder.in_a_row("all", row, full)

    def _score(self, total: float, published: int, is_in_a_row: bool) -> float:
        """Below 1. Formula: share of the bound, times the two bonuses, over the most that they can be."""
        recency = RECENCY_BONUS * 2.0 ** (min(0, published - self._newest) / RECENCY_HALF_LIFE)
        row = ROW_BONUS if is_in_a_row else 0.0
        return total / self._bound * (1 + recency) * (1 + row) / ((1 + RECENCY_BONUS) * (1 + ROW_BONUS))

    @cached_property
    def _newest(self) -> int:
        return max((segment.newest for segment in self.snapshot.segments), default=0)

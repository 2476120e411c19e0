"""How well documents fit a query.

A score is 1 and more where everything asked for was found, less where only a part was: what has all words comes
before what has some. Within that, BM25 over everything said of an article, a little more for its title, half as much
again where the words stand in a row, and up to a quarter more for recency, counted from the newest article, so
that scores are the same for as long as the index is. Not here: which documents are scored (`sieving`, `choosing`).

Formula: BM25 = idf · w · (K1 + 1) / (w + K1 · (1 - B + B · length / average)), idf = 1 + ln(N / (n + 1))
Source: Robertson and Zaragoza, The Probabilistic Relevance Framework: BM25 and Beyond, 2009; weights: ADR 3
"""

import math
from collections.abc import Collection, Mapping, Sequence
from functools import cached_property, lru_cache

from whoosh.util.numeric import byte_to_length

from search_index.analysis import Element
from search_index.finding import Finder
from search_index.query import Part, Unit, alternatives
from search_index.segment import Segment

K1 = 1.2
B = 0.75
TITLE_WEIGHT = 0.3
ROW_BONUS = 0.5
RECENCY_BONUS = 0.25
RECENCY_HALF_LIFE = 30 * 86_400 * 1_000_000
MOST_BONUS = (1 + RECENCY_BONUS) * (1 + ROW_BONUS)
SCORED = {"all": 1.0, "title": TITLE_WEIGHT}


class Scores:
    """The scores of one query on one snapshot, below 1: that a document has everything is added by whoever knows."""

    def __init__(self, finders: Sequence[Finder], parts: Sequence[Part]) -> None:
        self._finders = finders
        self._parts = parts
        self._gains: dict[tuple[str, Element], float] = {}

    def of(self, finder: Finder, documents: Collection[int], parts: Sequence[Part]) -> dict[int, float]:
        """Document → its score for these parts of the query. Words in a row are not looked for.

        Formula: share of the bound, times the bonus for recency, over the most that all bonuses can be
        """
        total = dict.fromkeys(documents, 0.0)
        for part in parts:
            self._add(finder, part, total)
        segment, share = finder.segment, 1 / (self._bound * MOST_BONUS)
        fresh, recency = self._freshness(segment), segment.recency(RECENCY_HALF_LIFE)
        return {document: score * share * (1.0 + fresh * recency[document]) for document, score in total.items()}

    def most(self, part: Part) -> float:
        """What a part can add to a score at most, recency included."""
        return self._most(part) / self._bound / (1 + ROW_BONUS)

    def _add(self, finder: Finder, part: Part, total: dict[int, float]) -> None:
        """Add what each document has for a part of the query: of several units the best."""
        if isinstance(part, Unit):
            self._add_unit(finder, part, total)
            return
        best = dict.fromkeys(total, 0.0)
        for unit, weight in alternatives(part):
            found = dict.fromkeys(total, 0.0)
            self._add_unit(finder, unit, found)
            for document, score in found.items():
                if weight * score > best[document]:
                    best[document] = weight * score
        for document, score in best.items():
            total[document] += score

    def _add_unit(self, finder: Finder, unit: Unit, total: dict[int, float]) -> None:
        if len(unit.elements) == 1:
            self._add_element(finder, unit.elements[0], total)
            return
        found = dict.fromkeys(finder.having_enough(unit) & total.keys(), 0.0)
        for element in unit.elements:
            self._add_element(finder, element, found)
        for document, score in found.items():
            total[document] += score

    def _add_element(self, finder: Finder, element: Element, total: dict[int, float]) -> None:
        for name, share in SCORED.items():
            gain, norms, lengths = share * self._gain(name, element), self._norms[name], finder.segment.lengths[name]
            for document, weight in finder.weights(name, element, total):
                total[document] += gain * weight / (weight + norms[lengths[document]])

    def _gain(self, name: str, element: Element) -> float:
        """The most that an element can add: its idf times K1 + 1."""
        key = (name, element.anywhere)
        if key not in self._gains:
            documents = sum(finder.count(name, element) for finder in self._finders)
            self._gains[key] = (1.0 + math.log(max(1, self._documents) / (documents + 1))) * (K1 + 1)
        return self._gains[key]

    @cached_property
    def _documents(self) -> int:
        return sum(finder.segment.documents for finder in self._finders)

    @cached_property
    def _norms(self) -> Mapping[str, Sequence[float]]:
        return {name: norms(self._average(name)) for name in SCORED}

    def _average(self, name: str) -> float:
        """The mean length of a field."""
        length = sum(finder.segment.total_length(name) for finder in self._finders)
        return max(1.0, length / max(1, self._documents))

    @cached_property
    def _bound(self) -> float:
        """More than any document can reach."""
        return max(sum(map(self._most, self._parts)), 1e-9)

    def _most(self, part: Part) -> float:
        gains = (
            sum(share * max(0.0, self._gain(name, one)) for one in unit.elements for name, share in SCORED.items())
            for unit, _ in alternatives(part)
        )
        return max(gains, default=0.0)

    def _freshness(self, segment: Segment) -> float:
        """What the newest document of a segment gains by being recent."""
        return float(RECENCY_BONUS * 2.0 ** ((segment.newest - self._newest) / RECENCY_HALF_LIFE))

    @cached_property
    def _newest(self) -> int:
        return max((finder.segment.newest for finder in self._finders), default=0)


@lru_cache(maxsize=16)
def norms(average: float) -> Sequence[float]:
    """By one-byte length, the part of BM25's denominator that depends on the length."""
    return [K1 * (1 - B + B * byte_to_length(byte) / average) for byte in range(256)]

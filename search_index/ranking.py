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
from collections.abc import Mapping, Set
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import NamedTuple

from whoosh.util.numeric import byte_to_length

from search_index.analysis import Element
from search_index.finding import Finder
from search_index.ordering import Ranked
from search_index.query import Part, Query, Unit, alternatives
from search_index.segment import Segment
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


class Found(NamedTuple):
    """What was found in one segment: numbers of documents, and their places among the results in the same order."""

    segment: Segment
    documents: list[int]
    ranked: list[Ranked]


@dataclass
class Ranking:
    """One query on one snapshot."""

    snapshot: Snapshot
    query: Query
    finders: list[Finder] = field(init=False)

    def __post_init__(self) -> None:
        query = self.query
        parts = [*query.units, *(part.unit for part in query.restrictions)]
        parts += [part if isinstance(part, Unit) else part.unit for part in query.without]
        beginnings = sum(element.is_prefix for part in parts for element in part.elements)
        most = MOST_BEGINNINGS // max(1, beginnings)
        self.finders = [Finder(segment, most) for segment in self.snapshot.segments]

    def found(self) -> list[Found]:
        """Every document that was found, by segment, in no order."""
        pairs = zip(self.finders, self.snapshot.gone, strict=True)
        return [self._of_segment(finder, gone) for finder, gone in pairs]

    def _of_segment(self, finder: Finder, gone: frozenset[int]) -> Found:
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
            candidates = candidates - (finder.saying(part) if isinstance(part, Unit) else finder.holding(part))
        documents = list(candidates - gone)
        published, ids = segment.published, segment.ids
        if not query.units:
            return Found(segment, documents, [(-1.0, -published[one], ids[one]) for one in documents])
        full &= set(documents)
        rows = self._rows(finder, total, full)
        ranked = []
        for document in documents:
            score = self._score(total[document], published[document], document in rows)
            if document in full:
                score += 1.0
            ranked.append((-round(score, DECIMALS), -published[document], ids[document]))
        return Found(segment, documents, ranked)

    def _scores(self, finder: Finder) -> tuple[dict[int, float], set[int]]:
        """Document → its sum for what it has, and the documents that have everything. Phrases must be there."""
        total: dict[int, float] = {}
        full: set[int] | None = None
        required: set[int] | None = None
        for part in self.query.units:
            has_all, scores = self._part_scores(finder, part)
            if total:
                for document, score in scores.items():
                    total[document] = total.get(document, 0.0) + score
            else:
                total = scores
            full = has_all if full is None else full & has_all
            if part.is_phrase:
                required = has_all if required is None else required & has_all
        if required is not None:
            total = {document: score for document, score in total.items() if document in required}
        return total, full or set()

    def _part_scores(self, finder: Finder, part: Part) -> tuple[set[int], dict[int, float]]:
        """The documents that have a part of the query, and what each is worth for it: of several units the best."""
        if isinstance(part, Unit):
            return self._unit_scores(finder, part)
        has_any: set[int] = set()
        best: dict[int, float] = {}
        for unit, weight in alternatives(part):
            has_all, scores = self._unit_scores(finder, unit)
            has_any |= has_all
            for document, score in scores.items():
                best[document] = max(best.get(document, 0.0), weight * score)
        return has_any, best

    def _unit_scores(self, finder: Finder, unit: Unit) -> tuple[set[int], dict[int, float]]:
        found = [self._element_scores(finder, element) for element in unit.elements]
        if len(found) == 1:
            return set(found[0]), found[0]
        has_all = finder.in_a_row("all", unit)
        counted: Set[int] = has_all
        if not unit.is_phrase:
            counts = Counter(document for scores in found for document in scores)
            counted = {document for document, count in counts.items() if 2 * count > len(found)}
        total: dict[int, float] = {}
        for scores in found:
            for document in scores.keys() & counted:
                total[document] = total.get(document, 0.0) + scores[document]
        return has_all, total

    def _element_scores(self, finder: Finder, element: Element) -> dict[int, float]:
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
        return max(sum(map(self._most, self.query.units)), 1e-9)

    def _most(self, part: Part) -> float:
        gains = (
            sum(share * max(0.0, self._gain(name, one)) for one in unit.elements for name, share in SCORED.items())
            for unit, _ in alternatives(part)
        )
        return max(gains, default=0.0)

    def _rows(self, finder: Finder, total: Mapping[int, float], full: set[int]) -> set[int]:
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

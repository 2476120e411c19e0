"""The best of what was found, without scoring all of it: the next so many places of the results after a given one.

What has everything that was asked for comes first, so the rest is scored only where that does not fill the page; and
of the rest only what could still be among the best. The places are the same as if everything had been scored and put
in order, which a test holds.
"""

from collections.abc import Iterator, Sequence
from heapq import nlargest, nsmallest
from itertools import chain

from search_index.engine import NEWEST, RELEVANCE, Position
from search_index.finding import Numbers
from search_index.ordering import Ranked, place_of
from search_index.query import Query, Unit
from search_index.ranking import ROW_BONUS, Scores
from search_index.sieving import Sieve

# Beyond so many documents with all words, only the best of them are looked at for words in a row.
MOST_ROWS = 2_000
DECIMALS = 6
# Rounding may bring together what is this far apart.
NEAR = 10.0**-DECIMALS
# What having everything adds to a score.
EVERYTHING = 1.0

# By segment, document → score without what having everything adds.
Scored = list[dict[int, float]]


class Choosing:
    """The results of one query in one order."""

    def __init__(self, sieves: Sequence[Sieve], query: Query, sort: str) -> None:
        self._sieves = sieves
        self._query = query
        self._sort = sort
        self._scores = Scores([sieve.finder for sieve in sieves], query.units)

    def after(self, start: Position | None, most: int) -> list[Position]:
        """The next places after one, in their order: as many as are wanted, or all that there are."""
        if self._sort != RELEVANCE or not self._query.units:
            return self._by_date(start, most)
        found: list[Position] = []
        if start is None or -start[0] >= EVERYTHING:
            found = self._best(self._whole(start, most), EVERYTHING, start, most)
        return found if len(found) == most else [*found, *self._in_part(start, most - len(found))]

    def _whole(self, start: Position | None, most: int) -> Scored:
        scored = [self._scores.of(sieve.finder, sieve.full, self._query.units) for sieve in self._sieves]
        if (row := self._query.in_a_row) is not None and any(scored):
            self._add_rows(scored, row, start, most)
        return scored

    def _add_rows(self, scored: Scored, row: Unit, start: Position | None, most: int) -> None:
        """Raise the scores of what says the words in a row, as far as that can matter for the next places."""
        times, least = 1 + ROW_BONUS, 0.0
        if sum(map(len, scored)) > MOST_ROWS:
            least = nlargest(MOST_ROWS, _all(scored))[-1]
        before = -start[0] - EVERYTHING - NEAR if start is not None else times
        surely_after = nlargest(most, (score for score in _all(scored) if score * times < before))
        if len(surely_after) == most:
            least = max(least, surely_after[-1] / times - NEAR)
        for sieve, scores in zip(self._sieves, scored, strict=True):
            near = {document for document, score in scores.items() if score >= least}
            for document in sieve.finder.in_a_row("all", row, near):
                scores[document] *= times

    def _in_part(self, start: Position | None, most: int) -> list[Position]:
        """What has only some of what was asked for, beginning with the parts that weigh most."""
        units = self._query.units
        order = sorted(range(len(units)), key=lambda number: -self._scores.most(units[number]))
        seen: list[Numbers] = [sieve.full for sieve in self._sieves]
        found: list[Position] = []
        for level, part in enumerate(order):
            rest = [units[number] for number in order[level:]]
            if len(found) == most and sum(map(self._scores.most, rest)) + NEAR < -found[-1][0]:
                break
            scored: Scored = []
            for number, sieve in enumerate(self._sieves):
                fresh = (sieve.by_part[part] & sieve.documents) - seen[number]
                seen[number] = seen[number] | fresh
                scored.append(self._scores.of(sieve.finder, fresh, rest))
            found = nsmallest(most, [*found, *self._best(scored, 0.0, start, most)])
        return found

    def _best(self, scored: Scored, more: float, start: Position | None, most: int) -> list[Position]:
        """The first places after one, of what was scored."""
        if start is not None:
            scored = [self._later(number, scores, more, start) for number, scores in enumerate(scored)]
        least = 0.0
        if sum(map(len, scored)) > most:
            least = nlargest(most, _all(scored))[-1] - NEAR
        places = (
            self._ranked(number, document, score + more)
            for number, scores in enumerate(scored)
            for document, score in scores.items()
            if score >= least
        )
        return nsmallest(most, places)

    def _later(self, number: int, scores: dict[int, float], more: float, start: Position) -> dict[int, float]:
        last = -start[0] - more
        return {
            document: score
            for document, score in scores.items()
            if score < last - NEAR or (score <= last + NEAR and self._ranked(number, document, score + more) > start)
        }

    def _ranked(self, number: int, document: int, score: float) -> Ranked:
        segment = self._sieves[number].segment
        return -round(score, DECIMALS), -segment.published[document], segment.ids[document]

    def _by_date(self, start: Position | None, most: int) -> list[Position]:
        """By date, or by date because nothing says what is better; scores are taken of what is chosen."""
        # Where the date is in a position: by relevance the score is before it.
        sign, at = (1 if self._sort not in (RELEVANCE, NEWEST) else -1), 0
        if start is not None and self._sort == RELEVANCE:
            if start[0] > -EVERYTHING:
                return []
            at = 1
        begin = start[at] if start is not None and (at == 0 or start[0] == -EVERYTHING) else None
        dated = [[sign * sieve.segment.published[one] for one in sieve.documents] for sieve in self._sieves]
        later = (date for dates in dated for date in dates if begin is None or date > begin)
        last = nsmallest(most, later)
        places: list[Position] = []
        for number, (sieve, dates) in enumerate(zip(self._sieves, dated, strict=True)):
            chosen = {
                document
                for document, date in zip(sieve.documents, dates, strict=True)
                if (begin is None or date >= begin) and (len(last) < most or date <= last[-1])
            }
            places += [place_of(ranked, self._sort) for ranked in self._all_of(number, chosen)]
        return nsmallest(most, places if start is None else [place for place in places if place > start])

    def _all_of(self, number: int, documents: Numbers) -> Iterator[Ranked]:
        """The place of each of these documents by relevance."""
        sieve, query = self._sieves[number], self._query
        if not query.units:
            yield from (self._ranked(number, document, EVERYTHING) for document in documents)
            return
        full = documents & sieve.full
        rows = sieve.finder.in_a_row("all", query.in_a_row, full) if query.in_a_row is not None and full else ()
        for document, score in self._scores.of(sieve.finder, documents, query.units).items():
            bonus = 1 + ROW_BONUS if document in rows else 1.0
            yield self._ranked(number, document, score * bonus + (EVERYTHING if document in full else 0.0))


def _all(scored: Scored) -> Iterator[float]:
    return chain.from_iterable(scores.values() for scores in scored)

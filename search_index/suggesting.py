"""What was meant by a word that no article has: one of the headlines' own words that differs in a letter or two."""

from collections import Counter
from collections.abc import Iterator, Mapping
from itertools import islice

from search_index.analysis import fold, spans
from search_index.query import AnyOf, Query
from search_index.snapshot import Snapshot

LONGEST = 20
# Words of a query that are looked at, words that begin like one of them, and those of these that are compared letter by
# letter: so that no query takes long.
MOST_WORDS = 3
MOST_BEGUN = 20_000
MOST_COMPARED = 2_000


def meant(snapshot: Snapshot, query: Query) -> dict[str, str]:
    """Word as it was typed (folded) → word that is there; words that have articles, or no like, are missing."""
    found = {}
    for word in islice(_words(query), MOST_WORDS):
        if not any(segment.postings("all", term) for segment, _ in snapshot for term in _terms(query, word)):
            best = min(_likely(snapshot, word), default=None)
            if best is not None:
                found[word] = best[2]
    return found


def reworded(text: str, meant: Mapping[str, str]) -> str:
    """What was typed, with other words in the places of some."""
    parts, at = [], 0
    for start, end, _ in spans(text):
        parts += [text[at:start], meant.get(fold(text[start:end]), text[start:end])]
        at = end
    return "".join((*parts, text[at:]))


def _words(query: Query) -> Iterator[str]:
    for part in query.units:
        if isinstance(part, AnyOf):
            continue
        for element in part.elements:
            if not element.is_prefix and 4 <= len(element.word) <= LONGEST:
                yield element.word


def _terms(query: Query, word: str) -> Iterator[str]:
    for part in query.units:
        for element in part.elements:
            if element.word == word:
                yield element.term


def _likely(snapshot: Snapshot, word: str) -> Iterator[tuple[int, int, str]]:
    """(letters that differ, minus the number of documents, word)."""
    most = 1 if len(word) < 6 else 2
    letters = set(word)
    differing: dict[str, int] = {}
    counts: Counter[str] = Counter()
    for segment, gone in snapshot:
        for known in segment.beginning_with("spelling", word[0], MOST_BEGUN):
            if abs(len(known) - len(word)) > most or len(letters.symmetric_difference(known)) > 2 * most:
                continue
            if known not in differing:
                if len(differing) == MOST_COMPARED:
                    break
                differing[known] = distance(word, known, most)
            if differing[known] <= most and (held := segment.postings("spelling", known)):
                counts[known] += len(set(held.documents) - gone)
    for known, count in counts.items():
        if count:
            yield differing[known], -count, known


def distance(one: str, other: str, most: int) -> int:
    """Letters that differ: changed, missing, too many, or two changed places. More than `most` is told as one more.

    Source: Damerau and Levenshtein, restricted
    """
    if abs(len(one) - len(other)) > most:
        return most + 1
    before, last = [0] * (len(other) + 1), list(range(len(other) + 1))
    for row, letter in enumerate(one, 1):
        here = [row] + [0] * len(other)
        for column, against in enumerate(other, 1):
            here[column] = min(last[column] + 1, here[column - 1] + 1, last[column - 1] + (letter != against))
            if row > 1 and column > 1 and letter == other[column - 2] and one[row - 2] == against:
                here[column] = min(here[column], before[column - 2] + 1)
        if min(here) > most:
            return most + 1
        before, last = last, here
    return min(last[-1], most + 1)

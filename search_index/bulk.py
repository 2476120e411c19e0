"""Collects the postings of a segment that is being written.

The library collects each posting as a tuple, sorts all of them, and writes sorted runs to disk beyond a limit.
Documents are numbered as they come, so the postings of one term are in order already: here they are kept per term,
packed every two thousand documents, and only the terms are sorted. It saves time and most of the memory.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from search_index.lists import MOST_WEIGHT, Packed, Postings

Posting = tuple[str, bytes, int, float, bytes]
PACKED_EVERY = 2_000


class GroupedPool:
    """Stands in the place of the library's own pool in a writer."""

    def __init__(self) -> None:
        # Document, weight and places of each posting after one another: a tuple for each would take twice as much.
        self._loose: dict[str, dict[bytes, list[Any]]] = {}
        self._packed: dict[str, dict[bytes, Packed]] = {}
        self._pack_at = PACKED_EVERY

    def add(self, posting: Posting) -> None:
        """Take one posting."""
        field, term, document, weight, value = posting
        if document >= self._pack_at:
            self._pack()
            self._pack_at = document + PACKED_EVERY
        terms = self._loose.get(field)
        if terms is None:
            terms = self._loose[field] = {}
        found = terms.get(term)
        if found is None:
            terms[term] = [document, weight, value]
        else:
            found += (document, weight, value)

    def extend(self, field: str, term: bytes, postings: Postings, moved: Mapping[int, int]) -> None:
        """Take the postings of a term from another segment, as far as their documents moved."""
        self._list(field, term).extend(postings, moved)

    def iter_postings(self) -> Iterator[tuple[str, bytes, Packed]]:
        """All lists by field and term."""
        self._pack()
        for field in sorted(self._packed):
            terms = self._packed[field]
            for term in sorted(terms):
                if terms[term].documents:
                    yield field, term, terms[term]

    def cleanup(self) -> None:
        """Forget everything."""
        self._loose.clear()
        self._packed.clear()

    def save(self) -> Any:
        """Nothing is ever written aside."""

    def _list(self, field: str, term: bytes) -> Packed:
        terms = self._packed.setdefault(field, {})
        packed = terms.get(term)
        if packed is None:
            packed = terms[term] = Packed()
        return packed

    def _pack(self) -> None:
        for field, terms in self._loose.items():
            for term, found in terms.items():
                packed = self._list(field, term)
                weights = list(map(int, found[1::3]))
                if max(weights) > MOST_WEIGHT:
                    found, weights = _bounded(found, weights)
                packed.documents.extend(found[0::3])
                packed.weights.extend(weights)
                packed.places += b"".join(found[2::3])
        self._loose.clear()


def _bounded(found: list[Any], weights: list[int]) -> tuple[list[Any], list[int]]:
    """The same where a text says one word again and again: beyond what a weight can be it is not counted."""
    for number, weight in enumerate(weights):
        if weight > MOST_WEIGHT:
            places = found[3 * number + 2].decode("utf-8", "surrogatepass")
            found[3 * number + 2] = places[:MOST_WEIGHT].encode("utf-8", "surrogatepass")
    return found, [min(weight, MOST_WEIGHT) for weight in weights]

"""A pool of postings for large segments.

The library collects each posting as a tuple, sorts all of them, and writes sorted runs to disk beyond a limit.
Documents are numbered as they come, so the postings of one term are in order already: here they are kept per term,
and only the terms are sorted. It saves time and most of the memory; the caller bounds the size of a segment.
"""

from collections.abc import Iterator
from typing import Any

Posting = tuple[str, bytes, int, float, bytes]


class GroupedPool:
    """Stands in the place of the library's own pool in a writer."""

    def __init__(self) -> None:
        self.count = 0
        self._fields: dict[str, dict[bytes, list[tuple[int, float, bytes]]]] = {}

    def add(self, posting: Posting) -> None:
        """Take one posting."""
        field, term, document, weight, value = posting
        terms = self._fields.get(field)
        if terms is None:
            terms = self._fields[field] = {}
        found = terms.get(term)
        if found is None:
            terms[term] = [(document, weight, value)]
        else:
            found.append((document, weight, value))
        self.count += 1

    def iter_postings(self) -> Iterator[Posting]:
        """All postings by field, term and document."""
        for field in sorted(self._fields):
            terms = self._fields[field]
            for term in sorted(terms):
                for document, weight, value in terms[term]:
                    yield field, term, document, weight, value

    def cleanup(self) -> None:
        """Forget everything."""
        self._fields.clear()

    def save(self) -> Any:
        """Nothing is ever written aside."""

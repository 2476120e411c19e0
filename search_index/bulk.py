"""A pool of postings for large segments.

The library collects each posting as a tuple, sorts all of them, and writes sorted runs to disk beyond a limit.
Documents are numbered as they come, so the postings of one term are in order already: here they are kept per term,
and only the terms are sorted. It saves time and most of the memory; the caller bounds the size of a segment.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from search_index.segment import Postings

Posting = tuple[str, bytes, int, float, bytes]


class GroupedPool:
    """Stands in the place of the library's own pool in a writer."""

    def __init__(self) -> None:
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

    def extend(self, field: str, term: bytes, postings: Postings, moved: Mapping[int, int]) -> None:
        """Take the postings of a term from another segment, as far as their documents moved."""
        found = self._fields.setdefault(field, {}).setdefault(term, [])
        places = postings.places or [b""] * len(postings.documents)
        for document, weight, value in zip(postings.documents, postings.weights, places, strict=True):
            if (number := moved.get(document)) is not None:
                found.append((number, weight, value))

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

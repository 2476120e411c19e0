"""Counts what was found by section, tag, author, year, language and type."""

from collections import Counter
from collections.abc import Collection, Iterable

from search_index.engine import MOST_FACET_VALUES
from search_index.segment import Segment

FIELDS = {"section": "section", "tag": "tag_key", "author": "author_key", "locale": "locale", "type": "type"}
YEAR = "year"


def counted(
    found: Iterable[tuple[Segment, Collection[int]]], names: Collection[str]
) -> dict[str, tuple[tuple[str, int], ...]]:
    """Facet → (value, number of documents), the most frequent first, of equals in the order of their values."""
    counts: dict[str, Counter[str]] = {name: Counter() for name in names}
    for segment, documents in found:
        for name, counter in counts.items():
            numbers, sets = segment.years if name == YEAR else segment.values_of(FIELDS[name])
            for number, count in Counter(map(numbers.__getitem__, documents)).items():
                for value in sets[number]:
                    counter[value] += count
    return {name: _most_frequent(counter) for name, counter in counts.items()}


def _most_frequent(counter: Counter[str]) -> tuple[tuple[str, int], ...]:
    ordered = sorted(counter.items(), key=lambda pair: (-pair[1], pair[0]))
    return tuple(ordered[:MOST_FACET_VALUES])

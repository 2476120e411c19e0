"""Other words for what was typed, added to a query where it is made; the index knows nothing of them.

What was typed goes on counting most, and phrases, beginnings, exclusions and fields mean what they say.
"""

from collections.abc import Iterable, Sequence
from dataclasses import replace

from search_index.analysis import Element, elements
from search_index.query import AnyOf, Part, Query, Unit

WEIGHT = 0.7
LONGEST_TYPED = 4
MOST_OTHERS = 8
MOST_ADDED = 32

Key = tuple[str, ...]


class Thesaurus:
    """Sets of words that mean the same. Of a one-way set only the first finds the others."""

    def __init__(self, sets: Iterable[tuple[Sequence[str], bool]]) -> None:
        self._others: dict[Key, list[str]] = {}
        for words, is_one_way in sets:
            for word in words[:1] if is_one_way else words:
                key = key_of(elements(word))
                if key:
                    self._others.setdefault(key, []).extend(other for other in words if other != word)

    def expanded(self, query: Query) -> Query:
        """The query with the other words beside those that were typed; several words in a row may be one entry."""
        if not self._others or not query.units:
            return query
        parts: list[Part] = []
        room, at = MOST_ADDED, 0
        while at < len(query.units):
            length, part = self._best(query.units, at)
            added = len(part.elements) - sum(len(unit.elements) for unit in query.units[at : at + length])
            if added > room:
                length, part, added = 1, query.units[at], 0
            parts.append(part)
            room -= added
            at += length
        return replace(query, units=tuple(parts))

    def _best(self, units: Sequence[Part], at: int) -> tuple[int, Part]:
        """How many units from a place on are one entry, the longest first, and what becomes of them."""
        for length in range(min(LONGEST_TYPED, len(units) - at), 0, -1):
            typed = [unit for unit in units[at : at + length] if isinstance(unit, Unit) and _is_plain(unit)]
            if len(typed) < length:
                continue
            whole = joined(typed)
            others = self._others.get(key_of(whole.elements))
            if others:
                return length, _one_of(whole, others)
        return 1, units[at]


def key_of(found: Iterable[Element]) -> Key:
    """What is the same for words that are found alike."""
    return tuple(element.term for element in found)


def joined(units: Sequence[Unit]) -> Unit:
    """Several units as one that stand in a row."""
    if len(units) == 1:
        return units[0]
    found: list[Element] = []
    for unit in units:
        start = found[-1].offset + 1 if found else 0
        found += [replace(element, offset=start + element.offset) for element in unit.elements]
    return Unit(tuple(found))


def _is_plain(unit: Unit) -> bool:
    return not unit.is_phrase and not any(element.is_prefix and element.whole for element in unit.elements)


def _one_of(whole: Unit, others: Sequence[str]) -> Part:
    units = [whole]
    for other in dict.fromkeys(others):
        found = tuple(elements(other))
        unit = Unit(found, is_phrase=len(found) > 1)
        if found and unit not in units and len(units) <= MOST_OTHERS:
            units.append(unit)
    return AnyOf(tuple(units), (1.0,) + (WEIGHT,) * (len(units) - 1)) if len(units) > 1 else whole

"""The exact related lists of many articles at once, in memory: what the sweep compares the stored lists with.

Not here: the score itself (`related/rules.py`) and databases (`sweeping.py`).
"""

import math
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from heapq import heappush, heapreplace
from types import MappingProxyType
from typing import Any

from cms.content.related.rules import (
    KEPT,
    NO_CHOICES,
    PEOPLE_PART,
    SECTION_PART,
    TAG_PART,
    TEXT_PART,
    Choices,
    Neighbour,
    Portrait,
    closeness_in_time,
    list_of,
    set_likeness,
)

# Scores are rounded to six places, and sums in another order differ in their last bits: estimates leave that much room.
ROOM = 2e-6
NOTHING: Mapping[str, Any] = MappingProxyType({})


class Crowd:
    """The portraits of one locale with an inverted index over their terms and tags.

    Units of memory: about 10 kB an article.
    """

    def __init__(self, portraits: Collection[Portrait]) -> None:
        self.portraits = list(portraits)
        self._place = {portrait.article_id: place for place, portrait in enumerate(self.portraits)}
        self._places: dict[str, list[tuple[int, float]]] = defaultdict(list)
        self._tagged: dict[str, list[int]] = defaultdict(list)
        for place, portrait in enumerate(self.portraits):
            for term, weight in portrait.vector.items():
                self._places[term].append((place, weight))
            for tag in portrait.tags:
                self._tagged[tag].append(place)

    def lists(
        self, choices: Mapping[str, Choices] = NOTHING, also: Mapping[str, Collection[str]] = NOTHING
    ) -> Iterator[tuple[Portrait, Sequence[Neighbour]]]:
        """Each article with the entries of its list, the same as if every pair had been scored.

        `choices` are what editors decided, by article; `also` are others that are compared with it in any case.
        """
        for place, portrait in enumerate(self.portraits):
            chosen = choices.get(portrait.article_id, NO_CHOICES)
            shared = self._shared(portrait)
            for other in (place, *self._at([*chosen.pins, *chosen.bans])):
                shared.pop(other, None)
            near = {*self._near(portrait, shared), *self._at([*chosen.pins, *also.get(portrait.article_id, ())])}
            yield portrait, list_of(portrait, (self.portraits[other] for other in near), chosen)

    def _at(self, article_ids: Iterable[str]) -> list[int]:
        return [self._place[one] for one in article_ids if one in self._place]

    def _shared(self, mine: Portrait) -> dict[int, float]:
        """What others share with an article in text and tags, up to the last bits of a sum."""
        shared: dict[int, float] = defaultdict(float)
        for term, weight in mine.vector.items():
            part = TEXT_PART * weight
            for place, other_weight in self._places[term]:
                shared[place] += part * other_weight
        for tag in mine.tags:
            for place in self._tagged[tag]:
                shared[place] += TAG_PART / math.sqrt(len(mine.tags) * len(self.portraits[place].tags))
        return shared

    def _near(self, mine: Portrait, shared: Mapping[int, float]) -> list[int]:
        """The places of those whose score could be among the best."""
        highest: list[float] = []
        floor = 0.0
        estimates = []
        for place, value in shared.items():
            if value + SECTION_PART + PEOPLE_PART < floor:
                continue
            other = self.portraits[place]
            estimate = value + SECTION_PART if mine.section == other.section else value
            estimate += PEOPLE_PART * set_likeness(mine.people, other.people)
            if estimate >= floor:
                estimate *= closeness_in_time(mine, other)
            if estimate < floor:
                continue
            estimates.append((estimate, place))
            if len(highest) < KEPT:
                heappush(highest, estimate)
            elif estimate > highest[0]:
                heapreplace(highest, estimate)
            if len(highest) == KEPT:
                floor = highest[0] - ROOM
        return [place for estimate, place in estimates if estimate >= floor]

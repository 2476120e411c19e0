"""The exact related lists of many articles at once, in memory: what the sweep compares the stored lists with.

Not here: the score itself (`rules.py`) and databases (`sweeping.py`).
"""

from collections import defaultdict
from collections.abc import Collection, Iterator, Sequence

from cms.content.rules import KEPT, SECTION_PART, TEXT_PART, Neighbour, Portrait, best, neighbour

# Scores are rounded to six places, and sums in another order differ in the last bits: bounds leave that much room.
ROOM = 1e-6


class Crowd:
    """The portraits of one locale with an inverted index over their terms and tags."""

    def __init__(self, portraits: Collection[Portrait]) -> None:
        self.portraits = list(portraits)
        self._places: dict[str, list[tuple[int, float]]] = defaultdict(list)
        self._tagged: dict[str, list[int]] = defaultdict(list)
        for place, portrait in enumerate(self.portraits):
            for term, weight in portrait.vector.items():
                self._places[term].append((place, weight))
            for tag in portrait.tags:
                self._tagged[tag].append(place)

    def lists(self) -> Iterator[tuple[Portrait, Sequence[Neighbour]]]:
        """Each article with its best neighbours, the same as if every pair had been scored."""
        for place, portrait in enumerate(self.portraits):
            yield portrait, self._best(place, portrait)

    def _best(self, own_place: int, mine: Portrait) -> list[Neighbour]:
        likeness: dict[int, float] = defaultdict(float)
        for term, weight in mine.vector.items():
            for place, other_weight in self._places[term]:
                likeness[place] += weight * other_weight
        likeness.pop(own_place, None)
        tagged = {place for tag in mine.tags for place in self._tagged[tag]} - {own_place}
        found = self._scored(mine, tagged)
        # Without a shared tag nothing can score above this bound of its text, so the scoring ends where the list does.
        for place, cosine in sorted(likeness.items(), key=lambda item: -item[1]):
            if len(found) == KEPT and TEXT_PART * cosine + SECTION_PART + ROOM < found[-1].score:
                break
            if place not in tagged:
                found = best([*found, *self._scored(mine, [place])])
        return found

    def _scored(self, mine: Portrait, places: Collection[int]) -> list[Neighbour]:
        entries = (neighbour(mine, self.portraits[place]) for place in places)
        return best(entry for entry in entries if entry is not None)

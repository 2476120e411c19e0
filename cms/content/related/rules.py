"""What makes two published articles related: a pure score with its reasons, how many neighbours are kept and shown, and
in which order they are shown. Plain Python.

Not here: finding candidates and keeping the lists (`relating.py`), counting terms (`platform/text/terms.py`).
"""

import math
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime

from cms.platform.text.sketches import Sketch, pairs_alike

KEPT = 15
SHOWN = 5
STRONGEST_TERMS = 40

TEXT_PART = 0.70
TAG_PART = 0.20
SECTION_PART = 0.05
PEOPLE_PART = 0.05
HALF_LIFE_DAYS = 90.0
OLDEST_PART = 0.5
NAMED_FROM_COSINE = 0.05
# In the sample newsroom all entries below this share a common word or two and no subject; a shared tag scores more.
LEAST_SCORE = 0.03
SECONDS_PER_DAY = 86_400.0
PINNED = "pinned"


@dataclass(frozen=True)
class Portrait:
    """What the score sees of a published article. `vector` is L2-normalised and holds the strongest terms.

    `people` are its authors. `half_life_days` is the one of its section, or of the nearest above that has one.
    `kin` are its published translations, which have no `kin` of their own in here.
    """

    article_id: str
    locale: str
    section: str
    published_at: datetime
    tags: frozenset[str]
    vector: Mapping[str, float] = field(repr=False)
    people: frozenset[str] = frozenset()
    half_life_days: float = HALF_LIFE_DAYS
    kin: tuple["Portrait", ...] = field(default=(), repr=False)

    def in_locale(self, locale: str) -> str | None:
        """The id of this article in a language, if readers see it in that language."""
        return next((one.article_id for one in (self, *self.kin) if one.locale == locale), None)


@dataclass(frozen=True)
class Neighbour:
    """One entry of a related list.

    `pin` is its place among those that editors pinned, from 1; 0 for all others. A hidden one says nearly the same as
    one before it.
    """

    other_id: str
    score: float
    why: tuple[str, ...]
    pin: int = 0
    is_hidden: bool = False


@dataclass(frozen=True)
class Choices:
    """What editors decided of an article's list: what stands first, in this order, and what never stands there."""

    pins: tuple[str, ...] = ()
    bans: frozenset[str] = frozenset()

    def names(self, article_id: str) -> bool:
        """Whether an editor decided about this one."""
        return article_id in self.bans or article_id in self.pins


NO_CHOICES = Choices()


def text_likeness(one: Portrait, other: Portrait) -> float:
    """The cosine of two articles' vectors. Range: 0 to 1. Summed exactly, so that the order of terms has no say."""
    short, long = sorted((one.vector, other.vector), key=len)
    return math.fsum(weight * long[term] for term, weight in short.items() if term in long)


def set_likeness(one: frozenset[str], other: frozenset[str]) -> float:
    """How far two articles carry the same words. Range: 0 to 1. Formula: |A ∩ B| / sqrt(|A| · |B|)."""
    if not one or not other:
        return 0.0
    return len(one & other) / math.sqrt(len(one) * len(other))


def closeness_in_time(one: Portrait, other: Portrait) -> float:
    """How much two articles belong to the same days. Range: 0.5 to 1.

    Of two sections with half-lives of their own the shorter one counts.
    Formula: 0.5 + 0.5 · 2^(-days apart / half-life in days)
    """
    days = abs((one.published_at - other.published_at).total_seconds()) / SECONDS_PER_DAY
    half_life = min(one.half_life_days, other.half_life_days)
    return OLDEST_PART + (1 - OLDEST_PART) * 2 ** (-days / half_life)


def score(one: Portrait, other: Portrait) -> float:
    """How related two articles of one language are. Symmetric, and the same at any time of asking.

    Range: 0 to 1, rounded to six places; 0 between locales, and where neither a strong term nor a tag is shared.
    Formula: (0.70 · cosine of the texts + 0.20 · shared tags + 0.05 · same section + 0.05 · shared authors)
    · closeness in time
    """
    if one.locale != other.locale or one.article_id == other.article_id:
        return 0.0
    shared = TEXT_PART * text_likeness(one, other) + TAG_PART * set_likeness(one.tags, other.tags)
    if shared <= 0:
        return 0.0
    if one.section and one.section == other.section:
        shared += SECTION_PART
    shared += PEOPLE_PART * set_likeness(one.people, other.people)
    return round(shared * closeness_in_time(one, other), 6)


def reasons(one: Portrait, other: Portrait) -> tuple[str, ...]:
    """Why two articles are related, for people: `tag:rail`, `text`, `section`, `person:mei-lin`."""
    why = [f"tag:{tag}" for tag in sorted(one.tags & other.tags)]
    if text_likeness(one, other) >= NAMED_FROM_COSINE or not why:
        why.append("text")
    if one.section and one.section == other.section:
        why.append("section")
    return (*why, *(f"person:{person}" for person in sorted(one.people & other.people)))


def neighbour(one: Portrait, other: Portrait) -> Neighbour | None:
    """The entry that `other` makes in the list of `one`, or None where they are not related enough.

    Two articles that both have translations into a language are as related as those are, where that is more; such an
    entry names the language among its reasons, as `translation:en`.
    """
    if one.locale != other.locale:
        return None
    value, why = score(one, other), None
    for own, theirs in _in_other_languages(one, other):
        translated = score(own, theirs)
        if translated > value:
            value, why = translated, (*reasons(own, theirs), f"translation:{own.locale}")
    if value < LEAST_SCORE:
        return None
    return Neighbour(other.article_id, value, reasons(one, other) if why is None else why)


def _in_other_languages(one: Portrait, other: Portrait) -> Iterator[tuple[Portrait, Portrait]]:
    for own in sorted(one.kin, key=lambda kin: kin.locale):
        for theirs in other.kin:
            if own.locale == theirs.locale:
                yield own, theirs


def rank(entry: Neighbour) -> tuple[bool, int, float, str]:
    """What editors pinned first, in their order, then best first; of equals the one with the smaller id."""
    return (not entry.pin, entry.pin, -entry.score, entry.other_id)


def best(entries: Iterable[Neighbour]) -> list[Neighbour]:
    """The entries that are kept, best first."""
    return sorted(entries, key=rank)[:KEPT]


def pinned(one: Portrait, other: Portrait, pin: int) -> Neighbour:
    """The entry of an article that an editor pinned, with what the two have in common if anything."""
    entry = neighbour(one, other)
    value, why = (entry.score, entry.why) if entry is not None else (0.0, ())
    return Neighbour(other.article_id, value, (PINNED, *why), pin)


def list_of(mine: Portrait, others: Iterable[Portrait], choices: Choices = NO_CHOICES) -> list[Neighbour]:
    """The entries that an article's list keeps: what is pinned, then the best of the others that are not banned."""
    faces = {other.article_id: other for other in others if other.locale == mine.locale}
    pins = [
        pinned(mine, faces[article_id], number)
        for number, article_id in enumerate(choices.pins, 1)
        if article_id in faces
    ]
    entries = (neighbour(mine, face) for article_id, face in faces.items() if not choices.names(article_id))
    return pins + best(entry for entry in entries if entry is not None)


def veiled(entries: Iterable[Neighbour], sketches: Mapping[str, Sketch]) -> list[Neighbour]:
    """The entries in their order. Of texts that are nearly the same only the first is shown, and what an editor pinned.

    One that is nearly the article's own is shown: nothing is more related, and it may be the newer report.
    """
    found = sorted(entries, key=rank)
    alike = pairs_alike([sketches.get(entry.other_id, ()) for entry in found])
    shown: set[int] = set()
    result = []
    for number, entry in enumerate(found):
        is_hidden = not entry.pin and not alike[number].isdisjoint(shown)
        if not is_hidden:
            shown.add(number)
        result.append(replace(entry, is_hidden=is_hidden))
    return result

"""What a reader typed, understood: words, "phrases", -without, one OR other, beginning*, field:word, after:2026-11.

Words are looked for together and, where that finds too little, one by one; phrases, fields and exclusions always
hold. Only the fields named here can be reached, everything else is text. Not here: finding (`ranking`).
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from search_index.analysis import IS_UNSPACED, Element, beginning, elements, fold

MOST_CHARACTERS = 256
MOST_UNITS = 16
MOST_ELEMENTS = 32
MOST_PHRASE_WORDS = 6
EXACT_FIELDS = ("section", "locale")
WORD_FIELDS = ("tag", "author", "title")
SPAN_FIELDS = ("before", "after")
# What a program narrows a search to, and the field that holds it; none of these names can be typed.
NARROWED = {"locale": "locale", "section": "section", "tag": "tag_key", "author": "author_key", "type": "type"}
QUOTES = str.maketrans(dict.fromkeys("“”„‟«»「」『』＂", '"'))
CHUNK = re.compile(
    rf"""(?P<minus>-)?
         (?:(?P<field>{"|".join((*EXACT_FIELDS, *WORD_FIELDS, *SPAN_FIELDS))}):)?
         (?:"(?P<phrase>[^"]*)"? | (?P<word>[^\s"]+))""",
    re.VERBOSE | re.IGNORECASE,
)
DATE = re.compile(r"([0-9]{4})(?:-([0-9]{2})(?:-([0-9]{2}))?)?")
OR = "OR"


class QueryError(ValueError):
    """This is no query, or no place in its results. The message is for whoever asked."""


@dataclass(frozen=True)
class Unit:
    """Elements that belong together: a word, a run of words without spaces between them, or a phrase.

    A phrase must be there as it stands; of a run some of the elements, anywhere.
    """

    elements: tuple[Element, ...]
    is_phrase: bool = False

    @property
    def least(self) -> int:
        """How many of its elements a document must have to count as having something of it.

        More than half; of pairs of characters a third, because many of them are the end of one word and the beginning
        of the next, which only this text has side by side.
        """
        count = len(self.elements)
        if all(IS_UNSPACED.match(element.term) for element in self.elements):
            return -(-count // 3)
        return count // 2 + 1


@dataclass(frozen=True)
class AnyOf:
    """Units of which one will do. `weights` say how much each counts; a synonym less than what was typed."""

    units: tuple[Unit, ...]
    weights: tuple[float, ...]

    @property
    def is_phrase(self) -> bool:
        """Whether one of them must be there."""
        return all(unit.is_phrase for unit in self.units)

    @property
    def elements(self) -> tuple[Element, ...]:
        """All that is looked for."""
        return tuple(element for unit in self.units for element in unit.elements)


@dataclass(frozen=True)
class Restriction:
    """What a field must hold: words of `tag`, `author` and `title`, an exact value of the others."""

    field: str
    value: str
    unit: Unit


@dataclass(frozen=True)
class Span:
    """When an article was published: at `since` or later, and before `until`."""

    since: datetime | None = None
    until: datetime | None = None

    @property
    def unit(self) -> Unit:
        """Nothing that could be marked."""
        return NOTHING


NOTHING = Unit(())
Part = Unit | AnyOf
Limit = Restriction | Span


@dataclass(frozen=True)
class Query:
    """What is looked for. `in_a_row` is set when words were typed side by side, which articles may say just so."""

    units: tuple[Part, ...] = ()
    restrictions: tuple[Limit, ...] = ()
    without: tuple[Unit | Limit, ...] = ()
    in_a_row: Unit | None = None

    @property
    def is_empty(self) -> bool:
        """Whether nothing that could be looked for was typed."""
        return not (self.units or self.restrictions or self.without)

    def narrowed(self, exact: Mapping[str, str | None], span: Span | None = None) -> "Query":
        """The same among articles of these values of `NARROWED`, and of a span; what is None narrows nothing."""
        added: list[Limit] = [
            Restriction(field, fold(value).strip() if field in EXACT_FIELDS else value, NOTHING)
            for field, value in ((NARROWED[name], value) for name, value in exact.items())
            if value is not None
        ]
        if span is not None and span != Span():
            added.append(span)
        return replace(self, restrictions=(*self.restrictions, *added)) if added else self


def alternatives(part: Part) -> tuple[tuple[Unit, float], ...]:
    """The units of a part of a query, each with its weight."""
    return tuple(zip(part.units, part.weights, strict=True)) if isinstance(part, AnyOf) else ((part, 1.0),)


def parse(text: str) -> Query:
    """Understand any text of up to 256 characters. Of more than sixteen words the first sixteen count.

    Raises: QueryError
    """
    if len(text) > MOST_CHARACTERS:
        raise QueryError(f"at most {MOST_CHARACTERS} characters can be searched for, this is {len(text)}")
    if not text.strip():
        raise QueryError("there is nothing to search for")
    wanted: list[list[Unit]] = []
    restrictions: list[Limit] = []
    without: list[Unit | Limit] = []
    row: list[str] = []
    count, room, is_after_unit, is_choice = 0, MOST_ELEMENTS, False, False
    for is_without, part in _parts(text, row):
        if part is None:
            is_choice = is_after_unit
            continue
        unit = part if isinstance(part, Unit) else part.unit
        if count == MOST_UNITS or len(unit.elements) > room:
            break
        room -= len(unit.elements)
        if is_without:
            without.append(_strict_unit(part) if isinstance(part, Unit) else part)
        elif not isinstance(part, Unit):
            restrictions.append(part)
        elif is_choice:
            wanted[-1].append(part)
            row.clear()
        elif [part] not in wanted:
            wanted.append([part])
        else:
            count -= 1
        count += 1
        is_after_unit, is_choice = not is_without and isinstance(part, Unit), False
    has_choice = any(len(units) > 1 for units in wanted)
    units = tuple(map(_one_of, wanted))
    return Query(units, tuple(restrictions), tuple(without), None if has_choice else _in_a_row(row))


def _one_of(units: list[Unit]) -> Part:
    different = tuple(dict.fromkeys(units))
    return different[0] if len(different) == 1 else AnyOf(different, (1.0,) * len(different))


def _parts(text: str, row: list[str]) -> Iterator[tuple[bool, Unit | Limit | None]]:
    """What the chunks of a text mean; None is an OR. Plain words are noted in `row` as well."""
    for match in CHUNK.finditer(text.translate(QUOTES)):
        is_without, field = match["minus"] is not None, (match["field"] or "").lower()
        said = match["phrase"] if match["phrase"] is not None else match["word"]
        if match[0] == OR:
            yield False, None
            continue
        if field in SPAN_FIELDS:
            span = _span(field, said)
            if span is not None:
                yield is_without, span
                continue
            # No date: then it is text like any other.
            said, field = f"{field}:{said}", ""
        unit = _phrase(said) if match["phrase"] is not None else _run(said)
        if field in EXACT_FIELDS:
            yield is_without, Restriction(field, fold(said).strip(), NOTHING)
        elif unit.elements and field:
            yield is_without, Restriction(field, "", _strict_unit(unit))
        elif unit.elements:
            if match["word"] and not is_without:
                row.append(said)
            yield is_without, unit


def _span(field: str, said: str) -> Span | None:
    """The days before or from the beginning of a year, month or day of UTC; None where that is no date."""
    match = DATE.fullmatch(said)
    if match is None:
        return None
    try:
        begins = datetime(int(match[1]), int(match[2] or 1), int(match[3] or 1), tzinfo=UTC)
    except ValueError:
        return None
    return Span(until=begins) if field == "before" else Span(since=begins)


def _phrase(text: str) -> Unit:
    return Unit(_within_a_phrase(elements(text)), is_phrase=True)


def _run(text: str) -> Unit:
    found = elements(text)
    if text.endswith("*") and (begun := beginning(text)):
        kept = found[:-1] if found and not found[-1].is_prefix else found
        offset = kept[-1].offset + 1 if kept else 0
        found = [*kept, replace(begun, offset=offset)]
    return Unit(tuple(found[:MOST_UNITS]))


def _within_a_phrase(found: Sequence[Element]) -> tuple[Element, ...]:
    """As many elements as a phrase may have; a pair of characters counts as half a word."""
    room, kept = float(MOST_PHRASE_WORDS), []
    for element in found:
        room -= 0.5 if len(element.term) == 2 and IS_UNSPACED.match(element.term) else 1.0
        if room < 0:
            break
        kept.append(element)
    return tuple(kept)


def _strict_unit(unit: Unit) -> Unit:
    return Unit(_within_a_phrase(unit.elements), is_phrase=True)


def _in_a_row(words: list[str]) -> Unit | None:
    if len(words) < 2 or any(word.endswith("*") for word in words):
        return None
    found = elements(" ".join(words))
    kept = _within_a_phrase(found)
    return Unit(kept, is_phrase=True) if 1 < len(kept) == len(found) else None

"""What a reader typed, understood: words, "phrases", -without, beginning*, field:word. Everything else is text.

Words are looked for together and, where that finds too little, one by one; phrases, fields and exclusions always
hold. Only the fields named here can be reached. Not here: finding (`ranking`).
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from search_index.analysis import IS_UNSPACED, Element, beginning, elements, fold

MOST_CHARACTERS = 256
MOST_UNITS = 16
MOST_ELEMENTS = 32
MOST_PHRASE_WORDS = 6
EXACT_FIELDS = ("section", "locale")
WORD_FIELDS = ("tag", "author", "title")
QUOTES = str.maketrans(dict.fromkeys("“”„‟«»「」『』＂", '"'))
CHUNK = re.compile(
    rf"""(?P<minus>-)?
         (?:(?P<field>{"|".join((*EXACT_FIELDS, *WORD_FIELDS))}):)?
         (?:"(?P<phrase>[^"]*)"? | (?P<word>[^\s"]+))""",
    re.VERBOSE | re.IGNORECASE,
)


class QueryError(ValueError):
    """This is no query, or no place in its results. The message is for whoever asked."""


@dataclass(frozen=True)
class Unit:
    """Elements that belong together: a word, a run of words without spaces between them, or a phrase.

    A phrase must be there as it stands; of a run, more than half of the elements must be there, anywhere.
    """

    elements: tuple[Element, ...]
    is_phrase: bool = False


@dataclass(frozen=True)
class Restriction:
    """What a field must hold: an exact value of `section` or `locale`, words of the others."""

    field: str
    value: str
    unit: Unit


@dataclass(frozen=True)
class Query:
    """What is looked for. `in_a_row` is set when words were typed side by side, which articles may say just so."""

    units: tuple[Unit, ...] = ()
    restrictions: tuple[Restriction, ...] = ()
    without: tuple[Unit | Restriction, ...] = ()
    in_a_row: Unit | None = None

    @property
    def is_empty(self) -> bool:
        """Whether nothing that could be looked for was typed."""
        return not (self.units or self.restrictions or self.without)


def parse(text: str) -> Query:
    """Understand any text of up to 256 characters. Of more than sixteen words the first sixteen count.

    Raises: QueryError
    """
    if len(text) > MOST_CHARACTERS:
        raise QueryError(f"at most {MOST_CHARACTERS} characters can be searched for, this is {len(text)}")
    if not text.strip():
        raise QueryError("there is nothing to search for")
    wanted: list[Unit] = []
    restrictions: list[Restriction] = []
    without: list[Unit | Restriction] = []
    row: list[str] = []
    room = MOST_ELEMENTS
    for is_without, part in _parts(text, row):
        unit = part.unit if isinstance(part, Restriction) else part
        if len(wanted) + len(restrictions) + len(without) == MOST_UNITS or len(unit.elements) > room:
            break
        room -= len(unit.elements)
        if is_without:
            without.append(_strict(part))
        elif isinstance(part, Restriction):
            restrictions.append(part)
        elif part not in wanted:
            wanted.append(part)
    return Query(tuple(wanted), tuple(restrictions), tuple(without), _in_a_row(row))


def _parts(text: str, row: list[str]) -> Iterator[tuple[bool, Unit | Restriction]]:
    """What the chunks of a text mean. Plain words are noted in `row` as well."""
    for match in CHUNK.finditer(text.translate(QUOTES)):
        is_without, field = match["minus"] is not None, (match["field"] or "").lower()
        unit = _phrase(match["phrase"]) if match["phrase"] is not None else _run(match["word"])
        said = match["phrase"] if match["phrase"] is not None else match["word"]
        if field in EXACT_FIELDS:
            yield is_without, Restriction(field, fold(said).strip(), Unit(()))
        elif unit.elements and field:
            yield is_without, Restriction(field, "", _strict_unit(unit))
        elif unit.elements:
            if match["word"] and not is_without:
                row.append(said)
            yield is_without, unit


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


def _strict(part: Unit | Restriction) -> Unit | Restriction:
    return part if isinstance(part, Restriction) else _strict_unit(part)


def _strict_unit(unit: Unit) -> Unit:
    return Unit(_within_a_phrase(unit.elements), is_phrase=True)


def _in_a_row(words: list[str]) -> Unit | None:
    if len(words) < 2 or any(word.endswith("*") for word in words):
        return None
    found = elements(" ".join(words))
    kept = _within_a_phrase(found)
    return Unit(kept, is_phrase=True) if 1 < len(kept) == len(found) else None

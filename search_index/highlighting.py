"""Shows where a text says what was looked for: an excerpt as HTML in which nothing is markup but `<mark>`."""

import re
from collections.abc import Iterator
from html import escape

from search_index.analysis import fold, spans, terms
from search_index.query import Query
from search_index.stemming import language_of

ELLIPSIS = "…"
SPACES = re.compile(r"\s+")
# Words this near to the start of an excerpt are shown with some of what stands before them.
LEAD = 40


def highlight(query: Query, text: str, *, max_characters: int, locale: str = "") -> str:
    """Escaped HTML of at most so many characters of the text, where most of what was looked for stands.

    Units: characters of the text, not of the HTML. `locale` is that of the text.
    """
    text = SPACES.sub(" ", text).strip()
    found = list(_found(query, text, language_of(locale)))
    start, end = _excerpt(text, found, max_characters)
    parts, at = [ELLIPSIS] if start else [], start
    for begin, stop in _joined(found):
        if begin >= start and stop <= end:
            parts += [escape(text[at:begin]), "<mark>", escape(text[begin:stop]), "</mark>"]
            at = stop
    parts.append(escape(text[at:end]))
    if end < len(text):
        parts.append(ELLIPSIS)
    return "".join(parts)


def _found(query: Query, text: str, language: str) -> Iterator[tuple[int, int, str]]:
    """Start, end and term of every place that was looked for."""
    wanted = [element for unit in query.units for element in unit.elements]
    wanted += [element for part in query.restrictions for element in part.unit.elements]
    exact = {term for one in wanted if not one.is_prefix for term in (one.term, one.in_language(language))}
    begun = [element for element in wanted if element.is_prefix]
    characters = {element.term for element in begun if not element.whole}
    for start, end, is_unspaced in spans(text):
        if is_unspaced:
            for at in range(start, end):
                pair, one = fold(text[at : min(at + 2, end)]), fold(text[at])
                if pair in exact:
                    yield at, min(at + 2, end), pair
                elif one in characters:
                    yield at, at + 1, one
        else:
            for term in terms(text[start:end], language):
                if term in exact or any(element.fits(term) for element in begun):
                    yield start, end, term
                    break


def _joined(found: list[tuple[int, int, str]]) -> Iterator[tuple[int, int]]:
    """Places that overlap or touch become one."""
    begin = stop = -1
    for start, end, _ in found:
        if begin >= 0 and start <= stop:
            stop = max(stop, end)
            continue
        if begin >= 0:
            yield begin, stop
        begin, stop = start, end
    if begin >= 0:
        yield begin, stop


def _excerpt(text: str, found: list[tuple[int, int, str]], most: int) -> tuple[int, int]:
    """The part that holds most different terms, then most places, then comes first."""
    if len(text) <= most:
        return 0, len(text)
    room = max(1, most - 2 * len(ELLIPSIS))
    best, start = (0, 0), 0
    last = 0
    for first, (begin, _, _) in enumerate(found):
        last = max(last, first)
        while last < len(found) and found[last][1] <= begin + room:
            last += 1
        inside = found[first:last]
        worth = (len({term for _, _, term in inside}), len(inside))
        if worth > best:
            best, start = worth, begin
    return _at_words(text, max(0, start - min(LEAD, room // 4)), room)


def _at_words(text: str, start: int, room: int) -> tuple[int, int]:
    """Begin and end between words where one is near."""
    start = max(0, min(start, len(text) - room))
    if start:
        space = text.find(" ", start, start + 20)
        start = space + 1 if space >= 0 else start
    end = min(len(text), start + room)
    if end < len(text):
        space = text.rfind(" ", max(start + 1, end - 20), end)
        end = space if space > start else end
    return start, end

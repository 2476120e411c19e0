"""Whether one document is what a query asks for, without an index: for queries that wait for documents.

A page is the terms of one document with their places, made by the index's own fields, so both agree: a query asks for
exactly those documents that the index finds whole, with a score of 1 or more. One difference remains: where more terms
begin like a word with `*` than the index looks at, only the page has them all.

`key_of` and `keys_of` spare most of the work: what a query asks for has its key among its own. Whoever keeps many
queries by their keys need compare a document only with those, and with the few that have none.
"""

from bisect import bisect_left
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from itertools import takewhile

from search_index.analysis import Element
from search_index.document import IndexDocument
from search_index.query import Query, Restriction, Unit
from search_index.schema import SCHEMA, places, values

TEXTS = ("all", "title", "tag", "author")
EXACT = ("section", "locale")
LONGEST_KEY = 200


@dataclass(frozen=True)
class Page:
    """One document as the index would hold it: by field, each term with its places. Exact values have none."""

    fields: Mapping[str, Mapping[str, list[int]]]
    ordered: Mapping[str, list[str]] = field(repr=False)

    def places(self, name: str, element: Element) -> set[int]:
        """Where an element stands in a field."""
        held = self.fields[name]
        if not element.is_prefix:
            return set(held.get(element.term, ()))
        words = self.ordered[name]
        begun = takewhile(lambda word: word.startswith(element.term), words[bisect_left(words, element.term) :])
        return {place for word in {*begun, element.whole} for place in held.get(word, ())}


def page_of(document: IndexDocument) -> Page:
    """The terms of a document. Costs about as much as putting it into the index, without the index."""
    given = values(document)
    fields = {
        name: {term.decode(): places(value) for term, _, _, value in SCHEMA[name].index(given[name])} for name in TEXTS
    }
    exact: dict[str, dict[str, list[int]]] = {name: {value: [] for value in given[name]} for name in EXACT}
    return Page({**fields, **exact}, {name: sorted(held) for name, held in fields.items()})


def is_asked_for(query: Query, page: Page) -> bool:
    """Whether the index would find the document, with everything that the query asks for."""
    return (
        all(_says(page, "all", unit) for unit in query.units)
        and all(_holds(page, restriction) for restriction in query.restrictions)
        and not any(
            _holds(page, part) if isinstance(part, Restriction) else _says(page, "all", part) for part in query.without
        )
    )


def asks_for_something(query: Query) -> bool:
    """Whether a query says what it wants, and not only what it does not want."""
    return bool(query.units or query.restrictions)


def key_of(query: Query) -> str:
    """One thing that every document must hold that the query asks for; empty where there is no single one.

    Of several the longest: long words are rare.
    """
    needed = [_key("all", element.term) for unit in query.units for element in unit.elements if not element.is_prefix]
    for restriction in query.restrictions:
        if restriction.field in EXACT:
            needed.append(_key(restriction.field, restriction.value))
        needed += [_key(restriction.field, one.term) for one in restriction.unit.elements if not one.is_prefix]
    return max(needed, key=lambda key: (not key.startswith("locale:"), len(key), key), default="")


def keys_of(page: Page) -> Iterator[str]:
    """The key of every query that may ask for the document, but for the empty one."""
    yield from {_key(name, term) for name, held in page.fields.items() for term in held}


def meaning_of(query: Query) -> str:
    """A text that is the same for queries that ask for the same documents in other words or another order."""
    parts = (sorted(map(repr, set(one))) for one in (query.units, query.restrictions, query.without))
    return "\n".join(map(repr, parts))


def _key(name: str, term: str) -> str:
    return f"{name}:{term}"[:LONGEST_KEY]


def _says(page: Page, name: str, unit: Unit) -> bool:
    starts: set[int] | None = None
    for element in unit.elements:
        here = {place - element.offset for place in page.places(name, element)}
        starts = here if starts is None else starts & here
        if not starts:
            return False
    return True


def _holds(page: Page, restriction: Restriction) -> bool:
    if restriction.unit.elements:
        return _says(page, restriction.field, restriction.unit)
    return restriction.value in page.fields[restriction.field]

"""Whether one document is what a query asks for, without an index: for queries that wait for documents.

A page is the terms of one document with their places, made by the index's own fields, so both agree: a query asks for
exactly those documents that the index finds whole, with a score of 1 or more. One difference remains: where more terms
begin like a word with `*` than the index looks at, only the page has them all. Synonyms are added to a search where
it is made, so a waiting query has none.

`key_of` and `keys_of` spare most of the work: what a query asks for has its key among its own. Whoever keeps many
queries by their keys need compare a document only with those, and with the few that have none.
"""

from bisect import bisect_left
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from itertools import takewhile

from search_index.analysis import Element, terms
from search_index.document import IndexDocument
from search_index.query import AnyOf, Limit, Part, Query, Restriction, Span, Unit, alternatives
from search_index.schema import SCHEMA, microseconds, places, values
from search_index.stemming import language_of

TEXTS = ("all", "title", "tag", "author")
EXACT = ("section", "locale", "tag_key", "author_key", "type")
LONGEST_KEY = 200


@dataclass(frozen=True)
class Page:
    """One document as the index would hold it: by field, each term with its places. Exact values have none."""

    fields: Mapping[str, Mapping[str, list[int]]]
    ordered: Mapping[str, list[str]] = field(repr=False)
    language: str
    published: int
    keys: frozenset[str] = field(repr=False)

    def places(self, name: str, element: Element) -> set[int]:
        """Where an element stands in a field."""
        held = self.fields[name]
        meant = {element.term, element.in_language(self.language)}
        if element.is_prefix:
            words = self.ordered[name]
            begun = takewhile(lambda word: word.startswith(element.term), words[bisect_left(words, element.term) :])
            meant = {*begun, element.whole, element.in_language(self.language)}
        return {place for word in meant for place in held.get(word, ())}


def page_of(document: IndexDocument) -> Page:
    """The terms of a document. Costs about as much as putting it into the index, without the index."""
    given = values(document)
    fields = {
        name: {term.decode(): places(value) for term, _, _, value in SCHEMA[name].index(given[name])} for name in TEXTS
    }
    exact: dict[str, dict[str, list[int]]] = {name: {value: [] for value in given[name]} for name in EXACT}
    language = language_of(document.locale)
    keys = {_key(name, term) for name, held in {**fields, **exact}.items() for term in held}
    if language:
        # A query's key is made before it is known in which language it will be answered, by the rules of English.
        keys |= {_key(name, term) for name in TEXTS for part in given[name][1] for term in terms(part)}
    ordered = {name: sorted(held) for name, held in fields.items()}
    return Page({**fields, **exact}, ordered, language, microseconds(document.published_at), frozenset(keys))


def is_asked_for(query: Query, page: Page) -> bool:
    """Whether the index would find the document, with everything that the query asks for."""
    return (
        all(says(page, "all", unit) for unit in query.units)
        and all(holds(page, restriction) for restriction in query.restrictions)
        and not any(says(page, "all", part) if isinstance(part, Unit) else holds(page, part) for part in query.without)
    )


def asks_for_something(query: Query) -> bool:
    """Whether a query says what it wants, and not only what it does not want."""
    return bool(query.units) or any(isinstance(part, Restriction) for part in query.restrictions)


def key_of(query: Query) -> str:
    """One thing that every document must hold that the query asks for; empty where there is no single one.

    Of several the longest: long words are rare.
    """
    needed = [
        _key("all", element.term)
        for unit in query.units
        if not isinstance(unit, AnyOf)
        for element in unit.elements
        if not element.is_prefix
    ]
    for restriction in query.restrictions:
        if isinstance(restriction, Span):
            continue
        if restriction.field in EXACT:
            needed.append(_key(restriction.field, restriction.value))
        needed += [_key(restriction.field, one.term) for one in restriction.unit.elements if not one.is_prefix]
    return max(needed, key=lambda key: (not key.startswith("locale:"), len(key), key), default="")


def keys_of(page: Page) -> Iterator[str]:
    """The key of every query that may ask for the document, but for the empty one."""
    yield from page.keys


def meaning_of(query: Query) -> str:
    """A text that is the same for queries that ask for the same documents in other words or another order."""
    parts = (sorted(map(repr, set(one))) for one in (query.units, query.restrictions, query.without))
    return "\n".join(map(repr, parts))


def _key(name: str, term: str) -> str:
    return f"{name}:{term}"[:LONGEST_KEY]


def says(page: Page, name: str, part: Part) -> bool:
    """Whether a field says a part of a query as it stands."""
    return any(_says_unit(page, name, unit) for unit, _ in alternatives(part))


def _says_unit(page: Page, name: str, unit: Unit) -> bool:
    starts: set[int] | None = None
    for element in unit.elements:
        here = {place - element.offset for place in page.places(name, element)}
        starts = here if starts is None else starts & here
        if not starts:
            return False
    return True


def holds(page: Page, restriction: Limit) -> bool:
    """Whether a document is among those that a query is restricted to."""
    if isinstance(restriction, Span):
        since = restriction.since is None or microseconds(restriction.since) <= page.published
        return since and (restriction.until is None or page.published < microseconds(restriction.until))
    if restriction.unit.elements:
        return says(page, restriction.field, restriction.unit)
    return restriction.value in page.fields[restriction.field]

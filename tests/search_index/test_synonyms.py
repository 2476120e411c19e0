"""Other words for what was typed: they are looked for too, count less, and never change what is said exactly."""

import pytest

from search_index.query import AnyOf, Query, parse
from search_index.synonyms import MOST_ADDED, WEIGHT, Thesaurus
from tests.search_index.conftest import Shelf, article

KNOWN = Thesaurus(
    [
        (("UK", "United Kingdom", "Britain"), False),
        (("car", "automobile", "motor vehicle"), True),
        (("交通", "运输"), False),
    ]
)


def meant(query: Query) -> list[list[list[str]]]:
    return [
        [[one.term for one in unit.elements] for unit in (part.units if isinstance(part, AnyOf) else (part,))]
        for part in query.units
    ]


@pytest.mark.parametrize(
    ("typed", "found"),
    [
        ("uk", [[["uk"], ["unit", "kingdom"], ["britain"]]]),
        ("United  KINGDOMS trains", [[["unit", "kingdom"], ["uk"], ["britain"]], [["train"]]]),
        ("united", [[["unit"]]]),
        ("cars", [[["car"], ["automobil"], ["motor", "vehicl"]]]),
        ("automobile", [[["automobil"]]]),
        ("交通", [[["交通"], ["运输"]]]),
        ('"uk"', [[["uk"]]]),
        ("brita*", [[["brita"]]]),
        ("uk OR rail", [[["uk"], ["rail"]]]),
        ("title:uk", []),
        ("-uk", []),
        ("rail", [[["rail"]]]),
    ],
)
def test_plain_words_are_expanded_and_nothing_else(typed: str, found: list[list[list[str]]]) -> None:
    expanded = KNOWN.expanded(parse(typed))
    assert meant(expanded) == found
    assert expanded.in_a_row == parse(typed).in_a_row
    for part in expanded.units:
        if isinstance(part, AnyOf) and typed != "uk OR rail":
            assert part.weights == (1.0,) + (WEIGHT,) * (len(part.units) - 1)


def test_a_query_never_grows_beyond_its_bound() -> None:
    words = [f"word{number}" for number in range(16)]
    known = Thesaurus([((word, *(f"{word}x{other} y z" for other in range(19))), False) for word in words])
    query = parse(" ".join(words))
    expanded = known.expanded(query)
    assert any(isinstance(part, AnyOf) for part in expanded.units)
    assert sum(len(part.elements) for part in expanded.units) <= len(words) + MOST_ADDED
    assert Thesaurus([]).expanded(query) is query


def test_articles_that_say_the_same_in_other_words_are_found_and_come_later(shelf: Shelf) -> None:
    shelf.put(
        article("typed", "Rail in the UK"), article("other", "Rail in the United Kingdom"),
        article("apart", "A united front in the kingdom of rail"),
    )  # fmt: skip
    hits = shelf.reader.search(KNOWN.expanded(parse("uk rail")), limit=9).hits
    assert [hit.id for hit in hits if hit.score >= 1] == ["typed", "other"]
    assert {hit.id for hit in hits} == {"typed", "other", "apart"}
    assert hits[2].id == "apart"

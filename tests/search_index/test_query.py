"""The query grammar: what is understood, what is only text, and that nothing is too hostile."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from search_index.query import MOST_ELEMENTS, MOST_UNITS, Query, QueryError, parse


def terms_of(query: Query) -> list[list[str]]:
    return [[element.term for element in unit.elements] for unit in query.units]


def test_words_phrases_exclusions_beginnings_and_fields_are_understood() -> None:
    query = parse('ferry "ice breaker" -harbour nav* tag:"high speed" section:World locale:zh-CN')
    assert terms_of(query) == [["ferri"], ["ice", "breaker"], ["nav"]]
    assert [unit.is_phrase for unit in query.units] == [False, True, False]
    assert query.units[2].elements[0].is_prefix
    assert [part.unit.elements[0].term for part in query.restrictions[:1]] == ["high"]
    assert [(part.field, part.value) for part in query.restrictions[1:]] == [("section", "world"), ("locale", "zh-cn")]
    assert [unit.elements[0].term for unit in query.without] == ["harbour"]  # type: ignore[union-attr]  # a unit here


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("secret:tok1*", [["secret", "tok1"]]),
        ("id:7", [["id", "7"]]),
        ("all:ferry", [["ferri"]]),
        ("*", []),
        ("ab*", [["ab"]]),
        ("news?", [["news"]]),
        ("well-known", [["well", "known"]]),
        ("a OR b", [["b"]]),
        ("[a TO z]", [["z"]]),
        ("title:", [["titl"]]),
        ("C++", [["c"]]),
        ("(((rail)))", [["rail"]]),
        ("rail^100", [["rail", "100"]]),
        ("rail~2", [["rail", "2"]]),
        ("“rail strike”", [["rail", "strike"]]),
        ('"unfinished rail', [["unfinish", "rail"]]),
    ],
)
def test_everything_else_is_text(typed: str, meant: list[list[str]]) -> None:
    assert terms_of(parse(typed)) == meant


def test_too_long_and_blank_texts_are_refused_and_the_longest_is_not() -> None:
    for text in ("x" * 257, " " * 3, "", "\u3000"):
        with pytest.raises(QueryError):
            parse(text)
    assert terms_of(parse("x" * 256)) == [["x" * 40]]


def test_of_many_words_the_first_sixteen_count() -> None:
    query = parse(" ".join(f"w{number}" for number in range(40)))
    assert [terms[0] for terms in terms_of(query)] == [f"w{number}" for number in range(MOST_UNITS)]


def test_a_phrase_counts_to_six_words_or_twelve_pairs_of_characters() -> None:
    assert terms_of(parse('"one1 two2 three3 four4 five5 six6 seven7"'))[0][-1] == "six6"
    assert terms_of(parse('"城市轨"')) == [["城市", "市轨"]]
    assert len(parse(f'"{"城市交通" * 5}"').units[0].elements) == 12


@given(st.text(max_size=300) | st.text(alphabet='ab*"-: tag:title:section:交通', max_size=256))
def test_any_text_is_a_query_within_its_caps_or_refused(text: str) -> None:
    try:
        query = parse(text)
    except QueryError:
        assert len(text) > 256 or not text.strip()
        return
    units = [*query.units, *(part.unit for part in query.restrictions)]
    assert len(query.units) + len(query.restrictions) + len(query.without) <= MOST_UNITS
    assert sum(len(unit.elements) for unit in units) <= MOST_ELEMENTS
    assert {part.field for part in query.restrictions} <= {"section", "locale", "tag", "author", "title"}

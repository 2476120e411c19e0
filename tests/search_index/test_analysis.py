"""Text becomes the same terms wherever it stands, and a word is found in every form that readers type."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from search_index.analysis import WORD, elements, fold, terms
from search_index.stopwords import ENGLISH


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Ferries", "ferry"),
        ("running", "runs"),
        ("ＦＥＲＲＹ", "ferry"),
        ("café", "cafe"),
        ("cafe\u0301", "CAFÉ"),
        ("Straße", "strasse"),
        ("Łódź", "lodz"),
        ("smørrebrød", "smorrebrod"),
        ("ﬁnance", "finance"),
        ("Ёлки", "елки"),
        ("новости", "новостей"),
        ("ｶﾒﾗ", "カメラ"),
        ("Ἀθῆναι", "αθηναι"),
    ],
)
def test_forms_of_a_word_are_one_term(one: str, other: str) -> None:
    assert terms(one) == terms(other) != []


@pytest.mark.parametrize(("one", "other"), [("rail", "road"), ("交通", "通交"), ("май", "мои"), ("қала", "кала")])
def test_different_words_stay_different(one: str, other: str) -> None:
    assert terms(one) != terms(other)


def test_runs_without_spaces_become_pairs_and_latin_words_stay_whole() -> None:
    assert terms("AI芯片 and 城市交通") == ["ai", "芯片", "片", "城市", "市交", "交通", "通"]
    assert terms("東京タワー") == ["东京", "京タ", "タワ", "ワー", "ー"]
    assert terms("서울시") == ["서울", "울시", "시"]


def test_every_character_of_a_run_begins_exactly_one_term() -> None:
    run = "北京市今年的房价上涨"
    assert [term[0] for term in terms(run)] == list(run)


def test_stop_words_leave_no_gap_and_names_are_none() -> None:
    assert terms("The state of the art") == ["state", "art"]
    assert terms("US, WHO and May") == ["us", "who", "may"]
    assert not terms("the of and это және")
    assert 120 <= len(ENGLISH.split()) <= 180


def test_single_characters_and_endless_words_are_bounded() -> None:
    assert [len(term) for term in terms("x" * 100_000)] == [40]
    assert elements("通")[0].is_prefix


@given(st.text(max_size=200))
def test_any_text_has_terms_that_can_be_written_and_found_again(text: str) -> None:
    found = terms(text)
    assert all(term and term.encode() for term in found)
    assert not any(WORD.search(term) is None for term in found)
    assert terms(fold(text)) == terms(fold(fold(text)))


@given(st.text(alphabet="abc 城市交通的, Тест", max_size=60))
def test_what_a_query_looks_for_stands_in_the_text_that_was_typed(text: str) -> None:
    found = terms(text)
    for element in elements(text):
        here = found[element.offset]
        assert here.startswith(element.term) if element.is_prefix else here == element.term

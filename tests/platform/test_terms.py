"""Terms and their weights."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cms.platform.text.terms import count_terms, stem, weighted


def test_forms_of_a_word_are_one_term_and_words_of_every_text_are_none() -> None:
    counts = count_terms("The trains' training trained a train. Iron-ore and don't; 2026 was 5 years ago.", "en")
    assert counts == {"train": 4, "iron": 1, "ore": 1, "ago": 1}


def test_chinese_counts_pairs_of_neighbours_without_the_glue() -> None:
    assert count_terms("北京列车在出发 iPhone手机", "zh") == {
        "北京": 1, "京列": 1, "列车": 1, "出发": 1, "iphone": 1, "手机": 1,
    }  # fmt: skip


def test_long_endings_of_russian_and_kazakh_are_cut() -> None:
    assert count_terms("электростанция электростанциями для", "ru") == {"электр": 2}
    assert count_terms("мұғалімдерге мұғалімдер және", "kk") == {"мұғалі": 2}


@pytest.mark.parametrize(
    "forms",
    ["policy policies", "house houses housing housed", "stop stops stopped stopping", "box boxes",
     "study studied studies", "fall falls falling", "bus buses", "quick quickly", "class classes"],
)  # fmt: skip
def test_english_forms_meet(forms: str) -> None:
    assert len({stem(form, "en") for form in forms.split()}) == 1


def test_different_words_do_not_meet() -> None:
    words = ["speed", "spin", "glass", "gas", "red", "reed", "string", "strong", "ring", "rise", "bus", "basis"]
    assert len({stem(word, "en") for word in words}) == len(words)


def test_the_rarer_and_the_more_frequent_term_weighs_more() -> None:
    vector = weighted(
        {"rare": 1, "common": 1, "repeated": 4, "new": 1}, {"rare": 2, "common": 90, "repeated": 2}, 100, 10
    )
    assert vector["new"] > vector["rare"] > vector["common"]
    assert vector["repeated"] / vector["rare"] == pytest.approx(1 + math.log(4))


def test_only_the_strongest_terms_are_kept_and_equals_go_by_name() -> None:
    assert list(weighted({"c": 1, "a": 1, "b": 2}, {}, 0, 2)) == ["b", "a"]
    assert weighted({}, {}, 10, 5) == {}


@given(
    st.dictionaries(st.text(min_size=1, max_size=5), st.integers(1, 1000), max_size=60),
    st.dictionaries(st.text(min_size=1, max_size=5), st.integers(0, 10**6), max_size=60),
    st.integers(0, 10**6),
)
def test_a_vector_has_the_length_one(counts: dict[str, int], frequencies: dict[str, int], documents: int) -> None:
    vector = weighted(counts, frequencies, documents, 40)
    assert len(vector) == min(len(counts), 40)
    assert all(weight > 0 for weight in vector.values())
    if vector:
        assert math.fsum(weight * weight for weight in vector.values()) == pytest.approx(1)

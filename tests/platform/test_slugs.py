"""Slugs made and slugs given."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cms.platform.text.slugs import LONGEST_GIVEN, LONGEST_MADE, RESERVED, is_slug, slugify


@pytest.mark.parametrize(
    ("title", "locale", "slug"),
    [
        ("The harbour opens, again!", "en", "the-harbour-opens-again"),
        ("It’s O'Neill's café — déjà vu", "en", "its-oneills-cafe-deja-vu"),
        ("Größe über Straße", "de", "groesse-ueber-strasse"),
        ("Größe über Straße", "en", "grosse-uber-strasse"),
        ("Blåbær på Ærø", "da", "blaabaer-paa-aeroe"),
        ("İstanbul ılık", "tr", "istanbul-ilik"),
        ("Łódź", "pl", "lodz"),
        ("北京的列车：出发了", "zh-CN", "北京的列车-出发了"),
        ("Поезд ушёл", "ru", "поезд-ушёл"),
        ("Қазақстан й", "kk", "қазақстан-й"),
        ("हिन्दी समाचार", "hi", "हिन्दी-समाचार"),
        ("ＡＢＣ　１２", "ja", "abc-12"),
        ("e\u0301te\u0301", "fr", "ete"),
        ("...", "en", "article"),
        ("", "en", "article"),
        ("\u0301\u200d☂", "en", "article"),
        ("Related", "en", "related-article"),
        ("../../etc/passwd", "en", "etc-passwd"),
    ],
)
def test_a_title_becomes_a_slug_that_its_readers_can_read(title: str, locale: str, slug: str) -> None:
    assert slugify(title, locale) == slug


def test_a_long_title_ends_with_a_whole_word_where_there_are_words() -> None:
    assert slugify("harbour " * 40, "en") == "-".join(["harbour"] * 12)
    assert slugify("北京" * 80, "zh-CN") == "北京" * 50


@settings(max_examples=500, deadline=None)
@given(st.text(max_size=150), st.sampled_from(["en", "de", "zh-CN", "kk", "tr", ""]))
def test_whatever_the_title_the_slug_is_one(title: str, locale: str) -> None:
    slug = slugify(title, locale)
    assert is_slug(slug)
    assert len(slug) <= LONGEST_MADE
    assert slugify(slug, locale) == slug or slug.endswith("-article")


@pytest.mark.parametrize("text", ["a", "a-b", "7", "列车-a", "поезд", "हिन्दी", "é", "x" * LONGEST_GIVEN])
def test_what_can_be_given_as_a_slug(text: str) -> None:
    assert is_slug(text)


@pytest.mark.parametrize(
    "text",
    ["", "-", "-a", "a-", "a--b", "A", "a b", "a_b", "a.b", ".", "..", "a/b", "a%20b", "e\u0301", "\u0301a", "a\u200bb",
     "a\u202eb", "☂", "a\n", "²", "x" * (LONGEST_GIVEN + 1), *sorted(RESERVED)],
)  # fmt: skip
def test_what_cannot_be_given_as_a_slug(text: str) -> None:
    assert not is_slug(text)

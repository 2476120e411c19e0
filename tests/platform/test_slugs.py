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


# Row S57: titles that differ in case, normal form, width, or what nobody sees make one slug; the second gets a number.
ALIKE = (
    ("Harbour", "HARBOUR"), ("Harbour", "harbour"), ("Harbour", "ＨＡＲＢＯＵＲ"), ("Harbour", "𝐇𝐚𝐫𝐛𝐨𝐮𝐫"),
    ("Harbour", "Ⓗarbour"), ("Harbour", "Har\u00adbour"), ("Harbour", "Har\u200dbour"), ("Harbour", "Har\u2060bour"),
    ("Harbour", "\ufeffHarbour"), ("Harbour", "\u202eHarbour\u202c"), ("Harbour", "\u200eHarbour\u200f"),
    ("Harbour", "Harbour\ufe0f"), ("Harbour", "Har\u034fbour"), ("Harbour", "Har\u115fbour"),
    ("Harbour", "Harbour\u3164"), ("Harbour", "Harbour\U000e0041"), ("Harbour", "\u180eHarbour"),
    ("Harbour", " Harbour\u00a0"), ("Harbour", "Hárboùr"), ("Harbour", "Harbour!?"), ("Harbour", "...Harbour"),
    ("Harbour", "/Harbour/"), ("Harbour day", "Harbour  day"), ("Harbour day", "Harbour\u3000day"),
    ("Harbour day", "Harbour\u200bday"), ("Harbour day", "Harbour_day"), ("Harbour day", "Harbour—day"),
    ("Harbour day", "Harbour/day"), ("Harbour day", "Harbour\u2009day"), ("Café", "Cafe\u0301"), ("Café", "CAFÉ"),
    ("Café", "Cafe"), ("Åland", "A\u030aland"), ("Åland", "\u212bland"), ("ẞ", "ß"), ("ẞ", "ss"), ("ﬁsh", "fish"),
    ("Ĳsselmeer", "IJsselmeer"), ("ǅ", "dž"), ("İzmir", "izmir"), ("ılık", "ilik"), ("K\u212a", "kk"), ("№5", "No5"),
    ("Ελλάδα", "ΕΛΛΆΔΑ"), ("ΟΔΟΣ", "Οδος"), ("й", "и\u0306"), ("ЁЛКА", "е\u0308лка"), ("Қазақ", "ҚАЗАҚ"),
    ("한국", "\u1112\u1161\u11ab국"), ("が", "か\u3099"), ("ガ", "ｶﾞ"), ("１２", "12"), ("①", "1"), ("ﻻ", "لا"),
    ("مـرفأ", "مـرفا\u0654"), ("क़", "क\u093c"), ("น้ำ", "น้ํา"), ("ນ້ຳ", "ນ້ໍາ"), ("O’Neill", "O'Neill"),
    ("O’Neill", "ONeill"), ("Ⅷ", "viii"), ("ſea", "sea"), ("µ", "μ"),
)  # fmt: skip
# Letters that only look alike are letters of their own: each script's readers read it, and both addresses work.
DIFFERENT = (
    ("a", "а"), ("o", "ο"), ("o", "о"), ("p", "р"), ("c", "с"), ("i", "і"), ("x", "х"), ("y", "у"), ("h", "һ"),
    ("ё", "ѐ"), ("е", "ё"), ("и", "й"), ("қ", "к"), ("σ", "ς"), ("rn", "m"), ("l", "1"), ("o", "0"), ("вв", "bb"),
    ("日", "曰"), ("国", "國"), ("ペ", "べ"), ("ー", "一"), ("ا", "أ"), ("٣", "3"), ("ي", "ی"), ("व", "ब"),
    ("cl", "d"), ("vv", "w"), ("ก", "ภ"), ("ß", "β"),
)  # fmt: skip


def test_titles_that_differ_in_nothing_that_is_read_make_one_slug() -> None:
    made = {pair: {slugify(title, "en") for title in pair} for pair in ALIKE}
    assert {pair: slugs for pair, slugs in made.items() if len(slugs) > 1} == {}
    # Of each only one spelling can be given, but for letters that a slug made of a title spells in others.
    given = {title for pair, slugs in made.items() for title in pair if is_slug(title) and title not in slugs}
    assert given == {"ß", "dž", "ılık"}
    assert len(set(ALIKE)) == len(ALIKE) >= 60


def test_letters_that_only_look_alike_stay_letters_of_their_own() -> None:
    made = [(slugify(one, "en"), slugify(other, "en")) for one, other in DIFFERENT]
    assert [pair for pair in made if pair[0] == pair[1]] == []
    assert len(set(DIFFERENT)) == len(DIFFERENT) >= 30

"""Headlines: which are the same but for their spelling, which are much alike, and which only look so."""

import pytest

from cms.platform.text.headlines import folded, headline_key, most_alike

SAME = (
    ("Hello, World!", "hello world"), ("ＡＢＣ　news", "abc NEWS"), ("“Ferry” is back…", "Ferry is back"),
    ("港口，重开", "港口重开"), ("Re-opens", "reopens"), ("STRASSE", "Straße"), ("a\u200bb", "ab"),
    ("Q&A: rail", "q a rail"), ("ﾊｰﾊﾞｰ", "ハーバー"), ("e\u0301tat", "\u00e9tat"), ("🚋 Trams", "trams"),
)  # fmt: skip
OTHERS = (
    ("€5 fare", "$5 fare"), ("Ferry", "Ferries"), ("etat", "\u00e9tat"), ("3 dead", "4 dead"), ("!!!", "???"),
    ("Көпір", "Копир"),
)  # fmt: skip
ALIKE = (
    ("Bridge opens after repairs", "Bridge opens after the repairs"),
    ("After repairs, bridge opens", "Bridge opens after repairs"),
    ("Brigde opens after long repairs", "Bridge opens after long repairs"),
    ("Көпір қайта ашылды", "Көпір қайта ашылды ма"),
    ("港口今天上午重新开放", "港口今天上午重新开放了"),
    ("Night tram returns to the hill", "Night trams return to the hill"),
)
UNLIKE = (
    ("Fire in Almaty kills two", "Fire in Astana kills two"),
    ("Round 3 results", "Round 4 results"),
    ("Budget of 2025 passed", "Budget of 2026 passed"),
    ("Mayor resigns in Aktau", "Mayor resigns in Aktobe"),
    ("港口今天重开", "港口今天关闭"),
    ("Council approves the new budget", "Council rejects the new budget"),
    ("Tram", "Trams and ferries"),
    ("\u200b", "\u200c"),
)


@pytest.mark.parametrize(("one", "other"), SAME)
def test_spelling_of_no_weight_makes_no_difference(one: str, other: str) -> None:
    assert headline_key(one) == headline_key(other)
    assert folded(folded(one)) == folded(one)


@pytest.mark.parametrize(("one", "other"), OTHERS)
def test_other_words_have_other_keys(one: str, other: str) -> None:
    assert headline_key(one) != headline_key(other)


@pytest.mark.parametrize(("one", "other"), ALIKE)
def test_much_the_same_words_are_alike_both_ways(one: str, other: str) -> None:
    assert most_alike(one, [("far", "Nothing of the kind"), ("near", other)]) == "near"
    assert most_alike(other, [("near", one)]) == "near"


@pytest.mark.parametrize(("one", "other"), UNLIKE)
def test_what_tells_of_something_else_is_not_alike(one: str, other: str) -> None:
    assert most_alike(one, [("o", other)]) is None
    assert most_alike(other, [("o", one)]) is None


def test_the_most_alike_is_named() -> None:
    known = [("near", "Bridge opens after the repairs"), ("same", "Bridge opens after repairs")]
    assert (
        most_alike("Bridge opens after repairs", known)
        == most_alike("Bridge opens after repairs", known[::-1])
        == "same"
    )

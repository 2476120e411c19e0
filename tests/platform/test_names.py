"""Names that others read: nothing in them is hidden, turns what is read, or makes two of them look like one."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cms.platform.text.names import MOST_MARKS, UnfitName, shown_name

KEPT = (
    "", "Ann", "O’Hara-Müller, Jr.", "林 美", "Айгүл Қанатқызы", "Ңұрлан", "Nguyễn Thị Ánh", "مي\u200cروم", "محمد",
    "क\u094d\u200dष", "ක\u0dca\u200dර", "กำลัง", "Ann 🌷", "👩\u200d🚀", "👩🏽\u200d🚀", "❤\ufe0f",
    "🏳\ufe0f\u200d🌈", "👩\u200d❤\ufe0f\u200d👨", "1\ufe0f\u20e3", "🇰🇿", "<b>Ann</b>", "=?utf-8?q?a?=", "admin",
    "🫨", "...", "\u1ee3\u0302",
)  # fmt: skip
CHANGED = {
    "  Mei   Lin ": "Mei Lin",
    " \u3000\u00a0 ": "",
    "Zoe\u0308": "Zoë",
    "林\u3000美": "林 美",
    "Ann\u00a0L": "Ann L",
}
TURNED = tuple(f"{one}nnA" for one in "\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
UNSEEN = (
    "\u00ad\u034f\u115f\u1160\u17b4\u17b5\u180b\u180e\u180f\u200b\u2060\u2061\u2064\u206a\u206f\u2800\u3164"
    "\ufe00\ufe0d\ufeff\uffa0\ufff0\ufff9\ufffa\ufffb\U000e0001\U000e0041\U000e0100"
)
HIDDEN = (
    *(f"An{one}n" for one in UNSEEN), *"\u3164\u200b\ufeff\u2800", "\u3164 \u3164", "Ann\u200b", "\ufeffAnn",
    "🏴\U000e0067\U000e0062\U000e0065\U000e006e\U000e0067\U000e007f",
)  # fmt: skip
JOINED = (
    "An\u200dn", "An\u200cn", "\u200dAnn", "Ann\u200d", "Ann\u200c", "An\ufe0fn", "An\ufe0e", "\ufe0fAnn", "1\ufe0f",
    "林\u200d美", "А\u200cн", "👩\u200dn", "n\u200d👩", "👩\u200d\u200d🚀", "مي\u200cn", "👩\u200c🚀", "❤\ufe0f\ufe0f",
)  # fmt: skip
NO_LINES = (
    "An\nn", "An\r\nBcc: b@y.org", "An\x00n", "An\x1b[31mn", "An\x7fn", "An\x85n", "An\x9bn", "An\u2028n", "An\u2029n",
    "An\tn", "\ue000", "An\uf8ffn", "\U000f0000", "\U0010ffff", "\ufffe", "\uffff", "\ufdd0", "\U0001ffff",
)  # fmt: skip
PILED = ("Q" + "\u0301" * 5, "Q" + "\u0336" * 60, "\u0301Ann", "\u20ddAnn", "An " + "\u0489" * 5, "\u0e34")


def test_names_of_people_are_kept_as_they_are_seen() -> None:
    assert [shown_name(text) for text in KEPT] == list(KEPT)
    assert {text: shown_name(text) for text in CHANGED} == CHANGED


def test_what_hides_turns_or_piles_up_is_refused_with_a_reason() -> None:
    cases = (*TURNED, *HIDDEN, *JOINED, *NO_LINES, *PILED)
    taken, said = [], set()
    for text in cases:
        try:
            taken.append((text, shown_name(text)))
        except UnfitName as error:
            said.add(str(error))
    assert (len(set(cases)) >= 85, taken, len(said)) == (True, [], 4)


@given(st.text(max_size=12) | st.text("An🚀👩\u200d\u200c\ufe0f\u202e\u3164\u0301 1\u20e3م", max_size=8))
def test_whatever_is_accepted_is_stable_and_is_seen(text: str) -> None:
    try:
        name = shown_name(text)
    except UnfitName:
        return
    assert shown_name(name) == name == unicodedata.normalize("NFC", name).strip()
    assert not any(unicodedata.category(one) in ("Cc", "Cs", "Co", "Zl", "Zp") for one in name)
    hidden = [one for one in name if unicodedata.category(one) == "Cf"]
    assert set(hidden) <= {"\u200c", "\u200d"} or all(ord(one) > 0x2069 or ord(one) < 0xAD for one in hidden)
    assert not name or any(unicodedata.category(one)[0] in "LNPSC" for one in name)


def test_as_many_marks_as_scripts_need_are_kept() -> None:
    assert shown_name("Q" + "\u0323" * MOST_MARKS)
    with pytest.raises(UnfitName):
        shown_name("Q" + "\u0323" * (MOST_MARKS + 1))

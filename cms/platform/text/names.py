"""How people may call themselves where others read it: one line, and nothing in it that hides or turns what is read.

Refused and not stripped, so that a name is kept as it was seen when it was typed. Joiners stay where a script or an
emoji needs them; elsewhere they only make two names look like one.
Source: Unicode's Default_Ignorable_Code_Point; RFC 5892, appendix A; UTS #39, section 3.
"""

import re
import unicodedata

SPACES = re.compile(r"[ \u00a0\u1680\u2000-\u200a\u202f\u205f\u3000]+")
# Control characters, ends of lines, halves of pairs, what has no meaning outside of one program, non-characters.
NO_TEXT = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff\ue000-\uf8ff\ufdd0-\ufdef\U000f0000-\U0010ffff]")
# Of these nothing is seen, or everything behind them is read from the other side. Letters and marks are among them.
HIDDEN = re.compile(
    "[\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b\u200e\u200f\u202a-\u202e\u2060-\u206f\u2800\u3164"
    "\ufe00-\ufe0d\ufeff\uffa0\ufff0-\ufffb\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0000-\U000e0fff]"
)
NON_JOINER, JOINER, SHOWN_AS = "\u200c", "\u200d", frozenset("\ufe0e\ufe0f")
VIRAMA = 9
JOINING = ("ARABIC", "SYRIAC", "NKO", "MANDAIC", "MONGOLIAN")
# Thai, Hebrew and Vietnamese need three on one letter.
MOST_MARKS = 4
KEYCAPS = frozenset("0123456789#*")


class UnfitName(ValueError):
    """A name that others cannot be shown; the text says why."""


def shown_name(text: str) -> str:
    """A name as it is kept: NFC, single spaces, none at its ends; empty for one of spaces. Raises: UnfitName."""
    if NO_TEXT.search(text) or any(ord(one) & 0xFFFE == 0xFFFE for one in text):
        raise UnfitName("Must be one line without control characters.")
    name = SPACES.sub(" ", unicodedata.normalize("NFC", text)).strip(" ")
    if HIDDEN.search(name):
        raise UnfitName("Must hold no characters that are not seen or that turn the direction of what is read.")
    if not all(_may_join(name, place) for place, one in enumerate(name) if one in SHOWN_AS | {JOINER, NON_JOINER}):
        raise UnfitName("Must hold a joiner or a variation selector only where a script or an emoji needs it.")
    if name and _most_marks(name) > (0 if _is_mark(name[0]) else MOST_MARKS):
        raise UnfitName(f"Must begin with no mark, and put at most {MOST_MARKS} on one letter.")
    return name


def _may_join(name: str, place: int) -> bool:
    one, before, after = name[place], name[place - 1] if place else "", name[place + 1 : place + 2]
    if not before:
        return False
    if one in SHOWN_AS:
        return unicodedata.category(before)[0] == "S" or (before in KEYCAPS and after == "\u20e3")
    if not after:
        return False
    if unicodedata.combining(before) == VIRAMA:
        return True
    if one == NON_JOINER:
        return all(unicodedata.name(letter, "").startswith(JOINING) for letter in (before, after))
    is_emoji = before in SHOWN_AS or unicodedata.category(before) in ("So", "Sk", "Cn")
    return is_emoji and unicodedata.category(after) in ("So", "Sm", "Cn")


def _most_marks(name: str) -> int:
    most = run = 0
    for one in name:
        run = run + 1 if _is_mark(one) else 0
        most = max(most, run)
    return most


def _is_mark(one: str) -> bool:
    return unicodedata.category(one) in ("Mn", "Me") and one not in SHOWN_AS

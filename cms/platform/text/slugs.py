"""Slugs: the readable last part of an article's address.

Latin letters lose their accents; letters of other scripts stay what they are, since readers of those scripts read
them, and a transliteration nobody would write helps nobody.
"""

import re
import unicodedata
from functools import lru_cache

LONGEST_MADE = 100
LONGEST_GIVEN = 120
FALLBACK = "article"
# Parts of paths that mean something beside an article, and what programs write for nothing.
RESERVED = frozenset({"comments", "edit", "index", "new", "null", "related", "search", "undefined"})

# Characters that nobody sees: with them two slugs would look alike. Not here, because words end there in some scripts:
# the zero-width space and non-joiner. Source: Unicode's Default_Ignorable_Code_Point.
UNSEEN = re.compile(
    "[\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200d-\u200f\u202a-\u202e\u2060-\u206f\u3164\ufe00-\ufe0f\ufeff\uffa0"
    "\U000e0000-\U000e0fff]"
)
APOSTROPHES = re.compile("['\u2018\u2019\u02bc\u02bb`\u00b4]")
PLAIN = str.maketrans(
    {
        "ß": "ss", "æ": "ae", "œ": "oe", "ø": "o", "đ": "d", "ð": "d", "þ": "th", "ł": "l", "ħ": "h", "ŋ": "n",
        "ı": "i", "ŧ": "t", "ĸ": "k", "ŀ": "l", "ə": "a", "ǝ": "e", "ɛ": "e", "ɔ": "o", "ƒ": "f",
    }
)  # fmt: skip
SPELLED = {
    "de": str.maketrans({"ä": "ae", "ö": "oe", "ü": "ue"}),
    "da": str.maketrans({"å": "aa", "ø": "oe"}),
    "nb": str.maketrans({"å": "aa", "ø": "oe"}),
    "nn": str.maketrans({"å": "aa", "ø": "oe"}),
}


def slugify(title: str, locale: str) -> str:
    """A slug from a title. Never empty, never reserved, at most 100 characters, and always `is_slug`."""
    text = _one_form(_one_form(title).lower())
    text = text.translate(SPELLED.get(locale.partition("-")[0].lower(), {})).translate(PLAIN)
    text = _one_form(_without_accents(APOSTROPHES.sub("", text)))
    slug = _shortened("-".join(_parts(text)))
    if not is_slug(slug) and slug in RESERVED:
        return f"{slug}-{FALLBACK}"
    return slug if is_slug(slug) else FALLBACK


def is_slug(text: str) -> bool:
    """Whether a text can be a slug: lower-case letters and digits of any script, single hyphens, not reserved.

    There is one spelling of each: no ligatures and wide letters, no marks apart, nothing that cannot be seen.
    """
    return 0 < len(text) <= LONGEST_GIVEN and text not in RESERVED and _is_spelled_right(text)


# Articles name the same tags, people and sections again and again.
@lru_cache(maxsize=4096)
def _is_spelled_right(text: str) -> bool:
    if text != text.lower() or text != _one_form(text):
        return False
    return "-".join(_parts(text)) == text


def _one_form(text: str) -> str:
    """NFKC without what cannot be seen, but with the vowels of Thai and Lao in one piece, as everybody types them."""
    plain = UNSEEN.sub("", unicodedata.normalize("NFKC", UNSEEN.sub("", text)))
    return plain.replace("\u0e4d\u0e32", "\u0e33").replace("\u0ecd\u0eb2", "\u0eb3")


def _without_accents(text: str) -> str:
    kept = []
    is_latin = False
    for character in unicodedata.normalize("NFD", text):
        if unicodedata.combining(character):
            if is_latin:
                continue
        else:
            is_latin = "a" <= character <= "z"
        kept.append(character)
    return "".join(kept)


def _parts(text: str) -> list[str]:
    """The runs of letters and digits; a mark counts where it stands on a letter, as the vowels of many scripts do."""
    parts: list[str] = []
    is_open = False
    for character in text:
        category = unicodedata.category(character)
        if category[0] == "L" or category == "Nd":
            if not is_open:
                parts.append("")
            is_open = True
        elif category[0] != "M" or not is_open:
            is_open = False
            continue
        parts[-1] += character
    return parts


def _shortened(slug: str) -> str:
    if len(slug) <= LONGEST_MADE:
        return slug
    whole_words = slug[: LONGEST_MADE + 1].rpartition("-")[0]
    # A script without spaces has no word to end at.
    return whole_words if len(whole_words) > LONGEST_MADE // 2 else slug[:LONGEST_MADE].strip("-")

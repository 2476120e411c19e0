"""Headlines compared as a reader would: spelling of no weight is folded away, and those that are much alike are found.

Not here: which headlines are compared (`cms.newsroom.checking`).
"""

import hashlib
import re
import unicodedata
from collections.abc import Iterable

from cms.platform.text.scripts import HAN, HANGUL, KANA

# Punctuation, spaces, controls, and signs that stand for no word; currencies and signs of arithmetic stay.
WEIGHTLESS = ("P", "Z", "C", "Sk", "So")
NUMBER = re.compile(r"\d+")
UNSPACED = re.compile(f"[{HAN}{KANA}{HANGUL}]")
# Of 1: as many parts in common as there are. One word more in five reaches it, one other word in five does not.
ALIKE = 0.84
KEY_BYTES = 16


def folded(title: str) -> str:
    """A headline in lower case, of one width, without punctuation, its words set apart by single spaces."""
    text = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", title).casefold())
    kept = "".join(" " if unicodedata.category(one).startswith(WEIGHTLESS) else one for one in text)
    return " ".join(kept.split()) or " ".join(text.split())


def headline_key(title: str) -> str:
    """What headlines have in common that differ in case, width, punctuation and spaces alone; 32 hexadecimal digits."""
    return hashlib.blake2b(folded(title).replace(" ", "").encode(), digest_size=KEY_BYTES).hexdigest()


def most_alike(title: str, others: Iterable[tuple[str, str]]) -> str | None:
    """Of pairs of a name and a headline, the name of the one that is most like this one; None where none is.

    Headlines with other numbers tell of something else, such as the next round or another year.
    Formula: Dice's coefficient of the parts of words, 2 · |common| / (|one| + |other|), at least `ALIKE`.
    """
    mine = folded(title)
    parts, numbers = _parts(mine), sorted(NUMBER.findall(mine))
    found: tuple[float, str] | None = None
    if not parts:
        return None
    for name, other in others:
        if not len(title) < 2 * len(other) < 4 * len(title):
            continue
        theirs = folded(other)
        if sorted(NUMBER.findall(theirs)) != numbers:
            continue
        pieces = _parts(theirs)
        likeness = 2 * len(parts & pieces) / (len(parts) + len(pieces))
        if likeness >= ALIKE and (found is None or likeness > found[0]):
            found = (likeness, name)
    return found[1] if found else None


def _parts(text: str) -> set[str]:
    """Three neighbouring letters of each word, with its ends; two where words are not set apart."""
    if UNSPACED.search(text):
        return {text[at : at + 2] for at in range(max(1, len(text) - 1))}
    words = (f" {word} " for word in text.split())
    return {word[at : at + 3] for word in words for at in range(len(word) - 2)}

"""Sketches of texts: enough to tell, without the texts, that two say nearly the same in the same words.

Not here: what a text is about (`terms.py`); two reports of one event in different words are not alike in here.
"""

import re
from collections.abc import Sequence
from hashlib import blake2b
from struct import pack, unpack

from cms.platform.text.scripts import HAN, HANGUL, KANA, composed

Sketch = tuple[int, ...]

WORD = re.compile(rf"[{HAN}{KANA}{HANGUL}]|[^\W_{HAN}{KANA}{HANGUL}]+")
RUN = 4
SIZE = 64
# A line or two says too little: two results of one league look alike and are different news.
FEWEST_RUNS = 30
ALIKE_FROM = 0.5
BYTES_EACH = 4


def sketch(text: str) -> Sketch:
    """The smallest hashes of a text's runs of four words (or unspaced characters); empty for a short text.

    Source: A. Broder, "On the resemblance and containment of documents" (1997)
    """
    words = WORD.findall(composed(text).lower())
    runs = {" ".join(words[at : at + RUN]) for at in range(len(words) - RUN + 1)}
    if len(runs) < FEWEST_RUNS:
        return ()
    hashes = {int.from_bytes(blake2b(run.encode(), digest_size=BYTES_EACH).digest(), "big") for run in runs}
    return tuple(sorted(hashes)[:SIZE])


def resemblance(one: Sketch, other: Sketch) -> float:
    """How many of all runs two texts share, as far as sketches tell. Range: 0 to 1; exact for short texts."""
    if not one or not other:
        return 0.0
    own, theirs = set(one), set(other)
    smallest = sorted(own | theirs)[:SIZE]
    return sum(value in own and value in theirs for value in smallest) / len(smallest)


def pairs_alike(sketches: Sequence[Sketch]) -> list[set[int]]:
    """For each text the numbers of those that are nearly the same. Symmetric."""
    alike: list[set[int]] = [set() for _ in sketches]
    values = [frozenset(own) for own in sketches]
    for number, own in enumerate(values):
        for other in range(number if own else 0):
            # As many as this are shared by all that are alike; looking closer is for the few that could be.
            least = ALIKE_FROM * max(len(own), len(values[other]))
            if len(own & values[other]) >= least and resemblance(sketches[number], sketches[other]) >= ALIKE_FROM:
                alike[number].add(other)
                alike[other].add(number)
    return alike


def to_bytes(own: Sketch) -> bytes:
    """A sketch as it is stored."""
    return pack(f">{len(own)}I", *own)


def from_bytes(stored: bytes) -> Sketch:
    """A sketch from what is stored."""
    return unpack(f">{len(stored) // BYTES_EACH}I", stored)

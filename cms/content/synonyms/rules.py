"""Sets of words that mean the same to a search. Plain Python."""

from collections.abc import Sequence
from dataclasses import dataclass

MOST_SETS = 2_000
MOST_WORDS = 20
LONGEST_WORD = 80


@dataclass(frozen=True)
class SynonymContent:
    """What a set says. An empty locale means searches in every language; of a one-way set, who searches for the first
    word finds the others too, and nobody finds it by them."""

    words: tuple[str, ...]
    locale: str = ""
    is_one_way: bool = False


def repeated(words: Sequence[str]) -> list[int]:
    """The positions of words that stand in the set before, whatever their case."""
    seen: set[str] = set()
    found = []
    for position, word in enumerate(words):
        key = " ".join(word.casefold().split())
        if key in seen:
            found.append(position)
        seen.add(key)
    return found


def concerns(locale: str, asked: str | None) -> bool:
    """Whether a set of a locale counts for a search in one, or in all: `zh` counts for `zh-CN`."""
    return not locale or asked is None or asked == locale or asked.startswith(f"{locale}-")

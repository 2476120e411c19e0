"""Terms of a text and how much each says about it, for comparing articles.

Not here: the analysis of the search index, which has to find words; this one has to tell subjects apart, and vectors
that were stored must not change when search changes.
"""

import math
import re
from collections import Counter
from collections.abc import Mapping
from functools import lru_cache

from cms.platform.text.scripts import HAN, HANGUL, KANA, composed
from cms.platform.text.stopwords import STOP_CHARACTERS, STOP_WORDS

TOKEN = re.compile(rf"([{HAN}{KANA}{HANGUL}]+)|([^\W\d_{HAN}{KANA}{HANGUL}](?:[^\W_{HAN}{KANA}{HANGUL}]|['’](?=\w))*)")
SHORTEST_WORD = 2
LONGEST_WORD = 40
CYRILLIC = re.compile("[\u0400-\u04ff]")
# Endings of Cyrillic languages are long and many; the first letters are the word. Source: the "trunc" stemmers that
# evaluations of search in inflected languages use as a strong simple baseline.
KEPT_OF_CYRILLIC = 6
VOWEL = re.compile("[aeiouy]")


def count_terms(text: str, language: str) -> dict[str, int]:
    """How often each term stands in a text: stems of words without stop words, pairs of neighbours in Chinese, Japanese
    and Korean. Numbers are no terms."""
    stop_words = STOP_WORDS.get(language, frozenset())
    counts: Counter[str] = Counter()
    for unspaced, word in TOKEN.findall(composed(text).lower()):
        if unspaced:
            counts.update(
                unspaced[at : at + 2]
                for at in range(len(unspaced) - 1)
                if not STOP_CHARACTERS & {*unspaced[at : at + 2]}
            )
        elif SHORTEST_WORD <= len(word) <= LONGEST_WORD and word not in stop_words:
            counts[stem(word, language)] += 1
    return dict(counts)


def weighted(
    counts: Mapping[str, int], frequencies: Mapping[str, int], documents: int, strongest: int
) -> dict[str, float]:
    """The strongest terms of a text with their weights, of length 1 together.

    `frequencies` says in how many of `documents` texts a term was found; one that is missing was found in none.
    Formula: (1 + ln count) · (1 + ln((1 + documents) / (1 + frequency))), then divided by the L2 norm
    """
    weights = {
        term: (1 + math.log(count)) * (1 + math.log(max(1.0, (1 + documents) / (1 + frequencies.get(term, 0)))))
        for term, count in counts.items()
    }
    kept = sorted(weights.items(), key=lambda item: (-item[1], item[0]))[:strongest]
    norm = math.sqrt(math.fsum(weight * weight for _, weight in kept))
    return {term: weight / norm for term, weight in kept} if norm else {}


@lru_cache(maxsize=100_000)
def stem(word: str, language: str) -> str:
    """What inflected forms of a word share, roughly; enough to compare texts and too rough to search by."""
    word = word.replace("’", "'").partition("'")[0] or word
    if CYRILLIC.search(word):
        return word[:KEPT_OF_CYRILLIC]
    return _english(word) if language == "en" else word


def _english(word: str) -> str:
    """A word without its plural, -ing, -ed or -ly. Source: after step 1 of M. Porter, "Suffix stripping" (1980)."""
    if len(word) <= 3:
        return word
    if len(word) > 4 and word.endswith(("ies", "ied")):
        word = word[:-3] + "y"
    elif word.endswith(("sses", "xes", "ches", "shes", "zes")):
        word = word[:-2]
    elif word.endswith("s") and not word.endswith(("ss", "us", "is")):
        word = word[:-1]
    for ending in ("ing", "ed", "ly"):
        root = word[: -len(ending)]
        if word.endswith(ending) and len(root) >= 3 and VOWEL.search(root) and root[-1] != "e":
            word = root
            break
    if len(word) > 3 and word[-1] == word[-2] and word[-1] not in "lsz":
        return word[:-1]
    return word[:-1] if len(word) > 3 and word.endswith("e") else word

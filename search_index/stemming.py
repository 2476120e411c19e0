"""Words to stems by the rules of the language that an article is written in.

English and Russian words are told by their script and stemmed the same in every article (`analysis`). What is here are
the languages beside English that write Latin letters. A stem bears its language, so that a German stem never means an
English one; a query looks for a word in all languages that the index holds.
"""

from functools import lru_cache

from whoosh.lang.snowball.danish import DanishStemmer
from whoosh.lang.snowball.dutch import DutchStemmer
from whoosh.lang.snowball.finnish import FinnishStemmer
from whoosh.lang.snowball.french import FrenchStemmer
from whoosh.lang.snowball.german import GermanStemmer
from whoosh.lang.snowball.hungarian import HungarianStemmer
from whoosh.lang.snowball.italian import ItalianStemmer
from whoosh.lang.snowball.norwegian import NorwegianStemmer
from whoosh.lang.snowball.portugese import PortugueseStemmer
from whoosh.lang.snowball.romanian import RomanianStemmer
from whoosh.lang.snowball.spanish import SpanishStemmer
from whoosh.lang.snowball.swedish import SwedishStemmer

_norwegian = NorwegianStemmer()
STEMMERS = {
    "da": DanishStemmer(), "de": GermanStemmer(), "es": SpanishStemmer(), "fi": FinnishStemmer(), "fr": FrenchStemmer(),
    "hu": HungarianStemmer(), "it": ItalianStemmer(), "nb": _norwegian, "nl": DutchStemmer(), "nn": _norwegian,
    "no": _norwegian, "pt": PortugueseStemmer(), "ro": RomanianStemmer(), "sv": SwedishStemmer(),
}  # fmt: skip
# No text holds it, so nobody can type a stem of a language.
SIGN = "\u001f"


def language_of(locale: str) -> str:
    """The language of a locale if its words have stems of their own, else "": en-GB → "", de-AT → de."""
    language = locale.split("-", 1)[0].lower()
    return language if language in STEMMERS else ""


@lru_cache(maxsize=16_384)
def stem_in(language: str, word: str) -> str:
    """The stem of a folded word in one of these languages; a word that has none in it is its own stem."""
    if not (word.isascii() and word.isalpha() and len(word) > 2):
        return word
    return f"{STEMMERS[language].stem(word)}{SIGN}{language}"

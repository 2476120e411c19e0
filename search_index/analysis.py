"""Text to terms, the same for documents and queries, whatever languages they mix.

Words of spaced scripts are folded (NFKC, case, accents) and stemmed by script: Latin by Snowball's English
rules, Cyrillic by its Russian ones; articles in other languages with Latin letters by the rules of theirs (`stemming`).
Scripts without spaces (Chinese, Japanese, Korean, Thai and their neighbours) become overlapping pairs of characters, so
that a word is found inside a longer one; the last character of a run stands alone, so that every character begins
exactly one term. Traditional Chinese characters become simplified ones. Source: ADR 3
"""

import re
import unicodedata
from collections.abc import Collection, Iterator
from dataclasses import dataclass, field, replace
from operator import add

from whoosh.lang.snowball.english import EnglishStemmer
from whoosh.lang.snowball.russian import RussianStemmer

from search_index.han import SIMPLIFIED
from search_index.stemming import SIGN, STEMMERS, stem_in
from search_index.stopwords import STOP_WORDS

UNSPACED = (
    "\u0e01-\u0e3a\u0e40-\u0e4e\u0e80-\u0eff\u1000-\u1049\u1100-\u11ff\u1780-\u17d3"  # Thai, Lao, Burmese, jamo, Khmer
    "\u3005-\u3007\u3041-\u309f\u30a1-\u30fa\u30fc-\u30ff\u3105-\u312f\u31f0-\u31ff"  # kana, bopomofo
    "\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7af\uf900-\ufaff\uff66-\uff9f\U00020000-\U0003ffff"  # Han, Hangul
)
# Signs that belong to the letter before them and that `\w` leaves out: accents, points, vowel signs.
MARKS = "\u0300-\u036f\u0483-\u0487\u0591-\u05c7\u0610-\u061a\u064b-\u065f\u0670\u0900-\u0963\u0966-\u0dff\u0f18-\u0f84"
WORD = re.compile(f"[{UNSPACED}]+|[^\\W_{UNSPACED}]+(?:[{MARKS}]+[^\\W_{UNSPACED}]*)*")
ASCII_WORD = re.compile("[a-z0-9]+")
ACCENTED = re.compile("[\u00c0-\u024f\u0300-\u03ff\u0451\u1e00-\u1fff]")
IS_UNSPACED = re.compile(f"[{UNSPACED}]")
HAS_HAN = re.compile("[\u4e00-\u9fff]")
IS_CYRILLIC = re.compile("[\u0430-\u044f]+")
WITHOUT_DECOMPOSITION = {"ø": "o", "đ": "d", "ł": "l", "æ": "ae", "œ": "oe", "ı": "i", "þ": "th", "ð": "d", "ħ": "h"}
LONGEST_WORD = 40
KEPT_WORDS = 200_000
# Of each language beside English and Russian, of which a site has few articles or few languages.
KEPT_WORDS_ELSEWHERE = 50_000


class _Folds(dict[str, str]):
    """Accented letter → plain letter, found out once each."""

    def __missing__(self, letter: str) -> str:
        plain = WITHOUT_DECOMPOSITION.get(letter)
        if plain is None:
            parts = unicodedata.normalize("NFD", letter)
            plain = "".join(part for part in parts if not unicodedata.combining(part))
        self[letter] = plain
        return plain


class _Terms(dict[str, str]):
    """Folded word → term, or "" for a stop word. Stemming costs more than all the rest, so answers are kept."""

    def __init__(self, language: str) -> None:
        super().__init__()
        self._language = language
        self._most = KEPT_WORDS_ELSEWHERE if language else KEPT_WORDS

    def __missing__(self, word: str) -> str:
        term = _term_of(word)
        if term and self._language:
            term = stem_in(self._language, word[:LONGEST_WORD])
        if len(self) >= self._most:
            self.clear()
        self[word] = term
        return term


def _term_of(word: str) -> str:
    if word in STOP_WORDS:
        return ""
    if len(word) > LONGEST_WORD:
        return word[:LONGEST_WORD]
    if word.isascii():
        return _english.stem(word) if word.isalpha() and len(word) > 2 else word
    # Letters beyond а-я are Kazakh, Ukrainian or their like, which Russian endings would only maim.
    return _russian.stem(word) if IS_CYRILLIC.fullmatch(word) else word


_english = EnglishStemmer()
_russian = RussianStemmer()
_folds = _Folds()
_terms_in = {language: _Terms(language) for language in ("", *STEMMERS)}
_terms = _terms_in[""]


@dataclass(frozen=True)
class Element:
    """One place of a query, `offset` places after the first: a term, or all that begin with it, and `whole`.

    `word` is what was typed, folded, where other languages have other terms for it.
    """

    offset: int
    term: str
    is_prefix: bool = False
    whole: str = ""
    word: str = field(default="", repr=False, compare=False)

    @property
    def anywhere(self) -> "Element":
        """The same as the first of a query: where it stands there makes no difference to what holds it."""
        return replace(self, offset=0) if self.offset else self

    def fits(self, term: str) -> bool:
        """Whether a term of a text is meant."""
        if SIGN in term and term == self.in_language(term.rpartition(SIGN)[2]):
            return True
        return term.startswith(self.term) or term == self.whole if self.is_prefix else term == self.term

    def in_language(self, language: str) -> str:
        """What is meant in an article of a language that has stems of its own."""
        return stem_in(language, self.word) if self.word and language else self.term

    def in_languages(self, languages: Collection[str]) -> list[str]:
        """What is meant in articles of these languages, beside the term itself."""
        if not (self.word and languages):
            return []
        return [term for term in (stem_in(language, self.word) for language in languages) if term != self.term]


def fold(text: str) -> str:
    """Text without differences of width, case, accent, and of simplified and traditional characters."""
    if text.isascii():
        return text.lower()
    text = unicodedata.normalize("NFKC", text).casefold()
    if HAS_HAN.search(text):
        text = text.translate(SIMPLIFIED)
    return ACCENTED.sub(lambda match: _folds[match[0]], text) if ACCENTED.search(text) else text


def terms(text: str, language: str = "") -> list[str]:
    """The terms of a text in their order; stop words leave no gap. `language` is one of `stemming`, or empty."""
    known = _terms_in[language]
    if text.isascii():
        return [term for term in map(known.__getitem__, ASCII_WORD.findall(text.lower())) if term]
    found: list[str] = []
    for word in WORD.findall(fold(text)):
        if IS_UNSPACED.match(word):
            found.extend(map(add, word, word[1:]))
            found.append(word[-1])
        elif term := known[word]:
            found.append(term)
    return found


def elements(text: str) -> list[Element]:
    """What to look for, and how far apart, where a document says the text."""
    found: list[Element] = []
    offset = 0
    for word in WORD.findall(fold(text)):
        if IS_UNSPACED.match(word):
            pairs = [Element(offset + index, pair) for index, pair in enumerate(map(add, word, word[1:]))]
            found += pairs or [Element(offset, word, is_prefix=True)]
            offset += len(word)
        elif term := _terms[word]:
            found.append(Element(offset, term, word=_stemmed_elsewhere(word)))
            offset += 1
    return found


def beginning(text: str, least: int = 3) -> Element | None:
    """What begins with the last word of a text; None when that has fewer letters than `least`, or is unspaced.

    Terms are stems: whoever types `ferries*` or `happy*` means what begins with `ferri` and `happ` too.
    """
    words = WORD.findall(fold(text))
    if not words or len(words[-1]) < least or IS_UNSPACED.match(words[-1]):
        return None
    word, term = words[-1][:LONGEST_WORD], _terms[words[-1]]
    shared = next((word[:end] for end in range(len(term), least - 1, -1) if term.startswith(word[:end])), word)
    return Element(0, shared, is_prefix=True, whole=term, word=_stemmed_elsewhere(word))


def written(text: str) -> list[str]:
    """The words of spaced scripts as they are written, folded and not stemmed; neither stop words nor short ones."""
    return [
        word
        for word in WORD.findall(fold(text))
        if 3 <= len(word) <= LONGEST_WORD and word not in STOP_WORDS and not IS_UNSPACED.match(word)
    ]


def _stemmed_elsewhere(word: str) -> str:
    return word[:LONGEST_WORD] if word.isascii() and word.isalpha() and len(word) > 2 else ""


def spans(text: str) -> Iterator[tuple[int, int, bool]]:
    """Where the words of a text stand: start, end, and whether it is a run of an unspaced script."""
    for match in WORD.finditer(text):
        yield match.start(), match.end(), IS_UNSPACED.match(match[0]) is not None

"""How long a text takes to read, whatever it is written in.

Words of alphabetic scripts count by the locale's words per minute; Han, kana and Hangul by characters per minute;
a mixed text is the sum of its parts. Scripts that write words without spaces and are none of these, such as Thai, count
each run as one word and come out too short.
"""

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

from cms.environment import SettingsError
from cms.platform.text.scripts import (
    HAN_CHARACTER,
    HANGUL_CHARACTER,
    KANA_CHARACTER,
    composed,
    words_between,
)

# Words per minute by language.
# Source for `en`: M. Brysbaert (2019), Journal of Memory and Language 109: 238, adults reading non-fiction silently,
# the mean over 190 studies.
# Source for the others: S. Trauzettel-Klosinski and K. Dietz (2012), IReST, Investigative Ophthalmology and Visual
# Science 53(9): means of 25 to 36 adults a language who read paragraphs aloud, so silent readers are somewhat faster.
# The same paper has 228 for English.
WORDS_PER_MINUTE: Mapping[str, float] = MappingProxyType(
    {
        "ar": 138, "de": 179, "en": 238, "es": 218, "fi": 161, "fr": 195, "he": 187, "it": 188, "nl": 202, "pl": 166,
        "pt": 181, "ru": 184, "sl": 180, "sv": 199, "tr": 166,
    }
)  # fmt: skip
# A language without a figure, and foreign words in a Chinese or Japanese text. Source: IReST's mean over 17 languages.
DEFAULT_WORDS_PER_MINUTE = 184.0

# Characters per minute. Source for `zh` and `ja`: IReST as above. `ko` was not among its languages: 500 syllables are
# our assumption, from a word of not quite three syllables at the default pace.
CHARACTERS_PER_MINUTE: Mapping[str, float] = MappingProxyType({"zh": 255, "ja": 357, "ko": 500})

# Seconds for the first picture, one less for each further one down to the last figure. Source: a convention that the
# publisher Medium described in 2014, not a measurement; chosen over a flat figure so that a gallery does not count like
# an essay.
FIRST_IMAGE_SECONDS = 12
LATER_IMAGE_SECONDS = 3

RATE = re.compile(r"([a-z]{2,3}(?:-[a-z0-9]{2,8})*)=([0-9]{1,4})(wpm|cpm)")
SLOWEST, FASTEST = 20, 2_000


class RatesError(SettingsError):
    """A setting of reading rates that cannot be used; the text says what to write instead."""


@dataclass(frozen=True)
class Rates:
    """How fast a newsroom takes its readers to be. Units: words and characters a minute, by language or locale."""

    words: Mapping[str, float] = field(default_factory=lambda: WORDS_PER_MINUTE)
    characters: Mapping[str, float] = field(default_factory=lambda: CHARACTERS_PER_MINUTE)


@dataclass(frozen=True)
class ReadingTime:
    """What was counted and how long it takes. `words` are those of alphabetic scripts."""

    seconds: float
    words: int
    characters: int
    images: int
    locale: str

    @property
    def minutes(self) -> int:
        """Whole minutes, to the nearest, at least one."""
        return max(1, math.floor(self.seconds / 60 + 0.5))

    def as_dict(self) -> dict[str, Any]:
        """The member `reading_time` of the article document."""
        return {
            "minutes": self.minutes,
            "words": self.words,
            "characters": self.characters,
            "images": self.images,
            "label": label(self.minutes, self.locale),
        }


def measure(text: str, image_count: int, locale: str, rates: Rates) -> ReadingTime:
    """Measure a plain text with its images.

    Formula: words / wpm + Han / cpm + kana / cpm + Hangul / cpm, in minutes, + 12 s, 11 s … 3 s, 3 s … for the images
    """
    text = composed(text)
    words = len(words_between(text))
    by_script = {
        "zh": len(HAN_CHARACTER.findall(text)),
        "ja": len(KANA_CHARACTER.findall(text)),
        "ko": len(HANGUL_CHARACTER.findall(text)),
    }
    minutes = words / _rate(rates.words, locale, DEFAULT_WORDS_PER_MINUTE)
    for language, count in by_script.items():
        # In a Japanese or Korean text Han characters are read at the pace of that language.
        own = _rate(rates.characters, language, CHARACTERS_PER_MINUTE[language])
        minutes += count / _rate(rates.characters, locale, own)
    return ReadingTime(
        seconds=minutes * 60 + image_seconds(image_count),
        words=words,
        characters=sum(by_script.values()),
        images=image_count,
        locale=locale,
    )


def image_seconds(count: int) -> int:
    """The allowance for this many images."""
    falling = FIRST_IMAGE_SECONDS - LATER_IMAGE_SECONDS
    return sum(FIRST_IMAGE_SECONDS - min(index, falling) for index in range(min(count, falling))) + (
        LATER_IMAGE_SECONDS * max(count - falling, 0)
    )


def rates_from(setting: str) -> Rates:
    """The rates with those of a setting in place of the table's, such as `en=250wpm,zh=500cpm`.

    Raises: RatesError, naming what cannot be read.
    """
    words, characters = dict(WORDS_PER_MINUTE), dict(CHARACTERS_PER_MINUTE)
    for part in filter(None, (part.strip() for part in setting.split(","))):
        found = RATE.fullmatch(part.lower())
        if found is None or not SLOWEST <= int(found[2]) <= FASTEST:
            raise RatesError(
                f"COPYDESK_READING_RATES: {part[:40]!r} is no rate; write such as en=250wpm,zh=500cpm, "
                f"with numbers from {SLOWEST} to {FASTEST}"
            )
        (words if found[3] == "wpm" else characters)[found[1]] = int(found[2])
    return Rates(words, characters)


def label(minutes: int, locale: str) -> str:
    """The reading time for people, in the language of the article; in languages not known here a short English form."""
    parts = locale.lower().split("-")
    language = parts[0]
    if language == "en":
        return f"{minutes} min read"
    if language == "zh":
        is_traditional = any(part in ("hant", "tw", "hk", "mo") for part in parts)
        return f"閱讀約需 {minutes} 分鐘" if is_traditional else f"阅读约需 {minutes} 分钟"
    if language == "kk":
        return f"оқуға {minutes} минут"
    if language == "ru":
        return f"{minutes} {_russian_minutes(minutes)} чтения"
    return f"{minutes} min"


def _russian_minutes(count: int) -> str:
    """The form of "minute" after a number. Source: CLDR plural rules for Russian: one, few, many."""
    if count % 10 == 1 and count % 100 != 11:
        return "минута"
    if 2 <= count % 10 <= 4 and not 12 <= count % 100 <= 14:
        return "минуты"
    return "минут"


def _rate(rates: Mapping[str, float], locale: str, otherwise: float) -> float:
    locale = locale.lower()
    return rates.get(locale) or rates.get(locale.partition("-")[0]) or otherwise

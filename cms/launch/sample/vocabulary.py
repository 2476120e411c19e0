"""The words of generated articles, read from `vocabulary.toml` beside this module and made ready for drawing.

Not here: the drawing (`generate.py`).
"""

import itertools
import random
import re
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

STORIES_PER_TOPIC = 60
NAMES = 20_000
FOCUS_SHARE = 0.2
TOPIC_SHARE = 0.45
SLOT = re.compile(r"\{([navpsd])\}")


@dataclass(frozen=True)
class Draw:
    """Words with their summed weights, as `random.choices` takes them."""

    words: Sequence[str]
    cum_weights: Sequence[float]


@dataclass(frozen=True)
class Pattern:
    """A sentence to fill: a piece more than it has slots, and the kinds of the slots in their order."""

    pieces: tuple[str, ...]
    slots: str


@dataclass(frozen=True)
class Topic:
    """A subject: its section and tags in the sample newsroom, and its nouns by locale."""

    section: str
    tags: tuple[str, ...]
    nouns: Mapping[str, tuple[str, ...]]


@dataclass(frozen=True)
class Language:
    """What the articles of a locale share. `draws` go by the kind of slot, `patterns` by what they are for."""

    is_spaced: bool
    nouns: tuple[str, ...]
    draws: Mapping[str, Draw]
    patterns: Mapping[str, tuple[Pattern, ...]]


@dataclass(frozen=True)
class Story:
    """A running story within a topic: what its articles keep coming back to."""

    topic: Topic
    tags: tuple[str, ...]
    nouns: Draw
    place: str
    surname: str


@cache
def topics() -> tuple[Topic, ...]:
    """The subjects that articles are about."""
    return tuple(
        Topic(
            table["section"],
            tuple(table["tags"]),
            {locale: tuple(words.split()) for locale, words in table["nouns"].items()},
        )
        for table in _file()["topics"]
    )


@cache
def language(locale: str) -> Language:
    """The words and patterns of a locale. Raises: KeyError for one that is not in the file."""
    table = _file()["languages"][locale]
    names = [
        "".join(parts) for parts in itertools.product(*(table[key].split() for key in ("first", "middle", "last")))
    ]
    random.Random(locale).shuffle(names)  # noqa: S311  # repeatable, not secret
    return Language(
        is_spaced=table["is_spaced"],
        nouns=tuple(table["nouns"].split()),
        draws={
            "a": _draw(table["adjectives"].split(), 0.6),
            "v": _draw(table["verbs"].split(), 0.6),
            "p": _draw(names[:NAMES], 1.0),
            "s": _draw(names[: -NAMES - 1 : -1], 1.0),
            "d": _draw([str(number) for number in range(3, 2_000)], 1.0),
        },
        patterns={
            kind: tuple(Pattern(tuple(SLOT.split(text)[::2]), "".join(SLOT.findall(text))) for text in table[kind])
            for kind in ("titles", "sentences", "quotes", "headings", "listed")
        },
    )


@cache
def story(locale: str, topic_position: int, number: int) -> Story:
    """A running story; the same number is about the same things in every locale, with names of its own."""
    topic = topics()[topic_position]
    chance = random.Random(f"{topic.section} {number}")  # noqa: S311  # repeatable, not secret
    own = topic.nouns[locale]
    focus = [own[index] for index in chance.sample(range(min(map(len, topic.nouns.values()))), 4)]
    shared = language(locale).nouns
    shares = ((FOCUS_SHARE, focus), (TOPIC_SHARE, own), (1 - FOCUS_SHARE - TOPIC_SHARE, shared))
    weights = [share * weight for share, words in shares for weight in _zipf(len(words), 0.6)]
    return Story(
        topic=topic,
        tags=tuple(chance.sample(topic.tags, 2)),
        nouns=Draw((*focus, *own, *shared), tuple(itertools.accumulate(weights))),
        place=chance.choice(language(locale).draws["p"].words),
        surname=chance.choice(language(locale).draws["s"].words),
    )


def _draw(words: Sequence[str], exponent: float) -> Draw:
    return Draw(tuple(words), tuple(itertools.accumulate(_zipf(len(words), exponent))))


def _zipf(count: int, exponent: float) -> list[float]:
    weights: list[float] = [rank**-exponent for rank in range(1, count + 1)]
    whole = sum(weights)
    return [weight / whole for weight in weights]


@cache
def _file() -> dict[str, Any]:
    return tomllib.loads(Path(__file__).with_name("vocabulary.toml").read_text("utf-8"))

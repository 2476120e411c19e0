"""Any number of plausible articles for tests and benchmarks: the same ones every time, no two alike.

Each belongs to a topic and, within it, to one of its running stories with a few nouns, a place and a name of its
own, so that search and related articles have something to find. Words follow a Zipf-like law with a long tail of
names. They speak the words of the sample newsroom (sections, tags, people, sources), and mean nothing.
"""

import itertools
import random
import re
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta

from cms.launch.sample.reading import SampleArticle
from cms.launch.sample.vocabulary import STORIES_PER_TOPIC, Language, Story, language, story, topics

LAST_AT = datetime(2026, 11, 24, tzinfo=UTC)
SPREAD_SECONDS = 2 * 365 * 86_400
# A Chinese word has about 1.6 characters, so `words` of them fill this many.
CHARACTERS_PER_WORD = 1.6
BEFORE_A_VOWEL = re.compile(r"\b([Aa]) (?=[aeiou])")

DESKS = {
    "en": (
        ("elin-varrow", "tomas-ketteridge", "odile-brannock", "jonah-ferreby", "nadira-solwick", "piet-lorrimer"),
        ("conrad-vesey", "hester-quill"),
        ("The Velmara Courier", "https://courier.example.org/"),
    ),
    "zh-CN": (
        ("wen-ruoxi", "gao-yanshu", "lu-tinghe"),
        ("shen-jiayin",),
        ("维尔马拉信使报", "https://courier.example.org/zh/"),
    ),
}


def generated(
    count: int, *, seed: int = 1, words: int = 500, locales: Sequence[str] = ("en", "zh-CN")
) -> Iterator[SampleArticle]:
    """Yield distinct articles, the locales in turn; with equal arguments equal ones, and fewer are the first of more.

    Units: `words` is the length of a body in words, reached and exceeded by a paragraph at most; Chinese bodies
    have 1.6 characters for each.
    Raises: ValueError for a locale that it cannot write.
    """
    strange = [locale for locale in locales if locale not in DESKS]
    if strange or not locales:
        raise ValueError(f"articles can be generated in {', '.join(DESKS)}, not in {strange}")
    return _articles(count, random.Random(seed), words, locales)  # noqa: S311  # repeatable, not secret


def _articles(count: int, chance: random.Random, words: int, locales: Sequence[str]) -> Iterator[SampleArticle]:
    seen: set[tuple[str, str]] = set()
    for number, locale in zip(range(1, count + 1), itertools.cycle(locales), strict=False):
        told = story(locale, chance.randrange(len(topics())), min(int(chance.paretovariate(0.6)), STORIES_PER_TOPIC))
        pen = _Pen(chance, language(locale), told)
        title = pen.sentence("titles")
        while (locale, title) in seen:
            title = pen.sentence("titles")
        seen.add((locale, title))
        yield _article(number, locale, pen, title, words)


def _article(number: int, locale: str, pen: "_Pen", title: str, words: int) -> SampleArticle:
    chance, topic = pen.chance, pen.story.topic
    authors, editors, (source_name, source_url) = DESKS[locale]
    stem = re.sub(r"[^a-z]+", "-", title.lower()).strip("-") if locale == "en" else topic.section
    return SampleArticle(
        title=title,
        slug=f"{stem}-{number}",
        locale=locale,
        section=topic.section,
        tags=(*pen.story.tags, chance.choice([tag for tag in topic.tags if tag not in pen.story.tags])),
        authors=tuple(chance.sample(authors, chance.choice((1, 1, 2)))),
        editor=chance.choice(editors),
        source_name=source_name,
        source_url=source_url,
        published_at=LAST_AT - timedelta(seconds=chance.randrange(SPREAD_SECONDS)),
        dek=pen.sentence("sentences"),
        summary=tuple(pen.sentence("sentences") for _ in range(3)),
        body=pen.body(words),
    )


class _Pen:
    """Writes one article. Words are drawn by the hundred, because drawing is what costs."""

    def __init__(self, chance: random.Random, tongue: Language, told: Story) -> None:
        self.chance = chance
        self.language = tongue
        self.story = told
        self.drawn = {kind: self._draws(kind) for kind in "navpsd"}

    def _draws(self, kind: str) -> Iterator[str]:
        draw = self.story.nouns if kind == "n" else self.language.draws[kind]
        own = {"p": self.story.place, "s": self.story.surname}.get(kind)
        while True:
            drawn = self.chance.choices(draw.words, cum_weights=draw.cum_weights, k=100)
            yield from drawn if own is None else (own if index % 3 == 0 else word for index, word in enumerate(drawn))

    def sentence(self, kind: str) -> str:
        """One of the patterns of a kind with its slots filled; no word stands in it twice."""
        patterns = self.language.patterns[kind]
        pattern = patterns[int(self.chance.random() * len(patterns))]
        parts = [pattern.pieces[0]]
        for slot, piece in zip(pattern.slots, pattern.pieces[1:], strict=True):
            word = next(self.drawn[slot])
            while word in parts:
                word = next(self.drawn[slot])
            parts += (word, piece)
        if not self.language.is_spaced:
            return "".join(parts)
        text = BEFORE_A_VOWEL.sub(r"\1n ", "".join(parts))
        return text if kind == "listed" else text[0].upper() + text[1:]

    def body(self, words: int) -> str:
        """Paragraphs with a heading, a quote or a list now and then, until there are enough words."""
        blocks: list[str] = []
        missing = words if self.language.is_spaced else int(words * CHARACTERS_PER_WORD)
        while missing > 0:
            block = self._block(len(blocks))
            missing -= block.count(" ") + 1 if self.language.is_spaced else len(block)
            blocks.append(block)
        return "\n\n".join(blocks)

    def _block(self, position: int) -> str:
        if position % 5 == 3:
            return f"## {self.sentence('headings')}"
        if position % 5 == 2 and self.chance.random() < 0.6:
            return f"> {self.sentence('quotes')}"
        if position % 11 == 7:
            return "\n".join(f"- {self.sentence('listed')}" for _ in range(3))
        glue = " " if self.language.is_spaced else ""
        return glue.join(self.sentence("sentences") for _ in range(self.chance.randint(3, 5)))

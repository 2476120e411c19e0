"""The sample newsroom as plain values, read strictly from the files beside this module.

`newsroom.toml` holds the words that articles share; `articles/<locale>/<slug>.md` holds an article each: TOML between
two lines of `+++`, then Markdown. `planned/` holds in the same way what readers do not see yet; `plans.toml` says what
becomes of it, and which front lists there are, `comments.toml` what readers say. Not here: pictures (`picturing.py`),
putting any of it into a database.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any, TypeVar

from cms.launch.sample.strict import (
    SampleError,
    refuse_strangers,
    refuse_unknown,
    text_of,
    toml_of,
    value_of,
    values_of,
)

HOME = Path(__file__).parent
FENCE = "+++\n"


@dataclass(frozen=True)
class SampleSection:
    """A section. `names` are its names by locale; `name` is the English one."""

    slug: str
    name: str
    parent: str | None = None
    names: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class SampleTag:
    """A word that articles share. `names` are its names by locale; `name` is the English one."""

    slug: str
    name: str
    names: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class SamplePerson:
    """Somebody who writes or edits."""

    slug: str
    name: str
    bio: str = ""


@dataclass(frozen=True)
class SampleSource:
    """Where a story comes from."""

    slug: str
    name: str
    url: str


@dataclass(frozen=True)
class SampleDraft:
    """An article that is not published, with its Markdown `body`. Section, tags, authors and editor are slugs."""

    title: str
    slug: str
    locale: str
    section: str
    tags: tuple[str, ...]
    authors: tuple[str, ...]
    editor: str
    source_name: str
    source_url: str
    dek: str
    summary: tuple[str, ...]
    body: str


@dataclass(frozen=True)
class SampleArticle(SampleDraft):
    """A published article.

    `correction` tells readers what an earlier version had wrong; empty where nothing was. `translation_of` is the
    `<locale>/<slug>` of the article that this one was translated from; empty for one that was written so.
    """

    published_at: datetime
    correction: str = ""
    translation_of: str = ""


@dataclass(frozen=True)
class SampleList:
    """A front list: slugs of articles in order, of which the first so many are pinned. `fill` is its length."""

    slug: str
    locale: str
    title: str
    articles: tuple[str, ...]
    pinned: int
    fill: int


@dataclass(frozen=True)
class SamplePlan:
    """What becomes public by itself so many days after the loading: one planned article, or several as a release."""

    slug: str
    title: str
    articles: tuple[str, ...]
    days: int


@dataclass(frozen=True)
class SamplePlans:
    """What editors arranged and what they have before them."""

    lists: tuple[SampleList, ...]
    plans: tuple[SamplePlan, ...]


@dataclass(frozen=True)
class SampleReader:
    """Somebody of the audience."""

    slug: str
    name: str
    locale: str


@dataclass(frozen=True)
class SampleComment:
    """What a reader says below an article, `<locale>/<slug>`, or in reply to an earlier comment."""

    slug: str
    article: str
    reader: str
    text: str
    reply_to: str = ""


@dataclass(frozen=True)
class SampleTalk:
    """What the audience says."""

    readers: tuple[SampleReader, ...]
    comments: tuple[SampleComment, ...]


@dataclass(frozen=True)
class Sample:
    """The whole newsroom. Sections come parents first, articles the oldest first."""

    sections: tuple[SampleSection, ...]
    tags: tuple[SampleTag, ...]
    people: tuple[SamplePerson, ...]
    sources: tuple[SampleSource, ...]
    articles: tuple[SampleArticle, ...]
    planned: tuple[SampleDraft, ...] = ()


Written = TypeVar("Written", SampleDraft, SampleArticle)


def sample(home: Path = HOME) -> Sample:
    """Read the whole sample newsroom. Raises: SampleError naming the file."""
    where = "newsroom.toml"
    words = toml_of(text_of(home / where, where), where)
    refuse_unknown(words, ("sections", "tags", "people", "sources"), where)
    newsroom = Sample(
        sections=values_of(SampleSection, words, "sections", where),
        tags=values_of(SampleTag, words, "tags", where),
        people=values_of(SamplePerson, words, "people", where),
        sources=values_of(SampleSource, words, "sources", where),
        articles=(),
    )
    _check_tree(newsroom.sections, where)
    known = _Known(newsroom)
    paths = sorted((home / "articles").glob("*/*"))
    articles = sorted(
        (_article(SampleArticle, path, known) for path in paths),
        key=lambda article: (article.published_at, article.locale, article.slug),
    )
    _check_translations(articles)
    planned = [_article(SampleDraft, path, known) for path in sorted((home / "planned").glob("*/*"))]
    return Sample(
        sections=newsroom.sections,
        tags=newsroom.tags,
        people=newsroom.people,
        sources=newsroom.sources,
        articles=tuple(articles),
        planned=tuple(planned),
    )


def plans(newsroom: Sample, home: Path = HOME) -> SamplePlans:
    """Read what is arranged and planned. Raises: SampleError, also for articles that are not there."""
    where = "plans.toml"
    tables = toml_of(text_of(home / where, where), where)
    refuse_unknown(tables, ("lists", "plans"), where)
    read = SamplePlans(values_of(SampleList, tables, "lists", where), values_of(SamplePlan, tables, "plans", where))
    published = {(article.locale, article.slug) for article in newsroom.articles}
    for one in read.lists:
        there = {slug for locale, slug in published if locale == one.locale}
        refuse_strangers("article", one.articles, there, where)
    for plan in read.plans:
        refuse_strangers("planned article", plan.articles, {article.slug for article in newsroom.planned}, where)
    return read


def talk(newsroom: Sample, home: Path = HOME) -> SampleTalk:
    """Read what readers say. Raises: SampleError, also for articles, readers and comments that are not there."""
    where = "comments.toml"
    tables = toml_of(text_of(home / where, where), where)
    refuse_unknown(tables, ("readers", "comments"), where)
    read = SampleTalk(
        values_of(SampleReader, tables, "readers", where), values_of(SampleComment, tables, "comments", where)
    )
    published = {f"{article.locale}/{article.slug}" for article in newsroom.articles}
    before: dict[str, str] = {"": ""}
    for comment in read.comments:
        refuse_strangers("article", (comment.article,), published, where)
        refuse_strangers("reader", (comment.reader,), {reader.slug for reader in read.readers}, where)
        if before.get(comment.reply_to) not in ("", comment.article):
            raise SampleError(
                f"{where}: {comment.slug!r} replies to {comment.reply_to!r}, which is not before it there"
            )
        before[comment.slug] = comment.article
    return read


class _Known:
    """What an article may refer to."""

    def __init__(self, newsroom: Sample) -> None:
        self.sections = {section.slug for section in newsroom.sections}
        self.tags = {tag.slug for tag in newsroom.tags}
        self.people = {person.slug for person in newsroom.people}
        self.sources = {source.name: source.url for source in newsroom.sources}


def _article(kind: type[Written], path: Path, known: _Known) -> Written:
    where = f"{path.parents[1].name}/{path.parent.name}/{path.name}"
    article: Written = value_of(kind, _front_and_body(path, where), where)
    _check_article(article, path, known, where)
    return article


def _front_and_body(path: Path, where: str) -> dict[str, Any]:
    text = text_of(path, where)
    opening, front, body = [*text.split(FENCE, 2), "", ""][:3]
    if opening or not text.startswith(FENCE) or not body.strip():
        raise SampleError(f"{where}: it does not begin with TOML between two lines of +++, followed by the body")
    return {**toml_of(front, where), "body": body.strip()}


def _check_article(article: SampleDraft, path: Path, known: _Known, where: str) -> None:
    if (article.locale, f"{article.slug}.md") != (path.parent.name, path.name):
        raise SampleError(f"{where}: locale and slug are {article.locale!r} and {article.slug!r}, unlike the path")
    refuse_strangers("section", (article.section,), known.sections, where)
    refuse_strangers("tag", article.tags, known.tags, where)
    refuse_strangers("person", (*article.authors, article.editor), known.people, where)
    refuse_strangers("source", (article.source_name,), known.sources, where)
    if known.sources[article.source_name] != article.source_url:
        raise SampleError(f"{where}: source_url is not the address of {article.source_name!r} in newsroom.toml")


def _check_tree(sections: tuple[SampleSection, ...], where: str) -> None:
    seen: set[str] = set()
    for section in sections:
        if section.parent is not None and section.parent not in seen:
            raise SampleError(f"{where}: section {section.slug!r} stands before its parent {section.parent!r}")
        seen.add(section.slug)


def _check_translations(articles: Sequence[SampleArticle]) -> None:
    groups: dict[str, set[str]] = {}
    for article in articles:
        own = f"{article.locale}/{article.slug}"
        if not article.translation_of:
            groups[own] = {article.locale}
            continue
        where = f"articles/{own}.md: translation_of"
        if article.translation_of not in groups:
            raise SampleError(f"{where}: there is no article {article.translation_of!r} that was published before it")
        if article.locale in groups[article.translation_of]:
            raise SampleError(f"{where}: {article.translation_of!r} is there in {article.locale} already")
        groups[article.translation_of].add(article.locale)

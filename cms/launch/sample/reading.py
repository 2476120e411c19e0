"""The sample newsroom as plain values, read strictly from the files beside this module.

`newsroom.toml` holds the words that articles share; `articles/<locale>/<slug>.md` holds an article each: TOML between
two lines of `+++`, then Markdown. Not here: putting any of it into a database.
"""

import re
import tomllib
from collections import Counter
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import MISSING, dataclass, field, fields
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TypeVar

HOME = Path(__file__).parent
FENCE = "+++\n"
SLUG = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)*")


class SampleError(ValueError):
    """A file of the sample newsroom that cannot be used; the message names the file and what is wrong."""


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
class SampleArticle:
    """An article with its Markdown `body`. Section, tags, authors and editor are slugs.

    `correction` tells readers what an earlier version had wrong; empty where nothing was. `translation_of` is the
    `<locale>/<slug>` of the article that this one was translated from; empty for one that was written so.
    """

    title: str
    slug: str
    locale: str
    section: str
    tags: tuple[str, ...]
    authors: tuple[str, ...]
    editor: str
    source_name: str
    source_url: str
    published_at: datetime
    dek: str
    summary: tuple[str, ...]
    body: str
    correction: str = ""
    translation_of: str = ""


@dataclass(frozen=True)
class Sample:
    """The whole newsroom. Sections come parents first, articles the oldest first."""

    sections: tuple[SampleSection, ...]
    tags: tuple[SampleTag, ...]
    people: tuple[SamplePerson, ...]
    sources: tuple[SampleSource, ...]
    articles: tuple[SampleArticle, ...]


Value = TypeVar("Value", SampleSection, SampleTag, SamplePerson, SampleSource, SampleArticle)


def sample(home: Path = HOME) -> Sample:
    """Read the whole sample newsroom. Raises: SampleError naming the file."""
    where = "newsroom.toml"
    words = _toml(_text_of(home / where, where), where)
    _refuse_unknown(words, ("sections", "tags", "people", "sources"), where)
    newsroom = Sample(
        sections=_values(SampleSection, words, "sections", where),
        tags=_values(SampleTag, words, "tags", where),
        people=_values(SamplePerson, words, "people", where),
        sources=_values(SampleSource, words, "sources", where),
        articles=(),
    )
    _check_tree(newsroom.sections, where)
    known = _Known(newsroom)
    paths = sorted((home / "articles").glob("*/*"))
    articles = sorted(
        (_article(path, known) for path in paths),
        key=lambda article: (article.published_at, article.locale, article.slug),
    )
    _check_translations(articles)
    return Sample(
        sections=newsroom.sections,
        tags=newsroom.tags,
        people=newsroom.people,
        sources=newsroom.sources,
        articles=tuple(articles),
    )


class _Known:
    """What an article may refer to."""

    def __init__(self, newsroom: Sample) -> None:
        self.sections = {section.slug for section in newsroom.sections}
        self.tags = {tag.slug for tag in newsroom.tags}
        self.people = {person.slug for person in newsroom.people}
        self.sources = {source.name: source.url for source in newsroom.sources}


def _article(path: Path, known: _Known) -> SampleArticle:
    where = f"articles/{path.parent.name}/{path.name}"
    text = _text_of(path, where)
    opening, front, body = [*text.split(FENCE, 2), "", ""][:3]
    if opening or not text.startswith(FENCE) or not body.strip():
        raise SampleError(f"{where}: it does not begin with TOML between two lines of +++, followed by the body")
    article = _value(SampleArticle, {**_toml(front, where), "body": body.strip()}, where)
    if (article.locale, f"{article.slug}.md") != (path.parent.name, path.name):
        raise SampleError(f"{where}: locale and slug are {article.locale!r} and {article.slug!r}, unlike the path")
    _refuse_strangers("section", (article.section,), known.sections, where)
    _refuse_strangers("tag", article.tags, known.tags, where)
    _refuse_strangers("person", (*article.authors, article.editor), known.people, where)
    _refuse_strangers("source", (article.source_name,), known.sources, where)
    if known.sources[article.source_name] != article.source_url:
        raise SampleError(f"{where}: source_url is not the address of {article.source_name!r} in newsroom.toml")
    return article


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


def _values(kind: type[Value], words: Mapping[str, Any], key: str, where: str) -> tuple[Value, ...]:
    tables = words.get(key)
    if not isinstance(tables, list) or not all(isinstance(table, dict) for table in tables):
        raise SampleError(f"{where}: {key} has to be a list of tables")
    values = tuple(_value(kind, table, f"{where}: {key}[{index}]") for index, table in enumerate(tables))
    for slug, count in Counter(value.slug for value in values).items():
        if count > 1:
            raise SampleError(f"{where}: {key} has the slug {slug!r} {count} times")
    return values


def _value(kind: type[Value], table: Mapping[str, Any], where: str) -> Value:
    """Make a value of a TOML table. Raises: SampleError for an unknown, missing or wrongly typed key."""
    members = {member.name: member for member in fields(kind)}
    _refuse_unknown(table, members, where)
    for name, member in members.items():
        if name in table:
            fault = FAULTS.get(name, _fault_of_text)(table[name])
            if fault:
                raise SampleError(f"{where}: {name} {fault}")
        elif member.default is MISSING and member.default_factory is MISSING:
            raise SampleError(f"{where}: {name} is missing")
    return kind(**{name: _frozen(value) for name, value in table.items()})


def _frozen(value: Any) -> Any:
    if isinstance(value, list):
        return tuple(value)
    return value.astimezone(UTC) if isinstance(value, datetime) else value


def _refuse_unknown(table: Mapping[str, Any], known: Collection[str], where: str) -> None:
    for key in table:
        if key not in known:
            raise SampleError(f"{where}: unknown key {key!r}")


def _refuse_strangers(what: str, named: tuple[str, ...], known: Collection[str], where: str) -> None:
    for name in named:
        if name not in known:
            raise SampleError(f"{where}: {what} {name!r} is not in newsroom.toml")


def _fault_of_text(value: Any) -> str:
    return "" if isinstance(value, str) and value.strip() else "has to be text"


def _fault_of_slug(value: Any) -> str:
    is_slug = isinstance(value, str) and len(value) <= 120 and SLUG.fullmatch(value)
    return "" if is_slug else "has to be lower-case words and digits joined by hyphens"


def _fault_of_texts(value: Any) -> str:
    if not isinstance(value, list) or not value or any(_fault_of_text(one) for one in value):
        return "has to be a list of texts"
    return "" if len(set(value)) == len(value) else "names something twice"


def _fault_of_names(value: Any) -> str:
    is_map = isinstance(value, dict) and not any(_fault_of_text(name) for name in value.values())
    return "" if is_map else "has to be texts by locale"


def _fault_of_instant(value: Any) -> str:
    is_instant = isinstance(value, datetime) and value.tzinfo is not None
    return "" if is_instant else "has to be an instant with its offset, such as 2026-11-20T07:30:00Z"


FAULTS: Mapping[str, Callable[[Any], str]] = {
    "slug": _fault_of_slug,
    "tags": _fault_of_texts,
    "authors": _fault_of_texts,
    "summary": _fault_of_texts,
    "names": _fault_of_names,
    "published_at": _fault_of_instant,
}


def _text_of(path: Path, where: str) -> str:
    try:
        return path.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise SampleError(f"{where}: cannot be read: {type(error).__name__}") from error


def _toml(text: str, where: str) -> dict[str, Any]:
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise SampleError(f"{where}: broken TOML: {error}") from error

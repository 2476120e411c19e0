"""What published articles show of the taxonomy: section, tags, people and source, in the article's own language.

Not here: the article itself (`publishing.py`), following a word that changed (`rewording.py`).
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import bindparam, delete
from sqlalchemy.orm import Session

from cms.content.models import Document, DocumentAuthor, DocumentSection, DocumentTag, DocumentWord
from cms.platform.db import columns_of, insert_into
from cms.platform.prepared import PreparedWrite
from cms.taxonomy.rules import in_locale

# Every publish runs these, so they are built once.
SECTIONS, TAGS = insert_into(DocumentSection), insert_into(DocumentTag)
AUTHORS, WORDS = insert_into(DocumentAuthor), insert_into(DocumentWord)
FORGET = tuple(
    PreparedWrite(delete(table).where(table.c.article_id == bindparam("article")))
    for table in map(columns_of, (DocumentSection, DocumentTag, DocumentAuthor, DocumentWord))
)


@dataclass(frozen=True)
class Place:
    """Where an article stands in the lists of its words."""

    article_id: str
    number: int
    published_at: datetime
    locale: str


@dataclass(frozen=True)
class SectionValue:
    """A section as readers see it. `path` holds the slugs from the root to this one, itself included.

    `id`, here and below, is the word's public id, by which a change of it finds the article.
    """

    slug: str
    name: str
    path: tuple[str, ...]
    id: str = ""


@dataclass(frozen=True)
class TagValue:
    """A tag as readers see it."""

    slug: str
    name: str
    id: str = ""


@dataclass(frozen=True)
class PersonValue:
    """An author or editor as readers see them."""

    slug: str
    name: str
    id: str = ""


@dataclass(frozen=True)
class SourceValue:
    """Where a story comes from."""

    name: str
    url: str
    id: str = ""


@dataclass(frozen=True)
class Wording:
    """All words of one published article."""

    section: SectionValue | None = None
    tags: tuple[TagValue, ...] = ()
    authors: tuple[PersonValue, ...] = ()
    editor: PersonValue | None = None
    source: SourceValue | None = None

    @property
    def section_path(self) -> str:
        """The section's path as in `Section.path`, or empty."""
        return "".join(f"{slug}/" for slug in self.section.path) if self.section else ""

    def content(self) -> dict[str, Any]:
        """These members of the article document."""
        return {
            "section": _named(self.section) if self.section else None,
            "source": {"name": self.source.name, "url": self.source.url} if self.source else None,
            "authors": [_named(person) for person in self.authors],
            "editor": _named(self.editor) if self.editor else None,
            "tags": [_named(tag) for tag in self.tags],
        }

    def roles(self) -> list[tuple[str, str]]:
        """The role and id of each word, in their order. Roles: section, tag, author, editor, source."""
        words: list[tuple[str, Any]] = [("section", self.section), *(("tag", tag) for tag in self.tags)]
        words += [*(("author", person) for person in self.authors), ("editor", self.editor), ("source", self.source)]
        return [(role, word.id) for role, word in words if word is not None and word.id]


def wording_of(
    locale: str, section: Any, tags: Iterable[Any], authors: Iterable[Any], editor: Any, source: SourceValue | None
) -> Wording:
    """The words of an article in its language; each once, where two became one. Words or their plain rows are given."""
    return Wording(
        section=section_value(section, locale) if section else None,
        tags=tuple({tag.id: _value(TagValue, tag, locale) for tag in tags}.values()),
        authors=tuple({person.id: _value(PersonValue, person, locale) for person in authors}.values()),
        editor=_value(PersonValue, editor, locale) if editor else None,
        source=source,
    )


def section_value(section: Any, locale: str) -> SectionValue:
    """A section in a language."""
    path = tuple(section.path.rstrip("/").split("/"))
    return SectionValue(section.slug, in_locale(section.name, section.names, locale), path, section.id)


def source_value(source: Any, url: str) -> SourceValue:
    """A source with the address of the story there."""
    return SourceValue(source.name, url, source.id)


def put_wording(session: Session, document: Document, wording: Wording) -> None:
    """Write down anew in which lists an article stands and which words it shows."""
    for forget in FORGET:
        forget.run(session, article=document.article_id)
    place = Place(document.article_id, document.number, document.published_at, document.locale)
    add_wording(session, place, wording)


def add_wording(session: Session, at: Place, wording: Wording) -> None:
    """Write down in which lists an article stands that is in none yet, and which words it shows."""
    place = {"article_id": at.article_id, "published_at": at.published_at, "number": at.number}
    sections = wording.section.path if wording.section else ()
    SECTIONS.run_all(session, [{**place, "section": slug, "locale": at.locale} for slug in dict.fromkeys(sections)])
    TAGS.run_all(session, [{**place, "tag": slug} for slug in dict.fromkeys(tag.slug for tag in wording.tags)])
    authors = dict.fromkeys(person.slug for person in wording.authors)
    AUTHORS.run_all(session, [{**place, "author": slug} for slug in authors])
    words = [
        {"article_id": at.article_id, "role": role, "position": position, "word_id": word_id}
        for position, (role, word_id) in enumerate(wording.roles())
    ]
    WORDS.run_all(session, words)


def _value(kind: Any, word: Any, locale: str) -> Any:
    return kind(word.slug, in_locale(word.name, word.names, locale), word.id)


def _named(word: Any) -> Mapping[str, str]:
    return {"slug": word.slug, "name": word.name}

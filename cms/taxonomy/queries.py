"""Reads of the taxonomy: one word by its slug, many by their slugs, pages of a list. Nothing here writes."""

from collections.abc import Collection, Sequence
from typing import Any, TypeVar

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from cms.platform.keyset import one_page
from cms.taxonomy.models import Person, Section, Source, Tag

Word = TypeVar("Word", Section, Tag, Person)
ORDER: dict[type[Any], Any] = {Section: Section.path, Tag: Tag.slug, Person: Person.slug, Source: Source.name}


def by_slug(session: Session, kind: type[Word], slug: str) -> Word | None:
    """The section, tag or person with this slug."""
    return session.scalar(select(kind).where(kind.slug == slug))


def by_slugs(session: Session, kind: type[Word], slugs: Collection[str]) -> dict[str, Word]:
    """Those of these slugs that exist, by slug."""
    if not slugs:
        return {}
    return {word.slug: word for word in session.scalars(select(kind).where(kind.slug.in_(set(slugs))))}


def source_by_id(session: Session, source_id: str) -> Source | None:
    """The source with this public id."""
    return session.scalar(select(Source).where(Source.id == source_id))


def source_by_name(session: Session, name: str) -> Source | None:
    """The source with exactly this name."""
    return session.scalar(select(Source).where(Source.name == name))


def words(
    session: Session, kind: type[Any], *, limit: int, after: Sequence[Any] | None, is_backwards: bool
) -> list[Any]:
    """One page of a list: sections by path, so that each stands below its parent; tags and people by slug; sources
    by name."""
    return one_page(session, select(kind), [ORDER[kind]], after, limit=limit, is_backwards=is_backwards)


def place_of(word: Any) -> tuple[str]:
    """Where a word stands in its list."""
    return (str(getattr(word, ORDER[type(word)].key)),)


def count_of(session: Session, kind: type[Any]) -> int:
    """How many there are."""
    return session.scalar(select(func.count()).select_from(kind)) or 0

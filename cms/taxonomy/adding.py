"""Adding sections, tags, people and sources."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from cms.audit.recording import note
from cms.platform.actor import Actor
from cms.platform.errors import Conflict, FieldError, Invalid
from cms.platform.ids import new_id
from cms.taxonomy import queries, rules
from cms.taxonomy.models import Person, Section, Source, Tag
from cms.taxonomy.rules import NewPerson, NewSection, NewSource, NewTag


def add_section(session: Session, actor: Actor, command: NewSection, now: datetime) -> Section:
    """Add a section, at the root or below another one. Raises: Conflict (`slug_taken`); Invalid for the parent."""
    slug = _slug(command.slug, command.name)
    parent = None
    if command.parent is not None:
        parent = queries.by_slug(session, Section, command.parent)
        if parent is None:
            raise Invalid(errors=rules.strangers([("/parent", command.parent)], (), "section"))
    path = rules.section_path(slug, parent.path if parent else "")
    if path is None:
        raise Invalid(errors=[FieldError("/parent", "too_deep", "The tree of sections would grow too deep here.")])
    section = Section(
        id=new_id(),
        slug=slug,
        name=command.name,
        parent_id=parent.id if parent else None,
        path=path,
        created_at=now,
    )
    _add(session, section, f"a section with the slug {slug!r}")
    _note(session, actor, "section", section, now)
    return section


def add_tag(session: Session, actor: Actor, command: NewTag, now: datetime) -> Tag:
    """Add a tag. Raises: Conflict (`slug_taken`)."""
    slug = _slug(command.slug, command.name)
    tag = Tag(id=new_id(), slug=slug, name=command.name, created_at=now)
    _add(session, tag, f"a tag with the slug {slug!r}")
    _note(session, actor, "tag", tag, now)
    return tag


def add_person(session: Session, actor: Actor, command: NewPerson, now: datetime) -> Person:
    """Add somebody who writes or edits. Raises: Conflict (`slug_taken`)."""
    slug = _slug(command.slug, command.name)
    person = Person(id=new_id(), slug=slug, name=command.name, bio=command.bio, created_at=now)
    _add(session, person, f"a person with the slug {slug!r}")
    _note(session, actor, "person", person, now)
    return person


def add_source(session: Session, actor: Actor, command: NewSource, now: datetime) -> Source:
    """Add a source. Raises: Conflict (`slug_taken`) when the name is taken."""
    source = Source(id=new_id(), name=command.name, url=command.url, created_at=now)
    _add(session, source, f"a source named {command.name!r}")
    _note(session, actor, "source", source, now)
    return source


def tag_slug(name: str) -> str | None:
    """The slug of the tag that an article names: the name itself where it is a slug, or one made of it."""
    return name if rules.is_slug(name) else rules.slug_from(name)


def tags_for(session: Session, actor: Actor, names: Sequence[str], now: datetime) -> list[Tag]:
    """The tags with these slugs or names, in their order and each once; those that do not exist are made.

    Raises: Invalid (`/tags/<index>`) for a name that no slug can be made of.
    """
    wanted: dict[str, str] = {}
    for index, name in enumerate(names):
        slug = tag_slug(name)
        if slug is None:
            raise Invalid(errors=[FieldError(f"/tags/{index}", "invalid", "No slug can be made of this name.")])
        wanted.setdefault(slug, name)
    known = queries.by_slugs(session, Tag, wanted)
    # In one order for everybody: two articles that make the same new tags must not wait for each other.
    for slug in sorted(wanted.keys() - known.keys()):
        known[slug] = _found_or_added_tag(session, actor, NewTag(name=wanted[slug], slug=slug), now)
    return [known[slug] for slug in wanted]


def source_for(session: Session, actor: Actor, command: NewSource, now: datetime) -> Source:
    """The source of this name, made where there is none."""
    found = queries.source_by_name(session, command.name)
    if found is None:
        try:
            return add_source(session, actor, command, now)
        except Conflict:
            found = queries.source_by_name(session, command.name)
    assert found is not None
    return found


def _found_or_added_tag(session: Session, actor: Actor, command: NewTag, now: datetime) -> Tag:
    try:
        return add_tag(session, actor, command, now)
    except Conflict:
        # Somebody else made it in the meantime, and their commit is what let us go on.
        found = queries.by_slug(session, Tag, str(command.slug))
        assert found is not None
        return found


def _slug(given: str | None, name: str) -> str:
    slug = given or rules.slug_from(name)
    if slug is None:
        raise Invalid(errors=[FieldError("/slug", "required", "No slug can be made of this name; give one.")])
    return slug


def _add(session: Session, row: Any, what: str) -> None:
    try:
        with session.begin_nested():
            session.add(row)
    except IntegrityError:
        raise Conflict(f"There is {what} already.", code="slug_taken") from None


def _note(session: Session, actor: Actor, kind: str, row: Any, now: datetime) -> None:
    note(session, actor=actor, action=f"{kind}.created", subject_kind=kind, subject_id=row.id, now=now)

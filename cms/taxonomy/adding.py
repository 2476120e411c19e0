"""Adding sections, tags, people and sources."""

from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Any

from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from cms.audit.recording import note
from cms.platform.actor import Actor
from cms.platform.errors import Conflict, FieldError, Invalid
from cms.platform.ids import new_id
from cms.taxonomy import queries, rules
from cms.taxonomy.keeping import hold_tree, put_synonyms, refuse_held_key, refuse_in_tree
from cms.taxonomy.models import Person, Section, Source, Tag
from cms.taxonomy.queries import KEYS, KIND_NAMES
from cms.taxonomy.rules import NewPerson, NewSection, NewSource, NewTag


def add_section(session: Session, actor: Actor, command: NewSection, now: datetime) -> Section:
    """Add a section, at the root or below another one.

    Raises: Conflict (`slug_taken`); Invalid for the parent; Forbidden outside of the place of the actor's grants.
    """
    hold_tree(session)
    slug = _slug(command.slug, command.name)
    parent = parent_named(session, command.parent)
    refuse_in_tree(actor, parent.path if parent else "")
    path = rules.section_path(slug, parent.path if parent else "")
    if path is None:
        raise Invalid(errors=[FieldError("/parent", "too_deep", "The tree of sections would grow too deep here.")])
    section = Section(
        slug=slug,
        name=command.name,
        names=dict(command.names),
        parent_id=parent.id if parent else None,
        path=path,
        position=command.position,
        related_half_life_days=command.related_half_life_days,
        place=rules.section_place(slug, command.position, parent.place if parent else ""),
    )
    _add(session, actor, section, now)
    return section


def add_tag(session: Session, actor: Actor, command: NewTag, now: datetime) -> Tag:
    """Add a tag with its synonyms. Raises: Conflict (`slug_taken`); Invalid for a synonym."""
    tag = Tag(slug=_slug(command.slug, command.name), name=command.name, names=dict(command.names))
    _add(session, actor, tag, now)
    if command.synonyms:
        put_synonyms(session, tag, command.synonyms, now)
    return tag


def add_person(session: Session, actor: Actor, command: NewPerson, now: datetime) -> Person:
    """Add somebody who writes, edits or takes pictures. Raises: Conflict (`slug_taken`)."""
    values = asdict(command) | {"roles": list(command.roles), "links": [dict(link) for link in command.links]}
    person = Person(**values | {"slug": _slug(command.slug, command.name)})
    _add(session, actor, person, now)
    return person


def add_source(session: Session, actor: Actor, command: NewSource, now: datetime) -> Source:
    """Add a source. Raises: Conflict (`slug_taken`) when the name is taken."""
    source = Source(name=command.name, url=command.url)
    _add(session, actor, source, now)
    return source


def parent_named(session: Session, slug: str | None) -> Section | None:
    """The section to stand below; None for the root. Raises: Invalid (`/parent`) when there is none of this slug."""
    if slug is None:
        return None
    parent = queries.by_slug(session, Section, slug)
    if parent is None:
        raise Invalid(errors=rules.strangers([("/parent", slug)], (), "section"))
    return parent


def tag_slug(name: str) -> str | None:
    """The slug of the tag that an article names: the name itself where it is a slug, or one made of it."""
    return name if rules.is_slug(name) else rules.slug_from(name)


def tags_for(session: Session, actor: Actor, names: Sequence[str], now: datetime) -> dict[str, str]:
    """The tags with these slugs, names or synonyms, in their order and each once; those that do not exist are made.

    Shape: the slugs by their ids.
    Raises: Invalid (`/tags/<index>`) for a name that no slug can be made of.
    """
    wanted: dict[str, str] = {}
    for index, name in enumerate(names):
        slug = tag_slug(name)
        if slug is None:
            raise Invalid(errors=[FieldError(f"/tags/{index}", "invalid", "No slug can be made of this name.")])
        wanted.setdefault(slug, name)
    known = {slug: (tag.id, tag.slug) for slug, tag in queries.by_slugs(session, Tag, wanted, is_held=True).items()}
    # In one order for everybody: two articles that make the same new tags must not wait for each other.
    for slug in sorted(wanted.keys() - known.keys()):
        tag = _found_or_added_tag(session, actor, NewTag(name=wanted[slug], slug=slug), now)
        known[slug] = (tag.id, tag.slug)
    return dict(known[slug] for slug in wanted)


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


def _add(session: Session, actor: Actor, word: Any, now: datetime) -> None:
    kind = type(word)
    key = getattr(word, KEYS[kind].key)
    refuse_held_key(session, kind, key)
    word.id, word.created_at = new_id(), now
    try:
        with session.begin_nested():
            session.add(word)
    except IntegrityError:
        raise Conflict(f"There is a {KIND_NAMES[kind]} {key!r} already.", code="slug_taken") from None
    name = KIND_NAMES[kind]
    note(session, actor=actor, action=f"{name}.created", subject_kind=name, subject_id=word.id, now=now)

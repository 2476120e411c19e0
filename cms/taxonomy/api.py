"""Sections, tags, people and sources over HTTP, for editors."""

from typing import Any
from urllib.parse import quote

from flask import Blueprint, Response

from cms.platform.errors import NotFound
from cms.platform.http.answers import answer
from cms.platform.http.endpoint import endpoint
from cms.platform.http.guard import current_actor
from cms.platform.http.pages import page_answer
from cms.platform.http.query_input import PageShape
from cms.platform.http.services import services
from cms.platform.http.transactions import reading, transaction
from cms.platform.ids import is_id
from cms.taxonomy import adding, queries
from cms.taxonomy.models import Person, Section, Source, Tag
from cms.taxonomy.rules import NewPerson, NewSection, NewSource, NewTag
from cms.taxonomy.schemas import (
    NewPersonShape,
    NewSectionShape,
    NewSourceShape,
    NewTagShape,
    PersonPageShape,
    PersonShape,
    SectionPageShape,
    SectionShape,
    SourcePageShape,
    SourceShape,
    TagPageShape,
    TagShape,
)

taxonomy = Blueprint("taxonomy", __name__, url_prefix="/api/v1")

READ, WRITE = "taxonomy:read", "taxonomy:write"


@taxonomy.post("/sections")
@endpoint(summary="Add a section", scope=WRITE, body=NewSectionShape, answers={201: SectionShape})
def add_section(body: NewSection) -> Response:
    """A section at the root, or below the one that `parent` names."""
    with transaction() as session:
        section = adding.add_section(session, current_actor(), body, services().clock())
        return _created(section_data(section), f"/api/v1/sections/{quote(section.slug)}")


@taxonomy.get("/sections")
@endpoint(summary="List sections", scope=READ, query=PageShape, answers={200: SectionPageShape})
def list_sections(query: dict[str, Any]) -> Response:
    """The tree of sections, each after the one above it."""
    return _page("sections", Section, query, section_data)


@taxonomy.get("/sections/<slug>")
@endpoint(summary="Read a section", scope=READ, answers={200: SectionShape}, refuses=(404,))
def read_section(slug: str) -> Response:
    """One section by its slug."""
    with reading() as session:
        return answer(section_data(_found(queries.by_slug(session, Section, slug))))


@taxonomy.post("/tags")
@endpoint(summary="Add a tag", scope=WRITE, body=NewTagShape, answers={201: TagShape})
def add_tag(body: NewTag) -> Response:
    """A word that articles share. Articles make the tags that they name, too."""
    with transaction() as session:
        tag = adding.add_tag(session, current_actor(), body, services().clock())
        return _created(tag_data(tag), f"/api/v1/tags/{quote(tag.slug)}")


@taxonomy.get("/tags")
@endpoint(summary="List tags", scope=READ, query=PageShape, answers={200: TagPageShape})
def list_tags(query: dict[str, Any]) -> Response:
    """Every tag, by slug."""
    return _page("tags", Tag, query, tag_data)


@taxonomy.get("/tags/<slug>")
@endpoint(summary="Read a tag", scope=READ, answers={200: TagShape}, refuses=(404,))
def read_tag(slug: str) -> Response:
    """One tag by its slug."""
    with reading() as session:
        return answer(tag_data(_found(queries.by_slug(session, Tag, slug))))


@taxonomy.post("/people")
@endpoint(summary="Add a person", scope=WRITE, body=NewPersonShape, answers={201: PersonShape})
def add_person(body: NewPerson) -> Response:
    """Somebody who writes or edits. Readers see name and bio."""
    with transaction() as session:
        person = adding.add_person(session, current_actor(), body, services().clock())
        return _created(person_data(person), f"/api/v1/people/{quote(person.slug)}")


@taxonomy.get("/people")
@endpoint(summary="List people", scope=READ, query=PageShape, answers={200: PersonPageShape})
def list_people(query: dict[str, Any]) -> Response:
    """Everybody who writes or edits, by slug."""
    return _page("people", Person, query, person_data)


@taxonomy.get("/people/<slug>")
@endpoint(summary="Read a person", scope=READ, answers={200: PersonShape}, refuses=(404,))
def read_person(slug: str) -> Response:
    """One person by their slug."""
    with reading() as session:
        return answer(person_data(_found(queries.by_slug(session, Person, slug))))


@taxonomy.post("/sources")
@endpoint(summary="Add a source", scope=WRITE, body=NewSourceShape, answers={201: SourceShape})
def add_source(body: NewSource) -> Response:
    """Where stories come from. Articles make the sources that they name, too."""
    with transaction() as session:
        source = adding.add_source(session, current_actor(), body, services().clock())
        return _created(source_data(source), f"/api/v1/sources/{source.id}")


@taxonomy.get("/sources")
@endpoint(summary="List sources", scope=READ, query=PageShape, answers={200: SourcePageShape})
def list_sources(query: dict[str, Any]) -> Response:
    """Every source, by name."""
    return _page("sources", Source, query, source_data)


@taxonomy.get("/sources/<source_id>")
@endpoint(summary="Read a source", scope=READ, answers={200: SourceShape}, refuses=(404,))
def read_source(source_id: str) -> Response:
    """One source by its id."""
    with reading() as session:
        return answer(source_data(_found(queries.source_by_id(session, source_id) if is_id(source_id) else None)))


def tag_data(tag: Tag) -> dict[str, Any]:
    """A tag in the shape of `TagShape`."""
    return {name: getattr(tag, name) for name in ("id", "number", "slug", "name", "created_at")}


def section_data(section: Section) -> dict[str, Any]:
    """A section in the shape of `SectionShape`."""
    path = section.path.rstrip("/").split("/")
    row = {name: getattr(section, name) for name in ("id", "number", "slug", "name", "created_at")}
    return {**row, "parent": path[-2] if len(path) > 1 else None, "path": path}


def person_data(person: Person) -> dict[str, Any]:
    """A person in the shape of `PersonShape`."""
    return {name: getattr(person, name) for name in ("id", "number", "slug", "name", "bio", "created_at")}


def source_data(source: Source) -> dict[str, Any]:
    """A source in the shape of `SourceShape`."""
    return {name: getattr(source, name) for name in ("id", "number", "name", "url", "created_at")}


def _created(data: dict[str, Any], location: str) -> Response:
    return answer(data, 201, headers={"Location": location})


def _found(row: Any) -> Any:
    if row is None:
        raise NotFound
    return row


def _page(listing: str, kind: type[Any], query: dict[str, Any], dump: Any) -> Response:
    with reading() as session:
        return page_answer(
            f"taxonomy|{listing}",
            query,
            read=lambda limit, after, is_backwards: queries.words(
                session, kind, limit=limit, after=after, is_backwards=is_backwards
            ),
            position=queries.place_of,
            dump=dump,
            count=lambda: queries.count_of(session, kind),
        )

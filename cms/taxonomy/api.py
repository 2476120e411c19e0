"""Sections, tags, people and sources over HTTP, for editors: the same five routes for each of the four kinds.

Not here: deleting and merging, which need to know who uses a word (`newsroom/words`).
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from flask import Blueprint, Response
from marshmallow import Schema

from cms.platform.errors import NotFound
from cms.platform.http.answers import answer
from cms.platform.http.endpoint import endpoint
from cms.platform.http.etags import is_not_modified, revision_etag
from cms.platform.http.guard import current_actor
from cms.platform.http.limiting import SEARCH
from cms.platform.http.pages import page_answer
from cms.platform.http.services import services
from cms.platform.http.transactions import reading, transaction
from cms.taxonomy import adding, queries
from cms.taxonomy.changing import change_word
from cms.taxonomy.models import Person, Section, Source, Tag
from cms.taxonomy.rules import WRITE, ChangeWord
from cms.taxonomy.schemas import (
    NewPersonShape,
    NewSectionShape,
    NewSourceShape,
    NewTagShape,
    PersonPageShape,
    PersonPatchShape,
    PersonShape,
    SectionPageShape,
    SectionPatchShape,
    SectionShape,
    SourcePageShape,
    SourcePatchShape,
    SourceShape,
    TagPageShape,
    TagPatchShape,
    TagShape,
    WordsQueryShape,
)

taxonomy = Blueprint("taxonomy", __name__, url_prefix="/api/v1")

READ = "taxonomy:read"
CHANGE_TEXT = (
    "A JSON Merge Patch (RFC 7396). What articles show follows within seconds; the `Location` is the receipt. A slug "
    "or name that it had before goes on leading here."
)
PLACE_TEXT = " Needs the permission for the section above it, and where it moves, for the one above it there."
SHARED_TEXT = " Every desk shares it, so the permission must not be limited to a section or language."


@dataclass(frozen=True)
class Kind:
    """One of the four kinds: how it is called, and what goes in and out."""

    model: type[Any]
    name: str
    listing: str
    part: str
    add: Callable[..., Any]
    new: type[Schema]
    patch: type[Schema]
    shape: type[Schema]
    page: type[Schema]


KINDS = (
    Kind(Section, "section", "sections", "slug", adding.add_section,
         NewSectionShape, SectionPatchShape, SectionShape, SectionPageShape),
    Kind(Tag, "tag", "tags", "slug", adding.add_tag, NewTagShape, TagPatchShape, TagShape, TagPageShape),
    Kind(Person, "person", "people", "slug", adding.add_person,
         NewPersonShape, PersonPatchShape, PersonShape, PersonPageShape),
    Kind(Source, "source", "sources", "source_id", adding.add_source,
         NewSourceShape, SourcePatchShape, SourceShape, SourcePageShape),
)  # fmt: skip


def _furnish(kind: Kind) -> None:
    """Add the routes of one kind."""
    path = f"/{kind.listing}/<{kind.part}>"

    @endpoint(summary=f"Add a {kind.name}", scope=WRITE, body=kind.new, answers={201: kind.shape})
    def add(body: Any) -> Response:
        with transaction() as session:
            word = kind.add(session, current_actor(), body, services().clock())
            [data] = queries.word_data(session, [word])
            key = quote(str(data.get("slug") or data["id"]))
            headers = {"Location": f"/api/v1/{kind.listing}/{key}"}
            return answer(data, 201, headers=headers, etag=revision_etag(word.revision))

    @endpoint(
        summary=f"List {kind.listing}", scope=READ, query=WordsQueryShape, answers={200: kind.page},
        limit=SEARCH, limited_by="q", description="With `q` it is a search and counted as one.",
    )  # fmt: skip
    def page(query: dict[str, Any]) -> Response:
        return _page(kind, query)

    @endpoint(summary=f"Read a {kind.name}", scope=READ, answers={200: kind.shape, 304: None}, refuses=(404,))
    def read(**key: str) -> Response:
        with reading() as session:
            word = queries.by_key(session, kind.model, key[kind.part])
            if word is None:
                raise NotFound
            if is_not_modified(revision_etag(word.revision)):
                return answer(None, 304, etag=revision_etag(word.revision))
            [data] = queries.word_data(session, [word])
            return answer(data, etag=revision_etag(word.revision))

    @endpoint(
        summary=f"Change a {kind.name}", scope=WRITE, body=kind.patch, needs_revision=True,
        answers={200: kind.shape}, refuses=(409,),
        description=CHANGE_TEXT + (PLACE_TEXT if kind.model is Section else SHARED_TEXT),
    )  # fmt: skip
    def change(revision: int, body: dict[str, Any], **key: str) -> Response:
        command = ChangeWord(key[kind.part], revision, body)
        with transaction() as session:
            changed = change_word(session, current_actor(), kind.model, command, services().clock())
            [data] = queries.word_data(session, [changed.word])
            headers = {"Location": f"/api/v1/receipts/{changed.letter_id}"} if changed.letter_id else {}
            return answer(data, headers=headers, etag=revision_etag(changed.word.revision))

    taxonomy.add_url_rule(f"/{kind.listing}", f"add_{kind.name}", add, methods=["POST"])
    taxonomy.add_url_rule(f"/{kind.listing}", f"list_{kind.listing}", page, methods=["GET"])
    taxonomy.add_url_rule(path, f"read_{kind.name}", read, methods=["GET"])
    taxonomy.add_url_rule(path, f"change_{kind.name}", change, methods=["PATCH"])


def _page(kind: Kind, query: dict[str, Any]) -> Response:
    q = query["q"]
    with reading() as session:

        def read(limit: int, after: tuple[Any, ...] | None, is_backwards: bool) -> list[Any]:
            rows = queries.words(session, kind.model, q, limit=limit, after=after, is_backwards=is_backwards)
            return list(zip(rows, queries.word_data(session, rows), strict=True))

        return page_answer(
            f"taxonomy|{kind.listing}|{q}",
            query,
            read=read,
            position=lambda row: queries.place_of(row[0]),
            dump=lambda row: row[1],
            count=lambda: queries.count_of(session, kind.model, q),
        )


for _kind in KINDS:
    _furnish(_kind)

"""Front lists over HTTP, for editors, who pin, order and time. For readers: `cms.content.front_lists.api`."""

from typing import Any

from flask import Blueprint, Response
from sqlalchemy.orm import Session

from cms.content.front_lists.models import FrontList
from cms.identity.access import READ
from cms.newsroom.front_lists import arranging, queries
from cms.newsroom.front_lists.arranging import NO_LIST, WRITE
from cms.newsroom.front_lists.rules import ListContent, NewList, PutEntry
from cms.newsroom.front_lists.schemas import (
    FrontListPageShape,
    FrontListShape,
    ListInputShape,
    ListsQueryShape,
    NewListShape,
    PutEntryShape,
)
from cms.platform.errors import NotFound
from cms.platform.http.answers import answer
from cms.platform.http.endpoint import endpoint
from cms.platform.http.etags import revision_etag
from cms.platform.http.guard import current_actor
from cms.platform.http.pages import page_answer
from cms.platform.http.services import services
from cms.platform.http.transactions import reading, transaction

front_lists = Blueprint("front_lists", __name__, url_prefix="/api/v1/lists")


@front_lists.post("")
@endpoint(
    summary="Make a front list",
    scope=WRITE,
    body=NewListShape,
    answers={201: FrontListShape},
    refuses=(409,),
    description="Once per name and language. A list that belongs to a section can be changed by whoever has "
    "`lists:write` there; one of the whole site takes a grant without limits.",
)
def make_list(body: NewList) -> Response:
    """A named list of articles in order."""
    with transaction() as session:
        row = arranging.make_list(session, current_actor(), body, services().clock())
        return _answer(session, row, 201, Location=f"/api/v1/lists/{row.id}")


@front_lists.get("")
@endpoint(summary="List front lists", scope=READ, query=ListsQueryShape, answers={200: FrontListPageShape})
def list_lists(query: dict[str, Any]) -> Response:
    """Every list by name and language, without its entries."""
    name = query["name"]
    with reading() as session:

        def read(limit: int, after: tuple[Any, ...] | None, is_backwards: bool) -> list[Any]:
            rows = queries.lists(session, name, limit=limit, after=after, is_backwards=is_backwards)
            slugs = queries.section_slugs(session, rows)
            return [(row, slugs) for row in rows]

        return page_answer(
            f"newsroom|lists|{name}",
            query,
            read=read,
            position=lambda pair: (pair[0].name, pair[0].locale),
            dump=lambda pair: queries.card_data(*pair),
            count=lambda: queries.count_of(session, name),
        )


@front_lists.get("/<list_id>")
@endpoint(summary="Read a front list", scope=READ, answers={200: FrontListShape}, refuses=(404,))
def read_list(list_id: str) -> Response:
    """A list with its entries, and the ETag that changes are made on."""
    with reading() as session:
        row = queries.list_by_id(session, list_id)
        if row is None:
            raise NotFound(NO_LIST)
        return _answer(session, row)


@front_lists.put("/<list_id>")
@endpoint(
    summary="Replace a front list",
    scope=WRITE,
    body=ListInputShape,
    needs_revision=True,
    answers={200: FrontListShape},
)
def replace_list(list_id: str, revision: int, body: ListContent) -> Response:
    """The whole list as it shall be; what is left out goes."""
    with transaction() as session:
        row = arranging.replace_list(session, current_actor(), list_id, revision, body, services().clock())
        return _answer(session, row)


@front_lists.delete("/<list_id>")
@endpoint(summary="Delete a front list", scope=WRITE, needs_revision=True, answers={204: None})
def delete_list(list_id: str, revision: int) -> Response:
    """Readers get 404 from then on; the articles stay as they are."""
    with transaction() as session:
        arranging.delete_list(session, current_actor(), list_id, revision, services().clock())
        return answer(None, 204)


@front_lists.post("/<list_id>/entries")
@endpoint(
    summary="Put an article into a front list, or move it",
    scope=WRITE,
    body=PutEntryShape,
    needs_revision=True,
    answers={200: FrontListShape},
)
def put_entry(list_id: str, revision: int, body: PutEntry) -> Response:
    """At a position, with its times, its pin and its title; the others make room."""
    with transaction() as session:
        row = arranging.put_entry(session, current_actor(), list_id, revision, body, services().clock())
        return _answer(session, row)


@front_lists.delete("/<list_id>/entries/<entry_id>")
@endpoint(
    summary="Take an article out of a front list", scope=WRITE, needs_revision=True, answers={200: FrontListShape}
)
def drop_entry(list_id: str, entry_id: str, revision: int) -> Response:
    """An entry is known by its article's id. The others move up."""
    with transaction() as session:
        row = arranging.drop_entry(session, current_actor(), list_id, revision, entry_id, services().clock())
        return _answer(session, row)


def _answer(session: Session, row: FrontList, status: int = 200, **headers: str) -> Response:
    data = queries.list_data(session, row, services().clock())
    return answer(data, status, headers=headers, etag=revision_etag(row.revision))

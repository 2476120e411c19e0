"""Front lists for readers: what is shown now, all of it in one answer."""

from typing import Any
from urllib.parse import quote

import orjson
from flask import Blueprint, Response

from cms.content.front_lists import queries
from cms.content.front_lists.schemas import KnownListsShape, ShownListShape, ShownQueryShape
from cms.content.front_lists.showing import shown_list
from cms.platform.errors import NotFound
from cms.platform.http.answers import public_answer
from cms.platform.http.endpoint import endpoint
from cms.platform.http.paging import page_of
from cms.platform.http.services import services

shown_lists = Blueprint("shown_lists", __name__, url_prefix="/content/v1/lists")


@shown_lists.get("")
@endpoint(summary="List front lists", answers={200: KnownListsShape, 304: None})
def list_known() -> Response:
    """Every list by name and language, to ask for."""
    known = queries.known_lists(services().database.direct)
    page = page_of(known, limit=len(known), next_cursor=None, prev_cursor=None)
    return public_answer(orjson.dumps(page), cache_keys="lists")


@shown_lists.get("/<name>")
@endpoint(
    summary="Read what a front list shows now",
    query=ShownQueryShape,
    answers={200: ShownListShape, 304: None},
    refuses=(404,),
    description="Articles in the editors' order, then the newest where the list is filled up. Timed entries come and "
    "go by themselves; an article that is not published is not shown until it is. `title` may be the list's own.",
)
def read_shown(name: str, query: dict[str, Any]) -> Response:
    """The cards of a list."""
    parts = services()
    shown = shown_list(parts.database.direct, name, query["locale"], parts.clock())
    if shown is None:
        raise NotFound("There is no list of this name in this language.")
    rest = page_of([], limit=len(shown.cards), next_cursor=None, prev_cursor=None)
    beside = orjson.dumps({"list": shown.told, "page": rest["page"], "meta": rest["meta"]})
    return public_answer(
        b'{"data":[' + b",".join(shown.cards) + b"]," + beside[1:], cache_keys=f"lists list-{quote(name)} articles"
    )

"""Synonyms over HTTP, for editors."""

from typing import Any

from flask import Blueprint, Response

from cms.content.synonyms import changing, queries
from cms.content.synonyms.changing import NO_SET
from cms.content.synonyms.models import SynonymSet
from cms.content.synonyms.rules import SynonymContent
from cms.content.synonyms.schemas import SynonymInputShape, SynonymPageShape, SynonymShape
from cms.platform.errors import NotFound
from cms.platform.http.answers import answer
from cms.platform.http.endpoint import endpoint
from cms.platform.http.etags import revision_etag
from cms.platform.http.guard import current_actor
from cms.platform.http.pages import page_answer
from cms.platform.http.query_input import PageShape
from cms.platform.http.services import services
from cms.platform.http.transactions import reading, transaction
from cms.platform.ids import is_id

synonyms = Blueprint("synonyms", __name__, url_prefix="/api/v1/synonyms")

READ, WRITE = "search:read", "search:write"


@synonyms.get("")
@endpoint(summary="List synonyms", scope=READ, query=PageShape, answers={200: SynonymPageShape})
def list_synonyms(query: dict[str, Any]) -> Response:
    """Every set of words that mean the same to a search, the newest first."""
    with reading() as session:
        return page_answer(
            "synonyms",
            query,
            read=lambda limit, after, is_backwards: queries.sets(
                session, limit=limit, after=after, is_backwards=is_backwards
            ),
            position=lambda row: (row.number,),
            dump=_data,
            count=lambda: queries.count_of(session),
        )


@synonyms.post("")
@endpoint(
    summary="Add synonyms",
    scope=WRITE,
    body=SynonymInputShape,
    answers={201: SynonymShape},
    refuses=(409,),
    description="Searches count them from the next one on; the index stays as it is. What was typed counts most, and "
    "phrases in quotes, beginnings, exclusions and fields mean what they say.",
)
def add_synonyms(body: SynonymContent) -> Response:
    """Words that mean the same to a search."""
    with transaction() as session:
        row = changing.add_synonyms(session, current_actor(), body, services().clock())
        return _answer(row, 201, Location=f"/api/v1/synonyms/{row.id}")


@synonyms.get("/<set_id>")
@endpoint(summary="Read synonyms", scope=READ, answers={200: SynonymShape}, refuses=(404,))
def read_synonyms(set_id: str) -> Response:
    """One set, and the ETag that changes are made on."""
    with reading() as session:
        row = queries.set_by_id(session, _key(set_id))
        if row is None:
            raise NotFound(NO_SET)
        return _answer(row)


@synonyms.put("/<set_id>")
@endpoint(
    summary="Replace synonyms",
    scope=WRITE,
    body=SynonymInputShape,
    needs_revision=True,
    answers={200: SynonymShape},
    refuses=(404,),
)
def replace_synonyms(set_id: str, revision: int, body: SynonymContent) -> Response:
    """The whole set as it shall be."""
    with transaction() as session:
        row = changing.replace_synonyms(session, current_actor(), _key(set_id), revision, body, services().clock())
        return _answer(row)


@synonyms.delete("/<set_id>")
@endpoint(summary="Remove synonyms", scope=WRITE, needs_revision=True, answers={204: None}, refuses=(404,))
def remove_synonyms(set_id: str, revision: int) -> Response:
    """The words mean no more than themselves again."""
    with transaction() as session:
        changing.remove_synonyms(session, current_actor(), _key(set_id), revision, services().clock())
        return answer(None, 204)


def _answer(row: SynonymSet, status: int = 200, **headers: str) -> Response:
    return answer(_data(row), status, headers=headers, etag=revision_etag(row.revision))


def _data(row: SynonymSet) -> dict[str, Any]:
    names = ("id", "words", "is_one_way", "revision", "created_at", "updated_at")
    return {**{name: getattr(row, name) for name in names}, "locale": row.locale or None}


def _key(text: str) -> str:
    if not is_id(text):
        raise NotFound(NO_SET)
    return text

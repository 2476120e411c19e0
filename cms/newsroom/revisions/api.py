"""Revisions over HTTP: every saved state of an article."""

from typing import Any

from flask import Blueprint, Response

from cms.newsroom import queries
from cms.newsroom.api.answering import readable
from cms.newsroom.models import Revision
from cms.newsroom.revisions.schemas import RevisionPageShape, RevisionShape
from cms.platform.errors import NotFound
from cms.platform.http.answers import answer
from cms.platform.http.endpoint import endpoint
from cms.platform.http.pages import page_answer
from cms.platform.http.query_input import PageShape
from cms.platform.http.transactions import reading

revisions = Blueprint("revisions", __name__, url_prefix="/api/v1")

ENTRY = ("revision", "action", "actor_kind", "actor_id", "actor_name", "at", "note")


@revisions.get("/articles/<article_id>/revisions")
@endpoint(
    summary="List revisions", scope="articles:read", query=PageShape, answers={200: RevisionPageShape}, refuses=(404,)
)
def list_revisions(article_id: str, query: dict[str, Any]) -> Response:
    """Every saved state of an article, newest first."""
    with reading() as session:
        readable(session, article_id)
        return page_answer(
            f"newsroom|revisions|{article_id}",
            query,
            read=lambda limit, after, is_backwards: queries.revisions(
                session, article_id, limit=limit, after=after, is_backwards=is_backwards
            ),
            position=lambda row: (row.revision,),
            dump=_entry,
            count=lambda: queries.count_of_revisions(session, article_id),
        )


@revisions.get("/articles/<article_id>/revisions/<int:number>")
@endpoint(summary="Read a revision", scope="articles:read", answers={200: RevisionShape}, refuses=(404,))
def read_revision(article_id: str, number: int) -> Response:
    """One saved state with its content."""
    with reading() as session:
        readable(session, article_id)
        found = queries.revision(session, article_id, number)
        if found is None:
            raise NotFound
        return answer({**_entry(found), "content": found.content})


def _entry(revision: Revision) -> dict[str, Any]:
    return {name: getattr(revision, name) for name in ENTRY}

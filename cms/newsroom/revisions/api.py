"""Revisions over HTTP: every saved state of an article."""

from typing import Any

from flask import Blueprint, Response

from cms.newsroom import queries
from cms.newsroom.api.answering import article_answer, article_key, readable
from cms.newsroom.models import Revision
from cms.newsroom.revisions.comparing import differences
from cms.newsroom.revisions.queries import pair
from cms.newsroom.revisions.restoring import restore_revision
from cms.newsroom.revisions.rules import RestoreRevision
from cms.newsroom.revisions.schemas import ComparisonShape, RestoreInputShape, RevisionPageShape, RevisionShape
from cms.newsroom.schemas.articles import ArticleShape
from cms.platform.errors import NotFound
from cms.platform.http.answers import answer
from cms.platform.http.endpoint import endpoint
from cms.platform.http.guard import current_actor
from cms.platform.http.limiting import SEARCH
from cms.platform.http.pages import page_answer
from cms.platform.http.query_input import PageShape
from cms.platform.http.services import services
from cms.platform.http.transactions import reading, transaction

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


@revisions.get("/articles/<article_id>/revisions/<int:first>..<int:second>")
@endpoint(
    summary="Compare two revisions",
    scope="articles:read",
    answers={200: ComparisonShape},
    refuses=(404,),
    limit=SEARCH,
    description="Field by field; texts word by word, and character by character in scripts without spaces. Counted "
    "as a search. Either revision may be the older one.",
)
def compare_revisions(article_id: str, first: int, second: int) -> Response:
    """What the second has that the first has not, and the other way round."""
    with reading() as session:
        readable(session, article_id)
        one, other = pair(session, article_id, first, second)
    if one is None or other is None:
        raise NotFound(f"This article has no revision {second if one else first}; old ones may have been thinned out.")
    found = differences(one.content, other.content)
    return answer({"from": _entry(one), "to": _entry(other), "fields": [difference.as_dict() for difference in found]})


@revisions.post("/articles/<article_id>/restore")
@endpoint(
    summary="Bring an old revision back",
    scope="articles:write",
    body=RestoreInputShape,
    needs_revision=True,
    answers={200: ArticleShape},
    description="The working copy becomes what that revision holds, as a new revision; readers see no change.",
)
def restore(article_id: str, revision: int, body: dict[str, Any]) -> Response:
    """`If-Match` names the present revision, the body the one to bring back."""
    command = RestoreRevision(
        article_key(article_id), revision, body["revision"], body["note"], drops_missing=body["drops_missing"]
    )
    with transaction() as session:
        saved = restore_revision(session, current_actor(), command, services().clock())
        if saved is not None:
            return article_answer(saved.article, saved.content)
        article = queries.article_by_id(session, article_id)
        assert article is not None
        return article_answer(article, queries.content_of(session, article))


def _entry(revision: Revision) -> dict[str, Any]:
    return {name: getattr(revision, name) for name in ENTRY}

"""Comments for everybody: below an article, as far as they are approved."""

from typing import Any
from uuid import UUID

from flask import Blueprint, Response

from cms.platform.errors import NotFound
from cms.platform.http.endpoint import endpoint
from cms.platform.http.pages import page_answer
from cms.platform.http.transactions import reading
from cms.readers.comments.queries.standing import absence, comment_by_id, shown_article
from cms.readers.comments.queries.threads import count_of, place_of, replies, threads
from cms.readers.comments.schemas import CommentsQueryShape, PublicCommentListShape

shown_comments = Blueprint("shown_comments", __name__, url_prefix="/content/v1")


@shown_comments.get("/articles/<uuid:article_id>/comments")
@endpoint(
    summary="List the comments of an article",
    answers={200: PublicCommentListShape, 304: None},
    query=CommentsQueryShape,
    refuses=(404, 410),
    description="Comments that are no replies, each with its first three replies and those with theirs; further "
    "replies are listed with `parent`. A comment that was taken back or away stays, without its text and author, while "
    "replies to it are shown. In the order `best` likes may come between two pages, and a comment be missed or come "
    "twice; the order `newest` is stable.",
)
def list_comments(article_id: UUID, query: dict[str, Any]) -> Response:
    """What readers said, the newest first or the best."""
    key, order = str(article_id), query["order"] or "newest"
    with reading() as session:
        if shown_article(session, key) is None:
            raise absence(session, key)
        parent = None
        if query["parent"] is not None:
            order, parent = "oldest", comment_by_id(session, str(query["parent"]))
            if parent is None or parent.article_id != key or not parent.is_shown:
                raise NotFound("There is no such comment on this article.")

        def read(limit: int, after: tuple[Any, ...] | None, is_backwards: bool) -> list[dict[str, Any]]:
            if parent is not None:
                return replies(session, parent, limit=limit, after=after, is_backwards=is_backwards)
            return threads(session, key, order, limit=limit, after=after, is_backwards=is_backwards)

        return page_answer(
            f"comments|{key}|{query['parent']}|{order}",
            query,
            read=read,
            position=lambda entry: place_of(order, entry["row"]),
            dump=lambda entry: entry["data"],
            count=lambda: count_of(session, key, parent),
            is_public=True,
        )

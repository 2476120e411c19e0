"""The trash over HTTP: what was deleted, and taking it back."""

from datetime import timedelta
from typing import Any

from flask import Blueprint, Response

from cms.identity.rules import places
from cms.newsroom import queries, trashing
from cms.newsroom.api.answering import act_answer, article_key
from cms.newsroom.models import Article
from cms.newsroom.schemas.articles import ArticleShape
from cms.newsroom.schemas.trash import TrashPageShape
from cms.platform.clock import rfc3339
from cms.platform.http.endpoint import endpoint
from cms.platform.http.guard import current_actor
from cms.platform.http.pages import page_answer
from cms.platform.http.query_input import PageShape
from cms.platform.http.services import services
from cms.platform.http.transactions import reading, transaction

trash = Blueprint("trash", __name__, url_prefix="/api/v1")

ENTRY = ("id", "number", "title", "locale", "state", "revision", "deleted_at")


@trash.get("/trash")
@endpoint(
    summary="List deleted articles", scope="articles:delete", query=PageShape, answers={200: TrashPageShape},
)  # fmt: skip
def list_trash(query: dict[str, Any]) -> Response:
    """What can be taken back, the ones deleted last first. What expires is archived; its work is never deleted."""
    asked = queries.Narrowing(places=places(current_actor().grants, "articles:delete"))
    kept_for = timedelta(days=services().settings.trash_days)

    def entry(article: Article) -> dict[str, Any]:
        assert article.deleted_at is not None
        shown = {name: getattr(article, name) for name in ENTRY}
        return {**shown, "expires_at": article.deleted_at + kept_for}

    def position(article: Article) -> tuple[str, int]:
        assert article.deleted_at is not None
        return rfc3339(article.deleted_at), article.number

    with reading() as session:
        return page_answer(
            f"trash|{asked.name}",
            query,
            read=lambda limit, after, is_backwards: queries.trashed(
                session, asked, limit=limit, after=after, is_backwards=is_backwards
            ),
            position=position,
            dump=entry,
            count=lambda: queries.count_of_trashed(session, asked),
        )


@trash.post("/trash/<article_id>/restore")
@endpoint(
    summary="Take an article out of the trash",
    scope="articles:delete",
    answers={200: ArticleShape},
    refuses=(404, 409),
    description="Readers see it again when it is published again. The `Location` is the receipt.",
)
def restore_from_trash(article_id: str) -> Response:
    """With all its revisions, and with its slug where that is still free."""
    with transaction() as session:
        saved = trashing.recover_article(session, current_actor(), article_key(article_id), services().clock())
        return act_answer(saved)

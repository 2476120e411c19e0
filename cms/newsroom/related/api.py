"""Related lists over HTTP, for editors. For readers: `cms.content.api`."""

from typing import Any

from flask import Blueprint, Response
from sqlalchemy.orm import Session

from cms.identity.access import READ
from cms.newsroom.api.answering import article_key, readable, wait_for_letter
from cms.newsroom.related.arranging import WRITE, arrange_related
from cms.newsroom.related.queries import related_data
from cms.newsroom.related.rules import Arrangement
from cms.newsroom.related.schemas import ArrangedListShape, ArrangementShape, ArrangeQueryShape
from cms.platform.http.answers import answer
from cms.platform.http.endpoint import endpoint
from cms.platform.http.etags import revision_etag
from cms.platform.http.guard import current_actor
from cms.platform.http.services import services
from cms.platform.http.transactions import reading, transaction

related_lists = Blueprint("related_lists", __name__, url_prefix="/api/v1")


@related_lists.get("/articles/<article_id>/related")
@endpoint(
    summary="Read an article's related list as it was made",
    scope=READ,
    answers={200: ArrangedListShape},
    refuses=(404,),
    description="What editors pinned and banned, and every entry that is kept, with its score and its reasons: those "
    "that readers see, those that are hidden because they say nearly the same, and spares. The ETag is the revision "
    "of what editors decided.",
)
def read_related(article_id: str) -> Response:
    """Empty while readers do not see the article."""
    with reading() as session:
        readable(session, article_id)
        return _answer(session, article_id)


@related_lists.put("/articles/<article_id>/related")
@endpoint(
    summary="Pin, order and ban in an article's related list",
    scope=WRITE,
    body=ArrangementShape,
    query=ArrangeQueryShape,
    needs_revision=True,
    answers={200: ArrangedListShape},
    refuses=(404,),
    description="All pins in their order and all bans; what is left out ends. Pins stand before what was found, "
    "whatever their score; a pinned article that is not published is shown once it is. It is remembered when the "
    'article is changed, unpublished and published again. Where nobody decided anything yet, the ETag is `"0"`. '
    "`entries` follow within a second; the `Location` is the receipt, and `?wait=related` waits for it.",
)
def put_related(article_id: str, revision: int, query: dict[str, Any], body: Arrangement) -> Response:
    """Needs `lists:write` where the article is, and where readers find it."""
    key = article_key(article_id)
    with transaction() as session:
        arranged = arrange_related(session, current_actor(), key, revision, body, services().clock())
    if arranged.letter_id is None:
        headers = {}
    else:
        headers = {"Location": f"/api/v1/receipts/{arranged.letter_id}"}
        wait_for_letter(arranged.letter_id, query["wait"])
    with reading() as session:
        return _answer(session, key, **headers)


def _answer(session: Session, article_id: str, **headers: str) -> Response:
    data = related_data(session, article_id)
    return answer(data, headers=headers, etag=revision_etag(data["revision"]))

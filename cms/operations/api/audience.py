"""What readers do with an article, for editors."""

from flask import Blueprint, Response

from cms.newsroom.api.answering import readable
from cms.operations.schemas import AudienceShape
from cms.platform.http.answers import answer
from cms.platform.http.endpoint import endpoint
from cms.platform.http.transactions import reading
from cms.readers.bookmarks.queries import keepers_of
from cms.readers.sharing.api import short_address
from cms.readers.sharing.models import ShortLink
from cms.readers.sharing.queries import share_counts

audience = Blueprint("audience", __name__, url_prefix="/api/v1")


@audience.get("/articles/<article_id>/audience")
@endpoint(
    summary="How readers keep and share an article",
    scope="articles:read",
    answers={200: AudienceShape},
    refuses=(404,),
    description="Counted at this moment, also for an article that readers do not see now. `links` are the hundred "
    "short links that were followed most.",
)
def read_audience(article_id: str) -> Response:
    """Numbers alone: nothing here names a reader."""
    with reading() as session:
        article = readable(session, article_id)
        kept = keepers_of(session, [article.id]).get(article.id, 0)
        shares = share_counts(session, article.id)
    links = [_link(one) for one in shares["links"]]
    return answer({"article_id": article.id, "bookmarks": {"count": kept}, "shares": {**shares, "links": links}})


def _link(row: ShortLink) -> dict[str, object]:
    return {
        "short_url": short_address(row.code),
        "utm_source": row.source or None,
        "utm_medium": row.medium or None,
        "utm_campaign": row.campaign or None,
        "count": row.shares,
        "hits": row.hits,
        "created_at": row.created_at,
    }

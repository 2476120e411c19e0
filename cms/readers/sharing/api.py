"""Sharing over HTTP: addresses to give to others, and the short link that leads to the article. Open to everybody."""

from typing import Any, NoReturn
from uuid import UUID

from flask import Blueprint, Response, request

from cms.content.queries import tombstone_by_id
from cms.platform.counting import client_network
from cms.platform.errors import Gone, NotFound
from cms.platform.http.answers import answer
from cms.platform.http.endpoint import endpoint
from cms.platform.http.guard import client_address
from cms.platform.http.services import services
from cms.platform.http.transactions import reading, transaction
from cms.readers.sharing import queries
from cms.readers.sharing.linking import count_hit, share_article
from cms.readers.sharing.rules import HITS_PER_CLIENT, SHARES_PER_CLIENT, Tracking, tracked_address
from cms.readers.sharing.schemas import FollowedShape, SharedShape, ShareInputShape

sharing = Blueprint("sharing", __name__)

NO_LINK = "No article that readers see has this short link."
# Followed anew each time: a browser that remembered where it leads would come to what was moved or taken down.
NEVER_KEPT = {"Cache-Control": "private, no-store", "X-Robots-Tag": "noindex"}


@sharing.post("/readers/v1/articles/<uuid:article_id>/share")
@endpoint(
    summary="Share an article",
    body=ShareInputShape,
    is_body_optional=True,
    answers={200: SharedShape},
    limit=SHARES_PER_CLIENT,
    refuses=(404, 410),
    description="The address of the article's page with the parameters of a campaign, and a short link to the same. "
    "Each request counts as one share of that campaign; nothing is noted of who shares. The same campaign gets the "
    "same short link. An article with very many campaigns gives further ones its plain short link.",
)
def share(body: Tracking, article_id: UUID) -> Response:
    """What to send to somebody."""
    parts, key = services(), str(article_id)
    with reading() as session:
        article = queries.shared_article(session, key)
    if article is None:
        _refuse(key, "There is no published article of this id.")
    with transaction() as session:
        code = share_article(session, key, body, parts.clock())
        url = tracked_address(parts.settings.article_pattern, article, body)
        return answer({"url": url, "short_url": short_address(code)})


@sharing.get("/s/<code>")
@endpoint(
    summary="Follow a short link",
    query=FollowedShape,
    answers={302: None},
    refuses=(404, 410),
    description="To the page of the article as it is addressed now, with the parameters of the link's campaign and no "
    "others. Parameters of the request are left alone. Counted without anything that names who follows.",
)
def follow(code: str, **_asked: Any) -> Response:
    """302 to the article; 410 with a tombstone for what was taken down."""
    parts = services()
    link = queries.link_by_code(parts.database.direct, code)
    if link is None:
        raise NotFound(NO_LINK)
    if link.article is None:
        _refuse(link.article_id, NO_LINK)
    if request.method == "GET" and not _is_ahead_of_time() and _is_counted():
        count_hit(parts.database, link.number)
    location = tracked_address(parts.settings.article_pattern, link.article, link.tracking)
    return Response(b"", 302, headers={"Location": location, **NEVER_KEPT})


def short_address(code: str) -> str:
    """Where a short link is, as it is given to others."""
    return f"{services().settings.public_url}/s/{code}"


def _is_ahead_of_time() -> bool:
    """Whether a browser fetches what its user may never open. Source: the Fetch standard, `Sec-Purpose`."""
    return "prefetch" in request.headers.get("Sec-Purpose", "").lower()


def _is_counted() -> bool:
    parts = services()
    return parts.limiter.take(client_network(client_address()), HITS_PER_CLIENT, parts.clock()).is_allowed


def _refuse(article_id: str, nothing: str) -> NoReturn:
    tombstone = tombstone_by_id(services().database.direct, article_id)
    if tombstone is not None:
        raise Gone("This article was taken down.", extra={"tombstone": tombstone})
    raise NotFound(nothing)

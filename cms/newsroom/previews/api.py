"""Previews over HTTP: making and withdrawing links for editors, and what a link shows, for whoever has it."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any
from uuid import UUID

import orjson
import structlog
from flask import Blueprint, Response, request

from cms.content.addressing import Pages
from cms.content.projecting import projected
from cms.content.rules import ORDER
from cms.media.linking import address_signer
from cms.newsroom.api.answering import article_key, readable
from cms.newsroom.previews import queries
from cms.newsroom.previews.models import PreviewLink
from cms.newsroom.previews.page import PAGE_POLICY, preview_page
from cms.newsroom.previews.rules import LOOKS_PER_CLIENT, SharePreview
from cms.newsroom.previews.schemas import (
    PreviewDocumentShape,
    PreviewInputShape,
    PreviewPageShape,
    PreviewQueryShape,
    PreviewShape,
    PreviewViewPageShape,
    SharedPreviewShape,
    TokenQueryShape,
)
from cms.newsroom.previews.sharing import NO_LINK, revoke_preview, share_preview
from cms.newsroom.previews.tokens import key_names, read_ticket, visitor_of
from cms.newsroom.previews.viewing import NOT_WHOLE, Sight, document_of, look, note_view, watermarked
from cms.platform.counting import client_network
from cms.platform.errors import FieldError, Invalid, NotFound
from cms.platform.http.answers import answer
from cms.platform.http.door import POLICY
from cms.platform.http.endpoint import endpoint
from cms.platform.http.guard import client_address, current_actor, request_id
from cms.platform.http.pages import page_answer
from cms.platform.http.public import JSON
from cms.platform.http.query_input import PageShape
from cms.platform.http.services import services
from cms.platform.http.transactions import reading, transaction
from cms.platform.text.reading_time import rates_from

log = structlog.get_logger("copydesk.access")
previews = Blueprint("previews", __name__, url_prefix="/api/v1")
looks = Blueprint("looks", __name__, url_prefix="/preview/v1")

# What a link shows is for whoever has it, at this moment: no cache keeps it and no search engine lists it. That no
# other site is told where somebody came from (`Referrer-Policy: no-referrer`) holds for every answer of the product.
PRIVATE = {"Cache-Control": "private, no-store", "X-Robots-Tag": "noindex, nofollow"}


@previews.post("/articles/<article_id>/previews")
@endpoint(
    summary="Make a preview link",
    scope="articles:write",
    body=PreviewInputShape,
    is_body_optional=True,
    answers={201: SharedPreviewShape},
    refuses=(404, 409),
    description="For people who have no account. The link shows the working copy as it is at each look, or with "
    "`revision` that revision for good, until it expires or is withdrawn. Needs `articles:write` where the article is, "
    "as editing it does, and opens only while whoever made it has that right. It changes nothing of the article, and "
    "so needs no `If-Match`. The token is shown in this answer alone.",
)
def make_preview(article_id: str, body: dict[str, Any]) -> Response:
    """The `Location` is the link as colleagues see it; `url` and `page_url` are what to send to others."""
    lifetime = _lifetime(body["expires_in_hours"])
    command = SharePreview(article_key(article_id), lifetime, body["revision"], body["label"])
    parts = services()
    with transaction() as session:
        link, token = share_preview(session, current_actor(), command, parts.keys, parts.instant(session))
        data = queries.link_data(link, "active") | {"token": token, **_addresses(link.article_id, token)}
        location = f"/api/v1/articles/{link.article_id}/previews/{link.id}"
        return answer(data, 201, headers={"Location": location}, is_secret=True)


@previews.get("/articles/<article_id>/previews")
@endpoint(
    summary="List the preview links of an article",
    scope="articles:read",
    query=PageShape,
    answers={200: PreviewPageShape},
    refuses=(404,),
)
def list_previews(article_id: str, query: dict[str, Any]) -> Response:
    """To whom the working copy was shown, newest first, until some time after a link's end."""
    parts = services()
    with reading() as session:
        article, now = readable(session, article_id), parts.instant(session)
        keys = key_names(parts.keys)

        def read(limit: int, after: tuple[Any, ...] | None, is_backwards: bool) -> list[Any]:
            rows = queries.links(session, article.id, limit=limit, after=after, is_backwards=is_backwards)
            return list(zip(rows, queries.links_data(session, article, rows, keys, now), strict=True))

        return page_answer(
            f"newsroom|previews|{article.id}",
            query,
            read=read,
            position=lambda pair: (pair[0].number,),
            dump=lambda pair: pair[1],
            count=lambda: queries.count_of_links(session, article.id),
        )


@previews.get("/articles/<article_id>/previews/<preview_id>")
@endpoint(summary="Read a preview link", scope="articles:read", answers={200: PreviewShape}, refuses=(404,))
def read_preview(article_id: str, preview_id: str) -> Response:
    """What has become of one link, and how often it was opened."""
    parts = services()
    with reading() as session:
        article, link = readable(session, article_id), _link(session, article_id, preview_id)
        keys = key_names(parts.keys)
        return answer(queries.links_data(session, article, [link], keys, parts.instant(session))[0])


@previews.get("/articles/<article_id>/previews/<preview_id>/views")
@endpoint(
    summary="List who looked through a preview link",
    scope="articles:read",
    query=PageShape,
    answers={200: PreviewViewPageShape},
    refuses=(404,),
    description="One entry a visitor and day of UTC. A visitor is a network, told apart by a keyed hash that is "
    "another one for each link; no address is kept. Kept for `COPYDESK_PREVIEWS_KEPT_DAYS`.",
)
def list_views(article_id: str, preview_id: str, query: dict[str, Any]) -> Response:
    """When somebody looked, and how often, those who came last first."""
    with reading() as session:
        readable(session, article_id)
        link = _link(session, article_id, preview_id)
        return page_answer(
            f"newsroom|preview-views|{link.id}",
            query,
            read=lambda limit, after, is_backwards: queries.views(
                session, link, limit=limit, after=after, is_backwards=is_backwards
            ),
            position=lambda view: (view.number,),
            dump=queries.view_data,
            count=lambda: queries.count_of_views(session, link),
        )


@previews.delete("/articles/<article_id>/previews/<preview_id>")
@endpoint(
    summary="Withdraw a preview link",
    scope="articles:write",
    answers={204: None},
    refuses=(404,),
    description="From the next look on it opens no more; again is fine. It stays in the list for a while.",
)
def withdraw_preview(article_id: str, preview_id: str) -> Response:
    """Whoever may edit the article may withdraw any of its links."""
    with transaction() as session:
        revoke_preview(session, current_actor(), article_key(article_id), preview_id, services().clock())
        return answer(None, 204)


@looks.get("/articles/<uuid:article_id>")
@endpoint(
    summary="Read a working copy through a preview link",
    query=PreviewQueryShape,
    answers={200: PreviewDocumentShape},
    refuses=(404, 410),
    limit=LOOKS_PER_CLIENT,
    description="The document of the content API, put together by the same code, with `preview` beside. What stands "
    "around it (related, previous and next, translations) is what readers see now. Each look is counted. It has no "
    "ETag and is kept by no cache.",
)
def read_working_copy(article_id: UUID, query: dict[str, Any]) -> Response:
    """410 (`preview_ended`) for a link that has expired, was withdrawn, or leads to what is shown to nobody now."""
    sight, document = _seen(article_id, query["token"])
    if query["choice"] is not None:
        document = projected(document, query["choice"], ORDER)
    return Response(watermarked(document, sight), 200, content_type=JSON)


@looks.get("/articles/<uuid:article_id>/page")
@endpoint(
    summary="Look at a working copy as a page",
    query=TokenQueryShape,
    answers={200: None},
    refuses=(404, 410),
    media_type="text/html",
    limit=LOOKS_PER_CLIENT,
    description="For people who have no app and no account: the plain article under a line that says that it is a "
    "preview. A page that is left open reloads when the link ends.",
)
def look_at_page(article_id: UUID, query: dict[str, Any]) -> Response:
    """The same look as a document, counted the same."""
    sight, document = _seen(article_id, query["token"])
    page = preview_page(
        orjson.loads(document),
        is_published=sight.is_published,
        expires_at=sight.link.expires_at,
        now=services().clock(),
    )
    request.environ[POLICY] = PAGE_POLICY
    return Response(page, mimetype="text/html")


@looks.after_request
def keep_private(response: Response) -> Response:
    """Refusals too say nothing that anybody keeps."""
    response.headers.update(PRIVATE)
    return response


def _seen(article_id: UUID, token: str | None) -> tuple[Sight, bytes]:
    """What a link shows, with its document, once it is written down that somebody looks. Raises: NotFound; Gone."""
    parts = services()
    ticket = read_ticket(parts.keys, str(article_id), token or _bearer())
    if ticket is None:
        # Whoever watches over the newsroom may know that somebody guesses. What was sent may be nearly a token.
        log.warning(
            "preview_refused", article_id=str(article_id), client_address=client_address(), request_id=request_id()
        )
        raise NotFound(NOT_WHOLE)
    sight = look(parts.database, ticket, parts.instant)
    rates = rates_from(parts.settings.reading_rates)
    document = document_of(sight, rates, address_signer(parts.keys, parts.clock()))
    # A HEAD gets nothing to look at.
    if request.method != "HEAD":
        visitor = visitor_of(parts.keys, ticket.link_id, client_network(client_address()))
        with parts.database.transaction() as session:
            note_view(session, sight.link, visitor, parts.instant(session))
    return sight, Pages.of(parts.settings).shown(document, '""')[0]


def _bearer() -> str:
    kind, _, token = request.headers.get("Authorization", "").partition(" ")
    return token.strip() if kind.lower() == "bearer" else ""


def _link(session: Any, article_id: str, preview_id: str) -> PreviewLink:
    link = queries.link_of(session, article_id, preview_id)
    if link is None:
        raise NotFound(NO_LINK)
    return link


def _lifetime(hours: int | None) -> timedelta:
    settings = services().settings
    if hours is not None and hours > settings.preview_longest_hours:
        detail = f"A preview link opens for at most {settings.preview_longest_hours} hours here."
        raise Invalid(errors=[FieldError("/expires_in_hours", "too_long", detail)])
    return timedelta(hours=settings.preview_hours if hours is None else hours)


def _addresses(article_id: str, token: str) -> Mapping[str, str]:
    settings = services().settings
    url = f"{settings.public_url}/preview/v1/articles/{article_id}"
    own = f"{url}/page?token={token}"
    page = settings.preview_page_url.replace("{id}", article_id).replace("{token}", token) or own
    return {"url": f"{url}?token={token}", "page_url": page}

"""Leases over HTTP: who is at work on an article."""

from typing import Any

from flask import Blueprint, Response

from cms.newsroom.api.answering import article_key, readable
from cms.newsroom.leases.queries import lease_data, lease_on
from cms.newsroom.leases.rules import TakeLease
from cms.newsroom.leases.schemas import LeaseInputShape, LeaseShape
from cms.newsroom.leases.taking import give_back_lease, take_lease
from cms.platform.errors import NotFound
from cms.platform.http.answers import answer
from cms.platform.http.endpoint import endpoint
from cms.platform.http.guard import current_actor
from cms.platform.http.services import services
from cms.platform.http.transactions import reading, transaction

leases = Blueprint("leases", __name__, url_prefix="/api/v1")


@leases.get("/articles/<article_id>/lease")
@endpoint(summary="See who is at work", scope="articles:read", answers={200: LeaseShape}, refuses=(404,))
def read_lease(article_id: str) -> Response:
    """404 when nobody is."""
    with reading() as session:
        article = readable(session, article_id)
        lease = lease_on(session, article.id, services().clock())
        if lease is None:
            raise NotFound("Nobody holds a lease on this article.")
        return answer(lease_data(lease))


@leases.put("/articles/<article_id>/lease")
@endpoint(
    summary="Take or prolong the lease",
    scope="articles:write",
    body=LeaseInputShape,
    is_body_optional=True,
    answers={200: LeaseShape},
    refuses=(404, 423),
    description="Again before it ends is the heartbeat. A lease is advice: it hinders nobody's save, which `If-Match` "
    "keeps safe. While somebody else holds it, the answer is 423 and tells who; `force` takes it over.",
)
def put_lease(article_id: str, body: dict[str, Any]) -> Response:
    """Tell colleagues that you are at work on this article."""
    command = TakeLease(article_key(article_id), services().settings.lease_seconds, is_forced=body["force"])
    with transaction() as session:
        return answer(lease_data(take_lease(session, current_actor(), command, services().clock())))


@leases.delete("/articles/<article_id>/lease")
@endpoint(summary="Give the lease back", scope="articles:write", answers={204: None}, refuses=(404, 423))
def delete_lease(article_id: str) -> Response:
    """You are done before it ends by itself."""
    with transaction() as session:
        give_back_lease(session, current_actor(), article_key(article_id), services().clock())
        return answer(None, 204)

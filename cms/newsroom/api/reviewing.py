"""The desk over HTTP: submit, approve, reject, archive, and what a publish would say."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

from flask import Blueprint, Response
from sqlalchemy.orm import Session

from cms.newsroom import queries, reviewing
from cms.newsroom.api.answering import act_answer, article_key, readable
from cms.newsroom.checking import Draft, findings
from cms.newsroom.rules import ArticleAct
from cms.newsroom.saving import Saved
from cms.newsroom.schemas.articles import ArticleShape
from cms.newsroom.schemas.lifecycle import RejectionShape, RemarkShape, ValidationShape
from cms.platform.actor import Actor
from cms.platform.http.answers import answer
from cms.platform.http.endpoint import endpoint
from cms.platform.http.guard import current_actor
from cms.platform.http.services import services
from cms.platform.http.transactions import reading, transaction
from cms.platform.text.markdown import render

review = Blueprint("review", __name__, url_prefix="/api/v1")

Verb = Callable[[Session, Actor, ArticleAct, datetime], Saved]
# What the routes of one act have in common; each takes a note of the actor.
COMMON: dict[str, Any] = {"needs_revision": True, "answers": {200: ArticleShape}, "refuses": (409,)}
REMARK: dict[str, Any] = {"body": RemarkShape, "is_body_optional": True, **COMMON}


@review.post("/articles/<article_id>/submit")
@endpoint(summary="Submit", scope="articles:write", **REMARK)
def submit_article(article_id: str, revision: int, body: dict[str, Any]) -> Response:
    """Hand a draft in, for somebody who may approve it."""
    return _done(reviewing.submit_article, article_id, revision, body)


@review.post("/articles/<article_id>/approve")
@endpoint(summary="Approve", scope="articles:approve", **REMARK)
def approve_article(article_id: str, revision: int, body: dict[str, Any]) -> Response:
    """Say that an article may be published as it is."""
    return _done(reviewing.approve_article, article_id, revision, body)


@review.post("/articles/<article_id>/reject")
@endpoint(summary="Reject", scope="articles:approve", body=RejectionShape, **COMMON)
def reject_article(article_id: str, revision: int, body: dict[str, Any]) -> Response:
    """Give an article back with a note that says what it lacks."""
    return _done(reviewing.reject_article, article_id, revision, body)


@review.post("/articles/<article_id>/archive")
@endpoint(summary="Archive", scope="articles:publish", **REMARK)
def archive_article(article_id: str, revision: int, body: dict[str, Any]) -> Response:
    """Put an article away; where readers see it, it is taken from them."""
    return _done(reviewing.archive_article, article_id, revision, body)


@review.post("/articles/<article_id>/unarchive")
@endpoint(summary="Take out of the archive", scope="articles:publish", **REMARK)
def unarchive_article(article_id: str, revision: int, body: dict[str, Any]) -> Response:
    """To be worked on again; readers see it when it is published again."""
    return _done(reviewing.unarchive_article, article_id, revision, body)


@review.post("/articles/<article_id>/validate")
@endpoint(
    summary="Ask what a publish would say",
    scope="articles:read",
    answers={200: ValidationShape},
    refuses=(404,),
    description="Changes nothing. What blocks, a publish refuses; what warns, it lets pass.",
)
def validate_article(article_id: str) -> Response:
    """What a publish of the working copy would refuse or warn about."""
    with reading() as session:
        article = readable(session, article_id)
        body, body_format = article.body, article.body_format
    # A long body takes a second, so no session is open meanwhile.
    rendered = render(body, body_format)  # type: ignore[arg-type]  # the shapes of articles hold it
    with reading() as session:
        article = readable(session, article_id)
        now = services().clock()
        draft = Draft(session, article, queries.content_of(session, article), rendered, now)
        found = findings(draft, now)
        can_publish = not any(finding["severity"] == "block" for finding in found)
        return answer({"revision": article.revision, "can_publish": can_publish, "findings": found})


def _done(verb: Verb, article_id: str, revision: int, body: dict[str, Any]) -> Response:
    with transaction() as session:
        command = ArticleAct(article_key(article_id), revision, body["note"])
        saved = verb(session, current_actor(), command, services().clock())
        return act_answer(saved)

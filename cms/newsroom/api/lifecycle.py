"""The life of an article over HTTP: what readers get to see, and what is taken from them."""

from typing import Any

from flask import Blueprint, Response

from cms.newsroom import correcting, publishing, queries, taking_down
from cms.newsroom.api.answering import act_answer, article_answer, article_key, wait_for
from cms.newsroom.preparing import prepare_body
from cms.newsroom.rules import ArticleAct, PublishArticle, UnpublishArticle
from cms.newsroom.schedules.rules import PutSchedule, Times
from cms.newsroom.schedules.scheduling import put_schedule
from cms.newsroom.schemas.articles import ArticleShape
from cms.newsroom.schemas.lifecycle import (
    CorrectionInputShape,
    CorrectQueryShape,
    PublishInputShape,
    PublishQueryShape,
    TakedownInputShape,
    TakedownQueryShape,
    UnpublishQueryShape,
)
from cms.platform.http.endpoint import endpoint
from cms.platform.http.guard import current_actor
from cms.platform.http.services import services
from cms.platform.http.transactions import transaction

lifecycle = Blueprint("lifecycle", __name__, url_prefix="/api/v1")


@lifecycle.post("/articles/<article_id>/publish")
@endpoint(
    summary="Publish",
    scope="articles:publish",
    body=PublishInputShape,
    is_body_optional=True,
    query=PublishQueryShape,
    needs_revision=True,
    answers={200: ArticleShape},
    description="Live at the next read. The `Location` is the receipt: everything that follows, with its state.",
)
def publish_article(article_id: str, revision: int, query: dict[str, Any], body: dict[str, Any]) -> Response:
    """Show the present revision to readers, or under embargo first to those who may read it early."""
    if body["embargo_until"]:
        times = Times(embargo_until=body["embargo_until"])
        return _publish_under_embargo(PutSchedule(article_key(article_id), times, revision))
    command = PublishArticle(article_key(article_id), revision, body["published_at"], body["revision_note"])
    prepared = prepare_body(services().database, current_actor(), article_id, revision)
    with transaction() as session:
        saved = publishing.publish_article(session, current_actor(), command, prepared, services().clock())
        response = act_answer(saved)
    wait_for(saved, query["wait"])
    return response


@lifecycle.post("/articles/<article_id>/correct")
@endpoint(
    summary="Correct",
    scope="articles:publish",
    body=CorrectionInputShape,
    query=CorrectQueryShape,
    needs_revision=True,
    answers={200: ArticleShape},
    refuses=(409,),
    description="Shows the present revision in place of the published one. The note stands in `corrections` of the "
    "document and in its JSON-LD. The `Location` is the receipt.",
)
def correct_article(article_id: str, revision: int, query: dict[str, Any], body: dict[str, Any]) -> Response:
    """Put right what readers see, and say in public what was wrong."""
    command = ArticleAct(article_key(article_id), revision, body["note"])
    prepared = prepare_body(services().database, current_actor(), article_id, revision)
    with transaction() as session:
        saved = correcting.correct_article(session, current_actor(), command, prepared, services().clock())
        response = act_answer(saved)
    wait_for(saved, query["wait"])
    return response


@lifecycle.post("/articles/<article_id>/takedown")
@endpoint(
    summary="Take down",
    scope="articles:takedown",
    body=TakedownInputShape,
    is_body_optional=True,
    query=TakedownQueryShape,
    needs_revision=True,
    answers={200: ArticleShape},
    refuses=(409,),
    description="Gone at the next read; where it was, readers get 410 with a tombstone. Only who may take down can "
    "publish it again. The `Location` is the receipt.",
)
def take_down_article(article_id: str, revision: int, query: dict[str, Any], body: dict[str, Any]) -> Response:
    """Take an article away for good, and tell those who come back."""
    with transaction() as session:
        command = ArticleAct(article_key(article_id), revision, body["reason"])
        saved = taking_down.take_down_article(session, current_actor(), command, services().clock())
        response = act_answer(saved)
    wait_for(saved, query["wait"])
    return response


@lifecycle.post("/articles/<article_id>/unpublish")
@endpoint(
    summary="Unpublish",
    scope="articles:publish",
    query=UnpublishQueryShape,
    needs_revision=True,
    answers={200: ArticleShape},
    description="Gone at the next read. The `Location` is the receipt.",
)
def unpublish_article(article_id: str, revision: int, query: dict[str, Any]) -> Response:
    """Take an article away from readers; the working copy stays."""
    with transaction() as session:
        command = UnpublishArticle(article_key(article_id), revision)
        saved = publishing.unpublish_article(session, current_actor(), command, services().clock())
        response = act_answer(saved)
    wait_for(saved, query["wait"])
    return response


def _publish_under_embargo(command: PutSchedule) -> Response:
    """The same as a schedule with nothing but the end of an embargo."""
    prepared = prepare_body(services().database, current_actor(), command.article_id, command.revision)
    with transaction() as session:
        done = put_schedule(session, current_actor(), command, prepared, services().clock())
        content = queries.content_of(session, done.article)
        return article_answer(done.article, content, Location=f"/api/v1/receipts/{done.letter.id}")

"""Translations over HTTP: start one, link what is there, say that it is right again, part them."""

from typing import Any

from flask import Blueprint, Response
from sqlalchemy.orm import Session

from cms.identity.access import READ
from cms.identity.rules import places
from cms.newsroom import queries
from cms.newsroom.api.answering import article_key
from cms.newsroom.models import Article
from cms.newsroom.schemas.articles import ArticleWithLeaseShape
from cms.newsroom.translations.queries import translations_data
from cms.newsroom.translations.rules import LinkTranslation, StartTranslation
from cms.newsroom.translations.schemas import TranslateShape, TranslationInputShape
from cms.newsroom.translations.translating import link_translation, part_translation, start_translation
from cms.platform.http.answers import answer
from cms.platform.http.endpoint import endpoint
from cms.platform.http.etags import revision_etag
from cms.platform.http.guard import current_actor
from cms.platform.http.services import services
from cms.platform.http.transactions import transaction

translations = Blueprint("translations", __name__, url_prefix="/api/v1")
WRITE = "articles:write"


@translations.post("/articles/<article_id>/translate")
@endpoint(
    summary="Start a translation",
    scope=WRITE,
    body=TranslateShape,
    answers={201: ArticleWithLeaseShape},
    refuses=(404, 409),
    description="Makes a draft in another language from the working copy, in the same group. It is an article of its "
    "own, with its own address, and is published on its own. Needs `articles:read` where the source is, and "
    "`articles:write` in the section and language of the translation. A group has one article per language; another "
    "one is 409 `locale_taken`.",
)
def translate_article(article_id: str, body: dict[str, Any]) -> Response:
    """The `Location` is the translation."""
    command = StartTranslation(article_key(article_id), **body)
    with transaction() as session:
        saved = start_translation(session, current_actor(), command, services().clock())
        path = f"/api/v1/articles/{saved.article.id}"
        return _answer(session, saved.article, saved.content, 201, Location=path)


@translations.put("/articles/<article_id>/translation")
@endpoint(
    summary="Link a translation, or say that it is right again",
    scope=WRITE,
    body=TranslationInputShape,
    needs_revision=True,
    answers={200: ArticleWithLeaseShape},
    refuses=(404, 409),
    description="The article is a translation of another one from now on, and right as of a revision of it: until "
    "readers of that one are shown other words, it is not stale. Where readers see the article it needs "
    "`articles:publish`, because published translations name one another.",
)
def put_translation(article_id: str, revision: int, body: dict[str, Any]) -> Response:
    """Makes no revision: the words of the article are what they were."""
    command = LinkTranslation(article_key(article_id), revision, article_key(body["of"]), body["revision"])
    with transaction() as session:
        article = link_translation(session, current_actor(), command, services().clock())
        return _answer(session, article, queries.content_of(session, article))


@translations.delete("/articles/<article_id>/translation")
@endpoint(
    summary="Take an article out of its translations",
    scope=WRITE,
    needs_revision=True,
    answers={204: None},
    refuses=(404, 409),
    description="The others stay together. Where readers see the article it needs `articles:publish`.",
)
def delete_translation(article_id: str, revision: int) -> Response:
    """It stays as it is, as an article of its own."""
    with transaction() as session:
        part_translation(session, current_actor(), article_key(article_id), revision, services().clock())
        return answer(None, 204)


def _answer(session: Session, article: Article, content: dict[str, Any], status: int = 200, **headers: str) -> Response:
    data = queries.article_data(article, content)
    data |= translations_data(session, article, queries.is_in_any(places(current_actor().grants, READ)))
    return answer(data, status, headers=headers, etag=revision_etag(article.revision))

"""What the routes of articles share: their answer, the article that was asked for, the wait for what follows."""

from typing import Any, cast

from flask import Response, current_app
from sqlalchemy.orm import Session

from cms.identity.access import NO_ARTICLE, READ, refuse
from cms.newsroom import queries
from cms.newsroom.models import Article
from cms.newsroom.saving import Saved
from cms.newsroom.waiting import WaitingRoom
from cms.platform.errors import NotFound
from cms.platform.http.answers import answer
from cms.platform.http.etags import revision_etag
from cms.platform.http.guard import current_actor
from cms.platform.http.services import services
from cms.platform.ids import is_id

WAITING_ROOM = "copydesk.waiting_room"


def article_answer(article: Article, content: dict[str, Any], status: int = 200, **headers: str) -> Response:
    """An article as editors have it, with the ETag that changes are made on."""
    data = queries.article_data(article, content)
    return answer(data, status, headers=headers, etag=revision_etag(article.revision))


def act_answer(saved: Saved) -> Response:
    """An article after an act; the `Location` is the receipt."""
    return article_answer(saved.article, saved.content, Location=receipt_path(saved))


def receipt_path(saved: Saved) -> str:
    """Where the receipt of an act is."""
    return f"/api/v1/receipts/{saved.letter.id}"


def readable(session: Session, article_id: str) -> Article:
    """The article, for somebody who may read it where it is. Raises: NotFound; Forbidden."""
    article = queries.article_by_id(session, article_key(article_id))
    if article is None:
        raise NotFound(NO_ARTICLE)
    place = queries.place_at(session, article.section_id, article.locale)
    refuse(current_actor(), READ, section_path=place.section_path, locale=place.locale)
    return article


def article_key(text: str) -> str:
    """An article's id from the path. Raises: NotFound for what no id can be."""
    if not is_id(text):
        raise NotFound(NO_ARTICLE)
    return text


def wait_for(saved: Saved, names: frozenset[str]) -> None:
    """Hold the answer until these consequences of an act are over, up to the stated time."""
    wait_for_letter(saved.letter.id, names)


def wait_for_letter(letter_id: str, names: frozenset[str]) -> None:
    """Hold the answer until these consequences of a letter are over, up to the stated time."""
    parts = services()
    room = cast(WaitingRoom, current_app.extensions[WAITING_ROOM])
    room.wait(parts.database, letter_id, names, parts.settings.wait_limit_seconds)

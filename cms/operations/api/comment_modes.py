"""How comments come in, over HTTP: on the site, in a section, on an article, which need not be published yet.

Here and not with the comments, because where an article is belongs to the newsroom, which stands beside the readers.
"""

from typing import Any

from flask import Blueprint, Response
from sqlalchemy.orm import Session

from cms.identity.access import NO_ARTICLE, READ, refuse
from cms.identity.rules import Place
from cms.newsroom.queries import article_by_id, place_at
from cms.platform.errors import NotFound
from cms.platform.http.answers import answer
from cms.platform.http.endpoint import endpoint
from cms.platform.http.guard import current_actor
from cms.platform.http.services import services
from cms.platform.http.transactions import reading, transaction
from cms.readers.comments.deciding import MODERATE
from cms.readers.comments.opening import say_mode
from cms.readers.comments.queries.standing import mode_said, standings
from cms.readers.comments.rules import SITE
from cms.readers.comments.schemas import ModeShape, StandingShape
from cms.taxonomy.models import Section
from cms.taxonomy.queries import by_slug

comment_modes = Blueprint("comment_modes", __name__, url_prefix="/api/v1")

Subject = tuple[str, str, Place]
NO_SECTION = "There is no section of this slug."


@comment_modes.get("/comment-mode")
@endpoint(summary="How comments come in on the site", scope=READ, answers={200: StandingShape})
def read_mode_of_site() -> Response:
    """What holds where neither article nor section says another."""
    with reading() as session:
        return _answer(session, _site())


@comment_modes.put("/comment-mode")
@endpoint(summary="Say how comments come in on the site", scope=MODERATE, body=ModeShape, answers={200: StandingShape})
def say_mode_of_site(body: dict[str, Any]) -> Response:
    """For those who moderate the whole site. Null is `post`."""
    with transaction() as session:
        return _say(session, _site(), body)


@comment_modes.get("/sections/<slug>/comment-mode")
@endpoint(
    summary="How comments come in in a section", scope="taxonomy:read", answers={200: StandingShape}, refuses=(404,)
)
def read_mode_of_section(slug: str) -> Response:
    """What holds for its articles, and for those of the sections below it."""
    with reading() as session:
        return _answer(session, _section(session, slug))


@comment_modes.put("/sections/<slug>/comment-mode")
@endpoint(
    summary="Say how comments come in in a section", scope=MODERATE, body=ModeShape, answers={200: StandingShape},
    refuses=(404,),
)  # fmt: skip
def say_mode_of_section(slug: str, body: dict[str, Any]) -> Response:
    """For it and the sections below it, as far as they say no other. Null: as above it."""
    with transaction() as session:
        return _say(session, _section(session, slug), body)


@comment_modes.get("/articles/<article_id>/comment-mode")
@endpoint(summary="How comments come in on an article", scope=READ, answers={200: StandingShape}, refuses=(404,))
def read_mode_of_article(article_id: str) -> Response:
    """What was said of it, or holds where it is."""
    with reading() as session:
        subject = _article(session, article_id)
        refuse(current_actor(), READ, section_path=subject[2].section_path, locale=subject[2].locale)
        return _answer(session, subject)


@comment_modes.put("/articles/<article_id>/comment-mode")
@endpoint(
    summary="Say how comments come in on an article", scope=MODERATE, body=ModeShape, answers={200: StandingShape},
    refuses=(404,), description="With `off` an article takes no new comments; those that are there stay.",
)  # fmt: skip
def say_mode_of_article(article_id: str, body: dict[str, Any]) -> Response:
    """Also before it is published. Null: as in its section."""
    with transaction() as session:
        return _say(session, _article(session, article_id), body)


def _site() -> Subject:
    return "site", SITE, Place()


def _section(session: Session, slug: str) -> Subject:
    section = by_slug(session, Section, slug)
    if section is None:
        raise NotFound(NO_SECTION)
    return "section", section.id, Place(section.path)


def _article(session: Session, article_id: str) -> Subject:
    article = article_by_id(session, article_id)
    if article is None:
        raise NotFound(NO_ARTICLE)
    return "article", article.id, place_at(session, article.section_id, article.locale)


def _say(session: Session, subject: Subject, body: dict[str, Any]) -> Response:
    say_mode(session, current_actor(), *subject, body["mode"], services().clock())
    return _answer(session, subject)


def _answer(session: Session, subject: Subject) -> Response:
    kind, subject_id, place = subject
    standing = standings(session, {subject_id: place.section_path})[subject_id]
    data = {"mode": mode_said(session, kind, subject_id), "in_force": standing.mode, "from": standing.source}
    return answer(data)

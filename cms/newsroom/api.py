"""Articles over HTTP, for editors: drafts, edits, lifecycle, revisions."""

from typing import Any, cast

from flask import Blueprint, Response, current_app
from flask.blueprints import BlueprintSetupState
from sqlalchemy.orm import Session

from cms.identity.access import NO_ARTICLE, READ, refuse
from cms.identity.rules import places
from cms.newsroom import publishing, queries
from cms.newsroom.drafting import create_article as create
from cms.newsroom.editing import edit_article as edit
from cms.newsroom.models import Article, Revision
from cms.newsroom.preparing import prepare_body
from cms.newsroom.rules import DeleteArticle, EditArticle, NewArticle, PublishArticle, UnpublishArticle
from cms.newsroom.saving import Saved
from cms.newsroom.schemas import (
    ArticlePageShape,
    ArticlePatchShape,
    ArticleQueryShape,
    ArticleShape,
    NewArticleShape,
    PublishInputShape,
    PublishQueryShape,
    RevisionPageShape,
    RevisionShape,
    UnpublishQueryShape,
)
from cms.newsroom.waiting import WaitingRoom
from cms.platform.errors import NotFound
from cms.platform.http.answers import answer
from cms.platform.http.endpoint import endpoint
from cms.platform.http.etags import is_not_modified, revision_etag
from cms.platform.http.guard import current_actor
from cms.platform.http.limiting import SEARCH
from cms.platform.http.pages import page_answer
from cms.platform.http.query_input import PageShape
from cms.platform.http.services import EXTENSION, services
from cms.platform.http.transactions import reading, transaction
from cms.platform.ids import is_id

newsroom = Blueprint("newsroom", __name__, url_prefix="/api/v1")

WAITING_ROOM = "copydesk.waiting_room"
ENTRY = ("revision", "action", "actor_kind", "actor_id", "at")


@newsroom.record
def _furnish(state: BlueprintSetupState) -> None:
    threads = state.app.extensions[EXTENSION].settings.api_threads
    state.app.extensions[WAITING_ROOM] = WaitingRoom(threads // 2)


@newsroom.post("/articles")
@endpoint(summary="Make a draft", scope="articles:write", body=NewArticleShape, answers={201: ArticleShape})
def create_article(body: NewArticle) -> Response:
    """A draft may be incomplete; only title and locale are needed."""
    with transaction() as session:
        saved = create(session, current_actor(), body, services().clock())
        return _article(saved.article, saved.content, 201, Location=f"/api/v1/articles/{saved.article.id}")


@newsroom.get("/articles")
@endpoint(
    summary="List articles",
    scope="articles:read",
    query=ArticleQueryShape,
    answers={200: ArticlePageShape},
    limit=SEARCH,
    limited_by="q",
    description="With `q` it is a search and counted as one.",
)
def list_articles(query: dict[str, Any]) -> Response:
    """Drafts and published articles, the ones changed last first."""
    asked = queries.Narrowing(
        places=places(current_actor().grants, READ), state=query["state"], section=query["section"], q=query["q"]
    )
    with reading() as session:

        def read(limit: int, after: tuple[Any, ...] | None, is_backwards: bool) -> list[Any]:
            rows = queries.articles(session, asked, limit=limit, after=after, is_backwards=is_backwards)
            contents = queries.contents(session, rows)
            return [(article, contents[article.id]) for article in rows]

        return page_answer(
            asked.name,
            query,
            read=read,
            position=lambda row: queries.place_of(row[0]),
            dump=lambda row: queries.entry_data(*row),
            count=lambda: queries.count_of(session, asked),
        )


@newsroom.get("/articles/<article_id>")
@endpoint(summary="Read an article", scope="articles:read", answers={200: ArticleShape, 304: None}, refuses=(404,))
def read_article(article_id: str) -> Response:
    """The working copy, with the ETag that changes are made on."""
    with reading() as session:
        article = _readable(session, article_id)
        if is_not_modified(revision_etag(article.revision)):
            return answer(None, 304, etag=revision_etag(article.revision))
        return _article(article, queries.content_of(session, article))


@newsroom.patch("/articles/<article_id>")
@endpoint(
    summary="Change the working copy",
    scope="articles:write",
    body=ArticlePatchShape,
    needs_revision=True,
    answers={200: ArticleShape},
    refuses=(409,),
    description="A JSON Merge Patch (RFC 7396). A patch that changes nothing makes no revision.",
)
def edit_article(article_id: str, revision: int, body: dict[str, Any]) -> Response:
    """Readers keep seeing what was published until the article is published again."""
    with transaction() as session:
        command = EditArticle(_id(article_id), revision, body)
        saved = edit(session, current_actor(), command, services().clock())
        if saved is not None:
            return _article(saved.article, saved.content)
        article = queries.article_by_id(session, article_id)
        assert article is not None
        return _article(article, queries.content_of(session, article))


@newsroom.delete("/articles/<article_id>")
@endpoint(summary="Delete an article", scope="articles:delete", needs_revision=True, answers={204: None})
def delete_article(article_id: str, revision: int) -> Response:
    """Take it away from readers and editors. The `Location` is the receipt."""
    with transaction() as session:
        command = DeleteArticle(_id(article_id), revision)
        saved = publishing.delete_article(session, current_actor(), command, services().clock())
        return answer(None, 204, headers={"Location": _receipt(saved)})


@newsroom.post("/articles/<article_id>/publish")
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
    """Show the present revision to readers."""
    command = PublishArticle(_id(article_id), revision, body["published_at"])
    prepared = prepare_body(services().database, current_actor(), article_id, revision)
    with transaction() as session:
        saved = publishing.publish_article(session, current_actor(), command, prepared, services().clock())
        response = _article(saved.article, saved.content, Location=_receipt(saved))
    _wait(saved, query["wait"])
    return response


@newsroom.post("/articles/<article_id>/unpublish")
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
        command = UnpublishArticle(_id(article_id), revision)
        saved = publishing.unpublish_article(session, current_actor(), command, services().clock())
        response = _article(saved.article, saved.content, Location=_receipt(saved))
    _wait(saved, query["wait"])
    return response


@newsroom.get("/articles/<article_id>/revisions")
@endpoint(
    summary="List revisions", scope="articles:read", query=PageShape, answers={200: RevisionPageShape}, refuses=(404,)
)
def list_revisions(article_id: str, query: dict[str, Any]) -> Response:
    """Every saved state of an article, newest first."""
    with reading() as session:
        _readable(session, article_id)
        return page_answer(
            f"newsroom|revisions|{article_id}",
            query,
            read=lambda limit, after, is_backwards: queries.revisions(
                session, article_id, limit=limit, after=after, is_backwards=is_backwards
            ),
            position=lambda row: (row.revision,),
            dump=_entry,
            count=lambda: queries.count_of_revisions(session, article_id),
        )


@newsroom.get("/articles/<article_id>/revisions/<int:number>")
@endpoint(summary="Read a revision", scope="articles:read", answers={200: RevisionShape}, refuses=(404,))
def read_revision(article_id: str, number: int) -> Response:
    """One saved state with its content."""
    with reading() as session:
        _readable(session, article_id)
        found = _must_exist(queries.revision(session, article_id, number))
        return answer({**_entry(found), "content": found.content})


def _article(article: Article, content: dict[str, Any], status: int = 200, **headers: str) -> Response:
    data = queries.article_data(article, content)
    return answer(data, status, headers=headers, etag=revision_etag(article.revision))


def _entry(revision: Revision) -> dict[str, Any]:
    return {name: getattr(revision, name) for name in ENTRY}


def _receipt(saved: Saved) -> str:
    return f"/api/v1/receipts/{saved.letter.id}"


def _readable(session: Session, article_id: str) -> Article:
    article = queries.article_by_id(session, _id(article_id))
    if article is None:
        raise NotFound(NO_ARTICLE)
    place = queries.place_at(session, article.section_id, article.locale)
    refuse(current_actor(), READ, section_path=place.section_path, locale=place.locale)
    return article


def _id(text: str) -> str:
    if not is_id(text):
        raise NotFound(NO_ARTICLE)
    return text


def _must_exist(row: Any) -> Any:
    if row is None:
        raise NotFound
    return row


def _wait(saved: Saved, names: frozenset[str]) -> None:
    parts = services()
    room = cast(WaitingRoom, current_app.extensions[WAITING_ROOM])
    room.wait(parts.database, saved.letter.id, names, parts.settings.wait_limit_seconds)

"""Articles over HTTP, for editors: make, list, read, change, delete."""

from typing import Any

from flask import Blueprint, Response

from cms.identity.access import READ
from cms.identity.rules import places
from cms.newsroom import queries, trashing
from cms.newsroom.api.answering import article_answer, article_key, readable, receipt_path
from cms.newsroom.copying import copy_article as copy
from cms.newsroom.drafting import create_article as create
from cms.newsroom.editing import edit_article as edit
from cms.newsroom.leases.queries import lease_data, lease_on
from cms.newsroom.revisions.queries import as_it_was
from cms.newsroom.rules import CopyArticle, DeleteArticle, EditArticle, NewArticle
from cms.newsroom.schemas.articles import (
    ArticlePageShape,
    ArticlePatchShape,
    ArticleQueryShape,
    ArticleReadShape,
    ArticleShape,
    ArticleWithLeaseShape,
    NewArticleShape,
)
from cms.newsroom.translations.queries import translations_data
from cms.platform.errors import NotFound
from cms.platform.http.answers import answer
from cms.platform.http.endpoint import endpoint
from cms.platform.http.etags import is_not_modified, revision_etag
from cms.platform.http.guard import current_actor
from cms.platform.http.limiting import SEARCH
from cms.platform.http.pages import page_answer
from cms.platform.http.services import services
from cms.platform.http.transactions import reading, transaction

articles = Blueprint("articles", __name__, url_prefix="/api/v1")


@articles.post("/articles")
@endpoint(summary="Make a draft", scope="articles:write", body=NewArticleShape, answers={201: ArticleShape})
def create_article(body: NewArticle) -> Response:
    """A draft may be incomplete; only title and locale are needed."""
    with transaction() as session:
        saved = create(session, current_actor(), body, services().clock())
        return article_answer(saved.article, saved.content, 201, Location=f"/api/v1/articles/{saved.article.id}")


@articles.post("/articles/<article_id>/copy")
@endpoint(
    summary="Copy an article",
    scope="articles:write",
    body=ArticlePatchShape,
    is_body_optional=True,
    answers={201: ArticleShape},
    refuses=(404, 409),
    description="Makes a draft with the words, section, tags and people of the working copy, under a slug of its own; "
    "what the body gives stands in it instead. It changes nothing of the source, and so needs no `If-Match`. Needs "
    "`articles:read` where the source is, and `articles:write` in the section and language of the copy. The source's "
    "revisions, schedule, embargo, corrections and translations stay its own.",
)
def copy_article(article_id: str, body: dict[str, Any]) -> Response:
    """The `Location` is the copy."""
    patch = {name: value for name, value in body.items() if name != "revision_note"}
    command = CopyArticle(article_key(article_id), patch, body.get("revision_note") or "")
    with transaction() as session:
        saved = copy(session, current_actor(), command, services().clock())
        return article_answer(saved.article, saved.content, 201, Location=f"/api/v1/articles/{saved.article.id}")


@articles.get("/articles")
@endpoint(
    summary="List articles",
    scope="articles:read",
    query=ArticleQueryShape,
    answers={200: ArticlePageShape},
    limit=SEARCH,
    limited_by="q",
    description="With `q` it is a search and counted as one. It asks the database and knows drafts; the index that "
    "readers search never does.",
)
def list_articles(query: dict[str, Any]) -> Response:
    """Drafts and published articles, the ones changed last first."""
    asked = queries.Narrowing(
        places=places(current_actor().grants, READ), state=query["state"], section=query["section"],
        type=query["type"], q=query["q"], translation=query["translation"],
        is_in_text=query["q"] is not None and query["looked_in"] == "text",
    )  # fmt: skip
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


@articles.get("/articles/<article_id>")
@endpoint(
    summary="Read an article",
    scope="articles:read",
    query=ArticleReadShape,
    answers={200: ArticleWithLeaseShape, 304: None},
    refuses=(404,),
    description="With `as_of` it is the working copy as it stood then, and has no ETag. `lease` is there while "
    "somebody is at work on it. `translations` are its variants in other languages, those that you may read; while it "
    "has any, the answer is never 304.",
)
def read_article(article_id: str, query: dict[str, Any]) -> Response:
    """The working copy, with the ETag that changes are made on."""
    with reading() as session:
        article = readable(session, article_id)
        if query["as_of"] is not None:
            past = as_it_was(session, article, query["as_of"])
            if past is None:
                raise NotFound("The article had not been made at that instant.")
            return answer(past)
        etag = revision_etag(article.revision)
        lease = lease_on(session, article.id, services().clock())
        # A lease begins without a new revision, and whoever reads again while it lasts has to see it.
        # And so does whoever reads again while the article has translations: they go on without it.
        if lease is None and article.group_id is None and is_not_modified(etag):
            return answer(None, 304, etag=etag)
        data = queries.article_data(article, queries.content_of(session, article))
        data |= translations_data(session, article, queries.is_in_any(places(current_actor().grants, READ)))
        return answer(data if lease is None else {**data, "lease": lease_data(lease)}, etag=etag)


@articles.patch("/articles/<article_id>")
@endpoint(
    summary="Change the working copy",
    scope="articles:write",
    body=ArticlePatchShape,
    needs_revision=True,
    answers={200: ArticleShape},
    refuses=(409,),
    description="A JSON Merge Patch (RFC 7396). A patch that changes nothing makes no revision, unless it has a "
    "`revision_note`: that names the present state. The slug of what readers see is the address that they have, and is "
    "changed by whoever may publish there.",
)
def edit_article(article_id: str, revision: int, body: dict[str, Any]) -> Response:
    """Readers keep seeing what was published until the article is published again."""
    revision_note = body.pop("revision_note", None) or ""
    with transaction() as session:
        command = EditArticle(article_key(article_id), revision, body, revision_note)
        saved = edit(session, current_actor(), command, services().clock())
        if saved is not None:
            return article_answer(saved.article, saved.content)
        article = queries.article_by_id(session, article_id)
        assert article is not None
        return article_answer(article, queries.content_of(session, article))


@articles.delete("/articles/<article_id>")
@endpoint(
    summary="Delete an article",
    scope="articles:delete",
    needs_revision=True,
    answers={204: None},
    description="Into the trash, from which it can be taken back for a set time.",
)
def delete_article(article_id: str, revision: int) -> Response:
    """Take it away from readers and editors. The `Location` is the receipt."""
    with transaction() as session:
        command = DeleteArticle(article_key(article_id), revision)
        saved = trashing.delete_article(session, current_actor(), command, services().clock())
        return answer(None, 204, headers={"Location": receipt_path(saved)})

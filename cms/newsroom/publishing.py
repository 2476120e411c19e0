"""Showing an article to readers and taking it away from them."""

from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from cms.content.burying import lift_tombstone
from cms.content.publishing import put_document, withdraw_document
from cms.events.catalogue import ArticlePublished, ArticleUnpublished
from cms.newsroom import queries
from cms.newsroom.checking import Draft, refuse_unready
from cms.newsroom.merging import changed_fields
from cms.newsroom.models import Article
from cms.newsroom.preparing import PreparedBody
from cms.newsroom.rules import (
    PublishArticle,
    UnpublishArticle,
    decide,
    wrong_instant,
)
from cms.newsroom.saving import (
    Saved,
    keep_working_copy,
    locked,
    put_at_once,
    put_standing,
    record_act,
    refuse_stale,
    rights_on,
    standing_of,
    standing_values,
)
from cms.newsroom.showing import for_readers, shown_values
from cms.platform.actor import Actor
from cms.platform.errors import Invalid
from cms.platform.text.markdown import Rendered


def publish_article(
    session: Session, actor: Actor, command: PublishArticle, prepared: PreparedBody, now: datetime
) -> Saved:
    """Show the present revision to readers from the commit on, as a new revision that holds the same.

    Emits: ArticlePublished
    Raises: NotFound; Forbidden; Stale, also for a body prepared of another revision; Conflict (`already_published`,
    `slug_taken`); Invalid, naming what readers would miss.
    """
    article = locked(session, actor, "articles:publish", command.article_id)
    refuse_stale(article, command.revision)
    refuse_stale(article, prepared.revision)
    wrong = wrong_instant(command.published_at, now)
    if wrong:
        raise Invalid(errors=wrong)
    content = queries.content_of(session, article)
    return show_revision(
        session,
        actor,
        article,
        content,
        prepared.rendered,
        now,
        published_at=command.published_at,
        remark=command.revision_note,
        working=content,
    )


def show_revision(
    session: Session,
    actor: Actor,
    article: Article,
    content: dict[str, Any],
    rendered: Rendered,
    now: datetime,
    *,
    published_at: datetime | None = None,
    remark: str = "",
    working: dict[str, Any] | None = None,
) -> Saved:
    """Show the content of one revision to readers, as a new one; the article is locked and the act allowed.

    Where the working copy holds something else by now, it goes on as one more revision, which waits for readers.
    `working` is what it holds, for a caller who has read it.
    Emits: ArticlePublished
    Raises: Conflict (`already_published`, `slug_taken`); Invalid, naming what readers would miss.
    """
    before = standing_of(article)
    after = decide(before, "publish", now, published_at, rights=rights_on(session, actor, article))
    refuse_unready(Draft(session, article, content, rendered, now))
    # What was published elsewhere and is brought in here was not updated today.
    is_import = before.state != "published" and published_at is not None
    updated_at = (published_at if is_import else None) or now
    standing = standing_values(article, after, now)
    put_at_once(session, article, {**standing, **shown_values(after.published_revision, content)})
    is_first = before.first_published_at is None
    event = ArticlePublished(subject=article.id, revision=article.revision, is_first=is_first)
    saved = record_act(session, actor, article, content, event, now, remark=remark)
    # Last of all, because from here on nobody else can change what readers see until the commit.
    put_document(session, for_readers(session, article, content, rendered, updated_at), now)
    if before.taken_down_at is not None:
        lift_tombstone(session, article.id)
    working = queries.content_of(session, article) if working is None else working
    if changed_fields(content, working):
        keep_working_copy(session, actor, article, working, now)
    return saved


def unpublish_article(session: Session, actor: Actor, command: UnpublishArticle, now: datetime) -> Saved:
    """Take an article away from readers; the working copy stays.

    Emits: ArticleUnpublished
    Raises: NotFound; Forbidden; Stale; Conflict for an article that is not published.
    """
    article = locked(session, actor, "articles:publish", command.article_id)
    refuse_stale(article, command.revision)
    put_standing(article, decide(standing_of(article), "unpublish", now), now)
    withdraw_document(session, article.id, now)
    content = queries.content_of(session, article)
    event = ArticleUnpublished(subject=article.id, revision=article.revision)
    return record_act(session, actor, article, content, event, now)

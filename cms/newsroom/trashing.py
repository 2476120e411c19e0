"""The trash: what was deleted can be taken back for a set time. After that it is archived; work is never deleted."""

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from cms.content.changes.rules import DELETED
from cms.content.publishing import withdraw_document
from cms.events.catalogue import ArticleArchived, ArticleDeleted, ArticleRecovered
from cms.identity.access import NO_ARTICLE
from cms.newsroom import queries
from cms.newsroom.models import Article
from cms.newsroom.naming import is_free
from cms.newsroom.rules import DeleteArticle, Standing, decide, deleted_slug
from cms.newsroom.saving import (
    Saved,
    locked,
    put_standing,
    put_values,
    record_act,
    refuse_act,
    refuse_stale,
    standing_of,
)
from cms.newsroom.translations.queries import holder_of_locale
from cms.newsroom.translations.translating import leave_group, regroup_others
from cms.platform.actor import Actor
from cms.platform.errors import NotFound


def delete_article(session: Session, actor: Actor, command: DeleteArticle, now: datetime) -> Saved:
    """Put an article into the trash, away from readers and editors; its slug is free for others meanwhile.

    Emits: ArticleDeleted
    Raises: NotFound; Forbidden; Stale.
    """
    article = locked(session, actor, "articles:delete", command.article_id)
    refuse_stale(article, command.revision)
    content = queries.content_of(session, article)
    if article.state == "published":
        withdraw_document(session, article.id, now, DELETED)
    put_standing(article, decide(standing_of(article), "delete", now), now)
    article.slug = deleted_slug(article.slug, article.id)
    regroup_others(session, article.group_id, now)
    event = ArticleDeleted(subject=article.id, revision=article.revision)
    return record_act(session, actor, article, content, event, now)


def recover_article(session: Session, actor: Actor, article_id: str, now: datetime) -> Saved:
    """Take an article out of the trash; readers see it again when it is published again.

    It gets its slug back, or the next free one where another article has it or left it by now; and it is a translation
    again unless another one has its language.
    Emits: ArticleRecovered
    Raises: NotFound for what is not in the trash; Forbidden.
    """
    article = _trashed(session, article_id)
    refuse_act(session, actor, "articles:delete", article)
    content = _brought_back(session, article)
    _bring_out(session, article, decide(standing_of(article), "recover", now), now)
    event = ArticleRecovered(subject=article.id, revision=article.revision)
    return record_act(session, actor, article, content, event, now)


def expire_article(session: Session, actor: Actor, article_id: str, now: datetime) -> Saved:
    """Archive an article whose time in the trash is over.

    Emits: ArticleArchived
    Raises: NotFound for what is not in the trash by now.
    """
    article = _trashed(session, article_id)
    content = _brought_back(session, article)
    _bring_out(session, article, decide(standing_of(article), "expire", now), now)
    withdraw_document(session, article.id, now)
    event = ArticleArchived(subject=article.id, revision=article.revision)
    return record_act(session, actor, article, content, event, now)


def _trashed(session: Session, article_id: str) -> Article:
    statement = select(Article).where(Article.id == article_id, Article.deleted_at.is_not(None)).with_for_update()
    article = session.scalar(statement, execution_options={"populate_existing": True})
    if article is None:
        raise NotFound(NO_ARTICLE)
    return article


def _bring_out(session: Session, article: Article, after: Standing, now: datetime) -> None:
    """Write down that an article is not in the trash any more; out of its group where its language was taken."""
    if holder_of_locale(session, article.group_id, article.locale, article.id) is not None:
        leave_group(article)
    try:
        with session.begin_nested():
            put_standing(article, after, now)
            session.flush()
    except IntegrityError:
        # A translation was started in this very moment, and was first.
        leave_group(article)
        put_standing(article, after, now)
    regroup_others(session, article.group_id, now)


def _brought_back(session: Session, article: Article) -> dict[str, object]:
    kept = queries.revision(session, article.id, article.revision)
    slug = kept.content["slug"] if kept is not None else None
    if slug is not None and not is_free(session, article.id, article.locale, slug):
        slug = None
    put_values(session, article, {"slug": slug, "title": article.title, "locale": article.locale})
    return queries.content_of(session, article)

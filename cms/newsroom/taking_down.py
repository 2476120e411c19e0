"""Taking an article down: a tombstone stands where readers found it, until somebody who may publishes it again."""

from datetime import datetime

from sqlalchemy.orm import Session

from cms.content.burying import put_tombstone
from cms.content.publishing import withdraw_document
from cms.events.catalogue import ArticleTakenDown
from cms.newsroom import queries
from cms.newsroom.models import Article
from cms.newsroom.rules import ArticleAct, decide
from cms.newsroom.saving import Saved, locked, put_standing, record_act, refuse_stale, standing_of
from cms.platform.actor import Actor


def take_down_article(session: Session, actor: Actor, command: ArticleAct, now: datetime) -> Saved:
    """Take an article that readers saw away for good, and tell those who come back. The note is the public reason.

    Emits: ArticleTakenDown
    Raises: NotFound; Forbidden; Stale; Conflict for what is taken down already or was never published.
    """
    article = locked(session, actor, "articles:takedown", command.article_id)
    refuse_stale(article, command.revision)
    put_standing(article, decide(standing_of(article), "takedown", now), now)
    withdraw_document(session, article.id, now)
    bury(session, article, command.note)
    content = queries.content_of(session, article)
    event = ArticleTakenDown(subject=article.id, revision=article.revision)
    return record_act(session, actor, article, content, event, now, remark=command.note)


def bury(session: Session, article: Article, reason: str) -> None:
    """Put the tombstone of an article that was taken down where readers saw it last."""
    assert article.taken_down_at is not None
    shown = queries.last_shown(session, article.id)
    place = shown.content if shown is not None else {"locale": article.locale, "slug": article.slug}
    put_tombstone(session, article.id, place["locale"], place["slug"], reason, article.taken_down_at)

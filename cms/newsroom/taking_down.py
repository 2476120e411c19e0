"""Taking an article down: a tombstone stands where readers found it, until somebody who may publishes it again."""

from datetime import datetime

from sqlalchemy.orm import Session

from cms.content.burying import put_early_tombstone, put_tombstone
from cms.content.changes.rules import TAKEN_DOWN
from cms.content.embargo.queries import is_known_early
from cms.content.embargo.sharing import withdraw_embargoed
from cms.content.publishing import withdraw_document
from cms.events.catalogue import ArticleTakenDown
from cms.newsroom import queries
from cms.newsroom.models import Article
from cms.newsroom.rules import ArticleAct, decide
from cms.newsroom.saving import Saved, locked, put_standing, record_act, refuse_stale, standing_of
from cms.platform.actor import Actor


def take_down_article(session: Session, actor: Actor, command: ArticleAct, now: datetime) -> Saved:
    """Take an article that readers saw away for good, and tell those who come back. The note is the public reason.

    One that was only shared under embargo is taken from those who may read early, and they alone are told.
    Emits: ArticleTakenDown
    Raises: NotFound; Forbidden; Stale; Conflict for what is taken down already or nobody saw.
    """
    article = locked(session, actor, "articles:takedown", command.article_id)
    refuse_stale(article, command.revision)
    is_early = article.first_published_at is None and is_known_early(session, article.id)
    put_standing(article, decide(standing_of(article), "takedown", now, is_known_early=is_early), now)
    withdraw_document(session, article.id, now, TAKEN_DOWN)
    withdraw_embargoed(session, article.id)
    bury(session, article, command.note)
    content = queries.content_of(session, article)
    event = ArticleTakenDown(subject=article.id, revision=article.revision)
    return record_act(session, actor, article, content, event, now, remark=command.note)


def bury(session: Session, article: Article, reason: str) -> None:
    """Put the tombstone of an article that was taken down where it was seen last, for those who saw it."""
    assert article.taken_down_at is not None
    if article.first_published_at is None:
        place = queries.place_at(session, article.section_id, article.locale)
        at = article.taken_down_at
        put_early_tombstone(session, article.id, article.locale, article.slug, place.section_path, reason, at)
        return
    shown = queries.last_shown(session, article.id)
    seen = shown.content if shown is not None else {"locale": article.locale, "slug": article.slug}
    put_tombstone(session, article.id, seen["locale"], seen["slug"], reason, article.taken_down_at)

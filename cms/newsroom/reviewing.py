"""The desk before the readers: submitting, approving and rejecting; and the archive behind them."""

from datetime import datetime

from sqlalchemy.orm import Session

from cms.content.publishing import withdraw_document
from cms.events.catalogue import (
    ArticleApproved,
    ArticleArchived,
    ArticleRejected,
    ArticleSubmitted,
    ArticleUnarchived,
    Event,
)
from cms.newsroom import queries
from cms.newsroom.models import Article
from cms.newsroom.rules import Action, ArticleAct, decide
from cms.newsroom.saving import Saved, locked, put_standing, record_act, refuse_stale, standing_of
from cms.platform.actor import Actor


def submit_article(session: Session, actor: Actor, command: ArticleAct, now: datetime) -> Saved:
    """Hand a draft in, for somebody who may approve it.

    Emits: ArticleSubmitted
    Raises: NotFound; Forbidden; Stale; Conflict.
    """
    article = _moved(session, actor, "articles:write", "submit", command, now)
    return _recorded(session, actor, article, ArticleSubmitted(article.id, article.revision), command.note, now)


def approve_article(session: Session, actor: Actor, command: ArticleAct, now: datetime) -> Saved:
    """Say that an article may be published as it is.

    Emits: ArticleApproved
    Raises: NotFound; Forbidden; Stale; Conflict.
    """
    article = _moved(session, actor, "articles:approve", "approve", command, now)
    return _recorded(session, actor, article, ArticleApproved(article.id, article.revision), command.note, now)


def reject_article(session: Session, actor: Actor, command: ArticleAct, now: datetime) -> Saved:
    """Give an article back with a note that says what it lacks.

    Emits: ArticleRejected
    Raises: NotFound; Forbidden; Stale; Conflict.
    """
    article = _moved(session, actor, "articles:approve", "reject", command, now)
    article.rejection_note = command.note
    return _recorded(session, actor, article, ArticleRejected(article.id, article.revision), command.note, now)


def archive_article(session: Session, actor: Actor, command: ArticleAct, now: datetime) -> Saved:
    """Put an article away, out of the readers' sight too. What was taken down stays taken down.

    Emits: ArticleArchived
    Raises: NotFound; Forbidden; Stale; Conflict.
    """
    article = _moved(session, actor, "articles:publish", "archive", command, now)
    withdraw_document(session, article.id, now)
    return _recorded(session, actor, article, ArticleArchived(article.id, article.revision), command.note, now)


def unarchive_article(session: Session, actor: Actor, command: ArticleAct, now: datetime) -> Saved:
    """Take an article out of the archive, to be worked on again.

    Emits: ArticleUnarchived
    Raises: NotFound; Forbidden; Stale; Conflict.
    """
    article = _moved(session, actor, "articles:publish", "unarchive", command, now)
    return _recorded(session, actor, article, ArticleUnarchived(article.id, article.revision), command.note, now)


def _moved(
    session: Session, actor: Actor, permission: str, action: Action, command: ArticleAct, now: datetime
) -> Article:
    article = locked(session, actor, permission, command.article_id)
    refuse_stale(article, command.revision)
    put_standing(article, decide(standing_of(article), action, now), now)
    return article


def _recorded(session: Session, actor: Actor, article: Article, event: Event, remark: str, now: datetime) -> Saved:
    return record_act(session, actor, article, queries.content_of(session, article), event, now, remark=remark)

"""Correcting what readers see, and saying so in public."""

from datetime import datetime

from sqlalchemy.orm import Session

from cms.content.publishing import put_document
from cms.events.catalogue import ArticleCorrected
from cms.newsroom import queries
from cms.newsroom.checking import Draft, refuse_unready
from cms.newsroom.preparing import PreparedBody
from cms.newsroom.rules import ArticleAct, decide
from cms.newsroom.saving import Saved, locked, put_standing, record_act, refuse_stale, standing_of
from cms.newsroom.showing import for_readers, note_shown
from cms.platform.actor import Actor
from cms.platform.clock import rfc3339


def correct_article(
    session: Session, actor: Actor, command: ArticleAct, prepared: PreparedBody, now: datetime
) -> Saved:
    """Show the present revision in place of the one that readers see, with a public note that says what was wrong.

    Emits: ArticleCorrected
    Raises: NotFound; Forbidden; Stale; Conflict for what is not published; Invalid, naming what readers would miss.
    """
    article = locked(session, actor, "articles:publish", command.article_id)
    refuse_stale(article, command.revision)
    refuse_stale(article, prepared.revision)
    after = decide(standing_of(article), "correct", now)
    content = queries.content_of(session, article)
    refuse_unready(Draft(session, article, content, prepared.rendered, now))
    put_standing(article, after, now)
    correction = {"at": rfc3339(now), "note": command.note, "revision": article.revision}
    article.corrections = [*article.corrections, correction]
    note_shown(article, content)
    event = ArticleCorrected(subject=article.id, revision=article.revision)
    saved = record_act(session, actor, article, content, event, now, remark=command.note)
    # Last of all, as in a publish.
    put_document(session, for_readers(session, article, content, prepared.rendered, now), now)
    return saved

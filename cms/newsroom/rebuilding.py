"""Putting the published side together again from the record: the revisions that readers are meant to see.

Nothing here changes what editors have. What workers derive follows by the events, as after a publish.
"""

from collections.abc import Callable, Collection, Mapping
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from cms.content.deriving import published_revisions
from cms.content.publishing import put_document, withdraw_document
from cms.events.catalogue import ArticleAudienceChanged, ArticlePublished, ArticleUnpublished
from cms.events.list_events import RelatedSweepDue
from cms.events.outbox import record
from cms.newsroom.models import Article, Revision
from cms.newsroom.preparing import PreparedBody
from cms.newsroom.queries import HIDDEN_BY, SHOWN_BY, last_note, live_revisions, revision
from cms.newsroom.saving import locked
from cms.newsroom.showing import for_readers, note_shown
from cms.newsroom.taking_down import bury
from cms.platform.actor import Actor
from cms.platform.db import Database
from cms.platform.errors import NotFound
from cms.platform.ids import new_id
from cms.platform.text.markdown import render


def rebuild_documents(database: Database, actor: Actor, clock: Callable[[], datetime]) -> tuple[int, int]:
    """Put every published article before readers again, one per transaction, while publishing goes on.

    Shape: how many were put, and how many were taken away that readers should not have seen.
    Emits: article.published, article.audience_changed, article.unpublished, related.sweep_due
    """
    with database.reading() as session:
        wanted = live_revisions(session)
        strangers = published_revisions(session).keys() - wanted.keys()
    # First, because a document that should not be there may hold the slug of one that should.
    withdrawn = _withdraw(database, actor, strangers, clock)
    put = _put(database, actor, wanted, clock)
    with database.transaction() as session:
        for article in session.scalars(select(Article).where(Article.taken_down_at.is_not(None))):
            bury(session, article, last_note(session, article.id, "taken_down"))
    with database.transaction() as session:
        record(session, RelatedSweepDue(subject=new_id()), actor=actor, now=clock())
    return put, withdrawn


def mend_documents(
    database: Database, actor: Actor, article_ids: Collection[str], clock: Callable[[], datetime]
) -> int:
    """Put those of these articles before readers that are published, and take the others away; gives how many changed.

    Emits: article.published, article.audience_changed, article.unpublished
    """
    with database.reading() as session:
        wanted = {key: number for key, number in live_revisions(session).items() if key in article_ids}
    withdrawn = _withdraw(database, actor, set(article_ids) - wanted.keys(), clock)
    return withdrawn + _put(database, actor, wanted, clock)


def _withdraw(database: Database, actor: Actor, strangers: Collection[str], clock: Callable[[], datetime]) -> int:
    withdrawn = 0
    for article_id in sorted(strangers):
        with database.transaction() as session:
            withdrawn += withdraw_stranger(session, actor, article_id, clock())
    return withdrawn


def _put(database: Database, actor: Actor, wanted: Mapping[str, int], clock: Callable[[], datetime]) -> int:
    put = 0
    for article_id, number in wanted.items():
        with database.reading() as session:
            kept = revision(session, article_id, number)
        assert kept is not None, f"article {article_id} has lost its revision {number}"
        prepared = PreparedBody(number, render(kept.content["body"], kept.content["body_format"]))
        with database.transaction() as session:
            put += rebuild_document(session, actor, kept, prepared, clock())
    return put


def rebuild_document(session: Session, actor: Actor, kept: Revision, prepared: PreparedBody, now: datetime) -> bool:
    """Put an article before readers as its published revision has it. False when readers see another one by now.

    Emits: ArticlePublished, ArticleAudienceChanged
    """
    try:
        article = locked(session, actor, "articles:publish", kept.article_id)
    except NotFound:
        return False
    if article.published_revision != prepared.revision:
        return False
    updated_at = kept.at if _was_live_before(session, kept) else article.published_at or kept.at
    note_shown(article, kept.content)
    put_document(session, for_readers(session, article, kept.content, prepared.rendered, updated_at), now)
    record(session, ArticlePublished(subject=article.id, revision=kept.revision, is_first=False), actor=actor, now=now)
    record(session, ArticleAudienceChanged(subject=article.id), actor=actor, now=now)
    return True


def withdraw_stranger(session: Session, actor: Actor, article_id: str, now: datetime) -> bool:
    """Take away a document whose article is not published. False when it is by now, or readers do not see it.

    Emits: ArticleUnpublished
    """
    article = session.scalar(select(Article).where(Article.id == article_id).with_for_update())
    if article is not None and article.state == "published":
        return False
    if not withdraw_document(session, article_id, now):
        return False
    number = article.revision if article is not None else 1
    record(session, ArticleUnpublished(subject=article_id, revision=number), actor=actor, now=now)
    return True


def _was_live_before(session: Session, kept: Revision) -> bool:
    # A publish of what readers saw already is an update of today; any other counts from the instant that it bears.
    statement = (
        select(Revision.action)
        .where(
            Revision.article_id == kept.article_id,
            Revision.revision < kept.revision,
            Revision.action.in_(SHOWN_BY + HIDDEN_BY),
        )
        .order_by(Revision.revision.desc())
        .limit(1)
    )
    return session.scalar(statement) in SHOWN_BY

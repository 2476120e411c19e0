"""Letting go of old edits that readers never saw and nobody named: of each day the last one stays."""

from datetime import datetime, time

from sqlalchemy import delete, exists, or_, select, text, update
from sqlalchemy.orm import Session

from cms.newsroom.models import Article, Revision, RevisionText
from cms.newsroom.previews.models import PreviewLink
from cms.newsroom.releases.models import ReleaseArticle
from cms.newsroom.revisions.rules import Kept, is_thinnable, spare
from cms.platform.db import change_rows

REVISIONS_AT_ONCE = 200
PER_STATEMENT = 400
# In the words of its index: what SQLAlchemy makes of a boolean column, `= 0`, does not lead SQLite to it.
IS_WAITING = text("NOT article_revisions.is_weighed")


def thin_revisions(session: Session, before: datetime) -> int | None:
    """Weigh the edits of days before an instant, of some articles; gives how many went, None when none was waiting.

    `before` begins a UTC day. Articles that somebody changes at this moment are left for another time.
    """
    waiting = select(Revision.article_id).where(IS_WAITING, Revision.at < before).order_by(Revision.at)
    ids = set(session.scalars(waiting.limit(REVISIONS_AT_ONCE)))
    # With the lock that every change of an article takes, no new revision can want a text that is about to go.
    held = select(Article.id).where(Article.id.in_(ids)).with_for_update(skip_locked=True)
    gone = [_thin_one(session, article_id, before) for article_id in session.scalars(held).all()]
    return sum(gone) if gone else None


def _thin_one(session: Session, article_id: str, before: datetime) -> int:
    of_article = Revision.article_id == article_id
    oldest = select(Revision.at).where(of_article, IS_WAITING, Revision.at < before).order_by(Revision.at)
    first = session.scalar(oldest.limit(1))
    if first is None:
        # Another relay weighed them between the question and the lock.
        return 0
    since = datetime.combine(first.date(), time(), tzinfo=first.tzinfo)
    # A release that happens by itself shows the revision that its article had when it was scheduled.
    is_promised = exists().where(
        ReleaseArticle.article_id == Revision.article_id,
        ReleaseArticle.revision == Revision.revision,
        ReleaseArticle.receipt_id.is_(None),
    )
    # And a preview link may show one revision for good.
    is_previewed = exists().where(
        PreviewLink.article_id == Revision.article_id,
        PreviewLink.revision == Revision.revision,
        PreviewLink.revoked_at.is_(None),
        PreviewLink.expires_at > before,
    )
    is_needed = or_(is_promised, is_previewed).label("is_needed")
    columns = select(Revision.revision, Revision.at, Revision.action, Revision.note, is_needed)
    rows = session.execute(
        columns.where(of_article, Revision.at >= since, Revision.at < before).order_by(Revision.revision)
    )
    going = spare(
        Kept(row.revision, row.at, is_thinnable(row.action, row.revision, row.note) and not row.is_needed)
        for row in rows
    )
    for start in range(0, len(going), PER_STATEMENT):
        some = Revision.revision.in_(going[start : start + PER_STATEMENT])
        change_rows(session, delete(Revision).where(of_article, some))
    if going:
        is_used = exists().where(
            Revision.article_id == RevisionText.article_id, Revision.text_digest == RevisionText.digest
        )
        lost = delete(RevisionText).where(RevisionText.article_id == article_id, ~is_used)
        change_rows(session, lost)
    weighed = update(Revision).where(of_article, IS_WAITING, Revision.at < before).values(is_weighed=True)
    change_rows(session, weighed)
    return len(going)

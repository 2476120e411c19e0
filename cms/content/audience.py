"""How many readers act on an article, written down into its document by the handler `counts`.

Not here: counting, which the audience's own wing does.
"""

from collections.abc import Mapping
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from cms.content.assembling import counts_in, hold_content, reassemble
from cms.content.models import Audience, Document
from cms.content.rules import AudienceCounts


def put_counts(session: Session, counts: Mapping[str, AudienceCounts], now: datetime) -> None:
    """Show these counts, by article, from the commit on; the ETag changes with them, the revision does not.

    Call `hold_content` before counting, so that of two who count at once the later one has the last word. Counts of an
    article that readers do not see are kept for when they do.
    """
    hold_content(session)
    rows = session.scalars(select(Audience).where(Audience.article_id.in_(counts)))
    known = {row.article_id: row for row in rows}
    changed = [article_id for article_id, one in counts.items() if counts_in(known.get(article_id)) != one]
    for article_id in changed:
        row = known.get(article_id) or Audience(article_id=article_id)
        one = counts[article_id]
        row.bookmarks, row.comments, row.takes_comments = one.bookmarks, one.comments, one.takes_comments
        session.add(row)
    session.flush()
    reassemble(session, changed, now)


def published_below(session: Session, section_path: str, after: str | None, limit: int) -> list[str]:
    """Ids of published articles in a section and below it, or everywhere, in order; `after` is the last one before."""
    statement = select(Document.article_id)
    if section_path:
        statement = statement.where(func.substr(Document.section_path, 1, len(section_path)) == section_path)
    if after is not None:
        statement = statement.where(Document.article_id > after)
    return list(session.scalars(statement.order_by(Document.article_id).limit(limit)))

"""How many readers act on an article, written down into its document by the handler `counts`.

Not here: counting, which the audience's own wing does.
"""

from collections.abc import Mapping
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from cms.content.assembling import counts_in, hold_content, reassemble
from cms.content.models import Audience
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
        row.bookmarks = counts[article_id].bookmarks
        session.add(row)
    session.flush()
    reassemble(session, changed, now)

"""What those get who may read under embargo, and that it follows the words of the taxonomy as what readers see does."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

import orjson
from sqlalchemy import select
from sqlalchemy.orm import Session

from cms.content.embargo.models import EmbargoedDocument
from cms.content.embargo.sharing import put_embargoed
from cms.newsroom import queries
from cms.newsroom.models import Article, Revision
from cms.newsroom.preparing import PreparedBody, render_revision
from cms.newsroom.rules import decide
from cms.newsroom.saving import standing_of
from cms.newsroom.showing import for_readers, wording_now
from cms.platform.db import Database, columns_of

_ROWS = columns_of(EmbargoedDocument).c
SHARED = select(_ROWS.revision, _ROWS.section_path, _ROWS.until, _ROWS.body, _ROWS.shared_at).where(
    _ROWS.article_id == queries.ARTICLE
)


def put_early(
    session: Session,
    article: Article,
    until: datetime,
    content: Mapping[str, Any],
    prepared: PreparedBody,
    at: datetime,
) -> None:
    """Share one revision as readers will have it at the end of the embargo. `at`: since when it is shared."""
    then = decide(standing_of(article), "publish", at, until)
    standing = replace(then, published_revision=prepared.revision)
    put_embargoed(session, for_readers(session, article, content, prepared.rendered, until, standing), until, at)


def reword_embargoed(database: Database) -> int:
    """Share those articles anew that show a word of the taxonomy as it is not called any more; gives how many.

    Each in a transaction of its own; running it again after it was broken off is always right.
    """
    with database.reading() as session:
        shared = list(session.scalars(select(EmbargoedDocument.article_id).order_by(EmbargoedDocument.article_id)))
    return sum(_reword(database, article_id) for article_id in shared)


def _reword(database: Database, article_id: str) -> bool:
    with database.reading() as session:
        outworded = _outworded(session, article_id)
        # Read while there is a session: the text of a revision is loaded when it is asked for.
        _ = outworded[0].content if outworded is not None else None
    if outworded is None:
        return False
    prepared = render_revision(outworded[0])
    with database.transaction() as session:
        article = session.scalar(queries.LIVING_ONE.with_for_update(), {"article": article_id})
        again = _outworded(session, article_id)
        if article is None or again is None or again[0].revision != prepared.revision:
            return False
        kept, row = again
        put_early(session, article, row.until, kept.content, prepared, row.shared_at)
    return True


def _outworded(session: Session, article_id: str) -> tuple[Revision, Any] | None:
    """The revision that is shared and its row, where its words are called something else by now or stand elsewhere."""
    row = session.execute(SHARED, {"article": article_id}).one_or_none()
    kept = queries.revision(session, article_id, row.revision) if row is not None else None
    if row is None or kept is None:
        return None
    wording, shown = wording_now(session, kept.content), orjson.loads(row.body)
    is_as_shown = all(shown[name] == value for name, value in wording.content().items())
    return None if is_as_shown and row.section_path == wording.section_path else (kept, row)

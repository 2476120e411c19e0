"""Making short links and counting what becomes of them. Who shares and who follows is written down nowhere."""

import secrets
from datetime import datetime

import structlog
from sqlalchemy import update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from cms.platform.db import Database, change_rows
from cms.readers.sharing import queries
from cms.readers.sharing.models import ShortLink
from cms.readers.sharing.rules import ALPHABET, CODE_LENGTH, MOST_LINKS, PLAIN, Tracking

log = structlog.get_logger("copydesk.readers")
TRIES = 5
# Whoever follows a link does not wait longer than this for being counted.
PATIENCE_MS = 250


def share_article(session: Session, article_id: str, tracking: Tracking, now: datetime) -> str:
    """Count a share, and give the code of the article's short link for this campaign; the same one each time.

    Of an article that has very many, the plain one. Two who ask at once get one link.
    """
    code = _counted(session, article_id, tracking)
    if code is None and tracking != PLAIN and queries.count_of_links(session, article_id) >= MOST_LINKS:
        tracking = PLAIN
    # Two of 27^8 codes are the same once in a very long while, and then another one is drawn.
    for _ in range(TRIES):
        if code is not None:
            return code
        _put_link(session, article_id, tracking, now)
        code = _counted(session, article_id, tracking)
    assert code is not None, "five codes that were drawn at random were all taken"
    return code


def count_hit(database: Database, number: int) -> None:
    """Count that a short link was followed. Following it never fails for it: then it is not counted."""
    statement = update(ShortLink).where(ShortLink.number == number).values(hits=ShortLink.hits + 1)
    try:
        with database.transaction(PATIENCE_MS) as session:
            change_rows(session, statement)
    except DBAPIError as error:
        log.warning("hit_not_counted", error=type(error).__name__)


def _counted(session: Session, article_id: str, tracking: Tracking) -> str | None:
    statement = update(ShortLink).where(
        ShortLink.article_id == article_id,
        ShortLink.source == tracking.source,
        ShortLink.medium == tracking.medium,
        ShortLink.campaign == tracking.campaign,
    )
    again = statement.values(shares=ShortLink.shares + 1).returning(ShortLink.code)
    return session.scalar(again, execution_options={"synchronize_session": False})


def _put_link(session: Session, article_id: str, tracking: Tracking, now: datetime) -> None:
    insert = postgresql.insert if session.get_bind().dialect.name == "postgresql" else sqlite.insert
    values = {
        "code": "".join(secrets.choice(ALPHABET) for _ in range(CODE_LENGTH)),
        "article_id": article_id,
        "source": tracking.source,
        "medium": tracking.medium,
        "campaign": tracking.campaign,
        "shares": 0,
        "hits": 0,
        "created_at": now,
    }
    session.execute(insert(ShortLink).values(values).on_conflict_do_nothing())

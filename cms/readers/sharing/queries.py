"""Reads of short links that never write."""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from cms.content.addressing import AddressedArticle
from cms.content.models import Document
from cms.platform.direct_reads import DirectReads
from cms.readers.sharing.models import ShortLink
from cms.readers.sharing.rules import CODE, LINKS_SHOWN, Tracking

LINK = (
    "SELECT l.number, l.article_id, l.source, l.medium, l.campaign, d.number, d.locale, d.slug "
    "FROM short_links l LEFT JOIN documents d ON d.article_id = l.article_id WHERE l.code = ?"
)


@dataclass(frozen=True)
class FollowedLink:
    """A short link as somebody follows it; without an `article` readers do not see that now."""

    number: int
    article_id: str
    tracking: Tracking
    article: AddressedArticle | None


def link_by_code(reads: DirectReads, code: str) -> FollowedLink | None:
    """The short link of a code; a text that can be no code is asked of no database."""
    rows = reads.rows(LINK, (code,)) if CODE.fullmatch(code) else []
    if not rows:
        return None
    link, key, source, medium, campaign, number, locale, slug = rows[0]
    article_id = str(UUID(str(key)))
    article = None if number is None else AddressedArticle(article_id, number, locale, slug)
    return FollowedLink(link, article_id, Tracking(source, medium, campaign), article)


def shared_article(session: Session, article_id: str) -> AddressedArticle | None:
    """What an address of a published article is made of."""
    columns = (Document.article_id, Document.number, Document.locale, Document.slug)
    row = session.execute(select(*columns).where(Document.article_id == article_id)).one_or_none()
    return None if row is None else AddressedArticle(*row)


def count_of_links(session: Session, article_id: str) -> int:
    """How many short links an article has."""
    return session.scalar(select(func.count()).where(ShortLink.article_id == article_id)) or 0


def share_counts(session: Session, article_id: str) -> dict[str, Any]:
    """How often an article was shared and its short links were followed, in all and for the links most followed."""
    sums = select(func.coalesce(func.sum(ShortLink.shares), 0), func.coalesce(func.sum(ShortLink.hits), 0))
    shares, hits = session.execute(sums.where(ShortLink.article_id == article_id)).one()
    rows = select(ShortLink).where(ShortLink.article_id == article_id)
    links = session.scalars(rows.order_by(ShortLink.hits.desc(), ShortLink.number).limit(LINKS_SHOWN)).all()
    return {"count": int(shares), "hits": int(hits), "links": links}

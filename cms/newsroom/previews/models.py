"""Tables of preview links and of who looked. Neither a token nor an address of a visitor is in them."""

from datetime import date, datetime

from sqlalchemy import Date, ForeignKey, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from cms.newsroom.previews.rules import LONGEST_LABEL
from cms.platform.db import Instant, RowNumber, Table, id_column


class PreviewLink(Table):
    """A link to an article's working copy, or to one `revision` of it.

    Its token is made of this row and a key, and kept nowhere; `key_name` names that key. `made_by` is the colleague or
    token, such as `staff:…`, whose rights the link lives by. `views` counts all looks, also those that are not told
    apart.
    """

    __tablename__ = "preview_links"
    __table_args__ = (Index("ix_preview_links_article", "article_id", "number"),)

    number: Mapped[int] = mapped_column(RowNumber, primary_key=True, autoincrement=True)
    id: Mapped[str] = mapped_column(id_column(), unique=True)
    article_id: Mapped[str] = mapped_column(id_column(), ForeignKey("articles.id"))
    revision: Mapped[int | None]
    label: Mapped[str] = mapped_column(String(LONGEST_LABEL))
    made_by: Mapped[str] = mapped_column(String(100))
    maker_name: Mapped[str] = mapped_column(String(120))
    key_name: Mapped[str] = mapped_column(String(16))
    created_at: Mapped[datetime] = mapped_column(Instant)
    expires_at: Mapped[datetime] = mapped_column(Instant, index=True)
    revoked_at: Mapped[datetime | None] = mapped_column(Instant)
    views: Mapped[int] = mapped_column(default=0)
    last_viewed_at: Mapped[datetime | None] = mapped_column(Instant)


class PreviewView(Table):
    """The looks of one visitor through one link on one day of UTC. `visitor` tells visitors of this link apart and
    names nobody: it is a piece of a keyed hash of the link and the visitor's network."""

    __tablename__ = "preview_views"
    __table_args__ = (UniqueConstraint("link_number", "visitor", "day"),)

    number: Mapped[int] = mapped_column(RowNumber, primary_key=True, autoincrement=True)
    link_number: Mapped[int] = mapped_column(RowNumber, ForeignKey("preview_links.number", ondelete="CASCADE"))
    visitor: Mapped[str] = mapped_column(String(12))
    day: Mapped[date] = mapped_column(Date)
    first_at: Mapped[datetime] = mapped_column(Instant)
    last_at: Mapped[datetime] = mapped_column(Instant, index=True)
    count: Mapped[int]

"""The table of short links. Nothing in it is about a person: an article, a campaign, and two numbers."""

from datetime import datetime

from sqlalchemy import String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from cms.platform.db import Instant, RowNumber, Table, id_column


class ShortLink(Table):
    """A short link to an article for one campaign; all three empty is the plain one.

    Where it leads is computed at each use from the article as it is then. `shares` is how often the link was asked for,
    `hits` how often it was followed.
    """

    __tablename__ = "short_links"
    __table_args__ = (UniqueConstraint("article_id", "source", "medium", "campaign"),)

    number: Mapped[int] = mapped_column(RowNumber, primary_key=True, autoincrement=True)
    code: Mapped[str] = mapped_column(String(12), unique=True)
    article_id: Mapped[str] = mapped_column(id_column())
    source: Mapped[str] = mapped_column(String(64))
    medium: Mapped[str] = mapped_column(String(64))
    campaign: Mapped[str] = mapped_column(String(64))
    shares: Mapped[int] = mapped_column(default=0)
    hits: Mapped[int] = mapped_column(default=0)
    created_at: Mapped[datetime] = mapped_column(Instant)

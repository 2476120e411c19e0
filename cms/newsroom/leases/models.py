"""The table of leases."""

from datetime import datetime

from sqlalchemy import ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column

from cms.platform.db import Instant, Table, id_column


class ArticleLease(Table):
    """Who is at work on an article, until when. A row whose end has come means nothing and is swept away later."""

    __tablename__ = "article_leases"

    article_id: Mapped[str] = mapped_column(id_column(), ForeignKey("articles.id"), primary_key=True)
    holder_kind: Mapped[str] = mapped_column(String(20))
    holder_id: Mapped[str] = mapped_column(String(80))
    holder_name: Mapped[str] = mapped_column(String(120))
    taken_at: Mapped[datetime] = mapped_column(Instant)
    renewed_at: Mapped[datetime] = mapped_column(Instant)
    expires_at: Mapped[datetime] = mapped_column(Instant, index=True)

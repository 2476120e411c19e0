"""Tables of grouped releases."""

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column

from cms.newsroom.releases.rules import RELEASE_STATES
from cms.platform.db import Instant, RowNumber, Table, id_column


class Release(Table):
    """Several articles to publish in one transaction. `version` is its ETag.

    While `state` is `scheduled`, `release_at` is when, in the `timezone` that it was given in.
    """

    __tablename__ = "releases"
    __table_args__ = (CheckConstraint(f"state IN {RELEASE_STATES}", name="state"),)

    number: Mapped[int] = mapped_column(RowNumber, primary_key=True, autoincrement=True)
    id: Mapped[str] = mapped_column(id_column(), unique=True)
    title: Mapped[str] = mapped_column(String(300))
    state: Mapped[str] = mapped_column(String(12), default="open")
    version: Mapped[int]
    timezone: Mapped[str] = mapped_column(String(64), default="UTC")
    release_at: Mapped[datetime | None] = mapped_column(Instant)
    released_at: Mapped[datetime | None] = mapped_column(Instant)
    created_at: Mapped[datetime] = mapped_column(Instant)
    updated_at: Mapped[datetime] = mapped_column(Instant)


class ReleaseArticle(Table):
    """An article of a release, in the order in which they are published.

    `revision` is the one that readers will see, fixed when the release is scheduled; `receipt_id` is there afterwards.
    """

    __tablename__ = "release_articles"

    release_id: Mapped[str] = mapped_column(
        id_column(), ForeignKey("releases.id", ondelete="CASCADE"), primary_key=True
    )
    article_id: Mapped[str] = mapped_column(id_column(), ForeignKey("articles.id"), primary_key=True, index=True)
    position: Mapped[int]
    revision: Mapped[int | None]
    receipt_id: Mapped[str | None] = mapped_column(id_column())

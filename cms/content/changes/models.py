"""Tables of the changes of what readers see, and of the versions that they saw before."""

from datetime import datetime

from sqlalchemy import Index, LargeBinary, String, Text, text
from sqlalchemy.orm import Mapped, mapped_column

from cms.platform.db import Instant, RowNumber, Table, id_column

IS_GONE = "shown_at IS NULL"


class Change(Table):
    """The last change of one article. A later one takes its place under a higher number, so each article has one row.

    `number` is given while its transaction alone may change documents, so numbers become visible in their order
    (ADR 16). It is never given twice. `shown_at` is since when readers see the present version of the article; null
    for one that is gone. `locale` and `slug` are where it is or was. `reason` is public and may be empty.
    """

    __tablename__ = "changes"
    __table_args__ = (
        Index(
            "ix_changes_gone",
            "number",
            sqlite_where=text(IS_GONE),
            postgresql_where=text(IS_GONE),
        ),
        {"sqlite_autoincrement": True},
    )

    number: Mapped[int] = mapped_column(RowNumber, primary_key=True, autoincrement=True)
    id: Mapped[str] = mapped_column(id_column())
    article_id: Mapped[str] = mapped_column(id_column(), unique=True)
    type: Mapped[str] = mapped_column(String(30))
    at: Mapped[datetime] = mapped_column(Instant)
    shown_at: Mapped[datetime | None] = mapped_column(Instant)
    locale: Mapped[str] = mapped_column(String(35))
    slug: Mapped[str] = mapped_column(String(120))
    reason: Mapped[str] = mapped_column(Text, default="", server_default="")


class ChangeFloor(Table):
    """The one row that says up to which number changes of articles that are gone have been forgotten."""

    __tablename__ = "change_floor"

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    number: Mapped[int] = mapped_column(RowNumber)


class DocumentVersion(Table):
    """A version of an article that readers saw from `shown_at` on and before `replaced_at`.

    `kept` is its document as it was last, in gzip where a worker had come to it.
    """

    __tablename__ = "document_versions"
    __table_args__ = (
        Index("ix_document_versions_article", "article_id", "shown_at"),
        Index("ix_document_versions_place", "locale", "slug", "shown_at"),
        Index("ix_document_versions_replaced", "replaced_at"),
    )

    number: Mapped[int] = mapped_column(RowNumber, primary_key=True, autoincrement=True)
    article_id: Mapped[str] = mapped_column(id_column())
    locale: Mapped[str] = mapped_column(String(35))
    slug: Mapped[str] = mapped_column(String(120))
    shown_at: Mapped[datetime] = mapped_column(Instant)
    replaced_at: Mapped[datetime] = mapped_column(Instant)
    kept: Mapped[bytes] = mapped_column(LargeBinary)

"""Tables of what is shared under embargo, and who read it. No query of published content knows them."""

from datetime import datetime

from sqlalchemy import Index, LargeBinary, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from cms.platform.db import Instant, RowNumber, Table, id_column


class EmbargoedDocument(Table):
    """An article that readers do not see before `until`, as those read it who may read it early."""

    __tablename__ = "embargoed_documents"
    __table_args__ = (UniqueConstraint("locale", "slug"), Index("ix_embargoed_documents_list", "until", "number"))

    article_id: Mapped[str] = mapped_column(id_column(), primary_key=True)
    number: Mapped[int] = mapped_column(RowNumber, unique=True)
    revision: Mapped[int]
    locale: Mapped[str] = mapped_column(String(35))
    slug: Mapped[str] = mapped_column(String(120))
    section_path: Mapped[str] = mapped_column(String(1000))
    until: Mapped[datetime] = mapped_column(Instant)
    body: Mapped[bytes] = mapped_column(LargeBinary)
    card: Mapped[bytes] = mapped_column(LargeBinary)
    etag: Mapped[str] = mapped_column(String(40))
    shared_at: Mapped[datetime] = mapped_column(Instant)


class EmbargoedTombstone(Table):
    """An article that was taken down when only those had seen it who may read early; nobody else is told of it.

    `section_path` and `locale` are where it was, for the question who may read early there.
    """

    __tablename__ = "embargoed_tombstones"
    __table_args__ = (Index("ix_embargoed_tombstones_place", "locale", "slug"),)

    article_id: Mapped[str] = mapped_column(id_column(), primary_key=True)
    locale: Mapped[str] = mapped_column(String(35))
    slug: Mapped[str] = mapped_column(String(120))
    section_path: Mapped[str] = mapped_column(String(1000))
    taken_down_at: Mapped[datetime] = mapped_column(Instant)
    reason: Mapped[str] = mapped_column(Text)


class EmbargoRead(Table):
    """Who read an article under embargo, by which credential, how often. Kept when the embargo is over."""

    __tablename__ = "embargo_reads"

    article_id: Mapped[str] = mapped_column(id_column(), primary_key=True)
    credential: Mapped[str] = mapped_column(String(80), primary_key=True)
    actor: Mapped[str] = mapped_column(String(100))
    name: Mapped[str] = mapped_column(String(120))
    first_at: Mapped[datetime] = mapped_column(Instant)
    last_at: Mapped[datetime] = mapped_column(Instant)
    count: Mapped[int]

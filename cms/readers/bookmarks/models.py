"""Tables of bookmarks: what a reader keeps, in which folder, and in which order it changed."""

from datetime import datetime

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Index, String, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from cms.platform.db import Instant, RowNumber, Table, id_column
from cms.readers.bookmarks.rules import AVAILABILITIES, LONGEST_KEY, LONGEST_NAME

IS_KEPT, IS_REMOVED = text("removed_at IS NULL"), text("removed_at IS NOT NULL")


class Shelf(Table):
    """One row for each reader who ever kept anything. `sequence` is the number of the last change on the shelf.

    It is taken while the account's row is held, so a change of a smaller number is never committed after one of a
    larger. Of removals with numbers up to `forgotten` some are not known any more.
    """

    __tablename__ = "reader_shelves"

    account_id: Mapped[str] = mapped_column(id_column(), ForeignKey("reader_accounts.id"), primary_key=True)
    sequence: Mapped[int] = mapped_column(BigInteger, default=0)
    forgotten: Mapped[int] = mapped_column(BigInteger, default=0)


class Folder(Table):
    """A reader's folder; `key` is its name as names are compared."""

    __tablename__ = "reader_folders"
    __table_args__ = (UniqueConstraint("account_id", "key"),)

    number: Mapped[int] = mapped_column(RowNumber, primary_key=True, autoincrement=True)
    id: Mapped[str] = mapped_column(id_column(), unique=True)
    account_id: Mapped[str] = mapped_column(id_column(), ForeignKey("reader_accounts.id"))
    name: Mapped[str] = mapped_column(String(LONGEST_NAME))
    key: Mapped[str] = mapped_column(String(LONGEST_KEY))
    created_at: Mapped[datetime] = mapped_column(Instant)


class Bookmark(Table):
    """An article that a reader keeps, or kept: with `removed_at` it is only what tells other devices of the removal.

    `placed` is the shelf's number of the act by which it came, and orders the list; `changed` that of the last change,
    and orders what devices are told. `availability` is what they were told last of the article itself.
    """

    __tablename__ = "reader_bookmarks"
    __table_args__ = (
        UniqueConstraint("account_id", "article_id"),
        UniqueConstraint("account_id", "changed"),
        CheckConstraint(f"availability IN {AVAILABILITIES}", name="availability"),
        Index("ix_reader_bookmarks_newest", "account_id", "placed"),
        Index("ix_reader_bookmarks_removed", "removed_at", sqlite_where=IS_REMOVED, postgresql_where=IS_REMOVED),
        Index("ix_reader_bookmarks_kept", "article_id", sqlite_where=IS_KEPT, postgresql_where=IS_KEPT),
    )

    number: Mapped[int] = mapped_column(RowNumber, primary_key=True, autoincrement=True)
    account_id: Mapped[str] = mapped_column(id_column(), ForeignKey("reader_accounts.id"))
    article_id: Mapped[str] = mapped_column(id_column())
    folder_id: Mapped[str | None] = mapped_column(id_column(), ForeignKey("reader_folders.id"), index=True)
    placed: Mapped[int] = mapped_column(BigInteger)
    changed: Mapped[int] = mapped_column(BigInteger)
    availability: Mapped[str] = mapped_column(String(12))
    added_at: Mapped[datetime] = mapped_column(Instant)
    removed_at: Mapped[datetime | None] = mapped_column(Instant)

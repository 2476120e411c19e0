"""Tables of front lists. The newsroom's verbs write them; what of them is shown is computed at each read."""

from datetime import datetime

from sqlalchemy import ForeignKey, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from cms.platform.db import Instant, RowNumber, Table, id_column


class FrontList(Table):
    """A list of one name in one language; an empty `locale` means every language.

    `fill_limit` 0 means that it is not filled up; without `fill_section_id` it is filled from the whole site.
    """

    __tablename__ = "front_lists"
    __table_args__ = (UniqueConstraint("name", "locale"),)

    number: Mapped[int] = mapped_column(RowNumber, primary_key=True, autoincrement=True)
    id: Mapped[str] = mapped_column(id_column(), unique=True)
    name: Mapped[str] = mapped_column(String(120))
    locale: Mapped[str] = mapped_column(String(35))
    title: Mapped[str] = mapped_column(String(200))
    section_id: Mapped[str | None] = mapped_column(id_column(), ForeignKey("sections.id"), index=True)
    fill_section_id: Mapped[str | None] = mapped_column(id_column(), ForeignKey("sections.id"), index=True)
    fill_limit: Mapped[int]
    revision: Mapped[int]
    created_at: Mapped[datetime] = mapped_column(Instant)
    updated_at: Mapped[datetime] = mapped_column(Instant)


class FrontListEntry(Table):
    """An article in a list; `position` counts from 1. An empty `title` means the article's own.

    An article that readers do not see right now keeps its entry and comes back with it.
    """

    __tablename__ = "front_list_entries"

    list_number: Mapped[int] = mapped_column(
        RowNumber, ForeignKey("front_lists.number", ondelete="CASCADE"), primary_key=True
    )
    position: Mapped[int] = mapped_column(primary_key=True)
    article_id: Mapped[str] = mapped_column(id_column(), index=True)
    is_pinned: Mapped[bool]
    from_at: Mapped[datetime | None] = mapped_column(Instant)
    until_at: Mapped[datetime | None] = mapped_column(Instant)
    title: Mapped[str] = mapped_column(String(300))

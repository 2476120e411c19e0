"""Tables of what editors decided of related lists. Unlike the lists these cannot be computed again."""

from datetime import datetime

from sqlalchemy.orm import Mapped, mapped_column

from cms.platform.db import Instant, Table, id_column


class RelatedArrangement(Table):
    """That editors decided about an article's list. `revision` counts their changes and outlives the last pin."""

    __tablename__ = "related_arrangements"

    article_id: Mapped[str] = mapped_column(id_column(), primary_key=True)
    revision: Mapped[int]
    updated_at: Mapped[datetime] = mapped_column(Instant)


class RelatedChoice(Table):
    """An article that editors pinned to another one's list, or banned from it. It stays while neither is published.

    `pin` is its place among the pinned ones, from 1; 0 means banned.
    """

    __tablename__ = "related_choices"

    article_id: Mapped[str] = mapped_column(id_column(), primary_key=True)
    other_id: Mapped[str] = mapped_column(id_column(), primary_key=True, index=True)
    pin: Mapped[int]

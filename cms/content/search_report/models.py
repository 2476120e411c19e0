"""The table of what was searched for."""

from sqlalchemy import Index, String
from sqlalchemy.orm import Mapped, mapped_column

from cms.platform.db import Table


class SearchCount(Table):
    """How often a text was searched for on a day, and how often that found nothing. Nobody and no instant is in it."""

    __tablename__ = "search_counts"
    __table_args__ = (Index("ix_search_counts_rare", "searches", "day"),)

    day: Mapped[str] = mapped_column(String(10), primary_key=True)
    locale: Mapped[str] = mapped_column(String(35), primary_key=True)
    text: Mapped[str] = mapped_column(String(60), primary_key=True)
    searches: Mapped[int]
    found_nothing: Mapped[int]

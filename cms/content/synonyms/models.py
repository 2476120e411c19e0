"""Tables of synonyms."""

from datetime import datetime

from sqlalchemy import String
from sqlalchemy.orm import Mapped, mapped_column

from cms.platform.db import Instant, Json, RowNumber, Table, id_column


class SynonymSet(Table):
    """Words that mean the same to a search, see `rules.SynonymContent`."""

    __tablename__ = "synonym_sets"

    number: Mapped[int] = mapped_column(RowNumber, primary_key=True, autoincrement=True)
    id: Mapped[str] = mapped_column(id_column(), unique=True)
    locale: Mapped[str] = mapped_column(String(35))
    words: Mapped[list[str]] = mapped_column(Json)
    is_one_way: Mapped[bool]
    revision: Mapped[int]
    created_at: Mapped[datetime] = mapped_column(Instant)
    updated_at: Mapped[datetime] = mapped_column(Instant)


class SynonymTurn(Table):
    """One row that counts the changes of all sets: API servers read the sets again when it has moved."""

    __tablename__ = "synonym_turn"

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    turn: Mapped[int] = mapped_column(RowNumber)

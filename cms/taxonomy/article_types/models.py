"""The table of article types that are in force: what `copydesk types reload` found in the folder of types."""

from datetime import datetime

from sqlalchemy import String, Text
from sqlalchemy.orm import Mapped, mapped_column

from cms.platform.db import Instant, Table


class DeclaredType(Table):
    """One type. `text` is its file as it was read, because PostgreSQL's own JSON forgets the order of members."""

    __tablename__ = "article_types"

    name: Mapped[str] = mapped_column(String(40), primary_key=True)
    text: Mapped[str] = mapped_column(Text)
    declared_at: Mapped[datetime] = mapped_column(Instant)

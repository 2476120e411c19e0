"""The table of redirects."""

from datetime import datetime

from sqlalchemy import String
from sqlalchemy.orm import Mapped, mapped_column

from cms.platform.db import Instant, RowNumber, Table, id_column


class Redirect(Table):
    """A path where readers find nothing else, and what they get there.

    One with an `article_id` leads to wherever that article is published now, so there are no chains; while it is not
    published, the path leads nowhere. One without was added by an editor and leads to `target`; `target_path` is the
    path of the site that this names, or empty.
    """

    __tablename__ = "redirects"

    number: Mapped[int] = mapped_column(RowNumber, primary_key=True, autoincrement=True)
    id: Mapped[str] = mapped_column(id_column(), unique=True)
    path: Mapped[str] = mapped_column(String(600), unique=True)
    article_id: Mapped[str | None] = mapped_column(id_column(), index=True)
    target: Mapped[str] = mapped_column(String(2000), default="")
    target_path: Mapped[str] = mapped_column(String(600), default="", index=True)
    status: Mapped[int]
    created_at: Mapped[datetime] = mapped_column(Instant)

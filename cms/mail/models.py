"""The table of outgoing letters. It holds an address and a state, never a text with a code in it."""

from datetime import datetime

from sqlalchemy import CheckConstraint, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from cms.platform.db import Instant, RowNumber, Table, id_column

STATES = ("queued", "sent", "deferred", "expired", "failed")


class OutgoingLetter(Table):
    """A letter to one address. `about_id` is the thing that its template needs, such as a challenge."""

    __tablename__ = "outgoing_letters"
    __table_args__ = (CheckConstraint(f"state IN {STATES}", name="state"),)

    number: Mapped[int] = mapped_column(RowNumber, primary_key=True, autoincrement=True)
    id: Mapped[str] = mapped_column(id_column(), unique=True)
    kind: Mapped[str] = mapped_column(String(40))
    recipient: Mapped[str] = mapped_column(String(320))
    locale: Mapped[str] = mapped_column(String(35))
    about_id: Mapped[str] = mapped_column(id_column(), index=True)
    message_id: Mapped[str] = mapped_column(String(200), unique=True)
    state: Mapped[str] = mapped_column(String(12), default="queued", index=True)
    attempts: Mapped[int] = mapped_column(default=0)
    error: Mapped[str | None] = mapped_column(Text)
    created_at: Mapped[datetime] = mapped_column(Instant, index=True)
    expires_at: Mapped[datetime] = mapped_column(Instant)
    sent_at: Mapped[datetime | None] = mapped_column(Instant)

"""Tables of the outbox: letters (what happened) and deliveries (who still has to act on it)."""

from datetime import datetime
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, Text, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from cms.platform.db import Instant, Json, RowNumber, Table, id_column

STATES = ("open", "done", "superseded", "dead", "discarded")


class Letter(Table):
    """One event as it was recorded, in the transaction of the act. Its `id` is also the id of the act's receipt."""

    __tablename__ = "letters"

    number: Mapped[int] = mapped_column(RowNumber, primary_key=True, autoincrement=True)
    id: Mapped[str] = mapped_column(id_column(), unique=True)
    type: Mapped[str] = mapped_column(String(60))
    version: Mapped[int]
    subject: Mapped[str] = mapped_column(id_column(), index=True)
    data: Mapped[dict[str, Any]] = mapped_column(Json)
    occurred_at: Mapped[datetime] = mapped_column(Instant, index=True)
    actor_kind: Mapped[str] = mapped_column(String(20))
    actor_id: Mapped[str] = mapped_column(String(80))
    request_id: Mapped[str] = mapped_column(String(80))

    deliveries: Mapped[list["Delivery"]] = relationship(back_populates="letter", order_by="Delivery.number")


class Delivery(Table):
    """What one subscription still owes, or has done. Closed by the consumer's own commit, never by a send.

    `due_at` is when the relay sends (again); `leased_until` is set while an attempt runs; `attempts` is counted
    before the work begins. After the last attempt the state is `dead`, until a person retries or discards it.
    """

    __tablename__ = "deliveries"
    __table_args__ = (
        CheckConstraint(f"state IN {STATES}", name="state"),
        Index(
            "ix_deliveries_open",
            "due_at",
            "number",
            sqlite_where=text("state = 'open'"),
            postgresql_where=text("state = 'open'"),
        ),
        Index(
            "ix_deliveries_open_subscription",
            "subscription",
            "number",
            sqlite_where=text("state = 'open'"),
            postgresql_where=text("state = 'open'"),
        ),
        Index(
            "ix_deliveries_dead", "number", sqlite_where=text("state = 'dead'"), postgresql_where=text("state = 'dead'")
        ),
    )

    number: Mapped[int] = mapped_column(RowNumber, primary_key=True, autoincrement=True)
    letter_id: Mapped[str] = mapped_column(id_column(), ForeignKey("letters.id", ondelete="CASCADE"), index=True)
    subscription: Mapped[str] = mapped_column(String(40))
    subject: Mapped[str] = mapped_column(id_column(), index=True)
    state: Mapped[str] = mapped_column(String(12), default="open")
    attempts: Mapped[int] = mapped_column(default=0)
    sends: Mapped[int] = mapped_column(default=0)
    due_at: Mapped[datetime] = mapped_column(Instant)
    leased_until: Mapped[datetime | None] = mapped_column(Instant)
    started_at: Mapped[datetime | None] = mapped_column(Instant)
    finished_at: Mapped[datetime | None] = mapped_column(Instant, index=True)
    error: Mapped[str | None] = mapped_column(Text)

    letter: Mapped[Letter] = relationship(back_populates="deliveries")

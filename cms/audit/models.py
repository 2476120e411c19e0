"""The table of the audit trail: append only."""

from datetime import datetime

from sqlalchemy import String
from sqlalchemy.orm import Mapped, mapped_column

from cms.platform.db import Instant, Json, RowNumber, Table


class AuditEntry(Table):
    """Who did what to which thing, when, from where. `changes` names fields and never holds their values."""

    __tablename__ = "audit_entries"

    number: Mapped[int] = mapped_column(RowNumber, primary_key=True, autoincrement=True)
    at: Mapped[datetime] = mapped_column(Instant, index=True)
    actor_kind: Mapped[str] = mapped_column(String(20))
    actor_id: Mapped[str] = mapped_column(String(80))
    action: Mapped[str] = mapped_column(String(60))
    subject_kind: Mapped[str] = mapped_column(String(40))
    subject_id: Mapped[str] = mapped_column(String(80), index=True)
    changes: Mapped[list[str]] = mapped_column(Json)
    request_id: Mapped[str] = mapped_column(String(80))
    client_address: Mapped[str] = mapped_column(String(64))

"""The tables of the audit trail. Triggers of the database refuse every change of an entry but its sealing."""

from datetime import datetime

from sqlalchemy import BigInteger, Index, LargeBinary, String, text
from sqlalchemy.orm import Mapped, mapped_column

from cms.platform.db import Instant, Json, RowNumber, Table


class AuditEntry(Table):
    """Who did what to which thing, when, from where, by which credential. `changes` names fields, never their values.

    An entry is written unsealed, in the transaction of its act. Soon after, it is given its place in the chain:
    `seal_number` counts without gaps, and `seal` covers the entry and the seal before it.
    """

    __tablename__ = "audit_entries"
    __table_args__ = (
        Index(
            "ix_audit_entries_unsealed",
            "number",
            sqlite_where=text("seal_number IS NULL"),
            postgresql_where=text("seal_number IS NULL"),
        ),
    )

    number: Mapped[int] = mapped_column(RowNumber, primary_key=True, autoincrement=True)
    at: Mapped[datetime] = mapped_column(Instant, index=True)
    actor_kind: Mapped[str] = mapped_column(String(20))
    actor_id: Mapped[str] = mapped_column(String(80), index=True)
    credential: Mapped[str] = mapped_column(String(80), default="")
    action: Mapped[str] = mapped_column(String(60))
    subject_kind: Mapped[str] = mapped_column(String(40))
    subject_id: Mapped[str] = mapped_column(String(80), index=True)
    outcome: Mapped[str] = mapped_column(String(12), default="done")
    changes: Mapped[list[str]] = mapped_column(Json)
    request_id: Mapped[str] = mapped_column(String(80))
    client_address: Mapped[str] = mapped_column(String(64))
    seal_number: Mapped[int | None] = mapped_column(BigInteger, index=True, unique=True)
    key_id: Mapped[str | None] = mapped_column(String(16))
    previous_seal: Mapped[bytes | None] = mapped_column(LargeBinary(32))
    seal: Mapped[bytes | None] = mapped_column(LargeBinary(32))


class AuditCheckpoint(Table):
    """Where the chain begins after old entries were removed: the last removed seal, signed. `removed` counts all."""

    __tablename__ = "audit_checkpoints"

    number: Mapped[int] = mapped_column(RowNumber, primary_key=True, autoincrement=True)
    at: Mapped[datetime] = mapped_column(Instant)
    seal_number: Mapped[int] = mapped_column(BigInteger)
    seal: Mapped[bytes] = mapped_column(LargeBinary(32))
    removed: Mapped[int] = mapped_column(BigInteger)
    key_id: Mapped[str] = mapped_column(String(16))
    signature: Mapped[bytes] = mapped_column(LargeBinary(32))

"""Tables of the audience: accounts, challenges that prove a mailbox, sessions, consents. No code, no token."""

from datetime import datetime
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Index, LargeBinary, String
from sqlalchemy.orm import Mapped, mapped_column

from cms.platform.db import Instant, Json, RowNumber, Table, id_column
from cms.readers.rules import ALL_PURPOSES


class Account(Table):
    """A reader whose address was proven. `email` is in its canonical form; without a hash no password was set yet.

    `proven_from` is the client from which the password was set last.
    """

    __tablename__ = "reader_accounts"

    number: Mapped[int] = mapped_column(RowNumber, primary_key=True, autoincrement=True)
    id: Mapped[str] = mapped_column(id_column(), unique=True)
    email: Mapped[str] = mapped_column(String(320), unique=True)
    password_hash: Mapped[str | None] = mapped_column(String(200))
    display_name: Mapped[str] = mapped_column(String(120))
    locale: Mapped[str] = mapped_column(String(35))
    proven_from: Mapped[str] = mapped_column(String(64), default="", server_default="")
    created_at: Mapped[datetime] = mapped_column(Instant)
    verified_at: Mapped[datetime] = mapped_column(Instant)


class Challenge(Table):
    """A question that only the owner of a mailbox can answer. Its code is derived from this row and a key, not stored.

    A registration keeps its password hash here until the address is proven, so nobody can occupy another's address.
    `closed_at` is set when a newer challenge of the same purpose and address took its place. `account_id` is the
    account of the address when it was asked or made, or, for a change of address, the one that moves. `consents` wait
    as the hash does.
    """

    __tablename__ = "reader_challenges"
    __table_args__ = (
        CheckConstraint(f"purpose IN {ALL_PURPOSES}", name="purpose"),
        Index("ix_reader_challenges_email", "email", "purpose", "created_at"),
    )

    number: Mapped[int] = mapped_column(RowNumber, primary_key=True, autoincrement=True)
    id: Mapped[str] = mapped_column(id_column(), unique=True)
    purpose: Mapped[str] = mapped_column(String(20))
    email: Mapped[str] = mapped_column(String(320))
    account_id: Mapped[str | None] = mapped_column(id_column(), index=True)
    password_hash: Mapped[str | None] = mapped_column(String(200))
    display_name: Mapped[str] = mapped_column(String(120))
    locale: Mapped[str] = mapped_column(String(35))
    consents: Mapped[list[dict[str, Any]]] = mapped_column(Json, default=list, server_default="[]")
    attempts: Mapped[int] = mapped_column(default=0)
    created_at: Mapped[datetime] = mapped_column(Instant)
    expires_at: Mapped[datetime] = mapped_column(Instant, index=True)
    used_at: Mapped[datetime | None] = mapped_column(Instant)
    closed_at: Mapped[datetime | None] = mapped_column(Instant)


class ReaderSession(Table):
    """A reader's sign-in that lasts. `digest` is the SHA-256 of its token; of the client no more than its network."""

    __tablename__ = "reader_sessions"

    number: Mapped[int] = mapped_column(RowNumber, primary_key=True, autoincrement=True)
    id: Mapped[str] = mapped_column(id_column(), unique=True)
    account_id: Mapped[str] = mapped_column(id_column(), ForeignKey("reader_accounts.id"), index=True)
    digest: Mapped[bytes] = mapped_column(LargeBinary(32), unique=True)
    device: Mapped[str] = mapped_column(String(120))
    network: Mapped[str] = mapped_column(String(64))
    created_at: Mapped[datetime] = mapped_column(Instant)
    last_seen_at: Mapped[datetime] = mapped_column(Instant)
    expires_at: Mapped[datetime] = mapped_column(Instant, index=True)
    revoked_at: Mapped[datetime | None] = mapped_column(Instant)


class Consent(Table):
    """What a reader agreed to: which version of which document, when and by what; and when that was withdrawn.

    Giving it again is another row. Kept as long as the account is.
    """

    __tablename__ = "reader_consents"

    number: Mapped[int] = mapped_column(RowNumber, primary_key=True, autoincrement=True)
    account_id: Mapped[str] = mapped_column(id_column(), ForeignKey("reader_accounts.id"), index=True)
    document: Mapped[str] = mapped_column(String(40))
    version: Mapped[str] = mapped_column(String(40))
    given_at: Mapped[datetime] = mapped_column(Instant)
    given_by: Mapped[str] = mapped_column(String(12), default="registration", server_default="registration")
    withdrawn_at: Mapped[datetime | None] = mapped_column(Instant)

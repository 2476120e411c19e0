"""Tables of the staff, apart from the readers': no account of one is ever one of the other. No secret is in them."""

from datetime import datetime
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, LargeBinary, String
from sqlalchemy.orm import Mapped, mapped_column

from cms.identity.staff.rules import KINDS, STATES
from cms.platform.db import Instant, Json, RowNumber, Table, id_column


class StaffUser(Table):
    """A colleague. `email` is in its canonical form; `proven_from` is the client from which the password was set."""

    __tablename__ = "staff_users"
    __table_args__ = (CheckConstraint(f"state IN {STATES}", name="state"),)

    number: Mapped[int] = mapped_column(RowNumber, primary_key=True, autoincrement=True)
    id: Mapped[str] = mapped_column(id_column(), unique=True)
    email: Mapped[str] = mapped_column(String(320), unique=True)
    name: Mapped[str] = mapped_column(String(120))
    locale: Mapped[str] = mapped_column(String(35))
    password_hash: Mapped[str] = mapped_column(String(200))
    state: Mapped[str] = mapped_column(String(12))
    revision: Mapped[int] = mapped_column(default=1)
    proven_from: Mapped[str] = mapped_column(String(64), default="")
    created_at: Mapped[datetime] = mapped_column(Instant)


class StaffGrant(Table):
    """A role that a colleague has, in a section and below, in a language; empty means everywhere."""

    __tablename__ = "staff_grants"

    number: Mapped[int] = mapped_column(RowNumber, primary_key=True, autoincrement=True)
    user_id: Mapped[str] = mapped_column(id_column(), ForeignKey("staff_users.id"), index=True)
    role: Mapped[str] = mapped_column(String(60))
    section_path: Mapped[str] = mapped_column(String(1000), default="")
    locale: Mapped[str] = mapped_column(String(35), default="")


class StaffInvitation(Table):
    """A place kept for somebody until the code that went to the address comes back. The code is derived, not stored."""

    __tablename__ = "staff_invitations"

    number: Mapped[int] = mapped_column(RowNumber, primary_key=True, autoincrement=True)
    id: Mapped[str] = mapped_column(id_column(), unique=True)
    email: Mapped[str] = mapped_column(String(320), index=True)
    name: Mapped[str] = mapped_column(String(120))
    locale: Mapped[str] = mapped_column(String(35))
    grants: Mapped[list[dict[str, Any]]] = mapped_column(Json)
    invited_by: Mapped[str] = mapped_column(String(100))
    attempts: Mapped[int] = mapped_column(default=0)
    created_at: Mapped[datetime] = mapped_column(Instant)
    expires_at: Mapped[datetime] = mapped_column(Instant)
    used_at: Mapped[datetime | None] = mapped_column(Instant)
    closed_at: Mapped[datetime | None] = mapped_column(Instant)


class StaffCode(Table):
    """A question that only the owner of a mailbox can answer, to set another password; without `user_id`, nobody's."""

    __tablename__ = "staff_codes"

    number: Mapped[int] = mapped_column(RowNumber, primary_key=True, autoincrement=True)
    id: Mapped[str] = mapped_column(id_column(), unique=True)
    email: Mapped[str] = mapped_column(String(320), index=True)
    user_id: Mapped[str | None] = mapped_column(id_column())
    attempts: Mapped[int] = mapped_column(default=0)
    created_at: Mapped[datetime] = mapped_column(Instant)
    expires_at: Mapped[datetime] = mapped_column(Instant)
    used_at: Mapped[datetime | None] = mapped_column(Instant)
    closed_at: Mapped[datetime | None] = mapped_column(Instant)


class StaffSession(Table):
    """A sign-in that lasts. `digest` is the SHA-256 of its token; `proven_at` is when the password was typed last."""

    __tablename__ = "staff_sessions"
    __table_args__ = (CheckConstraint(f"kind IN {KINDS}", name="kind"),)

    number: Mapped[int] = mapped_column(RowNumber, primary_key=True, autoincrement=True)
    id: Mapped[str] = mapped_column(id_column(), unique=True)
    user_id: Mapped[str] = mapped_column(id_column(), ForeignKey("staff_users.id"), index=True)
    digest: Mapped[bytes] = mapped_column(LargeBinary(32), unique=True)
    kind: Mapped[str] = mapped_column(String(12))
    device: Mapped[str] = mapped_column(String(120))
    address: Mapped[str] = mapped_column(String(64))
    network: Mapped[str] = mapped_column(String(64))
    created_at: Mapped[datetime] = mapped_column(Instant)
    last_seen_at: Mapped[datetime] = mapped_column(Instant)
    proven_at: Mapped[datetime] = mapped_column(Instant)
    expires_at: Mapped[datetime] = mapped_column(Instant, index=True)
    revoked_at: Mapped[datetime | None] = mapped_column(Instant)


class SignInTrail(Table):
    """Wrong sign-ins in a row, of one account from one client. `key` is a digest, whether there is such an account."""

    __tablename__ = "staff_sign_in_trails"

    key: Mapped[str] = mapped_column(String(64), primary_key=True)
    failures: Mapped[int]
    last_at: Mapped[datetime] = mapped_column(Instant, index=True)

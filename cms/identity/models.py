"""Tables of API tokens and custom roles. A token itself is shown once and never stored."""

from datetime import datetime

from sqlalchemy import LargeBinary, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from cms.platform.db import Instant, Json, RowNumber, Table, id_column


class ApiToken(Table):
    """A credential of a service or person. `digest` is the SHA-256 of the token, which has 178 random bits.

    It has a role, or `permissions` and an empty role. They hold in the section of `section_path` with all below it and
    in the language `locale`; empty means everywhere. `networks` are the only ones it may come from, where there are
    any. Rotated, it keeps id and rights: `previous_digest` is the token before, good until `previous_until`.
    `issued_by` and `previous_by` are who was shown these texts, such as `staff:…`: a token never outlives the rights
    of the colleague who could use it, through whichever tokens it was issued.
    """

    __tablename__ = "api_tokens"

    number: Mapped[int] = mapped_column(RowNumber, primary_key=True, autoincrement=True)
    id: Mapped[str] = mapped_column(id_column(), unique=True)
    name: Mapped[str] = mapped_column(String(120))
    hint: Mapped[str] = mapped_column(String(20))
    digest: Mapped[bytes] = mapped_column(LargeBinary(32), unique=True)
    role: Mapped[str] = mapped_column(String(40))
    permissions: Mapped[list[str] | None] = mapped_column(Json)
    section_path: Mapped[str] = mapped_column(String(1000), default="")
    locale: Mapped[str] = mapped_column(String(35), default="")
    networks: Mapped[list[str] | None] = mapped_column(Json)
    created_at: Mapped[datetime] = mapped_column(Instant)
    rotated_at: Mapped[datetime | None] = mapped_column(Instant)
    expires_at: Mapped[datetime] = mapped_column(Instant)
    revoked_at: Mapped[datetime | None] = mapped_column(Instant)
    last_used_at: Mapped[datetime | None] = mapped_column(Instant)
    previous_digest: Mapped[bytes | None] = mapped_column(LargeBinary(32), unique=True)
    previous_until: Mapped[datetime | None] = mapped_column(Instant)
    issued_by: Mapped[str] = mapped_column(String(100), default="", index=True)
    previous_by: Mapped[str] = mapped_column(String(100), default="")


class Role(Table):
    """A custom role: a name for a set of permissions. The built-in ones stand in `rules.ROLES`."""

    __tablename__ = "roles"

    number: Mapped[int] = mapped_column(RowNumber, primary_key=True, autoincrement=True)
    name: Mapped[str] = mapped_column(String(40), unique=True)
    description: Mapped[str] = mapped_column(Text)
    permissions: Mapped[list[str]] = mapped_column(Json)
    revision: Mapped[int]
    created_at: Mapped[datetime] = mapped_column(Instant)
    updated_at: Mapped[datetime] = mapped_column(Instant)

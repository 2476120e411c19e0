"""Tables of the platform itself: remembered answers and counted limits."""

from datetime import datetime

from sqlalchemy import BigInteger, LargeBinary, String
from sqlalchemy.orm import Mapped, mapped_column

from cms.platform.db import Instant, Json, Table


class RememberedAnswer(Table):
    """The answer to a POST that came with an `Idempotency-Key`, kept 24 hours for its caller."""

    __tablename__ = "remembered_answers"

    caller: Mapped[str] = mapped_column(String(80), primary_key=True)
    key: Mapped[str] = mapped_column(String(255), primary_key=True)
    fingerprint: Mapped[str] = mapped_column(String(64))
    status: Mapped[int | None]
    headers: Mapped[dict[str, str] | None] = mapped_column(Json)
    body: Mapped[bytes | None] = mapped_column(LargeBinary)
    created_at: Mapped[datetime] = mapped_column(Instant, index=True)


class LimitCounter(Table):
    """How often something happened since an instant."""

    __tablename__ = "limit_counters"

    key: Mapped[str] = mapped_column(String(200), primary_key=True)
    window_started_at: Mapped[datetime] = mapped_column(Instant, index=True)
    count: Mapped[int]


class LimitQuota(Table):
    """When the whole quota of a key is there again, in microseconds since 1970; see `counting.count_one`."""

    __tablename__ = "limit_quotas"

    key: Mapped[str] = mapped_column(String(200), primary_key=True)
    full_at: Mapped[int] = mapped_column(BigInteger, index=True)

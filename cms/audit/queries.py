"""Reads of the audit trail: its sealed rows in their order, its beginning and end. Nothing here writes."""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import orjson
from sqlalchemy import String, select, type_coerce
from sqlalchemy.orm import Session

from cms.audit.models import AuditCheckpoint, AuditEntry
from cms.audit.rules import BEGINNING, Link, Row

COLUMNS = tuple(getattr(AuditEntry, name) for name in Row._fields)
AS_IT_IS = ("at", "changes")
FETCHED_AT_ONCE = 2000


def sealed_rows(session: Session, first: int | None = None) -> Iterator[Row]:
    """The sealed rows, from a seal number on if one is named, in the chain's order.

    They are read to be doubted: SQLite keeps any text in any column, so what is no instant and no JSON comes as it is.
    """
    is_sqlite = session.get_bind().dialect.name == "sqlite"
    columns = [type_coerce(column, String) if is_sqlite and column.key in AS_IT_IS else column for column in COLUMNS]
    query = select(*columns).order_by(AuditEntry.seal_number, AuditEntry.number)
    query = query.where(AuditEntry.seal_number.is_not(None) if first is None else AuditEntry.seal_number >= first)
    with session.execute(query.execution_options(yield_per=FETCHED_AT_ONCE)) as result:
        for found in result:
            row = Row._make(found)
            yield row._replace(at=_instant(row.at), changes=_names(row.changes)) if is_sqlite else row


def newest_checkpoint(session: Session) -> AuditCheckpoint | None:
    """Where the chain begins, when old entries were removed."""
    return session.scalar(select(AuditCheckpoint).order_by(AuditCheckpoint.number.desc()).limit(1))


def last_link(session: Session) -> Link:
    """Where the chain ends now."""
    query = select(AuditEntry.seal_number, AuditEntry.seal).where(AuditEntry.seal_number.is_not(None))
    row = session.execute(query.order_by(AuditEntry.seal_number.desc()).limit(1)).first()
    if row is not None:
        return Link._make(row)
    checkpoint = newest_checkpoint(session)
    return Link(checkpoint.seal_number, checkpoint.seal) if checkpoint is not None else BEGINNING


def has_link(session: Session, link: Link) -> bool:
    """Whether the chain goes through a link, or began behind it."""
    seal = session.scalar(select(AuditEntry.seal).where(AuditEntry.seal_number == link.seal_number))
    if seal is not None:
        return seal == link.seal
    checkpoint = newest_checkpoint(session)
    return checkpoint is not None and checkpoint.seal_number >= link.seal_number


def oldest_unsealed_at(session: Session) -> datetime | None:
    """When the entry was made that waits for its seal since longest, or None when none waits."""
    query = select(AuditEntry.at).where(AuditEntry.seal_number.is_(None)).order_by(AuditEntry.number).limit(1)
    return session.scalar(query)


def _instant(value: Any) -> Any:
    try:
        return datetime.fromisoformat(value).replace(tzinfo=UTC)
    except (TypeError, ValueError):
        return value


def _names(value: Any) -> Any:
    try:
        return orjson.loads(value)
    except (TypeError, ValueError):
        return value

"""Reading the audit trail: by filters, by pages, whole."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.orm import Session

from cms.audit.models import AuditEntry
from cms.platform.db import Database
from cms.platform.keyset import one_page

EXACT = ("action", "actor_kind", "actor_id", "subject_kind", "subject_id", "credential", "outcome", "request_id")
EXPORTED_AT_ONCE = 500
SHOWN = (
    "number", "at", "actor_kind", "actor_id", "credential", "action", "subject_kind", "subject_id", "outcome",
    "changes", "request_id", "client_address", "seal_number", "key_id",
)  # fmt: skip


def matching(filters: Mapping[str, Any]) -> list[ColumnElement[bool]]:
    """What an entry has to fulfil: columns with the value that they must have; `since` and, not included, `until`."""
    conditions = [getattr(AuditEntry, name) == filters[name] for name in EXACT if filters.get(name) is not None]
    if filters.get("since") is not None:
        conditions.append(AuditEntry.at >= filters["since"])
    if filters.get("until") is not None:
        conditions.append(AuditEntry.at < filters["until"])
    return conditions


def newest_entries(
    session: Session,
    conditions: Sequence[ColumnElement[bool]],
    *,
    limit: int,
    after: Sequence[Any] | None,
    is_backwards: bool,
) -> Sequence[AuditEntry]:
    """One page, newest first."""
    statement = select(AuditEntry).where(*conditions)
    return one_page(
        session, statement, [AuditEntry.number], after, limit=limit, is_falling=True, is_backwards=is_backwards
    )


def count_of(session: Session, conditions: Sequence[ColumnElement[bool]]) -> int:
    """How many entries fulfil the conditions."""
    return session.scalar(select(func.count()).select_from(AuditEntry).where(*conditions)) or 0


def pages(database: Database, conditions: Sequence[ColumnElement[bool]]) -> Iterator[Sequence[AuditEntry]]:
    """All entries, oldest first, page by page, each page read by itself: a slow reader holds nothing up."""
    last = 0
    while True:
        with database.reading() as session:
            query = select(AuditEntry).where(AuditEntry.number > last, *conditions).order_by(AuditEntry.number)
            page = session.scalars(query.limit(EXPORTED_AT_ONCE)).all()
        if not page:
            return
        yield page
        last = page[-1].number


def audit_data(entry: AuditEntry) -> dict[str, Any]:
    """An entry in the shape of `AuditEntryShape`."""
    data = {name: getattr(entry, name) for name in SHOWN}
    for name in ("previous_seal", "seal"):
        seal = getattr(entry, name)
        data[name] = None if seal is None else seal.hex()
    return data

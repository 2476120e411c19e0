"""Giving entries their place in the chain, and removing old ones from its beginning.

One sealer works at a time, whatever their number: SQLite has one writer, and on PostgreSQL they take turns by a lock.
An entry is sealed once its transaction is over, so one that was begun early and ended late comes after its neighbours.
"""

import hmac
from collections.abc import Sequence
from datetime import datetime
from itertools import takewhile

from sqlalchemy import bindparam, delete, select, text, update
from sqlalchemy.orm import Session

from cms.audit.keyring import AuditKeys
from cms.audit.models import AuditCheckpoint, AuditEntry
from cms.audit.queries import last_link, newest_checkpoint
from cms.audit.rules import Link, Row, chained, sign
from cms.platform.db import change_rows, columns_of
from cms.platform.prepared import PreparedRead, PreparedWrite

SEALED_AT_ONCE = 1000
LOCK = 0x61756474
# The relay runs it after every few acts, so it is built once.
SEALS = ("seal_number", "key_id", "previous_seal", "seal")
ENTRIES = columns_of(AuditEntry)
WAITING = PreparedRead(
    select(*(ENTRIES.c[name] for name in Row._fields))
    .where(ENTRIES.c.seal_number.is_(None))
    .order_by(ENTRIES.c.number)
    .limit(SEALED_AT_ONCE)
)
SEAL = PreparedWrite(update(ENTRIES).where(ENTRIES.c.number == bindparam("of")))


def seal_new(session: Session, keys: AuditKeys) -> tuple[int, Link | None]:
    """Seal a portion of what waits. Gives how many, and the new end of the chain, or None when another sealer works."""
    if not _is_my_turn(session):
        return 0, None
    rows = [Row._make(row) for row in WAITING.rows(session)]
    last = last_link(session)
    sealed = list(chained(rows, last, *keys.current()))
    if not sealed:
        return 0, last
    SEAL.run_all(session, [{"of": row.number} | {name: getattr(row, name) for name in SEALS} for row in sealed])
    return len(sealed), Link(sealed[-1].seal_number, sealed[-1].seal)


def forget_before(session: Session, keys: AuditKeys, until: datetime, now: datetime, limit: int) -> int:
    """Remove entries from the beginning of the chain that are older than an instant; gives how many.

    A signed checkpoint takes their place first: the database lets no other entry go.
    """
    if not _is_my_turn(session):
        return 0
    first = select(AuditEntry.number, AuditEntry.at, AuditEntry.seal_number, AuditEntry.seal)
    first = first.where(AuditEntry.seal_number.is_not(None)).order_by(AuditEntry.seal_number).limit(limit)
    old = list(takewhile(lambda row: row.at < until, session.execute(first)))
    if not old:
        return 0
    before = newest_checkpoint(session)
    removed = len(old) + (before.removed if before is not None else 0)
    session.add(_checkpoint(keys, Link(old[-1].seal_number, old[-1].seal), removed, now))
    session.flush()
    _remove(session, [row.number for row in old])
    if before is not None:
        session.delete(before)
    return len(old)


def is_genuine(checkpoint: AuditCheckpoint, keys: AuditKeys) -> bool:
    """Whether a checkpoint was signed by this installation and says what it said then."""
    key = keys.find(checkpoint.key_id)
    return key is not None and hmac.compare_digest(checkpoint.signature, _signature(key, checkpoint))


def _checkpoint(keys: AuditKeys, link: Link, removed: int, now: datetime) -> AuditCheckpoint:
    key_id, key = keys.current()
    made = AuditCheckpoint(at=now, seal_number=link.seal_number, seal=link.seal, removed=removed, key_id=key_id)
    made.signature = _signature(key, made)
    return made


def _signature(key: bytes, checkpoint: AuditCheckpoint) -> bytes:
    link = Link(checkpoint.seal_number, checkpoint.seal)
    return sign(key, "checkpoint", link, checkpoint.at, checkpoint.removed, checkpoint.key_id)


def _remove(session: Session, numbers: Sequence[int]) -> None:
    change_rows(session, delete(AuditEntry).where(AuditEntry.number.in_(numbers)))


def _is_my_turn(session: Session) -> bool:
    if session.get_bind().dialect.name != "postgresql":
        return True
    return bool(session.scalar(text("SELECT pg_try_advisory_xact_lock(:key)"), {"key": LOCK}))

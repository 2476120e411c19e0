"""Checking the whole audit trail against its seals, its checkpoint and its signed head."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from sqlalchemy.orm import Session

from cms.audit.heads import HeadError, read_head
from cms.audit.keyring import AuditKeys
from cms.audit.queries import newest_checkpoint, oldest_unsealed_at, sealed_rows
from cms.audit.rules import BEGINNING, Break, Link, walk
from cms.audit.sealing import is_genuine
from cms.platform.clock import rfc3339
from cms.platform.db import Database


@dataclass(frozen=True)
class Verdict:
    """What verifying found. `problem` is empty when everything fits; `remarks` are worth knowing and no problem."""

    first: int
    last: int
    count: int
    problem: str
    first_break: Break | None
    remarks: tuple[str, ...]
    unsealed_since: datetime | None


def verify(database: Database, home: Path, keys: AuditKeys) -> Verdict:
    """Follow the chain from its beginning to its end, on one snapshot of the database."""
    problem, remarks, heads = "", [], {}
    try:
        # Before the snapshot: the head must not be newer than what is looked at.
        head = read_head(home, keys)
    except HeadError as error:
        problem, head = str(error), None
    else:
        if head is None:
            remarks.append(
                "there is no signed head in this home: entries that were cut off at the end would not be missed"
            )
        else:
            heads[head.link.seal_number] = head.link.seal
            remarks.append(f"signed head: {head.link.seal_number} entries at {head.at}")
    with _snapshot(database) as session:
        start, beginning = _beginning(session, keys, remarks)
        found = walk(
            sealed_rows(session),
            start,
            keys.find,
            heads={number: seal for number, seal in heads.items() if number > start.seal_number},
            again=lambda number: sealed_rows(session, number),
        )
        unsealed_since = oldest_unsealed_at(session)
    if found.first_break is not None:
        number = "" if found.first_break.number is None else f" (entry {found.first_break.number})"
        broken = found.first_break
        problem = f"seal {broken.seal_number}{number} is the first that is {broken.kind}: it {broken.detail}"
    return Verdict(
        first=start.seal_number + 1,
        last=found.last.seal_number,
        count=found.count,
        problem=beginning or problem,
        first_break=found.first_break,
        remarks=tuple(remarks),
        unsealed_since=unsealed_since,
    )


def _beginning(session: Session, keys: AuditKeys, remarks: list[str]) -> tuple[Link, str]:
    """Where the chain begins, and what is wrong with that."""
    checkpoint = newest_checkpoint(session)
    if checkpoint is None:
        return BEGINNING, ""
    link = Link(checkpoint.seal_number, checkpoint.seal)
    if not is_genuine(checkpoint, keys):
        return link, f"the checkpoint at seal {link.seal_number} was changed: its signature does not fit"
    until = rfc3339(checkpoint.at)
    remarks.append(f"checkpoint: {checkpoint.removed} entries up to seal {link.seal_number} were removed by {until}")
    return link, ""


@contextmanager
def _snapshot(database: Database) -> Iterator[Session]:
    with database.reading() as session:
        if not database.is_sqlite:
            session.connection(execution_options={"isolation_level": "REPEATABLE READ"})
        yield session

"""Moving files from one store to another while Copydesk runs: copied, read back, and only then removed where they were.

Nothing is remembered between two runs: what is in the new store is there whole, so a move that was ended goes on where
it was.
"""

import hashlib
import os
import secrets
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from sqlalchemy import func, select

from cms.media.both import Both
from cms.media.verifying import NAMED, Named, looked_at, named_files
from cms.platform.db import Database

State = Literal["moved", "there", "missing", "damaged"]


@dataclass(frozen=True)
class Copied:
    """What became of one file."""

    named: Named
    state: State


def file_count(database: Database) -> int:
    """How many files rows name."""
    with database.reading() as session:
        counts = (session.scalar(select(func.count(one.number)).where(one.which)) or 0 for one in NAMED)
        return sum(counts)


def copied(database: Database, both: Both) -> Iterator[Copied]:
    """Bring every file that a row names into the new store, unless it is there; none is removed.

    Raises: SQLAlchemyError; StoreAway; OSError.
    """
    for named in named_files(database):
        is_there = both.into.has(named.area, named.sha256)
        yield Copied(named, "there" if is_there else _brought(both, named))


def proved(database: Database, both: Both, *, is_kept: bool) -> Iterator[Copied]:
    """Read every file that a row names in the new store, and remove what is whole there from where it was, unless it is
    kept; what is damaged there is brought once more.

    A reader who looked in the new store before the file was there looks again (`both.py`).
    Raises: SQLAlchemyError; StoreAway; OSError.
    """
    for named in named_files(database):
        state = looked_at(both.into, named)
        if state != "whole" and _brought(both, named) == "moved":
            state = looked_at(both.into, named)
        if state == "whole" and not is_kept:
            both.before.remove(named.area, named.sha256)
        yield Copied(named, "there" if state == "whole" else state)


def _brought(both: Both, named: Named) -> State:
    both.incoming.mkdir(mode=0o700, parents=True, exist_ok=True)
    copy = both.incoming / f"{secrets.token_hex(16)}.part"
    try:
        if _fetched(both, named, copy) != named.sha256:
            return "damaged"
        both.into.put(named.area, named.sha256, copy)
    except FileNotFoundError:
        # Another move may have been faster.
        return "there" if both.into.has(named.area, named.sha256) else "missing"
    finally:
        copy.unlink(missing_ok=True)
    return "moved"


def _fetched(both: Both, named: Named, copy: Path) -> str:
    """Bring a file to the disk of this machine; gives the digest of what came."""
    digest = hashlib.sha256()
    with copy.open("xb") as file:
        for piece in both.before.pieces(named.area, named.sha256):
            digest.update(piece)
            file.write(piece)
        file.flush()
        os.fsync(file.fileno())
    return digest.hexdigest()

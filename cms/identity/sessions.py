"""What the sessions of colleagues and of readers share: from where one signs in, and how long a session counts.

Not here: their tables, and who may open, see and end them (`staff/sessions.py`, `cms/readers/sessions.py`).
"""

import hashlib
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Protocol

import structlog
from sqlalchemy import update
from sqlalchemy.exc import DBAPIError

from cms.platform.counting import client_network
from cms.platform.db import Database, change_rows

log = structlog.get_logger("copydesk.sessions")
LONGEST_DEVICE = 120


@dataclass(frozen=True)
class Client:
    """From where somebody signs in."""

    address: str
    user_agent: str

    @property
    def network(self) -> str:
        """What one client can hardly leave."""
        return client_network(self.address)

    @property
    def device(self) -> str:
        """What a list of sessions shows of a device: one printable line of at most 120 characters."""
        printable = "".join(character if character.isprintable() else " " for character in self.user_agent)
        return " ".join(printable.split())[:LONGEST_DEVICE]

    def trail(self, email: str) -> str:
        """What attempts on one account from this client are counted by; it shows neither."""
        return hashlib.sha256(f"{email}\0{self.network}".encode()).hexdigest()


class KeptSession(Protocol):
    """A row of a table of sessions."""

    id: Any
    last_seen_at: Any
    expires_at: Any
    revoked_at: Any


def is_alive(row: KeptSession, idle_life: timedelta, now: datetime) -> bool:
    """Whether a session still counts: not ended, not too old, and seen within this time."""
    return row.revoked_at is None and now < row.expires_at and now < row.last_seen_at + idle_life


def note_seen(database: Database, row: KeptSession, now: datetime) -> None:
    """Write down that a session was used. A request never fails for it: it is only the list that is less exact."""
    table = type(row)
    statement = update(table).where(table.id == row.id, table.last_seen_at < now)
    try:
        with database.transaction() as session:
            change_rows(session, statement.values(last_seen_at=now))
    except DBAPIError as error:
        log.warning("session_not_noted_as_seen", session=row.id, error=type(error).__name__)

"""Sealing the audit trail: run by the relay, so that an entry is in the chain about a second after its act."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta

import structlog

from cms.audit.heads import HeadError, read_head, write_head
from cms.audit.keyring import AuditKeys
from cms.audit.queries import has_link, oldest_unsealed_at
from cms.audit.rules import Link
from cms.audit.sealing import SEALED_AT_ONCE, forget_before, seal_new
from cms.platform.db import Database
from cms.settings import Settings

log = structlog.get_logger("copydesk.audit")
HEAD_LOGGED_EVERY = timedelta(minutes=1)
ALARM_EVERY = timedelta(minutes=1)


@dataclass
class Sealer:
    """Seals what waits, keeps the signed head, and removes what was kept long enough.

    The database's commits must be durable here: a head must never count an entry that a power cut takes away.
    """

    settings: Settings
    database: Database
    keys: AuditKeys
    next_at: dict[str, datetime] = field(default_factory=dict)

    def seal_due(self, now: datetime) -> int:
        """Seal everything that waits; gives how many. Raises: SQLAlchemyError, OSError."""
        with self.database.reading() as session:
            if oldest_unsealed_at(session) is None:
                return 0
        count, end = 0, None
        while True:
            with self.database.transaction() as session:
                sealed, link = seal_new(session, self.keys)
            count += sealed
            end = link if sealed else end
            if sealed < SEALED_AT_ONCE:
                break
        if end is not None:
            self._keep_head(end, now)
        return count

    def forget_old(self, now: datetime, limit: int) -> int:
        """Remove a portion of what was kept as long as the policy says; gives how many."""
        until = now - timedelta(days=self.settings.audit_retention_days)
        with self.database.transaction() as session:
            return forget_before(session, self.keys, until, now, limit)

    def _keep_head(self, end: Link, now: datetime) -> None:
        if not self._is_true_to_head(end, now):
            return
        write_head(self.settings.home, self.keys, end, now)
        if self._is_due("head", now, HEAD_LOGGED_EVERY):
            # Whoever keeps the logs elsewhere has a second witness of how far the trail went.
            log.info("audit_head", seal_number=end.seal_number, seal=end.seal.hex())

    def _is_true_to_head(self, end: Link, now: datetime) -> bool:
        """Whether the database still holds what the last head counts. If not, that head stays, as the proof of it."""
        try:
            head = read_head(self.settings.home, self.keys)
        except HeadError as error:
            problem = str(error)
        else:
            if head is None:
                return True
            with self.database.reading() as session:
                if has_link(session, head.link):
                    return head.link.seal_number < end.seal_number
            problem = f"seal {head.link.seal_number} is not the one that was counted at {head.at}"
        if self._is_due("alarm", now, ALARM_EVERY):
            log.error("audit_trail_broken", problem=problem, mend="run copydesk audit verify")
        return False

    def _is_due(self, name: str, now: datetime, every: timedelta) -> bool:
        if now < self.next_at.get(name, now):
            return False
        self.next_at[name] = now + every
        return True

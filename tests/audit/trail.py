"""A trail to do things to: entries, a sealer, and ways around the database's own guard."""

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import func, select, text

from cms.audit.keyring import AuditKeys
from cms.audit.models import AuditEntry
from cms.audit.recording import note
from cms.audit.verifying import Verdict, verify
from cms.platform.actor import Actor
from cms.platform.db import Database
from cms.platform.keys import load_keys
from cms.settings import Settings
from workers.sealing import Sealer

NOON = datetime(2026, 11, 25, 12, 0, tzinfo=UTC)
EDITOR = Actor(kind="service", id="editor", credential="token:1", request_id="r-1", client_address="203.0.113.7")
TRIGGERS = ("insert", "update", "delete", "truncate")


@dataclass
class Trail:
    """The audit trail of one test."""

    settings: Settings
    database: Database
    sealer: Sealer = field(init=False)

    def __post_init__(self) -> None:
        keys = AuditKeys(self.settings.home, load_keys(self.settings))
        self.sealer = Sealer(self.settings, self.database, keys)

    def write(self, count: int = 1, at: datetime = NOON, action: str = "article.edited") -> None:
        """Note some acts, each a second after the other."""
        with self.database.transaction() as session:
            for number in range(count):
                note(
                    session,
                    actor=EDITOR,
                    action=action,
                    subject_kind="article",
                    subject_id=f"article-{number}",
                    now=at + timedelta(seconds=number),
                    changes=["title"],
                )

    def seal(self, at: datetime = NOON) -> int:
        """Seal what waits."""
        return self.sealer.seal_due(at)

    def verify(self) -> Verdict:
        """The verdict of `copydesk audit verify`, by keys that are read anew."""
        return verify(self.database, self.settings.home, AuditKeys(self.settings.home, load_keys(self.settings)))

    def drop_guard(self) -> None:
        """What an owner of the database can do."""
        for name in TRIGGERS:
            if self.database.is_sqlite:
                self.execute(f"DROP TRIGGER IF EXISTS audit_entries_{name}")
            else:
                self.execute(f"DROP TRIGGER IF EXISTS audit_entries_{name} ON audit_entries")

    def execute(self, statement: str, **values: Any) -> None:
        """Any statement, as somebody with a database client would send it."""
        with self.database.transaction() as session:
            session.execute(text(statement), values)

    def seal_numbers(self) -> list[int | None]:
        """The seal numbers in the order of the entries."""
        with self.database.reading() as session:
            return list(session.scalars(select(AuditEntry.seal_number).order_by(AuditEntry.number)))

    def count(self) -> int:
        """How many entries there are."""
        with self.database.reading() as session:
            return session.scalar(select(func.count()).select_from(AuditEntry)) or 0

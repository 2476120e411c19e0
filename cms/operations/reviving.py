"""What a restored database must not bring back to life: credentials that were ended after the backup was made.

Nobody can know from a backup which sessions, tokens, codes and preview links were ended since, so all that were open
then are ended.
The tables may be older than this program; only columns are named that they have had from their beginning.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, column, create_engine, inspect, table, update
from sqlalchemy.exc import SQLAlchemyError

from cms.audit.models import AuditEntry
from cms.identity.models import ApiToken
from cms.identity.staff.models import StaffCode, StaffInvitation, StaffSession
from cms.newsroom.previews.models import PreviewLink
from cms.operations.dumps import BackupError
from cms.platform.actor import system
from cms.readers.models import Challenge, ReaderSession

ACTOR = system("command line")
SESSIONS = (StaffSession, ReaderSession)
QUESTIONS = (StaffInvitation, StaffCode, Challenge)


@dataclass(frozen=True)
class Ended:
    """How many of each were open in the backup and are not any more."""

    sessions: int
    tokens: int
    codes: int
    previews: int = 0


def end_credentials(url: str, archive: str, now: datetime, *, keep_tokens: bool) -> Ended:
    """End what could act in a restored database, and note the restore in its audit trail. Raises: BackupError.

    With `keep_tokens` API tokens go on, but not the texts that a rotation had replaced.
    """
    engine = create_engine(url, hide_parameters=True)
    try:
        with engine.begin() as connection:
            there = {name: _columns(connection, name) for name in inspect(connection).get_table_names()}
            ended = Ended(
                sessions=sum(_end(connection, there, kind, "revoked_at", now) for kind in SESSIONS),
                tokens=0 if keep_tokens else _end(connection, there, ApiToken, "revoked_at", now),
                codes=sum(_end(connection, there, kind, "closed_at", now) for kind in QUESTIONS),
                previews=_end(connection, there, PreviewLink, "revoked_at", now),
            )
            if "previous_digest" in there.get(ApiToken.__tablename__, ()):
                connection.execute(update(ApiToken).values(previous_digest=None, previous_until=None))
            _note(connection, there, archive, now, keep_tokens=keep_tokens)
    except SQLAlchemyError as error:
        raise BackupError(f"the sessions of the restored database could not be ended: {error}") from error
    finally:
        engine.dispose()
    return ended


def _columns(connection: Connection, table: str) -> frozenset[str]:
    return frozenset(column["name"] for column in inspect(connection).get_columns(table))


def _end(connection: Connection, there: dict[str, frozenset[str]], kind: Any, mark: str, now: datetime) -> int:
    if mark not in there.get(kind.__tablename__, ()):
        return 0
    statement = update(kind).where(kind.__table__.c[mark].is_(None)).values({mark: now})
    return connection.execute(statement).rowcount


def _note(
    connection: Connection, there: dict[str, frozenset[str]], archive: str, now: datetime, *, keep_tokens: bool
) -> None:
    entry = {
        "at": now,
        "actor_kind": ACTOR.kind,
        "actor_id": ACTOR.id,
        "credential": "",
        "action": "backup.restored",
        "subject_kind": "backup",
        "subject_id": f"sha256:{archive}",
        "outcome": "done",
        "changes": ["sessions", *(() if keep_tokens else ("tokens",)), "codes", "preview links"],
        "request_id": "",
        "client_address": "",
    }
    known = there.get(AuditEntry.__tablename__, frozenset())
    if known:
        # Not by the class, whose defaults would fill columns that an older table does not have.
        columns = [column(name, AuditEntry.__table__.c[name].type) for name in entry if name in known]
        statement = table(AuditEntry.__tablename__, *columns).insert()
        connection.execute(statement.values({name: value for name, value in entry.items() if name in known}))

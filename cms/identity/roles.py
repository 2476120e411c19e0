"""Making, changing and deleting custom roles. Nobody makes a role that may do more than they may everywhere."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from cms.audit.recording import note
from cms.identity import queries, rules
from cms.identity.issuing import refuse_beyond
from cms.identity.models import Role
from cms.identity.rules import NewRole
from cms.platform.actor import Actor
from cms.platform.errors import Conflict, Forbidden, NotFound, Stale


def make_role(session: Session, actor: Actor, command: NewRole, now: datetime) -> Role:
    """Make a custom role. Raises: Conflict (`name_taken`); Forbidden with `beyond`."""
    refuse_beyond(actor, rules.grant_of(command.permissions))
    row = Role(
        name=command.name,
        description=command.description,
        permissions=sorted(command.permissions),
        revision=1,
        created_at=now,
        updated_at=now,
    )
    taken = Conflict(f"There is a role named {command.name!r} already.", code="name_taken")
    if command.name in rules.ROLES:
        raise taken
    try:
        with session.begin_nested():
            session.add(row)
    except IntegrityError:
        raise taken from None
    _note(session, actor, "role.made", row, now, ["permissions", "description"])
    return row


def change_role(
    session: Session, actor: Actor, name: str, revision: int, changes: Mapping[str, Any], now: datetime
) -> Role:
    """Change description or permissions; whoever has the role has the new rights at the next request.

    Raises: NotFound; Forbidden for a built-in one and with `beyond`; Stale.
    """
    row = _locked(session, actor, name, revision)
    changed = [field for field, value in changes.items() if getattr(row, field) != value]
    refuse_beyond(actor, rules.grant_of(changes.get("permissions", ())))
    if changed:
        for field in changed:
            setattr(row, field, changes[field])
        row.revision, row.updated_at = row.revision + 1, now
        _note(session, actor, "role.changed", row, now, changed)
    return row


def delete_role(session: Session, actor: Actor, name: str, revision: int, now: datetime) -> None:
    """Delete a custom role that no colleague, open invitation or living token has.

    Raises: NotFound; Forbidden for a built-in one and with `beyond`; Stale; Conflict (`role_in_use`).
    """
    row = _locked(session, actor, name, revision)
    if queries.is_in_use(session, name, now):
        raise Conflict("A colleague, an open invitation or a token that still works has this role.", code="role_in_use")
    session.delete(row)
    _note(session, actor, "role.deleted", row, now)


def _locked(session: Session, actor: Actor, name: str, revision: int) -> Role:
    if name in rules.ROLES:
        raise Forbidden("A built-in role stays as it is; make a custom one.")
    row = session.scalar(
        select(Role).where(Role.name == name).with_for_update(), execution_options={"populate_existing": True}
    )
    if row is None:
        raise NotFound("There is no role of this name.")
    # Taking rights away from a role that has more than oneself is as much a use of them as giving.
    refuse_beyond(actor, rules.grant_of(row.permissions))
    if row.revision != revision:
        etag = f'"{row.revision}"'
        raise Stale(f"The role is at revision {row.revision} by now.", extra={"etag": etag}, headers={"ETag": etag})
    return row


def _note(session: Session, actor: Actor, action: str, row: Role, now: datetime, changes: Sequence[str] = ()) -> None:
    note(session, actor=actor, action=action, subject_kind="role", subject_id=row.name, now=now, changes=changes)

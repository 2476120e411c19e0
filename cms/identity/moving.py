"""Letting grants follow the section that they are limited to: they hold a path, and the path changed."""

from typing import Any

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from cms.identity.models import ApiToken
from cms.identity.staff.models import StaffGrant, StaffInvitation
from cms.platform.db import change_rows

HOLDERS = (ApiToken, StaffGrant)


def move_grants(session: Session, old_path: str, new_path: str) -> None:
    """Let every token, colleague and open invitation that is limited to a section, or below it, go where it went."""
    for table in HOLDERS:
        path = new_path + func.substr(table.section_path, len(old_path) + 1)
        statement = update(table).where(_is_below(table, old_path)).values(section_path=path)
        change_rows(session, statement)
    for invitation in _open_invitations(session):
        if _count_below(invitation.grants, old_path):
            invitation.grants = [_moved(one, old_path, new_path) for one in invitation.grants]
    session.flush()


def count_grants(session: Session, path: str) -> int:
    """How many tokens that work, colleagues' grants and open invitations are limited to a section or below it."""
    tokens = select(func.count()).where(_is_below(ApiToken, path), ApiToken.revoked_at.is_(None))
    grants = select(func.count()).where(_is_below(StaffGrant, path))
    invitations = sum(_count_below(one.grants, path) for one in _open_invitations(session))
    return (session.scalar(tokens) or 0) + (session.scalar(grants) or 0) + invitations


def _is_below(table: Any, path: str) -> Any:
    return func.substr(table.section_path, 1, len(path)) == path


def _open_invitations(session: Session) -> list[StaffInvitation]:
    statement = select(StaffInvitation).where(StaffInvitation.used_at.is_(None), StaffInvitation.closed_at.is_(None))
    return list(session.scalars(statement))


def _count_below(grants: list[dict[str, Any]], path: str) -> int:
    return sum(one["section_path"].startswith(path) for one in grants)


def _moved(grant: dict[str, Any], old_path: str, new_path: str) -> dict[str, Any]:
    path = grant["section_path"]
    return {**grant, "section_path": new_path + path[len(old_path) :]} if path.startswith(old_path) else grant

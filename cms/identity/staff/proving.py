"""Proving a mailbox by the code of its letter, for invitations and for new passwords.

An attempt is counted before the code is compared, by one conditional update, so that of any number of guesses at once
no more than five are compared. The verb says no by its result and not by an exception, because the count of a failed
attempt has to be committed.
"""

from datetime import datetime
from typing import Any, TypeVar

import structlog
from sqlalchemy import update
from sqlalchemy.orm import Session

from cms.identity.codes import accepted_codes, is_same_code
from cms.identity.staff.models import StaffCode, StaffInvitation
from cms.identity.staff.rules import ATTEMPTS_PER_CODE
from cms.platform.db import change_rows
from cms.platform.keys import Keys
from cms.platform.limits import line_up

log = structlog.get_logger("copydesk.staff")
Question = TypeVar("Question", StaffInvitation, StaffCode)
PURPOSES: dict[type[Any], str] = {StaffInvitation: "staff_invitation", StaffCode: "staff_password"}


def prove(session: Session, keys: Keys, question: Question, code: str, now: datetime) -> bool:
    """Whether a code is the right one of this question; a right one is used up. One proof of an address at a time."""
    kind: Any = type(question)
    line_up(session, f"staff:{question.email}")
    is_open = (kind.id == question.id, kind.used_at.is_(None), kind.closed_at.is_(None), kind.expires_at > now)
    counted = update(kind).where(*is_open, kind.attempts < ATTEMPTS_PER_CODE).values(attempts=kind.attempts + 1)
    if change_rows(session, counted) != 1:
        log.info("code_refused", question=question.id, because="dead")
        return False
    right = accepted_codes(keys, purpose=PURPOSES[kind], challenge_id=question.id, email=question.email)
    if not any(is_same_code(code, one) for one in right):
        log.info("code_refused", question=question.id, because="wrong")
        return False
    return change_rows(session, update(kind).where(*is_open).values(used_at=now)) == 1


def close_open(session: Session, kind: type[Question], now: datetime, *conditions: Any) -> None:
    """Close the questions of a kind that are still open; their codes are worth nothing from then on."""
    any_kind: Any = kind
    change_rows(
        session,
        update(any_kind)
        .where(any_kind.used_at.is_(None), any_kind.closed_at.is_(None), *conditions)
        .values(closed_at=now),
    )

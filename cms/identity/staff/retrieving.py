"""Another password: by the present one, or by a code that comes by mail. Every other session ends with it."""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta

import structlog
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from cms.audit.recording import note
from cms.identity.sessions import Client
from cms.identity.staff import queries
from cms.identity.staff.models import StaffCode, StaffUser
from cms.identity.staff.proving import close_open, prove
from cms.identity.staff.rules import CODE_LIFE, CODES_PER_ADDRESS, CODES_PER_ADDRESS_AND_DAY
from cms.identity.staff.sessions import end_sessions
from cms.identity.staff.signing_in import Candidate, forget_trail
from cms.mail.queueing import queue_letter
from cms.platform.actor import Actor
from cms.platform.ids import new_id
from cms.platform.keys import Keys
from cms.platform.limits import line_up

NOTICE_LIFE = timedelta(days=1)
log = structlog.get_logger("copydesk.staff")


def ask_for_code(
    session: Session, actor: Actor, email: str, *, locale: str, cooldown: timedelta, sender_domain: str, now: datetime
) -> str:
    """Ask for a code to set another password. Gives an id that looks the same whether a letter goes out.

    For an address without an account the same is written, and the worker lets the letter lie.
    Emits: LetterQueued, unless a code was asked just now.
    """
    line_up(session, f"staff:{email}")
    user = queries.user_by_email(session, email)
    if _asked_too_often(session, email, cooldown, now):
        log.info("staff_code_not_sent_so_soon")
        return new_id()
    close_open(session, StaffCode, now, StaffCode.email == email)
    is_somebody = user is not None and user.state == "active"
    code = StaffCode(
        id=new_id(),
        email=email,
        user_id=user.id if user is not None and is_somebody else None,
        created_at=now,
        expires_at=now + CODE_LIFE,
    )
    session.add(code)
    queue_letter(
        session,
        kind="staff_password",
        recipient=email,
        locale=user.locale if user is not None else locale,
        about_id=code.id,
        expires_at=code.expires_at,
        domain=sender_domain,
        actor=actor,
        now=now,
    )
    note(session, actor=actor, action="staff.code_asked", subject_kind="staff_code", subject_id=code.id, now=now)
    return code.id


def set_password(
    session: Session, keys: Keys, actor: Actor, code_id: str, code: str, password_hash: str, *, client: Client,
    refuse_name: Callable[[str], None], sender_domain: str, now: datetime,
) -> bool:  # fmt: skip
    """Give an account another password and end all its sessions. False when the code is refused, however it is.

    `refuse_name` refuses a password that is made of the owner's name, which only who has the right code is told of.
    """
    question = queries.code_by_id(session, code_id)
    if question is None:
        return False
    is_proven = prove(session, keys, question, code, now)
    user = queries.user_by_id(session, question.user_id) if question.user_id is not None else None
    if not is_proven or user is None or user.state != "active":
        note(
            session, actor=actor, action="staff.code_refused", subject_kind="staff_code", subject_id=question.id,
            now=now, outcome="refused",
        )  # fmt: skip
        return False
    refuse_name(user.name)
    _replace(session, user, password_hash, client, now)
    _tell(
        session,
        replace(actor, kind="staff", id=user.id, name=user.name, credential=f"code:{question.id}"),
        user,
        "staff.password_retrieved",
        sender_domain,
        now,
    )
    return True


def change_password(
    session: Session, actor: Actor, session_id: str, candidate: Candidate, password_hash: str, *, client: Client,
    sender_domain: str, now: datetime,
) -> bool:  # fmt: skip
    """Give the actor another password; only the present session stays. False for who was disabled meanwhile."""
    user = queries.user_by_id(session, actor.id)
    before = candidate.user
    if user is None or before is None or user.state != "active" or user.password_hash != before.password_hash:
        return False
    _replace(session, user, password_hash, client, now, but=session_id)
    _tell(session, actor, user, "staff.password_changed", sender_domain, now)
    return True


def _replace(
    session: Session, user: StaffUser, password_hash: str, client: Client, now: datetime, *, but: str = ""
) -> None:
    user.password_hash = password_hash
    user.proven_from = client.network
    end_sessions(session, user.id, now, but=but)
    close_open(session, StaffCode, now, StaffCode.email == user.email)
    forget_trail(session, user.email, client)


def _tell(session: Session, actor: Actor, user: StaffUser, action: str, sender_domain: str, now: datetime) -> None:
    """Note it, and tell the owner of the mailbox, who may not be the one who did it."""
    queue_letter(
        session,
        kind="staff_password_changed",
        recipient=user.email,
        locale=user.locale,
        about_id=user.id,
        expires_at=now + NOTICE_LIFE,
        domain=sender_domain,
        actor=actor,
        now=now,
    )
    note(session, actor=actor, action=action, subject_kind="staff", subject_id=user.id, now=now, changes=["password"])


def _asked_too_often(session: Session, email: str, cooldown: timedelta, now: datetime) -> bool:
    hour_ago = now - timedelta(seconds=CODES_PER_ADDRESS.window_seconds)
    of_an_hour = func.count().filter(StaffCode.created_at > hour_ago)
    statement = select(func.count(), of_an_hour, func.max(StaffCode.created_at)).where(
        StaffCode.email == email, StaffCode.created_at > now - timedelta(days=1)
    )
    in_a_day, in_an_hour, latest = session.execute(statement).one()
    is_full = in_a_day >= CODES_PER_ADDRESS_AND_DAY or in_an_hour >= CODES_PER_ADDRESS.times
    return is_full or (latest is not None and now - latest < cooldown)

"""Asking for codes: registering, and asking anew. One challenge and one letter, or nothing while it is too soon.

Whether an address has an account changes which letter is sent and nothing that the asker could see or time: the same
statements, the same hash, one letter to the owner of the mailbox.
"""

import hmac
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import structlog
from sqlalchemy import update
from sqlalchemy.orm import Session

from cms.audit.recording import note
from cms.mail.queueing import queue_letter
from cms.platform.actor import Actor
from cms.platform.db import change_rows
from cms.platform.ids import new_id
from cms.platform.limits import line_up, take
from cms.readers.consenting import waiting_consents
from cms.readers.models import Account, Challenge
from cms.readers.queries import account_of, challenge_of, codes_asked, open_challenge_of
from cms.readers.rules import CODE_LIFE, CODES_BEFORE_ALARM, may_send_code
from cms.readers.schemas import CodeRequest, Registration

log = structlog.get_logger("copydesk.readers")

# Which letter: by purpose, and by whether the address has an account.
LETTERS = {
    ("verify_email", False): "verify_email",
    ("verify_email", True): "account_exists",
    ("reset_password", True): "reset_password",
    ("reset_password", False): "no_account",
}


@dataclass(frozen=True)
class Terms:
    """On what terms codes are sent: how long after one no other goes to the same address, and from which domain."""

    cooldown: timedelta
    sender_domain: str


@dataclass(frozen=True)
class Wish:
    """What the new challenge is to hold."""

    purpose: str
    email: str
    locale: str
    display_name: str = ""
    password_hash: str | None = None
    consents: list[dict[str, Any]] = field(default_factory=list)


def register(
    session: Session,
    actor: Actor,
    command: Registration,
    password_hash: str,
    *,
    terms: Terms,
    now: datetime,
) -> str:
    """Begin an account: the letter's code ends it. Gives the id of the challenge.

    Emits: LetterQueued, unless a code was sent just now. Then the id is the open challenge's for whoever sends the
    same password again, because its first answer may have been lost; for others a fresh one that nothing answers to.
    """
    consents = waiting_consents(command.consents, now)
    wish = Wish("verify_email", command.email, command.locale, command.display_name, password_hash, consents)
    return _ask(session, actor, wish, None, terms, now)


def ask_for_code(
    session: Session, actor: Actor, command: CodeRequest, *, locale: str, terms: Terms, now: datetime
) -> str:
    """Ask for a code. `locale` counts where neither account nor registration say another.

    A named registration of the same address hands its password and consents on. While it is too soon, its open
    challenge is named again, so that whoever asks too early can still use the code that is on its way.
    Emits: LetterQueued.
    """
    named = challenge_of(session, command.challenge_id) if command.challenge_id else None
    if named is not None and (named.purpose, named.email) != (command.purpose, command.email):
        named = None
    wish = Wish(command.purpose, command.email, locale, consents=waiting_consents(command.consents, now))
    if named is not None and named.purpose == "verify_email":
        wish = Wish(named.purpose, named.email, named.locale, named.display_name, named.password_hash, named.consents)
    is_open = named is not None and named.used_at is None and named.closed_at is None and named.expires_at > now
    return _ask(session, actor, wish, named.id if named is not None and is_open else None, terms, now)


def _ask(session: Session, actor: Actor, wish: Wish, open_id: str | None, terms: Terms, now: datetime) -> str:
    line_up(session, f"codes:{wish.email}")
    account = account_of(session, wish.email)
    if not may_send_code(codes_asked(session, wish.email, now - timedelta(days=1)), wish.purpose, terms.cooldown, now):
        log.info("code_not_sent_so_soon", purpose=wish.purpose)
        return open_id or _same_registration(session, wish, now) or new_id()
    alarm = CODES_BEFORE_ALARM
    if not take(session, alarm.name, alarm, now).is_allowed:
        log.warning("unusually_many_codes", per_hour_beyond=alarm.times)
    challenge = _replace(session, wish, account, now)
    queue_letter(
        session,
        kind=LETTERS[wish.purpose, account is not None],
        recipient=wish.email,
        locale=account.locale if account is not None else wish.locale,
        about_id=challenge.id,
        expires_at=challenge.expires_at,
        domain=terms.sender_domain,
        actor=actor,
        now=now,
    )
    note(
        session, actor=actor, action=f"challenge.{wish.purpose}", subject_kind="challenge", subject_id=challenge.id,
        now=now,
    )  # fmt: skip
    log.info("code_asked", purpose=wish.purpose, challenge=challenge.id)
    return challenge.id


def _same_registration(session: Session, wish: Wish, now: datetime) -> str | None:
    if wish.password_hash is None:
        return None
    found = open_challenge_of(session, wish.email, wish.purpose, now)
    if found is None or found.password_hash is None:
        return None
    return found.id if hmac.compare_digest(found.password_hash, wish.password_hash) else None


def _replace(session: Session, wish: Wish, account: Account | None, now: datetime) -> Challenge:
    is_older = (
        Challenge.email == wish.email,
        Challenge.purpose == wish.purpose,
        Challenge.used_at.is_(None),
        Challenge.closed_at.is_(None),
    )
    change_rows(session, update(Challenge).where(*is_older).values(closed_at=now))
    challenge = Challenge(
        id=new_id(),
        purpose=wish.purpose,
        email=wish.email,
        account_id=account.id if account is not None else None,
        password_hash=wish.password_hash,
        display_name=wish.display_name,
        locale=wish.locale,
        consents=wish.consents,
        created_at=now,
        expires_at=now + CODE_LIFE,
    )
    session.add(challenge)
    return challenge

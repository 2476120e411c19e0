"""Moving an account to another address: a code to the new one, a notice to the old one, and three days to take it back.

The answer and the work are the same whether the new address has an account: its owner reads in the letter that it
has, and no letter holds the code. Whoever moved somebody else's account away cannot end what brings it back: that goes
by the mailbox of the old address alone, whatever became of password and address since.
"""

from dataclasses import replace
from datetime import datetime, timedelta

import structlog
from sqlalchemy import update
from sqlalchemy.orm import Session

from cms.audit.recording import note
from cms.mail.queueing import queue_letter
from cms.platform.actor import Actor
from cms.platform.db import change_rows
from cms.platform.errors import Conflict, FieldError, Invalid, TooMany
from cms.platform.ids import new_id
from cms.platform.keys import Keys
from cms.platform.limits import line_up, take
from cms.readers import queries
from cms.readers.asking import Terms
from cms.readers.closing import close_codes, close_later_undos
from cms.readers.models import Account, Challenge
from cms.readers.proving import prove
from cms.readers.rules import (
    ADDRESS_CHANGES_PER_ACCOUNT,
    CODE_LIFE,
    NOTICE_LIFE,
    UNDO_LIFE,
    may_send_code,
)
from cms.readers.sessions import end_sessions
from cms.readers.signing_in import Candidate, present_account

log = structlog.get_logger("copydesk.readers")


def ask_for_address(
    session: Session, actor: Actor, candidate: Candidate, email: str, *, terms: Terms, now: datetime
) -> str | None:
    """Ask to move to another address; gives the id of the challenge. None for an account that changed meanwhile.

    Nothing has changed until the code comes back. While it is too soon for another letter to that address, none is
    sent, and the answer looks the same. Emits: LetterQueued, twice. Raises: Invalid, TooMany.
    """
    account = present_account(session, candidate)
    if account is None:
        return None
    if email == account.email:
        raise Invalid(errors=[FieldError("/email", "unchanged", "This is the address of the account already.")])
    limit = ADDRESS_CHANGES_PER_ACCOUNT
    verdict = take(session, f"{limit.name}:{account.id}", limit, now)
    if not verdict.is_allowed:
        raise TooMany(
            "The address was to be changed too often; wait before the next time.",
            headers={"Retry-After": str(verdict.retry_after_seconds)},
        )
    line_up(session, f"codes:{email}")
    owner = queries.account_of(session, email)
    asked = queries.codes_asked(session, email, now - timedelta(days=1))
    if not may_send_code(asked, "change_email", terms.cooldown, now):
        log.info("code_not_sent_so_soon", purpose="change_email")
        mine = queries.open_move_of(session, account.id, email, now)
        return mine.id if mine is not None else new_id()
    challenge = _replace(session, account, email, now)
    kind = "change_email" if owner is None else "address_taken"
    locale = account.locale if owner is None else owner.locale
    _tell(session, actor, kind, email, locale, challenge.id, challenge.expires_at, terms.sender_domain, now)
    until = now + NOTICE_LIFE
    _tell(
        session, actor, "email_change_asked", account.email, account.locale, account.id, until, terms.sender_domain, now
    )
    _note(session, actor, "account.email_change_asked", account, now)
    return challenge.id


def change_address(
    session: Session, keys: Keys, actor: Actor, session_id: str, challenge_id: str, code: str, *, sender_domain: str,
    now: datetime,
) -> Account | None:  # fmt: skip
    """Move the actor's account to the address whose mailbox was proven. None when the code is refused.

    Only the present session stays. What was on its way to either address is void. Emits: LetterQueued.
    """
    challenge = prove(session, keys, actor, "change_email", challenge_id, code, now, account_id=actor.id)
    account = queries.account_by_id(session, actor.id) if challenge is not None else None
    if challenge is None or account is None or queries.account_of(session, challenge.email) is not None:
        return None
    before = account.email
    account.email, account.verified_at = challenge.email, now
    close_codes(session, account.id, (before, account.email), now)
    undo = _challenge(account, "undo_email", before, now, now + UNDO_LIFE)
    session.add(undo)
    _tell(session, actor, "email_changed", before, account.locale, undo.id, undo.expires_at, sender_domain, now)
    end_sessions(session, account.id, now, but=session_id)
    _note(session, actor, "account.email_changed", account, now)
    return account


def undo_change(
    session: Session, keys: Keys, actor: Actor, challenge_id: str, code: str, *, sender_domain: str, now: datetime
) -> bool:
    """Give an account its old address back and end all its sessions. False when the code is refused.

    Needs no session: whoever reads the old mailbox may have none. Both mailboxes are told. Emits: LetterQueued.
    Raises: Conflict where the old address has another account by now.
    """
    challenge = prove(session, keys, actor, "undo_email", challenge_id, code, now)
    account = queries.account_by_id(session, challenge.account_id or "") if challenge is not None else None
    if challenge is None or account is None:
        return False
    owner = queries.account_of(session, challenge.email)
    if owner is not None and owner.id != account.id:
        raise Conflict("This address has another account by now, so the change cannot be undone.", code="address_taken")
    there, account.email = account.email, challenge.email
    close_codes(session, account.id, (there, account.email), now)
    close_later_undos(session, account.id, challenge, now)
    end_sessions(session, account.id, now)
    for email in sorted({there, account.email}):
        until = now + NOTICE_LIFE
        _tell(session, actor, "email_change_undone", email, account.locale, account.id, until, sender_domain, now)
    _note(session, actor, "account.email_change_undone", account, now)
    return True


def _replace(session: Session, account: Account, email: str, now: datetime) -> Challenge:
    is_older = (Challenge.account_id == account.id, Challenge.purpose == "change_email")
    is_open = (Challenge.used_at.is_(None), Challenge.closed_at.is_(None))
    change_rows(session, update(Challenge).where(*is_older, *is_open).values(closed_at=now))
    challenge = _challenge(account, "change_email", email, now, now + CODE_LIFE)
    session.add(challenge)
    return challenge


def _challenge(account: Account, purpose: str, email: str, now: datetime, until: datetime) -> Challenge:
    return Challenge(
        id=new_id(), purpose=purpose, email=email, account_id=account.id, password_hash=None, display_name="",
        locale=account.locale, created_at=now, expires_at=until,
    )  # fmt: skip


def _tell(
    session: Session, actor: Actor, kind: str, recipient: str, locale: str, about_id: str, until: datetime,
    sender_domain: str, now: datetime,
) -> None:  # fmt: skip
    queue_letter(
        session, kind=kind, recipient=recipient, locale=locale, about_id=about_id, expires_at=until,
        domain=sender_domain, actor=actor, now=now,
    )  # fmt: skip


def _note(session: Session, actor: Actor, action: str, account: Account, now: datetime) -> None:
    reader = replace(actor, kind="reader", id=account.id)
    note(
        session, actor=reader, action=action, subject_kind="account", subject_id=account.id, now=now, changes=["email"]
    )
    log.info(action.replace(".", "_"), account=account.id)

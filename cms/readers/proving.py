"""Proving a mailbox by its code, and what follows: an account, or a new password.

An attempt is counted before the code is compared, by one conditional update: of any number of guesses at once, five are
compared (measured with read-then-write instead: 64 of 64). After a hundred failures in a row at an address, six digits
prove nothing there any more, until a reset is proven or nobody has failed for thirty days. The verbs say no by their
result and not by an exception, because the count of a failed attempt has to be committed.
"""

from dataclasses import replace
from datetime import datetime

import structlog
from sqlalchemy import update
from sqlalchemy.orm import Session

from cms.audit.recording import note
from cms.identity.codes import accepted_codes, is_same_code
from cms.platform.actor import Actor
from cms.platform.counting import client_network, counted_address
from cms.platform.db import change_rows
from cms.platform.ids import new_id
from cms.platform.keys import Keys
from cms.platform.limits import count_failure, failures_in_a_row, forget_failures, line_up, take
from cms.readers.closing import close_codes
from cms.readers.consenting import keep_consents
from cms.readers.models import Account, Challenge
from cms.readers.queries import account_of, challenge_of
from cms.readers.rules import ATTEMPTS_PER_CODE, FAILURES_IN_A_ROW, VERIFICATIONS_PER_ADDRESS
from cms.readers.sessions import end_sessions
from cms.readers.signing_in import tell_of_password

log = structlog.get_logger("copydesk.readers")


def verify_email(session: Session, keys: Keys, actor: Actor, challenge_id: str, code: str, now: datetime) -> bool:
    """Make the account that a registration asked for. False when the code is refused, whatever the reason."""
    challenge = prove(session, keys, actor, "verify_email", challenge_id, code, now)
    if challenge is None or account_of(session, challenge.email) is not None:
        return False
    account = Account(
        id=new_id(),
        email=challenge.email,
        password_hash=challenge.password_hash,
        display_name=challenge.display_name,
        locale=challenge.locale,
        proven_from=client_network(actor.client_address),
        created_at=now,
        verified_at=now,
    )
    session.add(account)
    session.flush()
    challenge.account_id = account.id
    keep_consents(session, account.id, challenge)
    close_codes(session, account.id, (challenge.email,), now)
    _note(session, actor, "account.made", account, now)
    return True


def reset_password(
    session: Session, keys: Keys, actor: Actor, challenge_id: str, code: str, password_hash: str, *,
    sender_domain: str, now: datetime,
) -> bool:  # fmt: skip
    """Give an account another password, end all its sessions and tell its owner. False when the code is refused.

    A code that was asked before the account existed is none of its codes. Emits: LetterQueued.
    """
    challenge = prove(session, keys, actor, "reset_password", challenge_id, code, now)
    account = account_of(session, challenge.email) if challenge is not None else None
    if challenge is None or account is None or challenge.account_id != account.id:
        return False
    account.password_hash, account.proven_from = password_hash, client_network(actor.client_address)
    close_codes(session, account.id, (challenge.email,), now)
    end_sessions(session, account.id, now)
    tell_of_password(session, actor, account, sender_domain, now)
    _note(session, actor, "account.password_reset", account, now)
    return True


def prove(
    session: Session, keys: Keys, actor: Actor, purpose: str, challenge_id: str, code: str, now: datetime, *,
    account_id: str = "",
) -> Challenge | None:  # fmt: skip
    """Use a code up; None when it is refused. With `account_id`, nobody else's challenge is even an attempt."""
    challenge = challenge_of(session, challenge_id)
    if challenge is None or challenge.purpose != purpose or account_id not in ("", challenge.account_id):
        return None
    line_up(session, f"codes:{challenge.email}")
    is_this = (Challenge.id == challenge_id, Challenge.used_at.is_(None), Challenge.closed_at.is_(None))
    is_alive = (Challenge.attempts < ATTEMPTS_PER_CODE, Challenge.expires_at > now)
    if change_rows(session, update(Challenge).where(*is_this, *is_alive).values(attempts=Challenge.attempts + 1)) != 1:
        log.info("code_refused", challenge=challenge_id, because="dead")
        return None
    limit = VERIFICATIONS_PER_ADDRESS
    if not take(session, f"{limit.name}:{counted_address(challenge.email)}", limit, now).is_allowed:
        log.warning("code_refused", challenge=challenge_id, because="too many attempts at this address")
        return None
    subject = counted_address(challenge.email)
    if purpose == "verify_email" and failures_in_a_row(session, subject) >= FAILURES_IN_A_ROW:
        log.warning("code_refused", challenge=challenge_id, because="too many failures in a row at this address")
        return None
    accepted = accepted_codes(keys, purpose=purpose, challenge_id=challenge_id, email=challenge.email)
    if not any(is_same_code(code, right) for right in accepted):
        count_failure(session, subject, now)
        note(
            session,
            actor=actor,
            action="challenge.failed",
            subject_kind="challenge",
            subject_id=challenge_id,
            outcome="refused",
            now=now,
        )
        log.info("code_refused", challenge=challenge_id, because="wrong")
        return None
    if change_rows(session, update(Challenge).where(*is_this).values(used_at=now)) != 1:
        return None
    forget_failures(session, subject)
    return challenge


def _note(session: Session, actor: Actor, action: str, account: Account, now: datetime) -> None:
    reader = replace(actor, kind="reader", id=account.id)
    note(session, actor=reader, action=action, subject_kind="account", subject_id=account.id, now=now)
    log.info(action.replace(".", "_"), account=account.id)

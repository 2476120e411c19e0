"""Readers' signing in and changing the password. Whether an address has an account shows in nothing done for it.

An attempt is counted before the password is compared, so that many at once are all counted; guesses from elsewhere keep
no reader out who is at a client that was used before, or from which the password was set.
"""

from dataclasses import dataclass, replace
from datetime import datetime

import structlog
from sqlalchemy.orm import Session

from cms.audit.recording import note
from cms.identity.passwords import Hasher
from cms.identity.sessions import Client
from cms.mail.queueing import queue_letter
from cms.platform.actor import Actor
from cms.platform.counting import counted_address
from cms.platform.ids import new_id
from cms.platform.limits import take
from cms.readers import queries
from cms.readers.closing import close_codes
from cms.readers.models import Account, ReaderSession
from cms.readers.rules import NOTICE_LIFE, PASSWORDS_PER_ACCOUNT, PASSWORDS_PER_ACCOUNT_AND_CLIENT
from cms.readers.sessions import end_sessions, open_session

log = structlog.get_logger("copydesk.readers")


@dataclass(frozen=True)
class Candidate:
    """Somebody whose password is about to be compared. With `wait_seconds` it is not: too many were tried."""

    email: str
    account: Account | None
    wait_seconds: int = 0

    @property
    def password_hash(self) -> str | None:
        """What to compare with; None where nobody can sign in, whatever the password."""
        return self.account.password_hash if self.account is not None else None


def announce(session: Session, email: str, client: Client, now: datetime) -> Candidate:
    """Count an attempt on an account from a client. Commit before the password is compared."""
    account = queries.account_of(session, email)
    # Nobody's id is a fresh one, so that the same question is asked for whoever is not there.
    account_id = account.id if account is not None else new_id()
    is_known = queries.is_known_client(session, account_id, client.network, now)
    limit = PASSWORDS_PER_ACCOUNT_AND_CLIENT
    verdict = take(session, f"{limit.name}:{client.trail(email)}", limit, now)
    if not verdict.is_allowed:
        return Candidate(email, account, wait_seconds=verdict.retry_after_seconds)
    limit = PASSWORDS_PER_ACCOUNT
    verdict = take(session, f"{limit.name}:{counted_address(email)}", limit, now)
    if not verdict.is_allowed and not is_known:
        log.warning("sign_ins_from_unknown_clients_refused", because="too many attempts on this account")
        return Candidate(email, account, wait_seconds=verdict.retry_after_seconds)
    return Candidate(email, account)


def admit(
    session: Session, actor: Actor, candidate: Candidate, rehashed: str | None, client: Client, now: datetime
) -> tuple[ReaderSession, str] | None:
    """Open a session for whoever gave the right password. None for who changed it meanwhile, or is gone.

    `rehashed` is the same password hashed anew where its hash was made by older settings.
    """
    account = present_account(session, candidate)
    if account is None:
        return None
    if rehashed is not None:
        account.password_hash = rehashed
    return open_session(session, actor, account, client, now)


def hashed_anew(hasher: Hasher, candidate: Candidate, password: str) -> str | None:
    """The right password hashed by the settings of today, where it was hashed by others. No database is asked."""
    kept = candidate.password_hash
    return hasher.hash(password) if kept is not None and hasher.is_outdated(kept) else None


def refuse(session: Session, actor: Actor, candidate: Candidate, now: datetime) -> None:
    """Note a password that was refused; of an address without an account no more than that."""
    note(
        session, actor=actor, action="session.refused", subject_kind="account",
        subject_id=candidate.account.id if candidate.account is not None else "", now=now, outcome="refused",
    )  # fmt: skip


def change_password(
    session: Session, actor: Actor, session_id: str, candidate: Candidate, password_hash: str, *, client: Client,
    sender_domain: str, now: datetime,
) -> bool:  # fmt: skip
    """Give the actor another password; only the present session stays. False for who changed it meanwhile.

    A code that is on its way, to reset the password or to change the address, is void. Emits: LetterQueued.
    """
    account = present_account(session, candidate)
    if account is None:
        return False
    account.password_hash, account.proven_from = password_hash, client.network
    close_codes(session, account.id, (account.email,), now)
    end_sessions(session, account.id, now, but=session_id)
    tell_of_password(session, actor, account, sender_domain, now)
    note(
        session, actor=actor, action="account.password_changed", subject_kind="account", subject_id=account.id, now=now,
        changes=["password"],
    )  # fmt: skip
    return True


def tell_of_password(session: Session, actor: Actor, account: Account, sender_domain: str, now: datetime) -> None:
    """Tell the owner of the mailbox, who may not be the one who set the password. Emits: LetterQueued.

    So is the mailbox of an address before, as long as it can take the change of address back.
    """
    for recipient in (account.email, *queries.addresses_before(session, account.id, now)):
        queue_letter(
            session,
            kind="password_changed",
            recipient=recipient,
            locale=account.locale,
            about_id=account.id,
            expires_at=now + NOTICE_LIFE,
            domain=sender_domain,
            actor=replace(actor, kind="reader", id=account.id),
            now=now,
        )


def present_account(session: Session, candidate: Candidate) -> Account | None:
    """The account of a candidate as it is now; None where its password was changed meanwhile, or it was deleted."""
    if candidate.account is None:
        return None
    account = queries.account_by_id(session, candidate.account.id)
    if account is None or account.password_hash != candidate.account.password_hash:
        return None
    return account

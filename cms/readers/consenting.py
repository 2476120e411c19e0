"""Consents: which version of which document a reader agreed to, by what, when, and when that was withdrawn.

Those of a registration wait with the challenge, as a hash does. Which ones it needs is a setting; whatever else the
site asks for is recorded as it is given. Letters about what a reader follows are one more document: given with the
first follow that sends letters, and withdrawn with the last.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from cms.audit.recording import note
from cms.platform.actor import Actor
from cms.platform.clock import rfc3339
from cms.platform.errors import FieldError
from cms.readers.models import Account, Challenge, Consent
from cms.readers.rules import DOCUMENT, LETTERS
from cms.readers.schemas import GivenConsent

LETTERS_VERSION = "1"


def waiting_consents(given: Iterable[GivenConsent], now: datetime) -> list[dict[str, Any]]:
    """Consents as a challenge holds them, with the instant at which they were given."""
    return [{"document": one.document, "version": one.version, "given_at": rfc3339(now)} for one in given]


def keep_consents(session: Session, account_id: str, challenge: Challenge) -> None:
    """Record what came with a registration that was proven."""
    session.add_all(
        Consent(
            account_id=account_id,
            document=one["document"],
            version=one["version"],
            given_at=datetime.fromisoformat(one["given_at"]),
        )
        for one in challenge.consents
    )


def give_consent(session: Session, actor: Actor, given: GivenConsent, now: datetime) -> Consent | None:
    """Record that the actor agrees to a version; one before ends. None for an account that was deleted meanwhile."""
    if session.scalar(select(Account.id).where(Account.id == actor.id).with_for_update()) is None:
        return None
    there = open_consent(session, actor.id, given.document)
    if there is not None and there.version == given.version:
        return there
    if there is not None:
        there.withdrawn_at = now
    return _give(session, actor, given, "account", now)


def withdraw_consent(session: Session, actor: Actor, document: str, now: datetime) -> bool:
    """End what the actor agreed to; False where there is nothing to end."""
    there = open_consent(session, actor.id, document)
    if there is None:
        return False
    there.withdrawn_at = now
    _note(session, actor, "consent.withdrawn", now)
    return True


def settle_letters(session: Session, actor: Actor, has_letters: bool, now: datetime) -> None:
    """Record that letters about what the actor follows are agreed to from now on, or no more."""
    there = open_consent(session, actor.id, LETTERS)
    if has_letters and there is None:
        _give(session, actor, GivenConsent(LETTERS, LETTERS_VERSION), "follow", now)
    elif there is not None and not has_letters:
        there.withdrawn_at = now
        _note(session, actor, "consent.withdrawn", now)


def open_consent(session: Session, account_id: str, document: str) -> Consent | None:
    """What a reader agreed to of a document and did not withdraw; the newest, where a registration named several."""
    is_open = (Consent.account_id == account_id, Consent.document == document, Consent.withdrawn_at.is_(None))
    return session.scalar(select(Consent).where(*is_open).order_by(Consent.number.desc()).limit(1))


def document_problem(document: str) -> FieldError | None:
    """What is wrong with a document that somebody wants to agree to; None where it is one."""
    if not DOCUMENT.fullmatch(document):
        return FieldError("", "invalid", "The document's name is a small letter, then small letters, digits, - and _.")
    if document == LETTERS:
        return FieldError("", "invalid", "Letters are agreed to by following something.")
    return None


def consent_data(row: Consent) -> dict[str, Any]:
    """A consent in the shape of `ExportedConsentShape`."""
    return {name: getattr(row, name) for name in ("document", "version", "given_at", "given_by", "withdrawn_at")}


def _give(session: Session, actor: Actor, given: GivenConsent, given_by: str, now: datetime) -> Consent:
    row = Consent(
        account_id=actor.id, document=given.document, version=given.version, given_at=now, given_by=given_by,
        withdrawn_at=None,
    )  # fmt: skip
    session.add(row)
    _note(session, actor, "consent.given", now)
    return row


def _note(session: Session, actor: Actor, action: str, now: datetime) -> None:
    note(
        session, actor=actor, action=action, subject_kind="account", subject_id=actor.id, now=now, changes=["consents"]
    )


def missing_consents(required: Sequence[str], given: Iterable[GivenConsent]) -> list[FieldError]:
    """What is wrong with the consents of a registration. `required`: texts such as `terms=2026-11`."""
    there = {f"{one.document}={one.version}" for one in given}
    return [
        FieldError("/consents", "required", f"Consent to {document}, version {version}, is needed.")
        for document, _, version in (text.partition("=") for text in required)
        if f"{document}={version}" not in there
    ]

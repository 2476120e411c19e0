"""Consents: which version of which document a reader agreed to, and when. They wait with the challenge, as a hash does.

Which ones a registration needs is a setting; whatever else the site asks for is recorded as it is given.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from cms.platform.clock import rfc3339
from cms.platform.errors import FieldError
from cms.readers.models import Challenge, Consent
from cms.readers.schemas import GivenConsent


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


def missing_consents(required: Sequence[str], given: Iterable[GivenConsent]) -> list[FieldError]:
    """What is wrong with the consents of a registration. `required`: texts such as `terms=2026-11`."""
    there = {f"{one.document}={one.version}" for one in given}
    return [
        FieldError("/consents", "required", f"Consent to {document}, version {version}, is needed.")
        for document, _, version in (text.partition("=") for text in required)
        if f"{document}={version}" not in there
    ]

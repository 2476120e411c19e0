"""Writing the audit trail."""

from collections.abc import Sequence
from datetime import datetime
from typing import Literal

from sqlalchemy.orm import Session

from cms.audit.models import AuditEntry
from cms.platform.actor import Actor


def note(
    session: Session,
    *,
    actor: Actor,
    action: str,
    subject_kind: str,
    subject_id: str,
    now: datetime,
    changes: Sequence[str] = (),
    outcome: Literal["done", "refused"] = "done",
) -> None:
    """Note an act in its own transaction. `changes` are names of fields, never their values."""
    session.add(
        AuditEntry(
            at=now,
            actor_kind=actor.kind,
            actor_id=actor.id,
            credential=actor.credential,
            action=action,
            subject_kind=subject_kind,
            subject_id=subject_id,
            outcome=outcome,
            changes=list(changes),
            request_id=actor.request_id,
            client_address=actor.client_address,
        )
    )

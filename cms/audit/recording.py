"""Writing the audit trail."""

from collections.abc import Sequence
from datetime import datetime
from typing import Literal

import structlog
from sqlalchemy.orm import Session

from cms.audit.models import AuditEntry
from cms.platform.actor import Actor
from cms.platform.db import after_commit, insert_into

log = structlog.get_logger("copydesk.audit")
# Who comes in, by what, and what they may do. These acts are told in the logs too, which are often watched and kept
# elsewhere, with who, what, from where and with which result. Source: OWASP ASVS 5.0, 16.2 and 16.3.
OF_ACCESS = frozenset({"session", "staff", "staff_code", "invitation", "token", "role", "key", "account", "challenge"})

ENTRY = insert_into(AuditEntry)


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
    """Note an act in its own transaction. `changes` are names of fields, never their values.

    An act of access that came by a request is told in the log as well, as `access_act`, once it is committed.
    """
    entry = {
        "at": now,
        "actor_kind": actor.kind,
        "actor_id": actor.id,
        "credential": actor.credential,
        "action": action,
        "subject_kind": subject_kind,
        "subject_id": subject_id,
        "outcome": outcome,
        "changes": list(changes),
        "request_id": actor.request_id,
        "client_address": actor.client_address,
    }
    ENTRY.run(session, **entry)
    if subject_kind in OF_ACCESS and actor.request_id:
        told = {
            "act": action,
            "outcome": outcome,
            "actor": f"{actor.kind}:{actor.id}",
            "credential": actor.credential,
            "subject": f"{subject_kind}:{subject_id}",
            "changes": list(changes),
            "client_address": actor.client_address,
            "request_id": actor.request_id,
        }
        after_commit(session, lambda: log.info("access_act", **told))

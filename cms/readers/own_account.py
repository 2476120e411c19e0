"""What readers do with their own accounts: change how they are called, take all that is kept, delete it for good."""

from datetime import datetime

import structlog
from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from cms.audit.recording import note
from cms.mail.queueing import forget_recipient
from cms.platform.actor import Actor
from cms.platform.db import change_rows
from cms.readers import queries
from cms.readers.bookmarks.keeping import forget_shelf
from cms.readers.comments.forgetting import forget_comments
from cms.readers.follows.forgetting import forget_follows
from cms.readers.models import Account, Challenge, Consent, ReaderSession
from cms.readers.queries import Kept
from cms.readers.schemas import ProfileChange
from cms.readers.signing_in import Candidate, present_account

log = structlog.get_logger("copydesk.readers")


def change_profile(session: Session, actor: Actor, command: ProfileChange, now: datetime) -> Account | None:
    """Change display name and language. None for an account that was deleted meanwhile."""
    account = queries.account_by_id(session, actor.id)
    if account is None:
        return None
    wanted = {"display_name": command.display_name, "locale": command.locale}
    changes = [name for name, value in wanted.items() if value is not None and value != getattr(account, name)]
    for name in changes:
        setattr(account, name, wanted[name])
    note(
        session, actor=actor, action="account.changed", subject_kind="account", subject_id=account.id, now=now,
        changes=changes,
    )  # fmt: skip
    return account


def export_account(session: Session, actor: Actor, now: datetime) -> Kept | None:
    """All that is kept of the actor. None for an account that was deleted meanwhile."""
    kept = queries.all_of(session, actor.id)
    if kept is not None:
        note(session, actor=actor, action="account.exported", subject_kind="account", subject_id=actor.id, now=now)
    return kept


def delete_account(session: Session, actor: Actor, candidate: Candidate, now: datetime) -> bool:
    """Delete the account with all that is kept of it, and wipe its address from letters. False if it changed meanwhile.

    Its comments stay in their threads without text and author; its likes, reports and ban go.

    The audit trail keeps that an account of this id was there, and no address of it. What waits to be sent is not sent.
    Emits: ArticleAudienceChanged for each article that the reader kept
    """
    account = present_account(session, candidate)
    if account is None:
        return False
    email = account.email
    forget_shelf(session, actor, now)
    change_rows(session, delete(ReaderSession).where(ReaderSession.account_id == account.id))
    change_rows(session, delete(Consent).where(Consent.account_id == account.id))
    asked = session.scalars(select(Challenge.id).where(Challenge.account_id == account.id)).all()
    told = forget_follows(session, account.id)
    forget_recipient(session, email, about=[account.id, *asked, *told])
    change_rows(session, delete(Challenge).where(queries.owned_challenges(account)))
    forget_comments(session, actor, account.id, now)
    session.delete(account)
    note(session, actor=actor, action="account.deleted", subject_kind="account", subject_id=actor.id, now=now)
    log.info("account_deleted", account=actor.id)
    return True

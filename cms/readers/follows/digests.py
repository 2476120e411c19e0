"""Digests: when a reader's goes, and making those that are due. One for a reader and a day, and never an empty one."""

from datetime import datetime

from sqlalchemy import exists, func, select, update
from sqlalchemy.orm import Session

from cms.audit.recording import note
from cms.content.models import Document
from cms.mail.queueing import queue_letter
from cms.platform.actor import Actor
from cms.platform.db import change_rows
from cms.platform.errors import NotFound
from cms.platform.ids import new_id
from cms.readers.follows.models import Digest, DigestPlan, Follow, FollowMatch, FollowReason
from cms.readers.follows.queries import gets_letters
from cms.readers.follows.rules import LETTER_LIFE, TOLD_WITHIN, period_of
from cms.readers.follows.telling import Habits, next_at
from cms.readers.models import Account

MADE_AT_ONCE = 50


def choose_time(
    session: Session, actor: Actor, changes: dict[str, int | str | None], habits: Habits, now: datetime
) -> DigestPlan:
    """Let one's own digest go at another hour, or by the clocks of another zone; None is the site's setting again.

    Raises: NotFound for an account that was deleted meanwhile.
    """
    if session.scalar(select(Account.id).where(Account.id == actor.id).with_for_update()) is None:
        raise NotFound("There is no such account any more.")
    plan = session.get(DigestPlan, actor.id, with_for_update=True)
    if plan is None:
        plan = DigestPlan(account_id=actor.id, hour=None, time_zone=None, due_at=None, last_period=None)
        session.add(plan)
    for name, value in changes.items():
        setattr(plan, name, value)
    if plan.due_at is not None:
        plan.due_at = next_at(plan, habits, now)
    note(
        session, actor=actor, action="digest.changed", subject_kind="account", subject_id=actor.id, now=now,
        changes=sorted(changes),
    )  # fmt: skip
    return plan


def make_due_digests(session: Session, actor: Actor, habits: Habits, now: datetime) -> tuple[int, int]:
    """Make one portion of the digests that are due; gives how many were due, and how many letters there were to write.

    However long nobody looked, a reader has one due. Others who look at the same time get other readers.
    Emits: BulkLetterQueued, for each letter
    """
    due = select(DigestPlan).where(DigestPlan.due_at <= now).order_by(DigestPlan.due_at, DigestPlan.account_id)
    plans = session.scalars(due.limit(MADE_AT_ONCE).with_for_update(skip_locked=True)).all()
    return len(plans), sum(_make(session, actor, plan, habits, now) for plan in plans)


def _make(session: Session, actor: Actor, plan: DigestPlan, habits: Habits, now: datetime) -> bool:
    assert plan.due_at is not None
    period = period_of(plan.due_at, plan.time_zone or habits.time_zone)
    plan.due_at = None
    account = session.scalar(select(Account).where(Account.id == plan.account_id, gets_letters(now)))
    if account is None:
        return False
    waits = (
        FollowMatch.account_id == plan.account_id,
        FollowMatch.frequency == "daily",
        FollowMatch.digest_id.is_(None),
        FollowMatch.matched_at > now - TOLD_WITHIN,
    )
    is_asked = exists().where(
        FollowReason.match_id == FollowMatch.id, Follow.id == FollowReason.follow_id, Follow.frequency == "daily"
    )
    live = select(FollowMatch.id).join(Document, Document.article_id == FollowMatch.article_id).where(*waits, is_asked)
    if not session.scalar(select(func.count()).select_from(live.subquery())):
        return False
    digest = Digest(id=new_id(), account_id=plan.account_id, period=period, made_at=now)
    session.add(digest)
    plan.last_period = period
    session.flush()
    change_rows(session, update(FollowMatch).where(FollowMatch.id.in_(live)).values(digest_id=digest.id))
    queue_letter(
        session, kind="follow_digest", recipient=account.email, locale=account.locale, about_id=digest.id,
        expires_at=now + LETTER_LIFE, actor=actor, now=now, domain=habits.sender_domain, is_bulk=True,
    )  # fmt: skip
    return True

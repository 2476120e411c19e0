"""Telling readers of an article: who was told is written down with the letter, or for the digest that waits.

In portions, each a transaction of the caller; the unique key of a match makes it harmless to begin anew.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from cms.mail.queueing import domain_of, queue_letter
from cms.platform.actor import Actor
from cms.platform.ids import new_id
from cms.readers.follows.models import AnnouncedArticle, DigestPlan, FollowMatch, FollowReason
from cms.readers.follows.queries import Told
from cms.readers.follows.rules import LETTER_LIFE, next_digest_at
from cms.settings import Settings

REASONS_AT_ONCE = 1000


@dataclass(frozen=True)
class Habits:
    """What the site says of letters: the hour of digests and its zone, and the domain that letters come from."""

    hour: int
    time_zone: str
    sender_domain: str

    @classmethod
    def of(cls, settings: Settings) -> "Habits":
        """As the settings say."""
        return cls(settings.digest_hour, settings.time_zone, domain_of(settings.mail_from))


def tell(
    session: Session, actor: Actor, article_id: str, readers: Sequence[Told], *, frequency: str, habits: Habits,
    now: datetime,
) -> int:  # fmt: skip
    """Tell those of these readers who were not told yet; gives how many. Emits: BulkLetterQueued, if instant

    For all of them it is written down which of their follows asked for it.
    """
    rows = [
        {
            "id": new_id(), "account_id": one.account_id, "article_id": article_id, "frequency": frequency,
            "digest_id": None, "matched_at": now,
        }
        for one in readers
    ]  # fmt: skip
    if not rows:
        return 0
    insert = postgresql.insert if session.get_bind().dialect.name == "postgresql" else sqlite.insert
    statement = insert(FollowMatch).values(rows).on_conflict_do_nothing(index_elements=["account_id", "article_id"])
    made = dict(session.execute(statement.returning(FollowMatch.account_id, FollowMatch.id)).all())
    _note_reasons(session, article_id, readers, frequency)
    if frequency == "daily":
        _plan_digests(session, sorted(made), habits, now)
        return len(made)
    for one in readers:
        if one.account_id in made:
            queue_letter(
                session, kind="follow_instant", recipient=one.email, locale=one.locale, about_id=made[one.account_id],
                expires_at=now + LETTER_LIFE, actor=actor, now=now, domain=habits.sender_domain, is_bulk=True,
            )  # fmt: skip
    return len(made)


def _note_reasons(session: Session, article_id: str, readers: Sequence[Told], frequency: str) -> None:
    asked = {one.account_id: one.follow_ids for one in readers}
    told = select(FollowMatch.account_id, FollowMatch.id).where(
        FollowMatch.article_id == article_id, FollowMatch.frequency == frequency, FollowMatch.account_id.in_(asked)
    )
    rows = [
        {"match_id": match_id, "follow_id": follow_id}
        for account_id, match_id in session.execute(told)
        for follow_id in asked[account_id]
    ]
    insert = postgresql.insert if session.get_bind().dialect.name == "postgresql" else sqlite.insert
    for start in range(0, len(rows), REASONS_AT_ONCE):
        portion = rows[start : start + REASONS_AT_ONCE]
        session.execute(insert(FollowReason).values(portion).on_conflict_do_nothing())


def note_announced(session: Session, article_id: str, now: datetime) -> None:
    """Remember that everybody was told of an article who is told of it ever."""
    insert = postgresql.insert if session.get_bind().dialect.name == "postgresql" else sqlite.insert
    row = {"article_id": article_id, "announced_at": now}
    session.execute(insert(AnnouncedArticle).values(row).on_conflict_do_nothing(index_elements=["article_id"]))


def _plan_digests(session: Session, account_ids: Sequence[str], habits: Habits, now: datetime) -> None:
    if not account_ids:
        return
    insert = postgresql.insert if session.get_bind().dialect.name == "postgresql" else sqlite.insert
    rows = [{"account_id": one, "hour": None, "time_zone": None, "due_at": None} for one in account_ids]
    session.execute(insert(DigestPlan).values(rows).on_conflict_do_nothing(index_elements=["account_id"]))
    # Held also where one is due already: whoever makes it now either sees what was told here, or is waited for.
    plans = select(DigestPlan).where(DigestPlan.account_id.in_(account_ids)).order_by(DigestPlan.account_id)
    for plan in session.scalars(plans.with_for_update(), execution_options={"populate_existing": True}):
        if plan.due_at is None:
            plan.due_at = next_at(plan, habits, now)


def next_at(plan: DigestPlan, habits: Habits, now: datetime) -> datetime:
    """When the next digest of a reader goes."""
    hour = habits.hour if plan.hour is None else plan.hour
    return next_digest_at(now, hour, plan.time_zone or habits.time_zone, plan.last_period)

"""Ending letters by the token that stands in them, without a sign-in. Doing it again changes nothing more."""

from dataclasses import replace
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from cms.platform.actor import Actor
from cms.readers.follows.following import silence
from cms.readers.follows.models import Follow
from cms.readers.follows.tokens import ALL_DAILY, Ending


def ended_by(session: Session, ending: Ending, *, is_locked: bool = False) -> list[Follow]:
    """The follows whose letters a token ends, as far as letters of them still come."""
    statement = select(Follow).where(Follow.account_id == ending.account_id)
    if ending.follow_id == ALL_DAILY:
        statement = statement.where(Follow.frequency == "daily")
    else:
        statement = statement.where(Follow.id == ending.follow_id, Follow.frequency != "off")
    statement = statement.order_by(Follow.number)
    return list(session.scalars(statement.with_for_update() if is_locked else statement))


def unsubscribe(session: Session, actor: Actor, ending: Ending, now: datetime) -> int:
    """End the letters; gives of how many follows. Emits: FollowChanged, for each"""
    reader = replace(actor, kind="reader", id=ending.account_id, credential="unsubscribe-token")
    follows = ended_by(session, ending, is_locked=True)
    for follow in follows:
        silence(session, reader, follow, now)
    return len(follows)

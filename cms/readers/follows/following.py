"""What readers do with their follows: begin one, say how often letters come, end it."""

import hashlib
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import exists, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from cms.audit.recording import note
from cms.events.catalogue import FollowAdded, FollowChanged, FollowRemoved
from cms.events.outbox import record
from cms.platform.actor import Actor
from cms.platform.errors import Conflict, FieldError, Invalid, NotFound
from cms.platform.ids import new_id
from cms.platform.limits import line_up
from cms.readers.consenting import settle_letters
from cms.readers.follows.forgetting import forget_queries
from cms.readers.follows.models import Follow, FollowedQuery
from cms.readers.follows.queries import WORDS, follow_by_id
from cms.readers.follows.rules import MOST_FOLLOWS, MOST_QUERIES
from cms.readers.follows.schemas import NewFollow
from cms.readers.models import Account
from cms.taxonomy.queries import by_slug
from search_index.matching import key_of, meaning_of
from search_index.query import Query, parse
from search_index.schema import INDEX_NAME

GONE = "You follow nothing of this id."


@dataclass(frozen=True)
class Begun:
    """A follow that was asked for; `is_new` is false where it was there before."""

    follow: Follow
    is_new: bool


def add_follow(session: Session, actor: Actor, command: NewFollow, now: datetime) -> Begun:
    """Follow something. Who follows it already goes on doing so, as often as is said now. Emits: FollowAdded

    Raises: Invalid for a word that is not there; NotFound for an account that was deleted meanwhile; Conflict
    (`too_many_follows`).
    """
    # One request of a reader at a time, so that the number of follows stays what it may be.
    if session.scalar(select(Account.id).where(Account.id == actor.id).with_for_update()) is None:
        raise NotFound("There is no such account any more.")
    target = _target(session, command)
    mine = select(Follow).where(Follow.account_id == actor.id)
    same = mine.where(Follow.kind == command.kind, Follow.target == target, Follow.locale == command.locale)
    there = session.scalar(same)
    if there is not None:
        _set_frequency(session, actor, there, command.frequency, now)
        return Begun(there, is_new=False)
    _refuse_too_many(session, actor.id, command.kind)
    follow = Follow(
        id=new_id(), account_id=actor.id, kind=command.kind, target=target, query=command.query.strip(),
        locale=command.locale, frequency=command.frequency, created_at=now,
    )  # fmt: skip
    session.add(follow)
    _note(session, actor, "follow.added", follow, now)
    record(session, FollowAdded(follow.id, follow.kind, follow.frequency), actor=actor, now=now)
    _settle_letters(session, actor, now)
    return Begun(follow, is_new=True)


def change_follow(session: Session, actor: Actor, follow_id: str, frequency: str, now: datetime) -> Follow:
    """Let letters of one's own follow come more or less often. Emits: FollowChanged  Raises: NotFound"""
    follow = _own(session, actor, follow_id)
    _set_frequency(session, actor, follow, frequency, now)
    return follow


def remove_follow(session: Session, actor: Actor, follow_id: str, now: datetime) -> None:
    """Follow something no more. Letters that wait for it are not sent. Emits: FollowRemoved  Raises: NotFound"""
    follow = _own(session, actor, follow_id)
    session.delete(follow)
    session.flush()
    forget_queries(session, [follow.target] if follow.kind == "query" else [])
    _note(session, actor, "follow.removed", follow, now)
    record(session, FollowRemoved(follow.id, follow.kind), actor=actor, now=now)
    _settle_letters(session, actor, now)


def silence(session: Session, actor: Actor, follow: Follow, now: datetime) -> None:
    """Send no more letters of a follow; it stays in the reader's list. Emits: FollowChanged"""
    _set_frequency(session, actor, follow, "off", now)


def silence_all(session: Session, actor: Actor, now: datetime) -> bool:
    """Send the actor no more letters of any follow; False where none were sent. Emits: FollowChanged, for each"""
    sends = select(Follow).where(Follow.account_id == actor.id, Follow.frequency != "off").order_by(Follow.number)
    follows = session.scalars(sends.with_for_update()).all()
    for follow in follows:
        silence(session, actor, follow, now)
    return bool(follows)


def _settle_letters(session: Session, actor: Actor, now: datetime) -> None:
    session.flush()
    sends = exists().where(Follow.account_id == actor.id, Follow.frequency != "off")
    settle_letters(session, actor, bool(session.scalar(select(sends))), now)


def _own(session: Session, actor: Actor, follow_id: str) -> Follow:
    follow = follow_by_id(session, follow_id, is_locked=True)
    if follow is None or follow.account_id != actor.id:
        raise NotFound(GONE)
    return follow


def _set_frequency(session: Session, actor: Actor, follow: Follow, frequency: str, now: datetime) -> None:
    if follow.frequency == frequency:
        return
    follow.frequency = frequency
    _note(session, actor, "follow.changed", follow, now)
    record(session, FollowChanged(follow.id, follow.kind, frequency), actor=actor, now=now)
    _settle_letters(session, actor, now)


def _refuse_too_many(session: Session, account_id: str, kind: str) -> None:
    kinds = session.scalars(select(Follow.kind).where(Follow.account_id == account_id)).all()
    if len(kinds) >= MOST_FOLLOWS:
        raise Conflict(f"You follow {MOST_FOLLOWS} things, and no more are kept; end one.", code="too_many_follows")
    if kind == "query" and kinds.count("query") >= MOST_QUERIES:
        raise Conflict(f"You follow {MOST_QUERIES} searches, and no more are kept; end one.", code="too_many_follows")


def _target(session: Session, command: NewFollow) -> str:
    if command.kind == "query":
        return _put_query(session, command.query.strip(), parse(command.query))
    word: Any = by_slug(session, WORDS[command.kind], command.slug)
    if word is None:
        raise Invalid(errors=[FieldError("/slug", "unknown", f"There is no {command.kind} with this slug.")])
    return str(word.id)


def _put_query(session: Session, text: str, query: Query) -> str:
    """The key of a query, which waits for articles from now on, together with all that mean the same."""
    key = hashlib.sha256(meaning_of(query).encode()).hexdigest()
    # Whoever follows it last and leaves must not take it away from whoever comes at this moment.
    line_up(session, f"followed-query:{key}")
    insert = postgresql.insert if session.get_bind().dialect.name == "postgresql" else sqlite.insert
    values = {"key": key, "text": text, "anchor": key_of(query), "analysis": INDEX_NAME}
    session.execute(insert(FollowedQuery).values(values).on_conflict_do_nothing(index_elements=[FollowedQuery.key]))
    return key


def _note(session: Session, actor: Actor, action: str, follow: Follow, now: datetime) -> None:
    note(
        session, actor=actor, action=action, subject_kind="follow", subject_id=follow.id, now=now,
        changes=["frequency"] if action == "follow.changed" else [],
    )  # fmt: skip

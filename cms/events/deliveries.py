"""The life of a delivery: sent, attempted, closed or failed, dead, retried or discarded.

Attempts are counted in a transaction of their own before the work; the effect and `close` share one commit. A
lease keeps doubled tasks from working at the same time; that nothing takes effect twice rests on `hold` and `close`.
"""

import re
from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from typing import Literal, NamedTuple

from sqlalchemy import Select, bindparam, or_, select, update
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from cms.events.models import Delivery
from cms.events.queries import IS_DUE
from cms.events.subscriptions import ATTEMPTS_BEFORE_DEAD
from cms.platform.db import columns_of, wake_after_commit
from cms.platform.errors import Conflict, NotFound
from cms.platform.prepared import PreparedRead, PreparedWrite

LEASE = timedelta(seconds=10)
SHORTEST_RESEND = timedelta(seconds=10)
LONGEST_RESEND = timedelta(seconds=60)
BACK_OFF_SECONDS = (1, 5, 25, 125)
LONGEST_ERROR = 500
LARGEST_NUMBER = 2**63 - 1
ENDED_WITHOUT_A_WORD = "The worker ended without a word during the last attempt."
ADDRESS = re.compile(r"[^\s@<>\"'(]+@[^\s@<>\"'),;]+")
CREDENTIALS = re.compile(r"(?<=://)[^/\s@]+@")

Refusal = Literal["unknown", "closed", "running", "spent"]


# The relay runs these after every act, so they are built once.
ROWS = columns_of(Delivery)
_DUE = (
    select(ROWS.c.number, ROWS.c.subscription, ROWS.c.attempts, ROWS.c.sends, ROWS.c.error)
    .where(IS_DUE)
    .order_by(ROWS.c.due_at, ROWS.c.number)
    .limit(bindparam("most"))
    .with_for_update(skip_locked=True)
)
DUE = PreparedRead(_DUE)
DUE_AMONG = PreparedRead(_DUE.where(ROWS.c.subscription.in_(bindparam("names", expanding=True))))
SEND = PreparedWrite(update(ROWS).where(ROWS.c.number == bindparam("of")))
BURY = PreparedWrite(update(ROWS).where(ROWS.c.number == bindparam("of")).values(state="dead", leased_until=None))


class Claimed(NamedTuple):
    """A delivery that is to be sent, for the first time or again."""

    subscription: str
    number: int
    is_first: bool


class NotOpen(Exception):
    """The delivery was closed by somebody else in the meantime; what was about to be committed must not be."""


def due(session: Session, now: datetime, limit: int, subscriptions: Collection[str] | None = None) -> Sequence[Claimed]:
    """Claim open deliveries whose time has come, oldest first, and set when each is to be sent again.

    Those whose last attempt ended without a word become dead letters instead. Others who claim at the same time get
    other deliveries. Formula: sent again after 10, 20, 40, 60, 60 … seconds.
    """
    if subscriptions is None:
        rows = DUE.rows(session, now=now, most=limit)
    else:
        rows = DUE_AMONG.rows(session, now=now, most=limit, names=list(subscriptions))
    spent = [row for row in rows if row.attempts >= ATTEMPTS_BEFORE_DEAD]
    sent = [row for row in rows if row.attempts < ATTEMPTS_BEFORE_DEAD]
    BURY.run_all(
        session, [{"of": row.number, "error": row.error or ENDED_WITHOUT_A_WORD, "finished_at": now} for row in spent]
    )
    SEND.run_all(
        session,
        [{"of": row.number, "sends": row.sends + 1, "due_at": _sent_again_at(row.sends, now)} for row in sent],
    )
    return [Claimed(row.subscription, row.number, row.sends == 0) for row in sent]


def begin(session: Session, number: int, now: datetime, subscription: str | None = None) -> Delivery | Refusal:
    """Count an attempt and lease the delivery to it, or say why there is nothing to do. Commit before the work.

    A delivery of another subscription is unknown; one whose attempts are spent becomes a dead letter here.
    """
    statement = select(Delivery).where(Delivery.number == number)
    if subscription is not None:
        statement = statement.where(Delivery.subscription == subscription)
    delivery = session.scalar(_locked(statement))
    if delivery is None:
        is_locked = session.scalar(statement) is not None
        return "running" if is_locked else "unknown"
    if delivery.state != "open":
        return "closed"
    if delivery.leased_until is not None and delivery.leased_until > now:
        return "running"
    if delivery.attempts >= ATTEMPTS_BEFORE_DEAD:
        _bury(delivery, delivery.error or ENDED_WITHOUT_A_WORD, now)
        return "spent"
    _lease(delivery, now)
    session.flush()
    return delivery


def begin_untried(session: Session, subscription: str, now: datetime, limit: int) -> Sequence[Delivery]:
    """Count the first attempt of so many open deliveries of a subscription, oldest first, and lease them.

    Those that were tried before are left to attempts of their own, so that one bad subject cannot take others with it.
    """
    is_free = or_(Delivery.leased_until.is_(None), Delivery.leased_until <= now)
    statement = select(Delivery).where(
        Delivery.subscription == subscription, Delivery.state == "open", Delivery.attempts == 0, is_free
    )
    begun = session.scalars(_locked(statement.order_by(Delivery.number).limit(limit))).all()
    for delivery in begun:
        _lease(delivery, now)
    session.flush()
    return begun


def extend(session: Session, numbers: Collection[int], now: datetime) -> None:
    """Prolong the leases of attempts that still run."""
    # A row that is locked is about to be closed and needs no lease; to wait for it would let other leases run out.
    statement = select(Delivery).where(
        Delivery.number.in_(numbers), Delivery.state == "open", Delivery.leased_until.is_not(None)
    )
    for delivery in session.scalars(_locked(statement)):
        delivery.leased_until = now + LEASE
        delivery.due_at = now + LEASE + _back_off(delivery.attempts)


def hold(session: Session, numbers: Collection[int]) -> Sequence[Delivery]:
    """Those of these deliveries that are still open, locked until the effect's commit. Raises: NotOpen when none is."""
    statement = select(Delivery).where(Delivery.number.in_(numbers), Delivery.state == "open")
    statement = statement.order_by(Delivery.number).with_for_update()
    held = session.scalars(statement.execution_options(populate_existing=True)).all()
    if not held:
        raise NotOpen
    return held


def close(session: Session, delivery: Delivery, now: datetime, state: Literal["done", "superseded"] = "done") -> None:
    """Say that the consequence has come true; in the transaction of the effect. Raises: NotOpen."""
    if delivery.state != "open":
        raise NotOpen
    delivery.state = state
    delivery.finished_at = now
    delivery.leased_until = None
    delivery.error = None
    session.flush()


def fail(session: Session, number: int, error: BaseException | str, now: datetime) -> None:
    """Note what went wrong; the next attempt comes after a growing pause, and after the last one it is a dead letter.

    Formula: pauses of 1, 5, 25, 125 seconds.
    """
    statement = select(Delivery).where(Delivery.number == number, Delivery.state == "open").with_for_update()
    delivery = session.scalar(statement.execution_options(populate_existing=True))
    if delivery is None:
        return
    text = describe(error)
    if delivery.attempts >= ATTEMPTS_BEFORE_DEAD:
        _bury(delivery, text, now)
        return
    delivery.error = text
    delivery.leased_until = None
    delivery.due_at = now + _back_off(delivery.attempts)
    session.flush()


def postpone(session: Session, delivery: Delivery, until: datetime, reason: str) -> None:
    """Leave the delivery open until an instant without counting the attempt: nothing of ours failed."""
    delivery.attempts = max(0, delivery.attempts - 1)
    delivery.leased_until = None
    delivery.due_at = until
    delivery.error = describe(reason)
    session.flush()


def retry(session: Session, number: int, now: datetime) -> Delivery:
    """Open a dead letter again, with all its attempts. Raises: NotFound, Conflict when it is not dead."""
    delivery = _dead(session, number)
    delivery.state = "open"
    delivery.attempts = delivery.sends = 0
    delivery.due_at = now
    delivery.leased_until = delivery.started_at = delivery.finished_at = delivery.error = None
    session.flush()
    wake_after_commit(session)
    return delivery


def discard(session: Session, number: int, now: datetime) -> Delivery:
    """Give a dead letter up; its error stays readable. Raises: NotFound, Conflict when it is not dead."""
    delivery = _dead(session, number)
    delivery.state = "discarded"
    delivery.finished_at = now
    session.flush()
    return delivery


def describe(error: BaseException | str) -> str:
    """An error for operators: its class and message on one short line, without addresses and credentials.

    Of a database error only the class, because its message repeats the values of the statement.
    """
    if isinstance(error, SQLAlchemyError):
        cause = getattr(error, "orig", None)
        return f"{type(error).__name__} ({type(cause).__name__})" if cause is not None else type(error).__name__
    message = " ".join(str(error).split())
    text = message if isinstance(error, str) else f"{type(error).__name__}: {message}".removesuffix(": ")
    return ADDRESS.sub("[address]", CREDENTIALS.sub("", text))[:LONGEST_ERROR]


def _locked(statement: Select[Delivery]) -> Select[Delivery]:
    # SQLite has one writer at a time and knows no such words; SQLAlchemy leaves them out there.
    return statement.with_for_update(skip_locked=True).execution_options(populate_existing=True)


def _sent_again_at(sends: int, now: datetime) -> datetime:
    return now + min(SHORTEST_RESEND * 2 ** min(sends, 10), LONGEST_RESEND)


def _lease(delivery: Delivery, now: datetime) -> None:
    delivery.attempts += 1
    delivery.started_at = now
    delivery.leased_until = now + LEASE
    # If this attempt ends without a word, the relay sends again when its lease is over, later each time.
    delivery.due_at = now + LEASE + _back_off(delivery.attempts)


def _back_off(attempts: int) -> timedelta:
    return timedelta(seconds=BACK_OFF_SECONDS[min(max(attempts, 1), len(BACK_OFF_SECONDS)) - 1])


def _bury(delivery: Delivery, error: str, now: datetime) -> None:
    delivery.state = "dead"
    delivery.error = error
    delivery.finished_at = now
    delivery.leased_until = None


def _dead(session: Session, number: int) -> Delivery:
    statement = select(Delivery).where(Delivery.number == number).with_for_update()
    is_number = 0 < number <= LARGEST_NUMBER
    delivery = session.scalar(statement.execution_options(populate_existing=True)) if is_number else None
    if delivery is None:
        raise NotFound(f"There is no delivery with the number {number}.")
    if delivery.state != "dead":
        raise Conflict(f"Only a dead letter can be retried or discarded; this delivery is {delivery.state}.")
    return delivery

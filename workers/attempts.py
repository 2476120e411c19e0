"""One attempt on a delivery: count it, do the work, note what went wrong.

Not here: the work itself (`handlers/`) and the tasks that bring the numbers (`app.py`), one or several at once.
"""

import time
import traceback
from collections.abc import Sequence
from dataclasses import dataclass

import structlog
from sqlalchemy.exc import SQLAlchemyError

from cms.events.deliveries import NotOpen, Refusal, begin, begin_untried, describe, fail
from workers.leases import LeaseKeeper
from workers.refusing import Refusals
from workers.work import Attempt, Handler, Owed, Work

log = structlog.get_logger("copydesk.worker")
HARMLESS = frozenset({"closed", "running", "spent"})


@dataclass(frozen=True)
class Hearing:
    """How one subscription is worked on. `at_once` is how many of its deliveries one attempt may take together."""

    subscription: str
    handle: Handler
    time_limit_seconds: float
    at_once: int = 1


def attempt_all(
    work: Work, keeper: LeaseKeeper, refusals: Refusals, hearing: Hearing, numbers: Sequence[int]
) -> list[str]:
    """Work on the deliveries of one task, each in its turn, or several at once where the handler takes them together.

    Shape: an outcome for each attempt, as of `attempt`.
    """
    outcomes, taken = [], set[int]()
    for number in numbers:
        if number not in taken:
            outcome, worked_on = _attempt(work, keeper, refusals, hearing, number)
            outcomes.append(outcome)
            taken.update(worked_on)
    return outcomes


def attempt(work: Work, keeper: LeaseKeeper, refusals: Refusals, hearing: Hearing, number: int) -> str:
    """Work on the delivery of this number, unless it needs no work. Never raises what a handler raises.

    Shape: `done`, `failed`, `unknown`, `closed`, `running`, `spent`, or `away` when the database does not answer.
    """
    return _attempt(work, keeper, refusals, hearing, number)[0]


def _attempt(
    work: Work, keeper: LeaseKeeper, refusals: Refusals, hearing: Hearing, number: int
) -> tuple[str, Sequence[int]]:
    try:
        begun = _begin(work, hearing, number)
    except SQLAlchemyError as error:
        log.warning("database_away", error=describe(error), subscription=hearing.subscription, delivery=number)
        return "away", ()
    if isinstance(begun, str):
        if begun in HARMLESS:
            log.debug("nothing_to_do", subscription=hearing.subscription, delivery=number, because=begun)
        else:
            refusals.note("unknown_delivery", subscription=hearing.subscription, delivery=number)
        return begun, ()
    return _work(work, keeper, hearing, begun), begun.numbers


def _begin(work: Work, hearing: Hearing, number: int) -> Attempt | Refusal:
    with work.database.transaction() as session:
        begun = begin(session, number, work.clock(), hearing.subscription)
        if isinstance(begun, str):
            return begun
        deliveries = [begun]
        if begun.attempts == 1 and hearing.at_once > 1:
            deliveries += begin_untried(session, hearing.subscription, work.clock(), hearing.at_once - 1)
        owed = tuple(Owed(one.number, one.subject, one.letter_id, one.attempts) for one in deliveries)
    return Attempt(hearing.subscription, owed)


def _work(work: Work, keeper: LeaseKeeper, hearing: Hearing, given: Attempt) -> str:
    began = time.perf_counter()
    events = [owed.letter_id for owed in given.owed]
    values = {"subscription": given.subscription, "deliveries": given.numbers, "events": events}
    try:
        with keeper.keeping(given.numbers, hearing.time_limit_seconds):
            hearing.handle(work, given)
    except NotOpen:
        log.info("closed_meanwhile", **values)
        return "closed"
    except Exception as error:  # noqa: BLE001  # whatever a handler raises is written down with its delivery
        log.warning("attempt_failed", error=describe(error), at=_place(error), **values)
        _note_failure(work, given, error)
        return "failed"
    milliseconds = round((time.perf_counter() - began) * 1000)
    log.info("attempt_done", ms=milliseconds, **values)
    return "done"


def _note_failure(work: Work, given: Attempt, error: Exception) -> None:
    try:
        with work.database.transaction() as session:
            for number in given.numbers:
                fail(session, number, error, work.clock())
    except SQLAlchemyError as problem:
        # The attempt is counted already; the relay sends again when the lease is over.
        log.warning("failure_not_noted", error=describe(problem), deliveries=given.numbers)


def _place(error: Exception) -> str:
    frames = traceback.extract_tb(error.__traceback__)
    return " < ".join(f"{frame.filename.rpartition('/')[2]}:{frame.lineno}" for frame in reversed(frames[-4:]))

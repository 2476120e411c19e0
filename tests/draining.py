"""`drain`: the relay's claim and the workers' handlers in this process, until nothing is open.

Every task goes through JSON, as it does on the wire. Faults can be asked for: tasks that come twice, late or in another
order, attempts that are broken off before, in and after their work. The clock is moved on, so nothing waits.
"""

import json
import random
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from cms.events.deliveries import due
from cms.events.models import Delivery
from cms.events.subscriptions import BY_NAME
from cms.platform.clock import now
from cms.platform.db import Database
from cms.platform.keys import load_keys
from cms.settings import Settings
from search_index.writer import Writer
from tests.guarding import drained
from workers.attempts import Hearing, attempt_all
from workers.heard import HEARINGS
from workers.leases import LeaseKeeper
from workers.refusing import REFUSALS
from workers.relay import tasks
from workers.work import Attempt, Work

MOST_ROUNDS = 400
STEP = timedelta(seconds=11)


class NotDrained(Exception):
    """Something did not end, or ended as a dead letter."""


class BrokenOff(Exception):
    """The fault that a drain was asked to make."""


@dataclass(frozen=True)
class Faults:
    """How likely each fault is. Range: 0 to 1. `is_reordered` sends the tasks of a round in any order.

    A dead letter ends what the theorem speaks of, so no delivery is broken off in its last attempts.
    """

    doubled: float = 0.0
    delayed: float = 0.0
    broken_before: float = 0.0
    broken_inside: float = 0.0
    broken_after: float = 0.0
    is_reordered: bool = False


NONE = Faults()
ALL = Faults(doubled=0.2, delayed=0.2, broken_before=0.1, broken_inside=0.15, broken_after=0.1, is_reordered=True)
TRIES_THAT_MAY_BREAK = 3


@dataclass
class Fragile:
    """The worker's database: a commit may be broken off as by a kill, with nothing written."""

    database: Database
    is_broken: Callable[[], bool]

    def __getattr__(self, name: str) -> Any:
        return getattr(self.database, name)

    @contextmanager
    def transaction(self) -> Iterator[Session]:
        """As the database's own."""
        with self.database.transaction() as session:
            yield session
            if self.is_broken():
                raise BrokenOff

    @contextmanager
    def reading(self) -> Iterator[Session]:
        """As the database's own; here too a kill may come."""
        if self.is_broken():
            raise BrokenOff
        with self.database.reading() as session:
            yield session


@dataclass
class Drain:
    """Relay and workers on one database and index, moved by hand."""

    work: Work
    faults: Faults = NONE
    chance: random.Random = field(default_factory=random.Random)
    hearings: Mapping[str, Hearing] = field(default_factory=lambda: HEARINGS)
    waiting: list[str] = field(default_factory=list)
    outcomes: list[str] = field(default_factory=list)
    is_breakable: bool = False

    def __post_init__(self) -> None:
        self.at = now()
        self.keeper = LeaseKeeper(self.work)
        fragile = Fragile(self.work.database, self._breaks_inside)
        self.fragile_work = replace(self.work, clock=lambda: self.at, database=fragile)

    def run(self) -> int:
        """Send and work until nothing is open; gives how many tasks were worked on. Raises: NotDrained."""
        worked = 0
        for _ in range(MOST_ROUNDS):
            worked += self.step()
            if not self.waiting and not self.count("open"):
                break
        for state in ("open", "dead"):
            if self.waiting or self.count(state):
                raise NotDrained(f"{self.count(state)} deliveries are {state} in the end")
        return worked

    def step(self) -> int:
        """One round: send what is due, work on some of what waits, move the clock on."""
        self.at = max(self.at, now())
        with self.work.database.transaction() as session:
            claimed = list(tasks(due(session, self.at, 100)))
        for name, numbers in claimed:
            message = json.dumps({"task": BY_NAME[name].task, "args": numbers})
            self.waiting += [message] * (2 if self._happens(self.faults.doubled) else 1)
        if self.faults.is_reordered:
            self.chance.shuffle(self.waiting)
        here, self.waiting = self.waiting, []
        worked = 0
        for message in here:
            if self._happens(self.faults.delayed):
                self.waiting.append(message)
            else:
                self._receive(json.loads(message))
                worked += 1
        self.at += STEP
        return worked

    def count(self, state: str) -> int:
        """How many deliveries are in a state."""
        with self.work.database.reading() as session:
            query = select(func.count()).select_from(Delivery).where(Delivery.state == state)
            return session.scalar(query) or 0

    def _receive(self, task: dict[str, Any]) -> None:
        [hearing] = [one for name, one in self.hearings.items() if BY_NAME[name].task == task["task"]]
        faulty = replace(hearing, handle=lambda work, given: self._handle(hearing, work, given))
        self.outcomes += attempt_all(self.fragile_work, self.keeper, REFUSALS, faulty, task["args"])

    def _handle(self, hearing: Hearing, work: Work, given: Attempt) -> None:
        may_break = max(owed.attempts for owed in given.owed) <= TRIES_THAT_MAY_BREAK
        if may_break and self._happens(self.faults.broken_before):
            raise BrokenOff
        self.is_breakable = may_break
        try:
            hearing.handle(work, given)
        finally:
            self.is_breakable = False
        if may_break and self._happens(self.faults.broken_after):
            raise BrokenOff

    def _breaks_inside(self) -> bool:
        return self.is_breakable and self._happens(self.faults.broken_inside)

    def _happens(self, likelihood: float) -> bool:
        return likelihood > 0 and self.chance.random() < likelihood


def drain(
    settings: Settings, database: Database, *, faults: Faults = NONE, chance: random.Random | None = None
) -> list[str]:
    """Do everything that is owed; gives the outcome of each task. Raises: NotDrained."""
    index = Writer(settings.index_home)
    work = Work(settings=settings, database=database, keys=load_keys(settings), index=index, clock=now)
    try:
        draining = Drain(work, faults, chance or random.Random(0))
        draining.run()
        drained.add(id(database))
        return draining.outcomes
    finally:
        index.close()

"""Leases that last as long as the work: one thread per process prolongs them every three seconds.

Leases are short, so that the work of a killed process is soon taken up again; and an honest long attempt keeps its own.
"""

import os
import threading
import time
import weakref
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

import structlog
from sqlalchemy.exc import SQLAlchemyError

from cms.events.deliveries import extend
from workers.work import Work

log = structlog.get_logger("copydesk.worker")
PROLONGED_EVERY_SECONDS = 3.0
STUCK_EXIT_STATUS = 70


@dataclass(eq=False)
class Running:
    """One attempt that runs. Its lease is prolonged until its time is over."""

    numbers: Collection[int]
    ends_at: float
    is_stuck_at: float


@dataclass
class LeaseKeeper:
    """Prolongs the leases of the attempts of this process. Its thread ends soon after it is dropped."""

    work: Work
    running: set[Running] = field(default_factory=set)
    lock: threading.Lock = field(default_factory=threading.Lock)
    thread: threading.Thread | None = None

    @contextmanager
    def keeping(self, numbers: Collection[int], seconds: float) -> Iterator[None]:
        """Hold the leases while the `with` runs, at most so long."""
        now = time.monotonic()
        attempt = Running(numbers, ends_at=now + seconds, is_stuck_at=now + 2 * seconds)
        with self.lock:
            self.running.add(attempt)
            if self.thread is None:
                self.thread = threading.Thread(target=_prolong, args=(weakref.ref(self),), name="leases", daemon=True)
                self.thread.start()
        try:
            yield
        finally:
            with self.lock:
                self.running.discard(attempt)

    def prolong(self, now: float) -> None:
        """Prolong what runs within its time; end this process when an attempt has taken twice its time.

        A thread cannot be ended from outside. Its process can: whoever supervises starts another, and what was in hand
        is sent again.
        """
        with self.lock:
            numbers = [number for attempt in self.running if now < attempt.ends_at for number in attempt.numbers]
            stuck = [number for attempt in self.running if now >= attempt.is_stuck_at for number in attempt.numbers]
        if stuck:
            log.error("worker_is_stuck", deliveries=stuck)
            os._exit(STUCK_EXIT_STATUS)
        if numbers:
            with self.work.database.transaction() as session:
                extend(session, numbers, self.work.clock())


def _prolong(kept: "weakref.ref[LeaseKeeper]") -> None:
    # Between two rounds nothing is held here, or whoever makes many keepers would have all of them for good.
    time.sleep(PROLONGED_EVERY_SECONDS)
    while _is_prolonged(kept()):
        time.sleep(PROLONGED_EVERY_SECONDS)


def _is_prolonged(keeper: LeaseKeeper | None) -> bool:
    if keeper is None:
        return False
    try:
        keeper.prolong(time.monotonic())
    except SQLAlchemyError as error:
        # The lease may run out meanwhile. Then the work is done twice at worst, and takes effect once.
        log.warning("lease_not_prolonged", error=type(error).__name__)
    return True

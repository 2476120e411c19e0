"""An answer that is kept for a second, so that a thousand who ask cost as much as one."""

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Generic, TypeVar

KEPT_SECONDS = 1.0
T = TypeVar("T")


@dataclass
class Kept(Generic[T]):
    """Asks `make` when what it has is older than a second; one object per process, safe for threads.

    Those who come while it asks wait for its answer, instead of asking too.
    """

    make: Callable[[datetime], T]
    ticks: Callable[[], float] = time.monotonic
    until: float = -1.0
    lock: threading.Lock = field(default_factory=threading.Lock)

    def at(self, instant: datetime) -> T:
        """The answer of this moment."""
        with self.lock:
            if self.ticks() >= self.until:
                self.answer = self.make(instant)
                self.until = self.ticks() + KEPT_SECONDS
            return self.answer

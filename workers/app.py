"""The Celery application of a worker: binds each subscription's task to its handler, with its limits and one policy."""

import threading
from collections.abc import Callable, Mapping

from celery import Celery

from cms.events.subscriptions import BY_NAME
from cms.settings import Settings
from workers.attempts import Hearing, attempt_all
from workers.broker import sending_app
from workers.leases import LeaseKeeper
from workers.refusing import REFUSALS
from workers.work import LETTERS_AT_ONCE, Work, make_work

# Where the pool can end a task by force, it does so this long after the task was asked to end.
GRACE_SECONDS = 5


def make_celery(settings: Settings, hearings: Mapping[str, Hearing], letters_at_once: int = LETTERS_AT_ONCE) -> Celery:
    """The application for these settings, with a task for each hearing."""
    app = sending_app(settings)
    hands = Hands(settings, letters_at_once)
    for hearing in hearings.values():
        _bind(app, hands, hearing)
    return app


class Hands:
    """The parts of this process, made with its first task: a pool of processes makes them after the fork."""

    def __init__(
        self, settings: Settings, letters_at_once: int, make: Callable[[Settings, int], Work] = make_work
    ) -> None:
        self._settings = settings
        self._letters_at_once = letters_at_once
        self._make = make
        self._lock = threading.Lock()
        self._parts: tuple[Work, LeaseKeeper] | None = None

    def parts(self) -> tuple[Work, LeaseKeeper]:
        """The work's parts and the keeper of its leases."""
        with self._lock:
            if self._parts is None:
                work = self._make(self._settings, self._letters_at_once)
                self._parts = work, LeaseKeeper(work)
            return self._parts


def _bind(app: Celery, hands: Hands, hearing: Hearing) -> None:
    subscription = BY_NAME[hearing.subscription]

    def run(*numbers: int) -> None:
        work, keeper = hands.parts()
        attempt_all(work, keeper, REFUSALS, hearing, numbers)

    app.task(
        run,
        name=subscription.task,
        typing=False,
        soft_time_limit=subscription.time_limit_seconds,
        time_limit=subscription.time_limit_seconds + GRACE_SECONDS,
    )

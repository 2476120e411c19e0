"""The Celery application: binds each subscription's task to its handler, with its limits and one retry policy.

The broker carries bells, not work: a task holds the number of a delivery and nothing else, and whatever Celery or the
broker loses is sent again by the relay. So there are no results, no retries of Celery's own, and no remote control.
"""

import ctypes
import logging
import os
import signal
import sys
import threading
import time
import warnings
from collections.abc import Callable, Collection, Mapping
from typing import Any

import celery.apps.worker
import structlog
from celery import Celery, signals
from celery.exceptions import SecurityWarning
from kombu import Queue

from cms.events.subscriptions import BY_NAME, QUEUES, SUBSCRIPTIONS
from cms.platform.logs import configure_logs
from cms.settings import Settings
from workers.attempts import Hearing, attempt
from workers.leases import LeaseKeeper
from workers.living import beat_from_its_loop
from workers.refusing import REFUSALS
from workers.work import LETTERS_AT_ONCE, Work, make_work

log = structlog.get_logger("copydesk.worker")
LONGEST_LIMIT_SECONDS = max(subscription.time_limit_seconds for subscription in SUBSCRIPTIONS)
# Where the pool can end a task by force, it does so this long after the task was asked to end.
GRACE_SECONDS = 5
STOP_SECONDS = 3.0
DEATH_SIGNAL_OPTION = 1

OPTIONS: dict[str, Any] = {
    "accept_content": ["json"],
    "task_serializer": "json",
    "task_ignore_result": True,
    "task_acks_late": True,
    "task_reject_on_worker_lost": True,
    "task_publish_retry": False,
    "task_create_missing_queues": False,
    "task_queues": [Queue(name) for name in QUEUES],
    "worker_consumer": "workers.refusing:CarefulConsumer",
    "worker_prefetch_multiplier": 1,
    "worker_enable_remote_control": False,
    "worker_hijack_root_logger": False,
    "worker_redirect_stdouts": False,
    # With it a worker was seen to end itself when the broker goes away.
    "worker_cancel_long_running_tasks_on_connection_loss": False,
    "broker_connection_max_retries": None,
    "broker_connection_retry_on_startup": True,
    "broker_transport_options": {
        # A task that waits longer than this for its acknowledgement is given to another worker. The relay sends again
        # much sooner; this must only be longer than the longest task.
        "visibility_timeout": 2 * LONGEST_LIMIT_SECONDS + 60,
        "unacked_restore_interval": 5,
        "unacked_restore_throttle": 1,
        "health_check_interval": 10,
        "socket_timeout": 10,
        "socket_connect_timeout": 2,
        "socket_keepalive": True,
        "global_keyprefix": "copydesk:",
    },
}


def make_celery(
    settings: Settings, hearings: Mapping[str, Hearing] | None = None, letters_at_once: int = LETTERS_AT_ONCE
) -> Celery:
    """The application for these settings. Without hearings it can only send, which is what the relay needs."""
    app = Celery("copydesk", broker=settings.queue_url, set_as_current=False)
    app.conf.update(OPTIONS)
    if hearings is not None:
        hands = Hands(settings, letters_at_once)
        for hearing in hearings.values():
            _bind(app, hands, hearing)
    return app


def serve(
    app: Celery,
    settings: Settings,
    *,
    queues: Collection[str],
    pool: str,
    concurrency: int,
    beside: Callable[[], None] | None = None,
) -> int:
    """Run a worker in this process until it is told to stop; gives the exit status.

    `beside` starts what goes on beside the tasks, where they are worked on: a pool of processes calls it in each.
    """

    def set_logs_up(**_values: Any) -> None:
        configure_logs(settings.log_level)
        logging.captureWarnings(True)
        if settings.log_level != "debug":
            # Celery writes two lines for each task; the worker's own line says more.
            for name in ("celery.worker.strategy", "celery.app.trace"):
                logging.getLogger(name).setLevel(logging.WARNING)

    # It warns whoever is root of pickled content, and none but JSON is accepted here.
    warnings.filterwarnings("ignore", category=SecurityWarning)
    # It writes to the terminal beside the logs that it shuts down; a line of the log says so instead.
    celery.apps.worker.safe_say = _say_nothing
    signals.setup_logging.connect(set_logs_up, weak=False)
    signals.worker_process_init.connect(_follow_parent, weak=False)
    signals.worker_shutting_down.connect(_end_soon, weak=False)
    worker = app.Worker(
        queues=sorted(queues),
        pool=pool,
        concurrency=concurrency,
        loglevel=settings.log_level.upper(),
        quiet=True,
        # None of them serves anything here, and each costs time at the start or traffic afterwards.
        without_gossip=True,
        without_mingle=True,
        without_heartbeat=True,
    )
    beat_from_its_loop(settings.home, "worker-" + ",".join(sorted(queues)))
    if beside is not None and pool == "prefork":
        signals.worker_process_init.connect(lambda **_values: beside(), weak=False)
    elif beside is not None:
        beside()
    log.info("worker_starts", queues=sorted(queues), pool=pool, concurrency=concurrency)
    worker.start()
    return int(worker.exitcode or 0)


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

    def run(number: int) -> None:
        work, keeper = hands.parts()
        attempt(work, keeper, REFUSALS, hearing, number)

    app.task(
        run,
        name=subscription.task,
        typing=False,
        soft_time_limit=subscription.time_limit_seconds,
        time_limit=subscription.time_limit_seconds + GRACE_SECONDS,
    )


def _say_nothing(*_given: Any) -> None:
    """What the library would write past the log."""


def _end_soon(**_values: Any) -> None:
    """Let what runs end by itself for a few seconds, then end anyway: what was in hand is sent again."""

    def end() -> None:
        # Not said by the signal's handler itself, which may have interrupted another line.
        log.info("worker_ends")
        time.sleep(STOP_SECONDS)
        os._exit(0)

    threading.Thread(target=end, name="end", daemon=True).start()


def _follow_parent(**_values: Any) -> None:
    """A process of the pool ends with its parent, however that ended."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(DEATH_SIGNAL_OPTION, signal.SIGKILL)

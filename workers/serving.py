"""A worker's process: Celery set up to take tasks, to say that it lives, and to end within seconds."""

import ctypes
import logging
import os
import signal
import sys
import threading
import time
import warnings
from collections.abc import Callable, Collection
from typing import Any

import celery.apps.worker
import structlog
from celery import Celery, signals
from celery.exceptions import SecurityWarning

from cms.platform.logs import configure_logs
from cms.settings import Settings
from workers.living import beat_from_its_loop

log = structlog.get_logger("copydesk.worker")
STOP_SECONDS = 3.0
DEATH_SIGNAL_OPTION = 1


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

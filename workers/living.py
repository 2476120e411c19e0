"""Signs of life: given by the loop of the relay and by the loop of a worker that takes tasks, and by nobody else.

A thread of its own would go on beating while the loop hangs, and the sign would be worth nothing.
"""

from functools import partial
from pathlib import Path
from typing import Any

import structlog
from celery import signals

from cms.platform import alive

log = structlog.get_logger("copydesk.worker")


def give_sign(home: Path, name: str) -> None:
    """Say that this process is alive; a full disk must not end it."""
    try:
        alive.beat(home, name)
    except OSError as error:
        log.warning("no_sign_of_life", error=type(error).__name__)


def beat_from_its_loop(home: Path, name: str) -> None:
    """Let the worker of this process say every few seconds that it is alive, from when it takes tasks."""
    give = partial(give_sign, home, name)

    running: list[Any] = []

    def begin(sender: Any, **_values: Any) -> None:
        # Sent again after each loss of the broker. Without a broker a worker is not well, and gives no sign.
        while running:
            running.pop().cancel()
        give()
        running.append(sender.timer.call_repeatedly(alive.BEAT_SECONDS, give))

    signals.worker_ready.connect(begin, weak=False)

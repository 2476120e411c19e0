"""A real worker process whose handlers do as the test says: `python -m tests.workers.rehearsal SETTINGS POOL LEASE`.

The subject of a delivery decides: the related list of one named in the file `kill` ends its process at once, one in
`slow` or `steady` takes long, one in `fail` raises. All others note their effect in the audit trail, in the commit that
closes them.
"""

import json
import os
import signal
import sys
import time
from datetime import timedelta
from pathlib import Path
from types import ModuleType
from typing import Any

from cms.audit.recording import note
from cms.events import deliveries
from cms.events.deliveries import close, hold
from cms.events.subscriptions import BY_NAME, QUEUES
from cms.platform import alive
from cms.platform.actor import system
from cms.settings import Settings
from workers import leases, relay, serving
from workers.app import make_celery
from workers.attempts import Hearing
from workers.serving import serve
from workers.work import Attempt, Work

AT_ONCE = 2
# An attempt that keeps its lease outlasts it, and the pause before it would be sent again.
STEADY_SECONDS = 1.8


def be_quick(lease_seconds: float) -> dict[tuple[ModuleType, str], Any]:
    """Shorten what a test would otherwise wait for; gives what stood there. The relay of the test does the same."""
    pauses: dict[tuple[ModuleType, str], Any] = {
        (deliveries, "LEASE"): timedelta(seconds=lease_seconds),
        (deliveries, "SHORTEST_RESEND"): timedelta(seconds=1),
        (deliveries, "LONGEST_RESEND"): timedelta(seconds=1),
        (deliveries, "BACK_OFF_SECONDS"): (0.1, 0.2, 0.3, 0.4),
        (leases, "PROLONGED_EVERY_SECONDS"): 0.3,
        (relay, "SWEEP_SECONDS"): 0.1,
        (serving, "STOP_SECONDS"): 1.0,
        (alive, "BEAT_SECONDS"): 0.2,
    }
    kept = {(module, name): getattr(module, name) for module, name in pauses}
    put(pauses)
    return kept


def put(pauses: dict[tuple[ModuleType, str], Any]) -> None:
    """Give each its value."""
    for (module, name), value in pauses.items():
        setattr(module, name, value)


def told(home: Path, kind: str) -> set[str]:
    """The subjects that a test wants treated in some way."""
    path = home / kind
    return set(path.read_text().split()) if path.exists() else set()


def handle(work: Work, attempt: Attempt) -> None:
    """Do what the test wants for this subject."""
    home = work.settings.home
    for owed in attempt.owed:
        with (home / "started").open("a") as file:
            file.write(f"{owed.number} {os.getpid()}\n")
        if owed.subject in told(home, "kill") and attempt.subscription == "related":
            os.kill(os.getpid(), signal.SIGKILL)
        if owed.subject in told(home, "slow"):
            time.sleep(30)
        if owed.subject in told(home, "steady"):
            time.sleep(STEADY_SECONDS)
        if owed.subject in told(home, "fail"):
            raise ValueError(f"cannot write to mei.lin@example.org about {owed.number}")
    with work.database.transaction() as session:
        for delivery in hold(session, attempt.numbers):
            note(
                session,
                actor=system("rehearsal"),
                action="rehearsed",
                subject_kind=attempt.subscription,
                subject_id=str(delivery.number),
                now=work.clock(),
            )
            close(session, delivery, work.clock())


def main(given: str, pool: str, lease_seconds: str) -> None:
    """Serve every queue with the handler above."""
    be_quick(float(lease_seconds))
    values = json.loads(given)
    settings = Settings(**{**values, "home": Path(values["home"])})
    hearings = {name: Hearing(name, handle, 60, at_once=10 if name == "search" else 1) for name in BY_NAME}
    sys.exit(serve(make_celery(settings, hearings), settings, queues=QUEUES, pool=pool, concurrency=AT_ONCE))


if __name__ == "__main__":
    main(*sys.argv[1:])

"""Real worker processes and a relay for the tests of this folder."""

import contextlib
import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from sqlalchemy import select

from cms.audit.models import AuditEntry
from cms.events.catalogue import ArticlePublished
from cms.events.models import Delivery
from cms.events.outbox import record
from cms.launch.starting import CAN_FORK
from cms.platform.actor import system
from cms.platform.bell import Bell
from cms.platform.clock import now
from cms.platform.db import Database
from cms.platform.ids import new_id
from cms.settings import Settings
from tests.nursery import TOP, Nursling, nursery
from tests.servers import Broker, wait_until
from tests.workers.rehearsal import be_quick, put
from workers.broker import sending_app
from workers.due import Chores
from workers.relay import Relay, Sender

REHEARSAL = "tests.workers.rehearsal"
Worker = subprocess.Popen[bytes] | Nursling


@dataclass
class Stage:
    """A database, a broker, a relay in this process, and worker processes whose handlers do as the test says."""

    settings: Settings
    database: Database
    broker: Broker
    lease_seconds: float
    workers: list[Worker] = field(default_factory=list)

    @property
    def log_path(self) -> Path:
        """Where the workers' lines go."""
        return self.settings.home / "worker.log"

    def start_worker(self, pool: str = "threads") -> Worker:
        """Start one more worker, leading a session of its own."""
        given = {
            name: str(getattr(self.settings, name))
            for name in ("home", "database_url", "redis_url", "secret_key", "log_level")
        }
        words = [json.dumps(given), pool, str(self.lease_seconds)]
        worker: Worker
        if CAN_FORK:
            worker = nursery().start(REHEARSAL, words, os.environ, self.log_path, self.log_path)
        else:
            with self.log_path.open("ab") as log:
                worker = subprocess.Popen(
                    [sys.executable, "-m", REHEARSAL, *words],
                    cwd=TOP, stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True,
                )  # fmt: skip
        self.workers.append(worker)
        return worker

    def kill_worker(self) -> None:
        """kill -9 of the oldest worker with its children."""
        worker = self.workers.pop(0)
        with contextlib.suppress(ProcessLookupError):
            os.killpg(worker.pid, signal.SIGKILL)
        worker.wait(10)

    def tell(self, kind: str, *subjects: str) -> None:
        """Say how subjects are to be treated."""
        (self.settings.home / kind).write_text("\n".join(subjects))

    def publish(self, count: int = 1) -> list[str]:
        """Drop letters that three subscriptions hear; gives their subjects."""
        subjects = [new_id() for _ in range(count)]
        with self.database.transaction() as session:
            for subject in subjects:
                record(session, ArticlePublished(subject, revision=2, is_first=True), actor=system("test"), now=now())
        return subjects

    def states(self) -> dict[int, str]:
        """Every delivery's state."""
        with self.database.reading() as session:
            return {row.number: row.state for row in session.execute(select(Delivery.number, Delivery.state))}

    def deliveries_of(self, *subjects: str) -> list[Delivery]:
        """The deliveries of these subjects."""
        with self.database.reading() as session:
            query = select(Delivery).where(Delivery.subject.in_(subjects)).order_by(Delivery.number)
            return list(session.scalars(query))

    def effects(self) -> list[int]:
        """The deliveries that took effect, one entry for each time."""
        with self.database.reading() as session:
            query = select(AuditEntry.subject_id).where(AuditEntry.action == "rehearsed")
            return sorted(int(number) for number in session.scalars(query))

    def started(self) -> list[int]:
        """The deliveries whose work was begun, one entry for each time."""
        path = self.settings.home / "started"
        return [int(line.split()[0]) for line in path.read_text().splitlines()] if path.exists() else []

    def lines(self, event: str) -> list[dict[str, Any]]:
        """The workers' log lines of one kind."""
        found = []
        for line in self.log_path.read_text("utf-8", "replace").splitlines():
            with contextlib.suppress(ValueError):
                value = json.loads(line)
                if isinstance(value, dict) and value.get("event") == event:
                    found.append(value)
        return found

    def wait_over(self, seconds: float = 30) -> None:
        """Wait until nothing is open."""
        wait_until(lambda: "open" not in self.states().values(), seconds=seconds, what=f"the end, {self.log_path}")


@contextlib.contextmanager
def stage(settings: Settings, database: Database, broker: Broker, *, lease_seconds: float = 1) -> Iterator[Stage]:
    """A stage with a running relay and no worker yet. Leases and pauses are short."""
    told = replace(settings, redis_url=broker.url, log_level="info")
    told.home.mkdir(exist_ok=True)
    bell = Bell(told.bell_url)
    relay = Relay(database, Sender(sending_app(told)), bell, Chores(told, database))
    runner = threading.Thread(target=relay.run, name="relay")
    setting = Stage(told, database, broker, lease_seconds)
    kept = be_quick(lease_seconds)
    try:
        runner.start()
        yield setting
    finally:
        relay.is_stopping = True
        runner.join(10)
        relay.chores.close()
        bell.close()
        while setting.workers:
            setting.kill_worker()
        put(kept)

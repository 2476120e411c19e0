"""How long `copydesk audit verify` takes for 100,000 entries, each checked against its seal, and how fast sealing is.

The entries are written and sealed as the product does it, on SQLite; verifying reads them from the database.
"""

import statistics
import tempfile
import time
from pathlib import Path
from typing import Any

from benchmarks.report import Row
from cms.audit.keyring import AuditKeys
from cms.audit.recording import note
from cms.audit.verifying import verify
from cms.migrations.running import upgrade
from cms.platform.actor import Actor
from cms.platform.clock import now
from cms.platform.db import Database
from cms.platform.keys import load_keys
from cms.settings import Settings
from workers.sealing import Sealer

ENTRIES = 100_000
WRITTEN_AT_ONCE = 1000
RUNS = 3
PROMISED_SECONDS = 10
REPETITIONS = f"Median of {RUNS} runs over the same entries."
ACTOR = Actor(
    kind="service",
    id="01a2143d-d07b-7233-870b-ced89ed8f887",
    credential="token:01a2143d-d07b-7233-870b-ced89ed8f887",
    request_id="01a2143d-d07b-7233-870b-ced89ed8f888",
    client_address="203.0.113.7",
)


def run(entries: int = ENTRIES) -> dict[str, Any]:
    """Shape: seconds to verify and to seal so many entries."""
    with tempfile.TemporaryDirectory() as folder:
        settings = Settings(home=Path(folder))
        database = Database(settings.database, is_durable=True)
        upgrade(database)
        keys = AuditKeys(settings.home, load_keys(settings))
        _write(database, entries)
        began = time.perf_counter()
        sealed = Sealer(settings, database, keys).seal_due(now())
        sealing_seconds = time.perf_counter() - began
        times = []
        for _ in range(RUNS):
            began = time.perf_counter()
            found = verify(database, settings.home, keys)
            times.append(time.perf_counter() - began)
            assert (found.problem, found.count) == ("", sealed)
        database.dispose()
    return {
        "entries": sealed,
        "verify_seconds": round(statistics.median(times), 2),
        "seal_seconds": round(sealing_seconds, 2),
    }


def rows(figures: dict[str, Any]) -> list[Row]:
    """Verified in the time that was promised."""
    entries, seconds = figures["entries"], figures["verify_seconds"]
    rate = round(entries / figures["seal_seconds"])
    return [
        Row(f"verify {entries:,} entries", f"≤ {PROMISED_SECONDS} s", f"{seconds} s", seconds <= PROMISED_SECONDS),
        Row("seal what waits", "—", f"{rate:,} entries a second", True),
    ]


def _write(database: Database, entries: int) -> None:
    for first in range(0, entries, WRITTEN_AT_ONCE):
        with database.transaction() as session:
            for number in range(first, min(entries, first + WRITTEN_AT_ONCE)):
                note(
                    session,
                    actor=ACTOR,
                    action="article.edited",
                    subject_kind="article",
                    subject_id=f"01a2143d-d07b-7233-870b-{number:012d}",
                    now=now(),
                    changes=["title", "body"],
                )

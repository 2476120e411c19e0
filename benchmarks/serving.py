"""HTTP servers for benchmarks of reads: the product as `copydesk api` starts it, and its yardsticks on the same server,
each one process with four threads for requests, and what a request costs them. Yardstick and product are asked in turn,
so that whatever else the machine does meets both."""

import json
import os
import signal
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.error import HTTPError
from urllib.request import Request, urlopen

from benchmarks.product import COPYDESK, free_port

CONNECTIONS = 8
THREADS = 4
SERVER = ["--interface", "wsgi", "--workers", "1", "--no-ws", "--log-level", "warning"]
TICKS = os.sysconf("SC_CLK_TCK")
Measured = dict[str, float]


@dataclass(frozen=True)
class Served:
    """A server on loopback, by its port and its main process. `database` is the process of its database's server."""

    port: int
    process_id: int
    database: int = 0

    def get(self, path: str) -> tuple[str, Any]:
        """One answer. Shape: its ETag and its JSON."""
        with urlopen(Request(f"http://127.0.0.1:{self.port}{path}"), timeout=10) as answer:
            return answer.headers["ETag"], json.load(answer)

    def size(self, path: str) -> int:
        """How many bytes an answer has."""
        with urlopen(f"http://127.0.0.1:{self.port}{path}", timeout=10) as answer:
            return len(answer.read())

    def status(self, path: str) -> int:
        """The status of one answer."""
        try:
            with urlopen(f"http://127.0.0.1:{self.port}{path}", timeout=10) as answer:
                return int(answer.status)
        except HTTPError as error:
            with error:
                return error.code

    @property
    def worker(self) -> int:
        """The process that answers."""
        return _children(self.process_id)[0]


@dataclass(frozen=True)
class Subject:
    """What is asked of a server: paths in turn, or paths with the ETag that the asker holds and a tab between."""

    server: Served
    asked: Sequence[str]


@contextmanager
def product(home: Path, database_url: str = "", database: int = 0) -> Iterator[Served]:
    """The API upon a home. PostgreSQL may be one that promises no durability, since nothing is written."""
    port = free_port()
    more = {
        "COPYDESK_HOME": str(home), "COPYDESK_DATABASE_URL": database_url, "COPYDESK_ALLOW_UNSAFE_DATABASE": "1",
        "COPYDESK_PORT": str(port), "COPYDESK_API_PROCESSES": "1", "COPYDESK_API_THREADS": str(THREADS),
    }  # fmt: skip
    with _served([str(COPYDESK), "api"], port, "/content/v1/tags", home, more, database) as served:
        yield served


@contextmanager
def yardstick(name: str, home: Path, sizes: Sequence[int]) -> Iterator[Served]:
    """Constant bytes of these sizes; `name` is `constant` for the Flask view, or `bare`. `home` is for its log."""
    more = {"CONSTANT_BYTES": ",".join(str(size) for size in dict.fromkeys(sizes))}
    port, path = free_port(), f"/constant/{sizes[0]}"
    target = ["--factory", *SERVER, "--blocking-threads", str(THREADS), f"benchmarks.constant_view:create_{name}_app"]
    command = [sys.executable, "-m", "granian", "--host", "127.0.0.1", "--port", str(port), *target]
    with _served(command, port, path, home, more) as served:
        yield served


def in_turn(subjects: Mapping[str, Subject], rounds: int, seconds: float) -> dict[str, Measured]:
    """Medians over rounds in which each subject has its turn.

    Shape: per subject `rate` (a second) and, of the server, `cpu_ms` a request; with a database's server `database_ms`.
    """
    found: dict[str, list[Measured]] = {name: [] for name in subjects}
    for _ in range(rounds):
        for name, subject in subjects.items():
            found[name].append(measured(subject, seconds))
    return {
        name: {part: round(statistics.median(row[part] for row in rows), 4) for part in rows[0]}
        for name, rows in found.items()
    }


def measured(subject: Subject, seconds: float, connections: int = CONNECTIONS) -> Measured:
    """One turn: a load for so many seconds."""
    server = subject.server
    before = _cpu_seconds(server.process_id), _cpu_seconds(server.database)
    command = [sys.executable, "-m", "benchmarks.load", str(server.port), str(connections), str(seconds)]
    asked = "\n".join(subject.asked)
    done = subprocess.run(command, input=asked, capture_output=True, text=True, check=True, timeout=seconds + 60)
    result = json.loads(done.stdout)
    after = _cpu_seconds(server.process_id), _cpu_seconds(server.database)
    told = {"rate": result["requests"] / result["seconds"]}
    told["cpu_ms"] = (after[0] - before[0]) / result["requests"] * 1000
    if server.database:
        told["database_ms"] = (after[1] - before[1]) / result["requests"] * 1000
    return told


@contextmanager
def _served(
    command: Sequence[str], port: int, path: str, home: Path, more: Mapping[str, str], database: int = 0
) -> Iterator[Served]:
    environment = {name: value for name, value in os.environ.items() if not name.startswith("COPYDESK_")}
    environment |= {name: value for name, value in more.items() if value}
    with (home / f"server-{port}.log").open("wb") as log:
        process = subprocess.Popen(command, env=environment, stderr=log, stdout=log, start_new_session=True)
    try:
        _wait(f"http://127.0.0.1:{port}{path}")
        yield Served(port, process.pid, database)
    finally:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait(5)


def _wait(url: str) -> None:
    until = time.monotonic() + 30
    while time.monotonic() < until:
        try:
            with urlopen(url, timeout=2):
                return
        except OSError:
            time.sleep(0.05)
    raise RuntimeError(f"{url} does not answer")


def _cpu_seconds(process_id: int) -> float:
    """User and system time of a process and its children so far; 0 for none. Source: proc(5), stat."""
    total = 0.0
    for pid in (process_id, *_children(process_id)) if process_id else ():
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        total += (int(fields[11]) + int(fields[12])) / TICKS
    return total


def _children(process_id: int) -> list[int]:
    text = "".join(path.read_text() for path in Path(f"/proc/{process_id}/task").glob("*/children"))
    return [int(part) for part in text.split()]

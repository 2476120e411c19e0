"""How long `copydesk up` takes until it can serve, on an empty home and on a used one, and what it holds in memory."""

import contextlib
import json
import os
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from typing import Any

from benchmarks.report import Row

STARTS = 3
IDLE_SECONDS = 10
LONGEST_SECONDS = 60
READY_SECONDS = 5.0
MOST_MB = 400
REPETITIONS = f"Medians of {STARTS} starts; memory {IDLE_SECONDS} s after readiness, as the sum of PSS."
KINDS = (
    "api",
    "relay",
    "worker --queues bulk,derive",
    "worker --queues search",
    "worker --queues mail",
    "mailbox",
    "valkey-server",
    "up",
)


def run() -> dict[str, Any]:
    """Medians of seconds until /readyz says 200, and the proportional set size (PSS) of each part in MB when idle.

    The sample newsroom is loaded after readiness on the empty homes; the memory is that of a used home.
    """
    seconds: dict[str, list[float]] = {"empty_home": [], "used_home": []}
    sizes: list[dict[str, float]] = []
    with tempfile.TemporaryDirectory() as folder:
        for number in range(STARTS):
            home = Path(folder) / f"home-{number}"
            with _up(home) as (port, _):
                seconds["empty_home"].append(_seconds_until_ready(port))
                _wait_for_sample(port)
        for number in range(STARTS):
            with _up(Path(folder) / f"home-{number}") as (port, _):
                seconds["used_home"].append(_seconds_until_ready(port))
                time.sleep(IDLE_SECONDS)
                sizes.append(_sizes(Path(folder) / f"home-{number}"))
    names = sorted({name for size in sizes for name in size})
    by_part = {name: round(statistics.median(size.get(name, 0.0) for size in sizes), 1) for name in names}
    return {
        "starts": STARTS,
        "seconds_until_ready": {name: round(statistics.median(values), 2) for name, values in seconds.items()},
        "pss_mb": by_part,
        "pss_mb_together": round(statistics.median(sum(size.values()) for size in sizes), 1),
    }


def rows(figures: dict[str, Any]) -> list[Row]:
    """What a newcomer waits for, and what the product holds when idle."""
    seconds = figures["seconds_until_ready"]
    parts = ", ".join(f"{name} {size:.0f}" for name, size in sorted(figures["pss_mb"].items()))
    return [
        *(
            Row(f"`copydesk up` until ready, {label}", f"≤ {READY_SECONDS:.0f} s", f"{seconds[name]:.1f} s", is_kept)
            for name, label in (("empty_home", "on an empty home"), ("used_home", "on a used home"))
            for is_kept in [seconds[name] <= READY_SECONDS]
        ),
        Row(
            "memory of all processes together, idle",
            f"≤ {MOST_MB} MB",
            f"{figures['pss_mb_together']:.0f} MB ({parts})",
            figures["pss_mb_together"] <= MOST_MB,
        ),
    ]


@contextlib.contextmanager
def _up(home: Path) -> Iterator[tuple[int, int]]:
    """A running product. Shape: its port and its process."""
    port = _three_free_ports()
    environment = {name: value for name, value in os.environ.items() if not name.startswith("COPYDESK_")}
    environment |= {"COPYDESK_HOME": str(home), "COPYDESK_PORT": str(port)}
    command = [sys.executable, str(Path(sys.executable).with_name("copydesk")), "up"]
    with home.with_name(f"{home.name}.log").open("ab") as log:
        process = subprocess.Popen(command, env=environment, stdout=log, stderr=log, start_new_session=True)
    try:
        yield port, process.pid
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(60)


def _three_free_ports() -> int:
    """A port that is free, as are those that the mailbox takes beside it."""
    while True:
        with contextlib.ExitStack() as held:
            first = held.enter_context(socket.socket())
            first.bind(("127.0.0.1", 0))
            port = int(first.getsockname()[1])
            with contextlib.suppress(OSError, OverflowError):
                for beside in (port + 25, port + 26):
                    held.enter_context(socket.socket()).bind(("127.0.0.1", beside))
                return port


def _seconds_until_ready(port: int) -> float:
    began = time.monotonic()
    while time.monotonic() - began < LONGEST_SECONDS:
        if _get(port, "/readyz")[0] == 200:
            return time.monotonic() - began
        # A server that is not ready keeps that answer for a second, so it is not asked too early.
        time.sleep(0.05)
    raise RuntimeError("copydesk up was not ready within a minute")


def _wait_for_sample(port: int) -> None:
    until = time.monotonic() + LONGEST_SECONDS
    while time.monotonic() < until:
        status, body = _get(port, "/content/v1/articles?count=exact&limit=1")
        if status == 200 and (json.loads(body)["meta"]["count"] or 0) >= 40:
            return
        time.sleep(0.5)
    raise RuntimeError("the sample newsroom was not loaded within a minute")


def _get(port: int, path: str) -> tuple[int, bytes]:
    asker = HTTPConnection("127.0.0.1", port, timeout=5)
    try:
        asker.request("GET", path)
        answer = asker.getresponse()
        return answer.status, answer.read()
    except (OSError, HTTPException):
        return 0, b""
    finally:
        asker.close()


def _sizes(home: Path) -> dict[str, float]:
    """Source: proc(5), smaps_rollup. PSS shares pages that several processes have among them."""
    sizes: dict[str, float] = {}
    for folder in Path("/proc").iterdir():
        if not folder.name.isdigit() or int(folder.name) == os.getpid():
            continue
        with contextlib.suppress(OSError):
            command = (folder / "cmdline").read_bytes().replace(b"\0", b" ").decode("utf-8", "replace").strip()
            environment = (folder / "environ").read_bytes().split(b"\0")
            if f"COPYDESK_HOME={home}".encode() not in environment and str(home) not in command:
                continue
            rows = (folder / "smaps_rollup").read_text("ascii").splitlines()
            kilobytes = next(int(row.split()[1]) for row in rows if row.startswith("Pss:"))
            name = next((kind for kind in KINDS if kind in command), "other")
            sizes[name] = sizes.get(name, 0.0) + kilobytes / 1024
    return sizes


if __name__ == "__main__":
    print(json.dumps(run(), indent=2))

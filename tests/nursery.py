"""A process that has loaded the product and forks its parts for tests, as `copydesk up` does (ADR 15).

Most of what it costs to start a part is to load it. The tests of the command lines themselves do without this.
"""

import atexit
import json
import os
import runpy
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache, partial
from pathlib import Path
from typing import Any

import click

from cms.cli import main
from cms.launch.loading import METRICS_VARIABLE, load_application, share_what_is_loaded
from cms.launch.starting import Forked, fork
from cms.launch.up import LOADED
from cms.settings import Settings

TOP = Path(__file__).parents[1]
COMMAND = "copydesk"


@dataclass
class Nursling:
    """A forked part, with what a test wants of a `Popen`."""

    pid: int
    nursery: "Nursery"
    returncode: int | None = None

    def poll(self) -> int | None:
        """The exit status, negative for a signal, or None while it runs."""
        if self.returncode is None:
            self.returncode = self.nursery.ask({"poll": self.pid})
        return self.returncode

    def wait(self, timeout: float = 60) -> int:
        """The exit status once it is over. Raises: subprocess.TimeoutExpired."""
        until = time.monotonic() + timeout
        while (status := self.poll()) is None:
            if time.monotonic() > until:
                raise subprocess.TimeoutExpired(COMMAND, timeout)
            time.sleep(0.005)
        return status

    def send_signal(self, number: int) -> None:
        """Send it a signal."""
        os.kill(self.pid, number)


class Nursery:
    """The test's end of the process. It ends, and with it all that it forked, when this process does."""

    def __init__(self) -> None:
        environment = {name: value for name, value in os.environ.items() if not name.startswith("COPYDESK_")}
        self.lock = threading.Lock()
        self.process = subprocess.Popen(
            [sys.executable, "-m", "tests.nursery"],
            cwd=TOP, env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
        )  # fmt: skip
        atexit.register(self.close)

    def start(
        self, module: str, words: Sequence[str], environment: Mapping[str, str], out: Path, err: Path
    ) -> Nursling:
        """Fork one part: `copydesk` with these words, or a module that is run as a program. It leads its session.

        The files of what it says are there when this returns, as of a program that was started.
        """
        for path in (out, err):
            path.touch(0o600)
        order = {"module": module, "words": words, "environment": dict(environment), "out": str(out), "err": str(err)}
        return Nursling(self.ask(order), self)

    def ask(self, order: Mapping[str, Any]) -> Any:
        """One order and its answer."""
        with self.lock:
            assert self.process.stdin is not None and self.process.stdout is not None
            self.process.stdin.write(f"{json.dumps(order)}\n")
            self.process.stdin.flush()
            answer = self.process.stdout.readline()
        assert answer, "the nursery ended; what it said is above"
        return json.loads(answer)

    def close(self) -> None:
        """End the process."""
        self.process.communicate()


@cache
def nursery() -> Nursery:
    """The one of this test process."""
    return Nursery()


def serve() -> None:
    """Load everything, then fork whatever is ordered until nobody orders any more."""
    with tempfile.TemporaryDirectory(prefix="copydesk-nursery-") as home:
        load_application(Settings(home=Path(home)))
        group = click.Context(main)
        for name in LOADED:
            main.get_command(group, name)
        share_what_is_loaded()
        children: dict[int, Forked] = {}
        for line in sys.stdin:
            print(json.dumps(_obey(json.loads(line), children)), flush=True)


def _obey(order: dict[str, Any], children: dict[int, Forked]) -> int | None:
    if "poll" in order:
        status = children[order["poll"]].poll()
        if status is not None:
            del children[order["poll"]]
        return status
    environment = order["environment"] | {METRICS_VARIABLE: os.environ[METRICS_VARIABLE]}
    child = fork(
        partial(_run, order["module"], order["words"], order["out"], order["err"]),
        words=(order["module"] or COMMAND, *order["words"]),
        environment=environment,
        left=(),
        is_captured=False,
    )
    assert isinstance(child, Forked) and child.stdout is not None
    child.stdout.close()
    children[child.pid] = child
    return child.pid


def _run(module: str, words: list[str], out: str, err: str) -> None:
    for path, standard in ((out, 1), (err, 2)):
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        os.dup2(descriptor, standard)
        os.close(descriptor)
    if module:
        sys.argv = [module, *words]
        runpy.run_module(module, run_name="__main__", alter_sys=True)
    else:
        main.main(args=words, prog_name=COMMAND)


if __name__ == "__main__":
    serve()

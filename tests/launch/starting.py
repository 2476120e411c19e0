"""`copydesk up` as a newcomer has it: one process that is started, and whatever it starts."""

import contextlib
import json
import os
import signal
import subprocess
import urllib.error
import urllib.request
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import uuid4

from cms.launch.starting import CAN_FORK
from tests.launch.processes import processes_with
from tests.nursery import nursery
from tests.product import COPYDESK, TOP
from tests.servers import free_port, wait_until


@dataclass
class Start:
    """A running `copydesk up`, or whatever ran it."""

    process: subprocess.Popen[bytes]
    home: Path
    port: int
    environment: dict[str, str]
    output: Path

    def said(self) -> str:
        """What was printed so far."""
        return self.output.read_text("utf-8")

    def wait_ready(self) -> None:
        """Wait until it says that it is ready."""
        wait_until(
            lambda: " is ready after " in self.said() or self.process.poll() is not None,
            seconds=60,
            what=f"readiness; the output is in {self.output}",
        )
        assert self.process.poll() is None, self.said()

    def processes(self) -> dict[int, str]:
        """Everything that runs on this home, `copydesk up` included."""
        return processes_with("COPYDESK_HOME", str(self.home))

    def part(self, words: str) -> int:
        """The process that leads a part, by the end of its command line; 0 when there is none."""
        for number, command in self.processes().items():
            with contextlib.suppress(ProcessLookupError):
                if words in command and os.getpgid(number) == number:
                    return number
        return 0

    def get(self, path: str, token: str = "") -> tuple[int, Any]:
        """One request. Shape: status, 0 when nothing answered, and the JSON of the answer."""
        request = urllib.request.Request(f"http://127.0.0.1:{self.port}{path}")
        if token:
            request.add_header("Authorization", f"Bearer {token}")
        try:
            with urllib.request.urlopen(request, timeout=10) as answer:
                return answer.status, json.loads(answer.read())
        except urllib.error.HTTPError as error:
            return error.code, json.loads(error.read())
        except OSError:
            return 0, None

    def run(self, *words: str, **settings: str) -> subprocess.CompletedProcess[str]:
        """Run another command beside it to its end, in a process that was forked where that is possible."""
        given = {f"COPYDESK_{name.upper()}": value for name, value in settings.items()}
        environment = {**self.environment, **given}
        if CAN_FORK:
            out, err = (self.home.with_name(f"{uuid4()}.{name}") for name in ("out", "err"))
            status = nursery().start("", words, environment, out, err).wait(90)
            return subprocess.CompletedProcess(words, status, out.read_text("utf-8"), err.read_text("utf-8"))
        return subprocess.run(
            [COPYDESK, *words], env=environment, cwd=TOP, capture_output=True, text=True, timeout=90, check=False
        )


@contextlib.contextmanager
def started(home: Path, *words: str, command: Sequence[str | Path] = (), **settings: str) -> Iterator[Start]:
    """Start it on a home, and end whatever is left of it at the end, by id."""
    port = free_port()
    output = home.with_name(f"{home.name}.output")
    given = {
        "home": str(home), "port": str(port),
        "mailbox_port": str(free_port()), "mailbox_smtp_port": str(free_port()),
        # The sample's pictures in one small size cost little of what others are tested with.
        "reader_port": str(free_port()), "media_presets": "natural=320", **settings,
    }  # fmt: skip
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("COPYDESK_", "MAKE"))}
    environment |= {f"COPYDESK_{name.upper()}": value for name, value in given.items()}
    with output.open("wb") as stream:
        process = subprocess.Popen(
            [*(command or [COPYDESK, "up"]), *words],
            env=environment, cwd=TOP, stdin=subprocess.DEVNULL, stdout=stream, stderr=stream, start_new_session=True,
        )  # fmt: skip
    running = Start(process, home, port, environment, output)
    try:
        yield running
    finally:
        for number in running.processes():
            with contextlib.suppress(ProcessLookupError):
                os.kill(number, signal.SIGKILL)
        process.wait(10)

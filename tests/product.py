"""The real product in real processes, for tests that need it: each part runs its own `copydesk` command.

As under `copydesk up`, the parts are forked from a process that has loaded them, unless a test wants command lines.
"""

import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from email.message import Message
from pathlib import Path
from typing import Any

from cms.launch.starting import CAN_FORK
from tests.nursery import Nursling, nursery
from tests.servers import free_port, wait_until

COPYDESK = Path(sys.executable).with_name("copydesk")
TOP = Path(__file__).parents[1]
# The file that the first migration of this test process made, in which nothing of an installation stands yet.
MIGRATED: list[bytes] = []
PARTS: dict[str, list[str]] = {
    "api": ["api"],
    "relay": ["relay"],
    "worker": ["worker", "--queues", "bulk,derive,mail"],
    "worker-search": ["worker", "--queues", "search"],
    "mailbox": ["mailbox"],
    "reader": ["reader"],
}


@dataclass
class Product:
    """Running parts over one home. Each part leads its own session, so that a kill takes its children too."""

    home: Path
    environment: dict[str, str]
    port: int
    running: dict[str, subprocess.Popen[bytes] | Nursling] = field(default_factory=dict)
    is_forked: bool = False
    commands: Mapping[str, list[str]] = field(default_factory=lambda: PARTS)

    @property
    def url(self) -> str:
        """Where the API answers."""
        return f"http://127.0.0.1:{self.port}"

    def copydesk(self, *words: str, seconds: float = 60) -> str:
        """Run one command to its end and give what it printed. Raises: AssertionError when it fails."""
        if self.is_forked:
            return self._fork_to_end(words, seconds)
        done = subprocess.run(
            [COPYDESK, *words],
            env=self.environment,
            cwd=TOP,
            capture_output=True,
            text=True,
            timeout=seconds,
            check=False,
        )
        assert done.returncode == 0, f"copydesk {' '.join(words)}: {done.stdout}\n{done.stderr}"
        return done.stdout

    def start(self, *names: str) -> None:
        """Start parts; their output goes to a file in the home."""
        for name in names:
            path = self.home / f"{name}.log"
            if self.is_forked:
                self.running[name] = nursery().start("", self.commands[name], self.environment, path, path)
                continue
            with path.open("ab") as log:
                self.running[name] = subprocess.Popen(
                    [COPYDESK, *self.commands[name]],
                    env=self.environment,
                    cwd=TOP,
                    stdout=log,
                    stderr=log,
                    stdin=subprocess.DEVNULL,
                    start_new_session=True,
                )

    def kill(self, name: str) -> None:
        """kill -9 of a part with all its children."""
        process = self.running.pop(name)
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait(20)
        if name == "api":
            # Its children are nobody's then, and may hold the port a moment longer.
            wait_until(lambda: not self._is_listening(), what="the port to be free")

    def stop(self) -> None:
        """End every part, by its id."""
        for process in self.running.values():
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGTERM)
        until = time.monotonic() + 15
        for name, process in list(self.running.items()):
            try:
                process.wait(max(0.1, until - time.monotonic()))
                with contextlib.suppress(ProcessLookupError):
                    os.killpg(process.pid, signal.SIGKILL)
                self.running.pop(name)
            except subprocess.TimeoutExpired:
                self.kill(name)

    def end(self) -> None:
        """End every part at once, where nobody looks at how it ends: a worker takes a second to end in good order."""
        for name in list(self.running):
            self.kill(name)

    def wait_ready(self) -> None:
        """Wait until the API says that it can serve."""
        wait_until(lambda: self.ask("GET", "/readyz")[0] == 200, seconds=40, what=f"readiness; logs are in {self.home}")

    def wait_settled(self, seconds: float = 60) -> None:
        """Wait until no delivery is open: everything that follows from what was acknowledged has been done."""
        wait_until(
            lambda: 'state="open"' not in self.ask("GET", "/metrics")[1],
            seconds=seconds,
            what=f"an end of open deliveries; logs are in {self.home}",
        )

    def ask(
        self, method: str, path: str, body: Any = None, token: str = "", **headers: str
    ) -> tuple[int, Any, Message]:
        """One request. Shape: status (0 when nothing answered), JSON or text, headers in any case."""
        request = urllib.request.Request(self.url + path, method=method)
        if token:
            request.add_header("Authorization", f"Bearer {token}")
        for name, value in headers.items():
            request.add_header(name.replace("_", "-"), value)
        data = body if isinstance(body, bytes) else None
        if body is not None and data is None:
            request.add_header("Content-Type", "application/json")
            data = json.dumps(body).encode()
        try:
            with urllib.request.urlopen(request, data, timeout=10) as answer:
                return answer.status, _read(answer.read()), answer.headers
        except urllib.error.HTTPError as error:
            return error.code, _read(error.read()), error.headers
        except OSError:
            return 0, None, Message()

    def _is_listening(self) -> bool:
        with socket.socket() as asking:
            return asking.connect_ex(("127.0.0.1", self.port)) == 0

    def _fork_to_end(self, words: Sequence[str], seconds: float) -> str:
        with tempfile.TemporaryDirectory(prefix="copydesk-said-") as folder:
            out, err = Path(folder) / "out", Path(folder) / "err"
            status = nursery().start("", words, self.environment, out, err).wait(seconds)
            said = out.read_text()
            assert status == 0, f"copydesk {' '.join(words)}: {said}\n{err.read_text()}"
            return said

    def log(self, name: str) -> str:
        """What a part has printed so far."""
        return (self.home / f"{name}.log").read_text("utf-8", "replace")


def _read(data: bytes) -> Any:
    try:
        return json.loads(data) if data else None
    except ValueError:
        return data.decode("utf-8", "replace")


@contextlib.contextmanager
def product(home: Path, *parts: str, is_forked: bool = CAN_FORK, **settings: str) -> Iterator[Product]:
    """A product with the named parts on an empty home; `settings` are variables without their prefix, lower-case."""
    home.mkdir(exist_ok=True)
    port = free_port()
    environment = {name: value for name, value in os.environ.items() if not name.startswith("COPYDESK_")}
    given = {
        "home": str(home), "port": str(port), "api_processes": "1", "log_level": "warning",
        "mailbox_port": str(free_port()), "mailbox_smtp_port": str(free_port()), "reader_port": str(free_port()),
        **settings,
    }  # fmt: skip
    environment |= {f"COPYDESK_{name.upper()}": value for name, value in given.items()}
    running = Product(home, environment, port, is_forked=is_forked)
    file = home / "copydesk.db"
    if MIGRATED:
        file.write_bytes(MIGRATED[0])
    running.copydesk("migrate")
    if not MIGRATED:
        MIGRATED.append(file.read_bytes())
    try:
        running.start(*parts)
        if "api" in parts:
            running.wait_ready()
        yield running
    finally:
        running.end()

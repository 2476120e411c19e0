"""`copydesk api` by itself: several processes, one of which may die, under one that ends them all."""

import json
import os
import re
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from cms.content.publishing import put_document
from cms.migrations.running import upgrade
from cms.platform.db import Database
from cms.settings import Settings
from tests.content.making import DAY_ONE, article
from tests.launch.processes import processes_with
from tests.product import COPYDESK, TOP, Product
from tests.servers import free_port, wait_until

pytestmark = pytest.mark.slow
PROCESSES = 2


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Product]:
    """Two processes on a home that was never migrated."""
    with api(tmp_path / "home", api_processes=PROCESSES) as running:
        yield running


@contextmanager
def api(home: Path, **more: int) -> Iterator[Product]:
    """`copydesk api` upon a home, with some settings."""
    home.mkdir(exist_ok=True)
    environment = {name: value for name, value in os.environ.items() if not name.startswith("COPYDESK_")}
    given = {"home": home, "port": free_port(), "redis_url": "redis://127.0.0.1:1/0", **more}
    environment |= {f"COPYDESK_{name.upper()}": str(value) for name, value in given.items()}
    running = Product(home, environment, int(environment["COPYDESK_PORT"]))
    running.start("api")
    wait_until(lambda: running.ask("GET", "/livez")[0] == 200, what=f"the API; its log is in {home}")
    try:
        yield running
    finally:
        running.stop()


def alive(server: Product) -> list[int]:
    return sorted(processes_with("COPYDESK_HOME", str(server.home)))


def test_it_lives_and_dies_as_one(server: Product) -> None:
    main = server.running["api"].pid
    wait_until(lambda: len(alive(server)) == 1 + PROCESSES, what="all processes")
    # Without tables it answers, and says that it cannot serve.
    status, health, _ = server.ask("GET", "/readyz")
    assert (status, health["status"]) == (503, "unavailable")
    server.copydesk("migrate")
    wait_until(lambda: server.ask("GET", "/readyz")[0] == 200, what="readiness after the migration")

    # Requests are counted over all processes.
    for _ in range(30):
        assert server.ask("GET", "/content/v1/tags")[0] == 200
    # Each process counts four times a second, and only the one that is asked has counted all that it answered.
    counted = re.compile(r'requests_total\{method="GET",route="/content/v1/tags",status="200"\} (\S+)')
    wait_until(lambda: counted.findall(server.ask("GET", "/metrics")[1]) == ["30.0"], what="all requests in the counts")

    # Whoever tidies the folder of the counts away takes the counts; who comes after answers all the same.
    shutil.rmtree(server.home / "metrics")

    # One process dies: another takes its place while the rest go on.
    victim = next(number for number in alive(server) if number != main)
    os.kill(victim, signal.SIGKILL)
    wait_until(lambda: victim not in alive(server) and len(alive(server)) == 1 + PROCESSES, what="a new process")
    assert [server.ask("GET", "/livez")[0] for _ in range(40)] == [200] * 40

    # Every line is JSON, those of the HTTP server included.
    lines = [json.loads(line) for line in server.log("api").splitlines()]
    assert any("Unexpected exit" in line["event"] for line in lines)

    # The one above all is killed: nobody goes on holding its port.
    os.kill(main, signal.SIGKILL)
    server.running.pop("api").wait(10)
    wait_until(lambda: alive(server) == [], seconds=10, what="the end of all processes")


def test_it_ends_at_once_when_told_to_although_somebody_is_connected_and_somebody_follows(server: Product) -> None:
    server.copydesk("migrate")
    address = ("127.0.0.1", server.port)
    with socket.create_connection(address) as kept, socket.create_connection(address) as followed:
        kept.sendall(b"GET /livez HTTP/1.1\r\nHost: localhost\r\n\r\n")
        assert kept.recv(12) == b"HTTP/1.1 200"
        followed.sendall(b"GET /content/v1/changes HTTP/1.1\r\nHost: localhost\r\nAccept: text/event-stream\r\n\r\n")
        followed.settimeout(20)
        came = b""
        while b"retry: 2000" not in came:
            came += followed.recv(4096)
        process = server.running.pop("api")
        began = time.monotonic()
        process.send_signal(signal.SIGTERM)
        came += b"".join(iter(lambda: followed.recv(4096), b""))
        assert process.wait(20) == 0
        print(f"stopped with an open stream after {time.monotonic() - began:.2f} s")
        # The stream came to its end; one that is broken off, by the kill of its process, lacks the last chunk.
        assert came.endswith(b"0\r\n\r\n"), came
    assert alive(server) == []


def test_a_taken_port_is_one_line(tmp_path: Path) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = str(other.getsockname()[1])
        done = subprocess.run(
            [COPYDESK, "api"],
            env={**os.environ, "COPYDESK_HOME": str(tmp_path), "COPYDESK_PORT": port},
            cwd=TOP,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
    assert done.returncode == 1
    assert done.stderr.count("\n") == 1
    assert "COPYDESK_PORT" in done.stderr


def test_readers_are_answered_while_another_thread_waits_for_a_body(tmp_path: Path) -> None:
    home = tmp_path / "home"
    home.mkdir()
    database = Database(Settings(home=home).database, is_durable=False)
    upgrade(database)
    story = article(1)
    with database.transaction() as session:
        put_document(session, story, DAY_ONE)
    database.dispose()
    path = f"/content/v1/articles/en/{story.slug}"
    with api(home, api_processes=1, api_threads=2, change_streams=0) as server:
        for _ in range(3):
            with socket.create_connection(("127.0.0.1", server.port), timeout=10) as slow:
                slow.sendall(b"POST /readers/v1/codes HTTP/1.1\r\nHost: localhost\r\n"
                             b"Content-Type: application/json\r\nContent-Length: 2\r\n\r\n{")  # fmt: skip
                assert [server.ask("GET", path)[0] for _ in range(20)] == [200] * 20
                slow.sendall(b"}")
                assert slow.recv(65_536).startswith(b"HTTP/1.1 422")
        # What is refused before its body is read keeps no thread.
        for _ in range(5):
            assert server.ask("POST", "/api/v1/articles", {})[0] == 401
            assert server.ask("GET", path)[0] == 200

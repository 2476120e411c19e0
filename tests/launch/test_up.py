"""`copydesk up`: everything with one command, and nothing left of it afterwards."""

import contextlib
import os
import signal
import sqlite3
import stat
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.launch.starting import Start, started
from tests.product import COPYDESK, TOP
from tests.servers import Broker, free_port, wait_until

pytestmark = [pytest.mark.slow, pytest.mark.timeout(180)]
PARTS = (
    "copydesk api",
    "copydesk relay",
    "--queues bulk,derive",
    "--queues search",
    "--queues mail",
    "copydesk mailbox",
    "copydesk reader",
)
BROKER = "valkey-server"
LEAST_SAMPLE_ARTICLES = 40


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Start]:
    """A first start on an empty home, shared by the tests that do not end it."""
    with started(tmp_path_factory.mktemp("up") / "home") as start:
        start.wait_ready()
        yield start


def test_the_last_lines_are_the_addresses_and_the_first_token(running: Start) -> None:
    welcome = running.said().partition(" is ready after ")[2]
    assert f"http://127.0.0.1:{running.port}/docs" in welcome
    assert f"http://127.0.0.1:{running.environment['COPYDESK_READER_PORT']}" in welcome.split("\n\n")[1].splitlines()[0]
    assert f"http://127.0.0.1:{running.environment['COPYDESK_READER_PORT']}" in welcome
    assert f"http://127.0.0.1:{running.environment['COPYDESK_MAILBOX_PORT']}" in welcome
    assert f"COPYDESK_PORT={running.port} {COPYDESK.relative_to(TOP)} demo" in welcome
    assert "/content/v1/search?q=" in welcome
    token = welcome.partition("token, shown only now:")[2].split()[0]
    assert running.get("/api/v1/articles", token)[0] == 200
    assert running.get("/api/v1/articles")[0] == 401


def test_the_demo_comes_true(running: Start) -> None:
    done = running.run("demo")
    assert done.returncode == 0, done.stdout + done.stderr + running.said()
    assert "code accepted" in done.stdout


def test_the_demo_leaves_no_article_and_doctor_finds_nothing_wrong(running: Start) -> None:
    assert running.run("demo").returncode == 0
    assert not [article for article in _articles(running) if "lock hill" in article["title"]]
    wait_until(lambda: running.run("doctor").returncode == 0, seconds=60, what="nothing to mend")
    assert "api: http://127.0.0.1:" in running.run("doctor").stdout


def test_the_sample_newsroom_is_there(running: Start) -> None:
    wait_until(lambda: len(_articles(running)) >= LEAST_SAMPLE_ARTICLES, seconds=30, what="the sample newsroom")
    assert {article["locale"] for article in _articles(running)} >= {"en", "zh-CN", "kk", "ru"}


def test_a_token_is_printed_and_nothing_else(running: Start) -> None:
    done = running.run("token", "issue", "--role", "administrator", "--quiet")
    assert done.returncode == 0
    assert done.stderr == ""
    assert len(done.stdout.split()) == 1
    assert running.get("/api/v1/articles", done.stdout.strip())[0] == 200


def test_the_home_is_closed_to_others_and_the_broker_has_no_port(running: Start) -> None:
    assert stat.S_IMODE(running.home.stat().st_mode) == 0o700
    assert stat.S_IMODE((running.home / "broker").stat().st_mode) == 0o700
    command = next(line for line in running.processes().values() if BROKER in line and "/bin/sh" not in line)
    assert ":0" not in command.replace(str(running.home), "")
    assert any(path.is_socket() for path in (running.home / "broker").iterdir())


def test_what_is_killed_comes_back(running: Start) -> None:
    before = {words: running.part(words) for words in (*PARTS, BROKER)}
    assert all(before.values()), before
    for number in before.values():
        os.kill(number, signal.SIGKILL)
    for words, number in before.items():
        wait_until(lambda w=words, n=number: running.part(w) not in (0, n), seconds=20, what=f"a new {words}")
    wait_until(lambda: running.get("/readyz")[0] == 200, what="readiness after the kills")
    for name in ("api", "relay", "worker", "worker-search", "worker-mail", "mailbox", "broker"):
        assert f"{name} was ended by SIGKILL; starting it again in " in running.said()


@pytest.mark.parametrize(
    ("settings", "says"),
    [
        ({}, "Copydesk already runs on"),
        ({"home": "another"}, "choose another with COPYDESK_PORT"),
        ({"home": "another", "port": "another"}, "choose another with COPYDESK_MAILBOX_PORT"),
        ({"home": "another", "port": "another", "mailbox_port": "another"}, "with COPYDESK_MAILBOX_SMTP_PORT"),
        (
            {"home": "another", "port": "one", "mailbox_port": "two", "mailbox_smtp_port": "three"},
            "with COPYDESK_READER_PORT",
        ),
    ],
)
def test_a_second_start_is_refused_in_one_line(
    running: Start, tmp_path: Path, settings: dict[str, str], says: str
) -> None:
    ports = {word: str(free_port()) for word in settings.values()}
    given = {name: str(tmp_path / "home") if name == "home" else ports[word] for name, word in settings.items()}
    done = running.run("up", "--no-sample", **given)
    assert done.returncode == 1
    assert done.stdout == ""
    assert says in done.stderr
    assert done.stderr.count("\n") == 1


def test_ctrl_c_ends_everything(tmp_path: Path, broker: Broker) -> None:
    outside = {"redis_url": broker.url, "smtp_url": "smtp://127.0.0.1:1"}
    with started(tmp_path / "home", "--no-sample", **outside) as start:
        start.wait_ready()
        parts = " ".join(start.processes().values())
        assert "mailbox" not in parts
        assert BROKER not in parts
        start.process.send_signal(signal.SIGINT)
        assert start.process.wait(40) == 0
        assert start.processes() == {}
        assert "did not end" not in start.said()


def has_token(home: Path) -> bool:
    with (
        contextlib.suppress(sqlite3.Error),
        contextlib.closing(sqlite3.connect(f"file:{home}/copydesk.db?mode=ro", uri=True)) as file,
    ):
        return bool(file.execute("SELECT 1 FROM api_tokens").fetchone())
    return False


def test_the_first_token_is_not_lost_with_a_start_that_is_interrupted(tmp_path: Path) -> None:
    with started(tmp_path / "home", "--no-sample") as start:
        wait_until(lambda: has_token(start.home), seconds=60, what="the first token")
        start.process.send_signal(signal.SIGINT)
        assert start.process.wait(40) == 0
        assert "token, shown only now:" in start.said() or "copydesk token issue" in start.said()


@pytest.mark.parametrize("ending", ["terminate the group", "kill make"])
def test_make_run_ends_with_everything_that_it_started(tmp_path: Path, ending: str) -> None:
    program = Path(sys.executable).parent
    # What is installed stays as it is, and the programs are those of this test.
    make = ["make", "--old-file", ".venv/.installed", f"BIN={program}", "run", "ARGS=--no-sample"]
    with started(tmp_path / "home", command=make) as start:
        start.wait_ready()
        assert _articles(start) == []
        if ending == "kill make":
            start.process.kill()
        else:
            os.killpg(start.process.pid, signal.SIGTERM)
        start.process.wait(40)
        wait_until(lambda: start.processes() == {}, seconds=20, what="the end of every process")


def test_a_start_that_is_killed_leaves_nothing_and_the_next_one_goes_on(tmp_path: Path) -> None:
    with started(tmp_path / "home", "--no-sample") as start:
        start.wait_ready()
        assert "token" in start.said()
        start.process.kill()
        start.process.wait(10)
        with started(tmp_path / "home", "--no-sample") as again:
            again.wait_ready()
            assert "cpd_pat_" not in again.said()
            assert start.part("up --no-sample") == again.process.pid
            assert len([1 for line in again.processes().values() if "copydesk relay" in line]) == 1
            again.process.kill()
            again.process.wait(10)
            wait_until(lambda: again.processes() == {}, seconds=10, what="the end of every process")


def _articles(start: Start) -> list[dict[str, object]]:
    status, data = start.get("/content/v1/articles?limit=100")
    assert status == 200
    found: list[dict[str, object]] = data["data"]
    return found

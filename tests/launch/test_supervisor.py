"""The supervisor over small shell programs: it starts again what dies, ends in order, and leaves nothing behind."""

import contextlib
import os
import signal
import subprocess
import sys
import time
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from cms.launch.starting import CAN_FORK
from tests.launch.processes import processes_with
from tests.product import TOP
from tests.servers import wait_until

MARK = "SUPERVISOR_TEST"
OBEDIENT = 'trap "echo bye; exit 0" TERM; echo here; while :; do sleep 0.05; done'
STUBBORN = 'trap "" TERM INT; echo here; while :; do sleep 0.05; done'
FORKED = "import time; print('here'); [time.sleep(0.05) for _ in iter(int, 1)]"
FORKED_STUBBORN = (
    "import os, signal; from cms.launch import lifeline; signal.signal(signal.SIGTERM, signal.SIG_IGN); "
    f"lifeline.watch(int(os.environ[lifeline.VARIABLE])); {FORKED}"
)
needs_forks = pytest.mark.skipif(not CAN_FORK, reason="this system starts every part by its command line")
pytestmark = pytest.mark.slow


@dataclass
class Crew:
    """A running supervisor and what it has written so far."""

    process: subprocess.Popen[bytes]
    mark: str
    output: Path

    def said(self) -> str:
        return self.output.read_text("utf-8")

    def wait_said(self, text: str, times: int = 1) -> None:
        wait_until(lambda: self.said().count(text) >= times, what=f"{text!r} {times} times in {self.output}")

    def alive(self) -> dict[int, str]:
        return processes_with(MARK, self.mark)


@pytest.fixture
def crew(tmp_path: Path) -> Iterator[Callable[..., Crew]]:
    started: list[Crew] = []

    def start(*parts: str) -> Crew:
        mark, output = uuid.uuid4().hex, tmp_path / "output"
        with output.open("wb") as stream:
            process = subprocess.Popen(
                [sys.executable, "-m", "tests.launch.crew", *parts],
                cwd=TOP, env={**os.environ, MARK: mark}, stdout=stream, stderr=stream, start_new_session=True,
            )  # fmt: skip
        started.append(Crew(process, mark, output))
        started[-1].wait_said("all started")
        return started[-1]

    yield start
    for one in started:
        for process_id in one.alive():
            with contextlib.suppress(ProcessLookupError):
                os.kill(process_id, signal.SIGKILL)
        one.process.wait(10)


def test_parts_end_one_after_the_other_in_their_order(crew: Callable[..., Crew]) -> None:
    running = crew(f"first={OBEDIENT}", f"second={OBEDIENT}")
    running.wait_said("here", 2)
    running.process.send_signal(signal.SIGTERM)
    assert running.process.wait(10) == 0
    assert running.alive() == {}
    ends = [line.split()[0] for line in running.said().splitlines() if line.endswith("bye")]
    assert ends == ["first", "second"]


def test_a_part_that_dies_is_started_again_and_one_line_says_so(crew: Callable[..., Crew]) -> None:
    running = crew(f"solid={OBEDIENT}", "weak=exit 3", "once!=exit 4")
    running.wait_said("weak ended with exit status 3; starting it again in 1 s")
    running.wait_said("weak ended with exit status 3; starting it again in 2 s")
    assert running.said().count("here") == 1
    assert "once ended" not in running.said()
    assert "is back" not in running.said()


def test_a_part_that_was_killed_and_runs_again_is_back_by_one_line(crew: Callable[..., Crew]) -> None:
    running = crew(f"solid={OBEDIENT}")
    running.wait_said("here")
    victim = next(number for number, command in running.alive().items() if command.startswith("/bin/sh -c trap"))
    os.kill(victim, signal.SIGKILL)
    running.wait_said("solid was ended by SIGKILL; starting it again in 1 s")
    running.wait_said("solid is back")
    running.process.send_signal(signal.SIGTERM)
    assert running.process.wait(10) == 0
    assert running.said().count("solid is back") == 1
    assert "stopping; press Ctrl-C again to end everything at once" in running.said()


def test_a_killed_part_takes_its_own_children_with_it(crew: Callable[..., Crew]) -> None:
    running = crew("parent=sh -c 'echo here; while :; do sleep 0.05; done' grandchild & wait")
    running.wait_said("here")
    children = {number: line for number, line in running.alive().items() if number != running.process.pid}
    [leader] = [number for number in children if os.getpgid(number) == number]
    before = {number for number, line in children.items() if line.endswith("grandchild")}
    assert before
    os.kill(leader, signal.SIGKILL)
    running.wait_said("was ended by SIGKILL")
    running.wait_said("here", 2)
    assert not before & set(running.alive())


def test_what_does_not_end_in_its_time_is_killed(crew: Callable[..., Crew]) -> None:
    running = crew(f"stubborn={STUBBORN}")
    running.wait_said("here")
    running.process.send_signal(signal.SIGTERM)
    assert running.process.wait(10) == 0
    assert "stubborn did not end within 1 s; killing it" in running.said()
    assert running.alive() == {}


def test_a_second_ctrl_c_kills_at_once_but_a_second_sigterm_does_not(crew: Callable[..., Crew]) -> None:
    running = crew(f"stubborn={STUBBORN}")
    running.wait_said("here")
    for number in (signal.SIGTERM, signal.SIGTERM):
        running.process.send_signal(number)
        time.sleep(0.2)
    assert "killing everything at once" not in running.said()
    assert running.alive()
    running.process.send_signal(signal.SIGINT)
    assert running.process.wait(10) == 0
    assert "killing everything at once" in running.said()
    assert running.alive() == {}


def test_a_supervisor_that_is_killed_leaves_nothing_behind(crew: Callable[..., Crew]) -> None:
    running = crew(f"obedient~{OBEDIENT}", f"stubborn~{STUBBORN}")
    running.wait_said("here", 2)
    assert len(running.alive()) >= 3
    running.process.kill()
    running.process.wait(10)
    wait_until(lambda: running.alive() == {}, seconds=10, what="the end of every child")


@needs_forks
def test_a_forked_part_is_shown_by_its_words_and_ends_and_comes_back_like_any_other(crew: Callable[..., Crew]) -> None:
    running = crew(f"branch+{FORKED}")
    running.wait_said("branch        | here")
    [victim] = [number for number, command in running.alive().items() if command == "forked branch"]
    assert os.getpgid(victim) == victim
    os.kill(victim, signal.SIGKILL)
    running.wait_said("branch was ended by SIGKILL; starting it again in 1 s")
    running.wait_said("branch        | here", 2)
    running.process.send_signal(signal.SIGTERM)
    assert running.process.wait(10) == 0
    assert running.alive() == {}


@needs_forks
def test_a_forked_part_ends_with_the_status_of_a_program(crew: Callable[..., Crew]) -> None:
    running = crew("three+raise SystemExit(3)", "words+raise SystemExit('why')", "broken+1 / 0", "done+pass")
    for end in ("three ended with exit status 3", "words ended with exit status 1", "broken ended with exit status 1"):
        running.wait_said(end)
    running.wait_said("done ended with exit status 0")
    assert "ZeroDivisionError" in running.said()
    assert "words         | why" in running.said()


@needs_forks
def test_no_forked_part_keeps_another_alive_when_the_supervisor_is_killed(crew: Callable[..., Crew]) -> None:
    running = crew(f"one+{FORKED_STUBBORN}", f"other+{FORKED_STUBBORN}")
    running.wait_said("here", 2)
    running.process.kill()
    running.process.wait(10)
    wait_until(lambda: running.alive() == {}, seconds=10, what="the end of every child")

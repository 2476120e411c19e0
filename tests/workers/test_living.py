"""Signs of life: a probe is green while a loop goes round, and red when it hangs or was never there."""

import os
import signal
import time
from datetime import timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner

from cms.launch.alive import alive
from cms.platform.alive import DEAD_AFTER_SECONDS, beat, is_alive
from cms.platform.clock import now
from cms.platform.db import Database
from cms.settings import Settings
from tests.product import Product, product
from tests.servers import Broker, wait_until
from tests.workers.processes import Stage, stage
from workers.living import give_sign


def probe(settings: Settings, name: str) -> tuple[int, str]:
    answer = CliRunner().invoke(alive, [name], obj=settings)
    return answer.exit_code, answer.output


def test_a_probe_is_green_after_a_beat_and_red_half_a_minute_later(settings: Settings) -> None:
    assert probe(settings, "relay") == (1, "Error: relay has given no sign of life lately\n")
    beat(settings.home, "relay")
    assert probe(settings, "relay") == (0, "relay is alive\n")
    assert probe(settings, "worker-bulk,derive,mail")[0] == 1
    beat(settings.home, "worker-bulk,derive,mail")
    assert probe(settings, "worker-bulk,derive,mail")[0] == 0
    assert not is_alive(settings.home, "relay", now() + timedelta(seconds=DEAD_AFTER_SECONDS))


@pytest.mark.parametrize("name", ["", "../relay", "relay/x", "Relay", "worker-", "worker-derive mail", "-x"])
def test_a_name_that_is_none_is_refused(settings: Settings, name: str) -> None:
    assert CliRunner().invoke(alive, ["--", name], obj=settings).exit_code == 2


def test_a_sign_that_cannot_be_written_ends_nobody(settings: Settings, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    give_sign(tmp_path / "file", "relay")
    assert not is_alive(tmp_path / "file", "relay", now())


def is_beaten_again(home: Path, name: str, seconds: float) -> bool:
    """Make the sign an hour old and see whether it is given anew within this time."""
    [path] = (home / "alive").glob(f"{name}-*")
    old = time.time() - 3600
    os.utime(path, (old, old))
    try:
        wait_until(lambda: path.stat().st_mtime > old + 1, seconds=seconds)
    except AssertionError:
        return False
    return True


@pytest.mark.slow
def test_relay_and_worker_beat_while_they_run_and_are_red_when_they_hang(tmp_path: Path, broker: Broker) -> None:
    with product(tmp_path / "home", "relay", "worker-search", redis_url=broker.url) as running:
        for name in ("relay", "worker-search"):
            wait_until(lambda name=name: is_green(running, name), seconds=40, what=f"{name}'s sign")  # type: ignore[misc]  # bound at once
            assert is_beaten_again(running.home, name, 20)
            os.killpg(running.running[name].pid, signal.SIGSTOP)
            assert not is_beaten_again(running.home, name, 6 if name == "worker-search" else 2)
            assert not is_green(running, name)
            os.killpg(running.running[name].pid, signal.SIGCONT)
            wait_until(lambda name=name: is_green(running, name), seconds=20, what=f"{name}'s sign, again")  # type: ignore[misc]  # bound at once


def is_green(running: Product, name: str) -> bool:
    try:
        return "is alive" in running.copydesk("alive", name)
    except AssertionError:
        return False


def worker_path(on: Stage) -> Path | None:
    return next((on.settings.home / "alive").glob("worker-*"), None)


@pytest.mark.slow
def test_the_sign_comes_from_the_loop_that_takes_tasks(settings: Settings, database: Database, broker: Broker) -> None:
    """With the pool `solo` a task runs in that very loop: while it sleeps, nobody beats."""
    with stage(settings, database, broker) as on:
        worker = on.start_worker("solo")
        wait_until(lambda: worker_path(on) is not None, what="the first sign")
        assert is_beaten_again(on.settings.home, "worker-bulk,derive,mail,search", 10)
        worker.send_signal(signal.SIGSTOP)
        [slow] = on.publish()
        on.tell("slow", slow)
        worker.send_signal(signal.SIGCONT)
        wait_until(lambda: bool(on.started()), what="a start")
        assert not is_beaten_again(on.settings.home, "worker-bulk,derive,mail,search", 1)


@pytest.mark.slow
def test_a_worker_beats_again_when_the_broker_is_back(settings: Settings, database: Database, broker: Broker) -> None:
    with stage(settings, database, broker) as on:
        on.start_worker()
        wait_until(lambda: worker_path(on) is not None, what="the first sign")
        broker.kill()
        broker.start()
        assert is_beaten_again(on.settings.home, "worker-bulk,derive,mail,search", 30)
        assert is_beaten_again(on.settings.home, "worker-bulk,derive,mail,search", 10)

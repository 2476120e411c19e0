"""The commands of the hands as real processes: they start, are recognised, refuse what is wrong and end soon."""

import json
import signal
import threading
import time
from pathlib import Path

import pytest
from click.testing import CliRunner

from cms.launch.sample.generate import generated
from cms.settings import Settings
from search_index.reader import IndexUnavailable, Reader
from tests.product import Product, product
from tests.servers import Broker, wait_until
from workers.commands.worker import worker


@pytest.mark.parametrize("queues", ["bogus", "", ",", "derive,bogus", "search;derive", "DERIVE"])
def test_a_queue_that_does_not_exist_is_refused(settings: Settings, queues: str) -> None:
    answer = CliRunner().invoke(worker, ["--queues", queues], obj=settings)
    assert answer.exit_code == 2
    assert "choose from bulk, derive, mail, search" in answer.output


@pytest.mark.parametrize("words", [["--pool", "gevent"], ["--concurrency", "0"], ["--concurrency", "65"], ["more"]])
def test_an_option_that_makes_no_sense_is_refused(settings: Settings, words: list[str]) -> None:
    assert CliRunner().invoke(worker, words, obj=settings).exit_code == 2


def publish(running: Product, token: str, count: int) -> list[str]:
    """Publish articles and wait for nothing; gives their ids."""
    ids = []
    for story in generated(count, seed=7, words=60, locales=("en",)):
        body = {"title": story.title, "locale": "en", "body": story.body, "tags": list(story.tags)}
        made = running.ask("POST", "/api/v1/articles", body, token=token)[1]
        path = f"/api/v1/articles/{made['id']}/publish"
        assert running.ask("POST", path, None, token=token, If_Match='"1"')[0] == 200
        ids.append(made["id"])
    return ids


def indexed(home: Path) -> set[str]:
    reader = Reader(home / "index")
    try:
        return set(reader.indexed())
    except IndexUnavailable:
        return set()
    finally:
        reader.close()


@pytest.mark.slow
def test_each_process_is_recognised_and_ends_when_it_is_told_to(tmp_path: Path, broker: Broker) -> None:
    parts = ("relay", "worker", "worker-search")
    # One is started by its command line; the others are forked, as all of them are under `copydesk up`.
    with product(tmp_path / "home", "relay", "worker-search", redis_url=broker.url, log_level="info") as running:
        running.is_forked = False
        running.start("worker")
        for name, line in (("relay", "relay_starts"), ("worker", "ready"), ("worker-search", "ready")):
            wait_until(lambda name=name, line=line: line in running.log(name), seconds=30, what=f"{name} at work")  # type: ignore[misc]  # bound at once
            process = running.running[name]
            words = Path(f"/proc/{process.pid}/cmdline").read_bytes().split(b"\0")
            place = next(place for place, word in enumerate(words) if b"copydesk" in word.rpartition(b"/")[2])
            assert words[place + 1] == name.removesuffix("-search").encode()
            process.send_signal(signal.SIGTERM)
            began = time.monotonic()
            # On a machine that does nothing else it takes a tenth of a second.
            assert process.wait(30) == 0
            print(f"{name} ended after {time.monotonic() - began:.2f} s")
            running.running.pop(name)
        assert indexed(running.home) == set()
        assert "worker_ends" in running.log("worker")
        for name in parts:
            assert "Traceback" not in running.log(name)
            lines = [json.loads(line) for line in running.log(name).splitlines()]
            assert [line for line in lines if line["level"] not in ("debug", "info")] == []


@pytest.mark.slow
def test_relay_and_workers_wait_for_a_broker_that_is_not_there_yet(tmp_path: Path, broker: Broker) -> None:
    broker.kill()
    try:
        parts = ("api", "relay", "worker", "worker-search")
        with product(tmp_path / "home", *parts, redis_url=broker.url) as running:
            token = running.copydesk("token", "issue", "--role", "editor", "--quiet").strip()
            ids = publish(running, token, 3)
            wait_until(lambda: "broker_away" in running.log("relay"), what="the relay's complaint")
            broker.start()
            for name in parts:
                assert running.running[name].poll() is None, f"{name} ended: {running.log(name)}"
            wait_until(lambda: indexed(running.home) == set(ids), seconds=40, what="the index")
    finally:
        broker.kill()
        broker.start()


@pytest.mark.slow
def test_reindex_while_reads_and_publishes_go_on(tmp_path: Path, broker: Broker) -> None:
    parts = ("api", "relay", "worker-search")
    with product(tmp_path / "home", *parts, redis_url=broker.url) as running:
        token = running.copydesk("token", "issue", "--role", "editor", "--quiet").strip()
        ids = publish(running, token, 30)
        wait_until(lambda: indexed(running.home) == set(ids), seconds=40, what="the index")
        more: list[str] = []
        publisher = threading.Thread(target=lambda: more.extend(publish(running, token, 40)))
        publisher.start()
        failures = []
        reads = 0
        printed: list[str] = []
        for _ in range(2):
            builder = threading.Thread(target=lambda: printed.append(running.copydesk("reindex")))
            builder.start()
            while builder.is_alive():
                status, found, _ = running.ask("GET", "/content/v1/search?q=the&limit=1")
                reads += 1
                if status != 200:
                    failures.append((status, found))
                builder.join(0.05)
        publisher.join(60)
        assert all(int(line.split()[0]) >= 30 for line in printed)
        print(f"{reads} searches during two rebuilds, {len(failures)} failed")
        assert failures == []
        wait_until(lambda: indexed(running.home) == {*ids, *more}, seconds=40, what="the index")
        assert len(more) == 40

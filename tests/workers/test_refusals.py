"""What a worker does with what is no task of ours: refuses, logs, counts, runs no code of it, and lives on."""

import base64
import json
import pickle
import uuid
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
import redis

from cms.platform.db import Database
from cms.settings import Settings
from tests.servers import Broker, wait_until
from tests.workers.processes import Stage, stage
from workers.refusing import why_not

pytestmark = pytest.mark.slow
QUEUE = "derive"
SECRET = "canary-mei.lin@example.org"
MEBIBYTE = 1_048_576
# What a task may bring besides up to fifty whole numbers that are deliveries'.
WRONG_ARGUMENTS: tuple[tuple[list[Any], dict[str, Any]], ...] = (
    ([], {}), ([None], {}), ([True], {}), ([False], {}), ([0], {}), ([-1], {}), ([1.0], {}), ([1.5], {}), (["1"], {}),
    ([""], {}), ([[1]], {}), ([{"number": 1}], {}), ([1] * 51, {}), ([1, None], {}), ([2**63], {}), ([10**400], {}),
    ([SECRET], {}), ([SECRET * 1000], {}), (["1; DROP TABLE deliveries"], {}), ([{"__class__": "os.system"}], {}),
    ([], {"number": 1}), ([1], {"number": 1}), ([1], {"self": 1}), ([], {"": 1}), ([1], {"session": None}),
)  # fmt: skip
UNKNOWN_TASKS = (
    "", "derive", "derive.unknown", "search.reading_time", "celery.backend_cleanup", "celery.chord", "os.system",
    "workers.handlers.mail.handle", "derive.reading_time ", "DERIVE.READING_TIME", "derive/reading_time", "../related",
)  # fmt: skip


class Bomb:
    """Makes a file when it is read by pickle."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> tuple[Any, ...]:
        return (Path.touch, (self.path,))


def message(
    body: bytes, *, task: str | None, content_type: str = "application/json", encoding: str = "utf-8"
) -> dict[str, Any]:
    """A message as Celery's protocol 2 writes it to a Redis list."""
    headers = {"lang": "py", "id": str(uuid.uuid4()), "argsrepr": "()", "kwargsrepr": "{}"}
    return {
        "body": base64.b64encode(body).decode(),
        "content-type": content_type,
        "content-encoding": encoding,
        "headers": headers if task is None else {**headers, "task": task},
        "properties": {
            "correlation_id": headers["id"],
            "delivery_mode": 2,
            "delivery_info": {"exchange": "", "routing_key": QUEUE},
            "priority": 0,
            "body_encoding": "base64",
            "delivery_tag": str(uuid.uuid4()),
        },
    }


def task(name: str, arguments: list[Any], named: dict[str, Any]) -> dict[str, Any]:
    """A well-formed task."""
    embedded = {"callbacks": None, "errbacks": None, "chain": None, "chord": None}
    return message(json.dumps([arguments, named, embedded]).encode(), task=name)


def send(broker: Broker, *messages: dict[str, Any]) -> None:
    client = redis.Redis.from_url(broker.url)
    for one in messages:
        client.lpush(f"copydesk:{QUEUE}", json.dumps(one))
    client.close()


def refused(on: Stage) -> Counter[str]:
    """How often each reason was logged; the count in the line must agree."""
    counts: Counter[str] = Counter()
    for line in on.lines("task_refused"):
        counts[line["reason"]] += 1
        assert line["count"] == counts[line["reason"]]
    return counts


def check_alive(on: Stage) -> None:
    """The worker that was started first still works."""
    on.publish()
    on.wait_over()
    assert on.workers[0].poll() is None
    assert on.effects() == sorted(on.states())
    log = on.log_path.read_text("utf-8", "replace")
    assert SECRET not in log
    assert "Traceback" not in log


def has_ended(on: Stage) -> bool:
    return on.workers[0].poll() is not None


def expect(on: Stage, **counts: int) -> None:
    total = sum(counts.values())
    wait_until(lambda: sum(refused(on).values()) >= total, what=f"{total} refusals, {on.log_path}")
    assert refused(on) == Counter(counts)


def test_bodies_of_other_kinds_are_refused_and_run_no_code(
    settings: Settings, database: Database, broker: Broker, tmp_path: Path
) -> None:
    mark = tmp_path / "code-was-run"
    with stage(settings, database, broker) as on:
        pickled = pickle.dumps([[Bomb(mark)], {}, {}])
        yaml = f'!!python/object/apply:os.system ["touch {mark}"]'.encode()
        bad = [
            message(body, task="derive.reading_time", content_type=kind, encoding=encoding)
            for body, kind, encoding in (
                (pickled, "application/x-python-serialize", "binary"),
                (pickled, "application/json", "binary"),
                (pickled, "application/data", "binary"),
                (yaml, "application/x-yaml", "utf-8"),
                (yaml, "application/json", "utf-8"),
                (b"\x81\xa1a\x01", "application/x-msgpack", "binary"),
                (b"[[1], {}, {}", "application/json", "utf-8"),
                (b"\xff\xfe", "application/json", "utf-8"),
                (b"", "application/json", "utf-8"),
                (b"null", "application/json", "utf-8"),
                (b"{}", "application/json", "utf-8"),
                (SECRET.encode(), "text/plain", "utf-8"),
                (b"[" * 100_000, "application/json", "utf-8"),
            )
        ]
        send(broker, *bad)
        on.start_worker()
        wait_until(lambda: sum(refused(on).values()) == len(bad), what=f"{len(bad)} refusals, {on.log_path}")
        print(dict(refused(on)))
        check_alive(on)
        assert not mark.exists()


def test_tasks_that_nobody_hears_are_refused(settings: Settings, database: Database, broker: Broker) -> None:
    with stage(settings, database, broker) as on:
        send(broker, *(task(name, [1], {}) for name in UNKNOWN_TASKS))
        send(broker, message(json.dumps({"what": SECRET}).encode(), task=None))
        send(broker, task("derive.unknown", [SECRET * (5 * MEBIBYTE // len(SECRET))], {}))
        on.start_worker()
        expect(on, unknown_task=len(UNKNOWN_TASKS) + 1, no_task=1)
        check_alive(on)


def test_tasks_with_anything_but_a_delivery_of_theirs_are_refused(
    settings: Settings, database: Database, broker: Broker
) -> None:
    with stage(settings, database, broker) as on:
        on.start_worker()
        letters = on.publish(2)
        on.wait_over()
        [search, *_] = [one.number for one in on.deliveries_of(*letters) if one.subscription == "search"]
        send(broker, *(task("derive.reading_time", given, named) for given, named in WRONG_ARGUMENTS))
        send(broker, task("derive.related", [SECRET * (5 * MEBIBYTE // len(SECRET))], {}))
        send(broker, *(task("derive.related", [number], {}) for number in (4711, 2**63 - 1, search)))
        # The whole number of four hundred digits cannot be read at all.
        counts = {"arguments": len(WRONG_ARGUMENTS), "unreadable": 1, "unknown_delivery": 3}
        expect(on, **counts)
        done = [one.number for one in on.deliveries_of(*letters) if one.subscription == "related"]
        send(broker, *(task("derive.related", [number], {}) for number in done * 3))
        check_alive(on)
        expect(on, **counts)


def test_a_broken_entry_of_the_queue_stops_nothing(settings: Settings, database: Database, broker: Broker) -> None:
    with stage(settings, database, broker) as on:
        on.start_worker()
        on.publish()
        on.wait_over()
        client = redis.Redis.from_url(broker.url)
        for entry in (b"not json", b"{}", b"\xff\xff"):
            client.lpush(f"copydesk:{QUEUE}", entry)
            on.publish()
            wait_until(lambda: has_ended(on) or "open" not in on.states().values(), what="either")
            if has_ended(on):
                # Kombu does not expect what it did not write. Whoever supervises starts the worker again.
                print(f"{entry!r} ended the worker with {on.workers.pop().returncode}")
                on.start_worker()
            on.wait_over()
        client.close()
        assert on.effects() == sorted(on.states())


@pytest.mark.parametrize("number", [1, 2**63 - 1])
def test_a_task_with_the_number_of_a_delivery_is_taken(number: int) -> None:
    good = task("derive.related", [number], {})
    body = base64.b64decode(good["body"])
    given = (good["headers"], good["content-type"], good["content-encoding"])
    assert why_not({"derive.related"}, *given, body) is None
    for name in ("eta", "expires", "group", "stamped_headers"):
        headers = {**good["headers"], name: "2026-11-03T00:00:00Z"}
        assert why_not({"derive.related"}, headers, *given[1:], body) == "options"
    for name in ("callbacks", "errbacks", "chain", "chord"):
        [arguments, named, embedded] = json.loads(body)
        more = json.dumps([arguments, named, {**embedded, name: [{"task": "derive.related", "args": [2]}]}])
        assert why_not({"derive.related"}, *given, more) == "options"

"""Real worker processes with a real broker: killed, poisoned, cut off. Whatever happens takes effect once."""

import signal
from collections import Counter

import pytest

from cms.events.deliveries import ENDED_WITHOUT_A_WORD
from cms.events.subscriptions import ATTEMPTS_BEFORE_DEAD, hearing
from cms.platform.db import Database
from cms.settings import Settings
from tests.servers import Broker, wait_until
from tests.workers.processes import stage
from tests.workers.rehearsal import AT_ONCE

pytestmark = pytest.mark.slow
# What a publish owes.
OWED = len(hearing("article.published"))
# Of a worker that dies at its work, which is taken up when its lease is over.
SHORT_LEASE_SECONDS = 0.4


@pytest.mark.both_databases
def test_the_work_of_a_killed_worker_is_done_once_by_the_next(
    settings: Settings, database: Database, broker: Broker
) -> None:
    with stage(settings, database, broker, lease_seconds=SHORT_LEASE_SECONDS) as on:
        on.start_worker()
        slow, *others = on.publish(5)
        on.tell("slow", slow)
        wait_until(lambda: bool(on.started()), what="a start")
        wait_until(lambda: any(one.attempts for one in on.deliveries_of(slow)), what="the slow one's start")
        on.kill_worker()
        on.tell("slow")
        on.start_worker()
        on.wait_over()
        assert on.effects() == sorted(on.states())
        assert max(one.attempts for one in on.deliveries_of(slow)) == 2
        assert len(on.deliveries_of(*others)) == 4 * OWED


@pytest.mark.parametrize("pool", ["threads", "prefork"])
def test_poison_is_dead_after_five_attempts_and_others_are_unharmed(
    settings: Settings, database: Database, broker: Broker, pool: str
) -> None:
    with stage(settings, database, broker, lease_seconds=SHORT_LEASE_SECONDS) as on:
        poison, *others = on.publish(6)
        on.tell("kill", poison)
        on.start_worker(pool)

        def is_over() -> bool:
            # Whoever supervises starts a worker again that was killed by its own work.
            if on.workers[0].poll() is not None:
                on.workers.pop(0)
                on.start_worker(pool)
            return "open" not in on.states().values()

        wait_until(is_over, seconds=60, what=f"the end, {on.log_path}")
        [dead] = [one for one in on.deliveries_of(poison) if one.subscription == "related"]
        assert (dead.state, dead.attempts) == ("dead", ATTEMPTS_BEFORE_DEAD)
        assert dead.error == ENDED_WITHOUT_A_WORD
        assert on.started().count(dead.number) == ATTEMPTS_BEFORE_DEAD
        unharmed = [number for number in on.states() if number != dead.number]
        assert {on.states()[number] for number in unharmed} == {"done"}
        assert on.effects() == sorted(unharmed)
        assert len(unharmed) == OWED * len(others) + OWED - 1


def test_work_that_fails_is_dead_after_five_attempts_with_its_reason(
    settings: Settings, database: Database, broker: Broker
) -> None:
    with stage(settings, database, broker) as on:
        bad, good = on.publish(2)
        on.tell("fail", bad)
        on.start_worker()
        on.wait_over(40)
        assert {one.state for one in on.deliveries_of(good)} == {"done"}
        for one in on.deliveries_of(bad):
            assert (one.state, one.attempts) == ("dead", ATTEMPTS_BEFORE_DEAD)
            assert one.error is not None
            assert one.error.startswith("ValueError: cannot write to [address] about ")
        assert b"mei.lin" not in on.log_path.read_bytes()


def test_a_long_attempt_keeps_its_lease(settings: Settings, database: Database, broker: Broker) -> None:
    with stage(settings, database, broker) as on:
        [steady] = on.publish()
        on.tell("steady", steady)
        on.start_worker()
        on.start_worker()
        on.wait_over()
        assert [one.attempts for one in on.deliveries_of(steady)] == [1] * OWED
        assert on.effects() == sorted(on.started()) == sorted(on.states())


def test_everything_follows_when_the_broker_is_back(settings: Settings, database: Database, broker: Broker) -> None:
    with stage(settings, database, broker) as on:
        on.start_worker()
        on.publish()
        on.wait_over()
        broker.kill()
        try:
            on.publish(20)
            assert Counter(on.states().values())["open"] == 20 * OWED
        finally:
            broker.start()
        if on.workers[0].poll() is not None:
            on.start_worker()
        on.wait_over(60)
        assert on.effects() == sorted(on.states())


def test_work_that_ends_while_the_broker_is_away_leaves_no_worker_deaf(
    settings: Settings, database: Database, broker: Broker
) -> None:
    with stage(settings, database, broker) as on:
        [steady] = on.publish()
        on.tell("steady", steady)
        on.start_worker()
        wait_until(lambda: len(on.started()) == AT_ONCE, what="all hands at work")
        on.tell("steady")
        broker.kill()
        try:
            wait_until(lambda: len(on.effects()) == AT_ONCE, what="the end of what was in hand")
            wait_until(lambda: b"Connection to broker lost" in on.log_path.read_bytes(), what="the loss")
        finally:
            broker.start()
        on.wait_over()
        assert on.effects() == sorted(on.states())


@pytest.mark.parametrize("pool", ["threads", "prefork"])
def test_a_worker_that_is_told_to_stop_ends_soon_and_loses_nothing(
    settings: Settings, database: Database, broker: Broker, pool: str
) -> None:
    with stage(settings, database, broker, lease_seconds=SHORT_LEASE_SECONDS) as on:
        worker = on.start_worker(pool)
        slow, *_ = on.publish(4)
        on.tell("slow", slow)
        wait_until(lambda: any(one.attempts for one in on.deliveries_of(slow)), what="the slow one's start")
        worker.send_signal(signal.SIGTERM)
        worker.wait(5)
        on.tell("slow")
        on.start_worker(pool)
        on.wait_over()
        assert on.effects() == sorted(on.states())

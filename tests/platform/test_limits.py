"""Every limit by one algorithm: never more than its quota at once and its rate after it, wherever uses are counted."""

import signal
import threading
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
import redis
from hypothesis import given
from hypothesis import strategies as st

from cms.platform import broker_counts
from cms.platform.broker_counts import PREFIX, BrokerCounts
from cms.platform.counting import Limit, count_one, microseconds, verdict
from cms.platform.db import Database
from cms.platform.limiter import MOST_KEYS, Limiter, ProcessCounts
from cms.platform.limits import take
from cms.platform.models import LimitQuota
from cms.settings import Settings
from tests.servers import Broker
from workers.due import forget_old

NOON = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)
AT = microseconds(NOON)
SECOND = 1_000_000
NOBODY = "redis://127.0.0.1:1/0"

limits = st.builds(Limit, st.just("any"), st.integers(1, 50), st.integers(1, 600))
gaps = st.lists(st.integers(0, 5 * SECOND), min_size=1, max_size=200)


@given(limits, gaps)
def test_no_stretch_of_time_lets_more_through_than_the_quota_and_what_grows_back_in_it(
    limit: Limit, gaps: list[int]
) -> None:
    now, full_at, allowed = AT, 0, []
    for gap in gaps:
        now += gap
        is_allowed, full_at = count_one(limit, full_at, now)
        if is_allowed:
            allowed.append(now)
    for first in range(len(allowed)):
        for last in range(first, len(allowed)):
            grown_back = (allowed[last] - allowed[first]) // limit.interval
            assert last - first + 1 <= limit.times + grown_back


@given(limits, gaps)
def test_who_waits_as_told_is_let_in_and_who_comes_a_second_sooner_is_not(limit: Limit, gaps: list[int]) -> None:
    now, full_at = AT, 0
    for gap in gaps:
        now += gap
        is_allowed, full_at = count_one(limit, full_at, now)
        told = verdict(limit, is_allowed, full_at, now)
        assert 0 <= told.remaining <= limit.times
        if is_allowed:
            assert told.retry_after_seconds == 0
            continue
        assert (told.remaining, told.retry_after_seconds >= 1) == (0, True)
        assert count_one(limit, full_at, now + told.retry_after_seconds * SECOND)[0]
        assert not count_one(limit, full_at, now + (told.retry_after_seconds - 1) * SECOND)[0]
        assert count_one(limit, full_at, now + told.reset_seconds * SECOND)[1] <= now + (
            told.reset_seconds * SECOND + limit.interval
        )


@given(limits, st.integers(1, 40))
def test_what_is_left_is_what_may_come_at_once(limit: Limit, uses: int) -> None:
    full_at = 0
    for _ in range(min(uses, limit.times)):
        is_allowed, full_at = count_one(limit, full_at, AT)
        assert is_allowed
    left = verdict(limit, True, full_at, AT).remaining
    for _ in range(left):
        is_allowed, full_at = count_one(limit, full_at, AT)
        assert is_allowed
    assert not count_one(limit, full_at, AT)[0]


@given(limits, st.integers(1, 10 * 365 * 86_400))
def test_a_clock_that_is_set_back_makes_nobody_wait_longer_than_the_window(limit: Limit, seconds: int) -> None:
    refused, full_at = count_one(limit, AT + seconds * SECOND + limit.window, AT)
    assert not refused
    assert full_at == AT + limit.window
    assert count_one(limit, full_at, AT + limit.interval)[0]


def test_the_numbers_that_are_told_are_those_of_the_limit() -> None:
    limit = Limit("writes", 120, 60)
    assert limit.interval == 500_000
    is_allowed, full_at = count_one(limit, 0, AT)
    told = verdict(limit, is_allowed, full_at, AT)
    assert (told.remaining, told.reset_seconds, told.retry_after_seconds) == (119, 1, 0)


@pytest.fixture(params=["database", "broker", "process"])
def count(request: pytest.FixtureRequest, database: Database) -> Callable[[str, Limit, int], tuple[bool, int]]:
    """One use in each place where uses are counted, in the words of `count_one`."""
    if request.param == "process":
        return ProcessCounts().count
    if request.param == "broker":
        broker: Broker = request.getfixturevalue("broker")
        counts = BrokerCounts(broker.url)
        request.addfinalizer(counts.close)

        def in_broker(key: str, limit: Limit, now: int) -> tuple[bool, int]:
            counted = counts.count(key, limit, now)
            assert counted is not None
            return counted

        return in_broker

    def in_database(key: str, limit: Limit, now: int) -> tuple[bool, int]:
        with database.transaction() as session:
            told = take(session, key, limit, NOON + timedelta(microseconds=now - AT))
            row = session.get(LimitQuota, key, populate_existing=True)
            assert row is not None
            assert told == verdict(limit, told.is_allowed, row.full_at, now)
            return told.is_allowed, row.full_at

    return in_database


@pytest.mark.both_databases
def test_every_place_counts_as_the_algorithm_says(count: Callable[[str, Limit, int], tuple[bool, int]]) -> None:
    limit = Limit("any", 3, 7)
    steps = [0, 0, 0, 0, 1, 2_333_333, 1, 1, 7 * SECOND, 0, 0, 0, -3 * SECOND, -3_600 * SECOND, 0, 2_333_334, 0, 1]
    now, full_at = AT, 0
    for step in steps:
        now += step
        expected = count_one(limit, full_at, now)
        assert count("one", limit, now) == expected, step
        full_at = expected[1]
    assert count("two", limit, now)[0]


@pytest.mark.both_databases
def test_parallel_callers_get_exactly_the_quota(count: Callable[[str, Limit, int], tuple[bool, int]]) -> None:
    limit, allowed = Limit("any", 7, 3600), []

    def ask() -> None:
        allowed.extend(count("same", limit, AT)[0] for _ in range(5))

    threads = [threading.Thread(target=ask) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(allowed) == 30
    assert sum(allowed) == 7


def test_writes_are_counted_in_the_database_while_the_broker_is_away(database: Database) -> None:
    limiter = Limiter(database, BrokerCounts(NOBODY))
    limit = Limit("writes", 2, 60, is_counted_in="broker")
    assert [limiter.take("a", limit, NOON).is_allowed for _ in range(3)] == [True, True, False]
    other = Limiter(database, BrokerCounts(NOBODY))
    assert not other.take("a", limit, NOON).is_allowed
    assert rows(database) == ["writes:a"]


def test_reads_are_counted_in_the_process_while_the_broker_is_away_and_write_nothing(database: Database) -> None:
    limiter = Limiter(database, BrokerCounts(NOBODY))
    limit = Limit("search", 2, 60, is_counted_in="process")
    assert [limiter.take("a", limit, NOON).is_allowed for _ in range(3)] == [True, True, False]
    assert rows(database) == []


def test_with_a_broker_the_database_is_left_alone_unless_the_limit_is_of_sign_in_or_codes(
    database: Database, broker: Broker
) -> None:
    counts = BrokerCounts(broker.url)
    limiter = Limiter(database, counts)
    for place in ("broker", "process"):
        limit = Limit(place, 2, 60, is_counted_in=place)
        assert [limiter.take("a", limit, NOON).is_allowed for _ in range(3)] == [True, True, False]
    assert rows(database) == []
    assert [limiter.take("a", Limit("codes", 1, 60), NOON).is_allowed for _ in range(2)] == [True, False]
    assert rows(database) == ["codes:a"]
    client = redis.Redis.from_url(broker.url)
    assert sorted(client.keys(PREFIX + "*")) == [f"{PREFIX}broker:a".encode(), f"{PREFIX}process:a".encode()]
    assert all(0 < client.pttl(key) <= 61_000 for key in client.keys(PREFIX + "*"))
    client.close()
    counts.close()


def test_what_must_not_fail_open_fails_when_the_database_is_gone(database: Database) -> None:
    limiter = Limiter(database, BrokerCounts(NOBODY))
    with database.transaction() as session:
        session.connection().exec_driver_sql("DROP TABLE limit_quotas")
    with pytest.raises(Exception, match="no such table"):
        limiter.take("a", Limit("codes", 1, 60), NOON)


def test_a_broker_that_hangs_holds_nobody_up_and_one_that_forgot_the_script_is_told_it_again(
    broker: Broker, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Long enough for a broker that answers, and waited out once.
    monkeypatch.setattr(broker_counts, "TIMEOUT_SECONDS", 1.0)
    counts, limit = BrokerCounts(broker.url), Limit("any", 2, 60)
    assert counts.count("a", limit, AT) == (True, AT + limit.interval)
    client = redis.Redis.from_url(broker.url)
    client.script_flush()
    client.close()
    assert counts.count("a", limit, AT) == (True, AT + 2 * limit.interval)
    assert broker.process is not None
    broker.process.send_signal(signal.SIGSTOP)
    try:
        assert counts.count("a", limit, AT) is None
        assert counts.is_silent
    finally:
        broker.process.send_signal(signal.SIGCONT)
        counts.close()


def test_a_broker_that_failed_is_not_asked_again_at_once() -> None:
    counts = BrokerCounts(NOBODY)
    assert counts.count("a", Limit("any", 1, 60), AT) is None
    assert counts.is_silent
    assert counts.count("a", Limit("any", 1, 60), AT) is None


def test_a_process_keeps_a_bounded_number_of_keys_and_lets_go_of_those_that_used_least() -> None:
    counts, limit = ProcessCounts(), Limit("any", 5, 60)
    for _ in range(5):
        counts.count("busy", limit, AT)
    for number in range(2 * MOST_KEYS):
        counts.count(str(number), limit, AT)
    assert len(counts) <= MOST_KEYS
    assert not counts.count("busy", limit, AT)[0]


def test_counters_that_say_nothing_any_more_are_forgotten(settings: Settings, database: Database) -> None:
    with database.transaction() as session:
        take(session, "past", Limit("any", 60, 60), NOON)
        take(session, "present", Limit("any", 1, 3600), NOON)
    assert forget_old(settings, database, NOON + timedelta(seconds=2)) == {"limit_quotas": 1}
    assert rows(database) == ["present"]


def rows(database: Database) -> list[str]:
    """The keys that the database counts."""
    with database.reading() as session:
        return sorted(row.key for row in session.query(LimitQuota))

"""The life of a delivery on both databases: claimed once, tried a counted number of times, closed with its effect."""

import threading
from collections import Counter
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from cms.events import deliveries
from cms.events.catalogue import ArticleCreated, ArticlePublished, LetterQueued
from cms.events.deliveries import (
    LEASE,
    NotOpen,
    begin,
    begin_untried,
    close,
    describe,
    due,
    extend,
    fail,
    hold,
    postpone,
)
from cms.events.models import Delivery, Letter
from cms.events.outbox import record
from cms.events.queries import consequence_state, open_consequences
from cms.events.subscriptions import ATTEMPTS_BEFORE_DEAD, hearing
from cms.platform.actor import system
from cms.platform.db import Database
from cms.platform.errors import Conflict, NotFound
from cms.platform.ids import new_id

START = datetime(2026, 11, 3, 9, 0, tzinfo=UTC)
SECOND = timedelta(seconds=1)
TEST = system("test")


def publish(database: Database, at: datetime = START) -> str:
    """Drop one letter that several subscriptions hear; gives its id."""
    with database.transaction() as session:
        event = ArticlePublished(subject=new_id(), revision=2, is_first=True)
        return record(session, event, actor=TEST, now=at).id


def numbers(database: Database) -> list[int]:
    with database.reading() as session:
        return list(session.scalars(select(Delivery.number).order_by(Delivery.number)))


def one(session: Session, number: int) -> Delivery:
    return session.get_one(Delivery, number, populate_existing=True)


def claim(database: Database, at: datetime, limit: int = 100, names: Sequence[str] | None = None) -> list[int]:
    with database.transaction() as session:
        return [delivery.number for delivery in due(session, at, limit, names)]


def try_once(database: Database, number: int, at: datetime) -> Delivery | str:
    with database.transaction() as session:
        return begin(session, number, at)


def fail_once(database: Database, number: int, at: datetime, error: BaseException | str = "no luck") -> None:
    assert isinstance(try_once(database, number, at), Delivery)
    with database.transaction() as session:
        fail(session, number, error, at)


def bury(database: Database, number: int) -> datetime:
    """Fail a delivery until it is dead; gives the instant."""
    at = START
    for _ in range(ATTEMPTS_BEFORE_DEAD):
        fail_once(database, number, at)
        at += timedelta(minutes=10)
    return at


@pytest.mark.both_databases
def test_a_letter_owes_one_delivery_to_each_subscription_that_hears_it(database: Database) -> None:
    letter_id = publish(database)
    with database.reading() as session:
        assert open_consequences(session, letter_id, ["search", "related", "letter"]) == {"search", "related"}
        heard = set(session.scalars(select(Delivery.subscription)))
    assert heard == {one.name for one in hearing(ArticlePublished.type)} >= {"search", "related"}
    with database.transaction() as session:
        record(session, ArticleCreated(subject=new_id(), revision=1), actor=TEST, now=START)
    assert len(numbers(database)) == len(hearing(ArticlePublished.type))


@pytest.mark.both_databases
def test_an_act_that_fails_leaves_neither_letter_nor_delivery(database: Database) -> None:
    with pytest.raises(RuntimeError), database.transaction() as session:
        record(session, LetterQueued(subject=new_id()), actor=TEST, now=START)
        raise RuntimeError
    with database.reading() as session:
        assert session.scalars(select(Letter)).all() == []
    assert numbers(database) == []


@pytest.mark.both_databases
def test_what_is_claimed_is_due_again_later_and_later(database: Database) -> None:
    publish(database)
    assert claim(database, START - SECOND) == []
    assert claim(database, START, names=["letter"]) == []
    pauses, at = [], START
    for _ in range(5):
        assert claim(database, at) == numbers(database)
        pause = 0
        while not claim_would_find(database, at + pause * SECOND):
            pause += 1
        pauses.append(pause)
        at += pause * SECOND
    assert pauses == [10, 20, 40, 60, 60]


def claim_would_find(database: Database, at: datetime) -> bool:
    with database.reading() as session:
        return (
            session.scalar(select(Delivery.number).where(Delivery.due_at <= at, Delivery.state == "open")) is not None
        )


@pytest.mark.both_databases
def test_of_many_that_claim_at_once_each_gets_other_deliveries(database: Database) -> None:
    for _ in range(30):
        publish(database)
    taken: Counter[int] = Counter()
    lock = threading.Lock()
    gate = threading.Barrier(4)

    def take() -> None:
        gate.wait(10)
        while mine := claim(database, START, limit=7):
            with lock:
                taken.update(mine)

    threads = [threading.Thread(target=take) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert sorted(taken) == numbers(database)
    assert set(taken.values()) == {1}


@pytest.mark.both_databases
def test_of_many_that_begin_at_once_one_does(database: Database) -> None:
    publish(database)
    number = numbers(database)[0]
    answers: list[str] = []
    gate = threading.Barrier(4)

    def start() -> None:
        gate.wait(10)
        begun = try_once(database, number, START)
        answers.append("begun" if isinstance(begun, Delivery) else begun)

    threads = [threading.Thread(target=start) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert sorted(answers) == ["begun", "running", "running", "running"]
    with database.reading() as session:
        assert one(session, number).attempts == 1


@pytest.mark.both_databases
def test_the_effect_and_the_closing_are_one_commit(database: Database) -> None:
    publish(database)
    number = numbers(database)[0]
    assert isinstance(try_once(database, number, START), Delivery)
    with pytest.raises(RuntimeError), database.transaction() as session:
        [delivery] = hold(session, [number])
        close(session, delivery, START)
        raise RuntimeError
    with database.transaction() as session:
        [delivery] = hold(session, [number])
        assert consequence_state(delivery, START + LEASE - SECOND) == "running"
        assert consequence_state(delivery, START + LEASE) == "waiting", "the worker that had it was killed"
        close(session, delivery, START + SECOND)
    with pytest.raises(NotOpen), database.transaction() as session:
        hold(session, [number])
    with database.reading() as session:
        closed = one(session, number)
        assert (closed.state, closed.finished_at, closed.attempts) == ("done", START + SECOND, 1)
        assert consequence_state(closed, START + SECOND) == "done"
        with pytest.raises(NotOpen):
            close(session, closed, START)
    assert try_once(database, number, START + timedelta(hours=1)) == "closed"
    assert number not in claim(database, START + timedelta(hours=1))


@pytest.mark.both_databases
def test_failures_are_counted_with_growing_pauses_until_it_is_dead(database: Database) -> None:
    publish(database)
    number = numbers(database)[0]
    at, pauses = START, []
    for _ in range(ATTEMPTS_BEFORE_DEAD):
        fail_once(database, number, at, ValueError("the moon is full"))
        with database.reading() as session:
            delivery = one(session, number)
            pauses.append((delivery.due_at - at).total_seconds() if delivery.state == "open" else None)
            assert delivery.error == "ValueError: the moon is full"
        at += timedelta(minutes=10)
    assert pauses == [1, 5, 25, 125, None]
    with database.reading() as session:
        assert (one(session, number).state, one(session, number).attempts) == ("dead", ATTEMPTS_BEFORE_DEAD)
        assert consequence_state(one(session, number), at) == "failed"
    assert try_once(database, number, at) == "closed"
    assert number not in claim(database, at)


@pytest.mark.both_databases
def test_attempts_that_end_without_a_word_are_counted_too(database: Database) -> None:
    publish(database)
    number = numbers(database)[0]
    at = START
    for _ in range(ATTEMPTS_BEFORE_DEAD):
        assert isinstance(try_once(database, number, at), Delivery)
        assert try_once(database, number, at + 9 * SECOND) == "running"
        at += timedelta(minutes=10)
    assert number not in claim(database, at)
    with database.reading() as session:
        assert one(session, number).state == "dead"
        assert one(session, number).error == deliveries.ENDED_WITHOUT_A_WORD


@pytest.mark.both_databases
def test_a_task_that_comes_after_the_last_attempt_buries_the_delivery(database: Database) -> None:
    publish(database)
    number = numbers(database)[0]
    for attempt in range(ATTEMPTS_BEFORE_DEAD):
        try_once(database, number, START + attempt * timedelta(minutes=10))
    assert try_once(database, number, START + timedelta(hours=2)) == "spent"
    with database.reading() as session:
        assert one(session, number).state == "dead"


@pytest.mark.both_databases
def test_a_lease_is_prolonged_while_work_goes_on_and_only_then(database: Database) -> None:
    publish(database)
    first, second, *_ = numbers(database)
    try_once(database, first, START)
    with database.transaction() as session:
        extend(session, [first, second], START + 8 * SECOND)
    assert try_once(database, first, START + 15 * SECOND) == "running"
    assert first not in claim(database, START + 15 * SECOND)
    assert isinstance(try_once(database, second, START + 15 * SECOND), Delivery)
    assert isinstance(try_once(database, first, START + 18 * SECOND), Delivery)


@pytest.mark.both_databases
def test_untried_deliveries_are_taken_together_and_tried_ones_are_not(database: Database) -> None:
    for _ in range(4):
        publish(database)
    with database.reading() as session:
        search = list(session.scalars(select(Delivery.number).where(Delivery.subscription == "search")))
    fail_once(database, search[0], START)
    with database.transaction() as session:
        taken = [delivery.number for delivery in begin_untried(session, "search", START, 2)]
    assert taken == search[1:3]
    with database.transaction() as session:
        assert [delivery.number for delivery in begin_untried(session, "search", START, 10)] == search[3:]


@pytest.mark.both_databases
def test_a_delivery_of_another_subscription_and_one_that_never_was_are_unknown(database: Database) -> None:
    publish(database)
    with database.transaction() as session:
        assert begin(session, 4711, START) == "unknown"
        number = session.scalars(select(Delivery.number).where(Delivery.subscription == "search")).one()
        assert begin(session, number, START, "related") == "unknown"
        assert isinstance(begin(session, number, START, "search"), Delivery)


@pytest.mark.both_databases
def test_a_postponed_delivery_keeps_its_attempts(database: Database) -> None:
    publish(database)
    number = numbers(database)[0]
    for _ in range(2 * ATTEMPTS_BEFORE_DEAD):
        assert isinstance(try_once(database, number, START), Delivery)
        with database.transaction() as session:
            [delivery] = hold(session, [number])
            postpone(session, delivery, START + timedelta(minutes=1), "the mail server is away")
    with database.reading() as session:
        assert (one(session, number).state, one(session, number).attempts) == ("open", 0)
    assert number not in claim(database, START + 59 * SECOND)
    assert number in claim(database, START + 60 * SECOND)


@pytest.mark.both_databases
def test_a_dead_letter_can_be_retried_with_all_its_attempts_or_discarded(database: Database) -> None:
    publish(database)
    first, second, third, *_ = numbers(database)
    at = bury(database, first)
    bury(database, second)
    with database.transaction() as session:
        assert deliveries.retry(session, first, at).state == "open"
        assert deliveries.discard(session, second, at).state == "discarded"
    assert first in claim(database, at)
    assert second not in claim(database, at)
    for attempt in range(1, ATTEMPTS_BEFORE_DEAD + 1):
        fail_once(database, first, at + attempt * timedelta(minutes=10))
    assert state_of(database, first) == "dead"
    for decide in (deliveries.retry, deliveries.discard):
        with pytest.raises(NotFound), database.transaction() as session:
            decide(session, 4711, at)
        with pytest.raises(Conflict), database.transaction() as session:
            decide(session, third, at)
        with pytest.raises(Conflict), database.transaction() as session:
            decide(session, second, at)


@pytest.mark.both_databases
def test_deliveries_go_with_their_letter(database: Database) -> None:
    letter_id = publish(database)
    with database.transaction() as session:
        session.connection().exec_driver_sql("DELETE FROM letters")
    assert numbers(database) == []
    with pytest.raises(IntegrityError), database.transaction() as session:
        session.add(Delivery(letter_id=letter_id, subscription="search", subject=new_id(), due_at=START))


def test_an_error_is_described_without_addresses_credentials_and_values() -> None:
    error = OSError("550 no mailbox <mei.lin@example.org>, smtp://user:secret@mail.example.org:25\n away")
    assert describe(error) == "OSError: 550 no mailbox <[address]>, smtp://mail.example.org:25 away"
    cause = ValueError("Key (email)=(mei.lin@example.org) already exists")
    assert describe(IntegrityError("INSERT", {"code": "123456"}, cause)) == "IntegrityError (ValueError)"
    assert describe(KeyboardInterrupt()) == "KeyboardInterrupt"
    assert len(describe("long " * 1000)) == deliveries.LONGEST_ERROR


KINDS = ("claim", "begin", "close", "fail", "wait", "long wait", "retry", "discard")


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=st.lists(st.sampled_from(KINDS), max_size=60))
def test_whatever_happens_a_delivery_is_tried_at_most_five_times_between_two_decisions(
    steps: list[str], database: Database
) -> None:
    publish(database)
    number = numbers(database)[-1]
    at, tried, is_over = START, 0, False
    for step in steps:
        before = state_of(database, number)
        if step == "claim":
            assert number not in claim(database, at) or before == "open"
        elif step == "begin":
            begun = try_once(database, number, at)
            if isinstance(begun, Delivery):
                tried += 1
                assert not is_over
            assert tried <= ATTEMPTS_BEFORE_DEAD
        elif step == "close" and before == "open":
            with database.transaction() as session:
                close(session, hold(session, [number])[0], at)
            is_over = True
        elif step == "fail":
            with database.transaction() as session:
                fail(session, number, "no luck", at)
        elif step in ("retry", "discard") and before == "dead":
            with database.transaction() as session:
                getattr(deliveries, step)(session, number, at)
            tried, is_over = 0, step == "discard"
        elif step.endswith("wait"):
            at += 11 * SECOND if step == "wait" else timedelta(minutes=3)
    after = state_of(database, number)
    if is_over:
        assert after in ("done", "discarded")
    if after == "open":
        assert number in claim(database, at + timedelta(minutes=5), 1000) or state_of(database, number) == "dead"
    if after == "dead":
        assert tried == ATTEMPTS_BEFORE_DEAD


def state_of(database: Database, number: int) -> str:
    with database.reading() as session:
        return session.scalars(select(Delivery.state).where(Delivery.number == number)).one()

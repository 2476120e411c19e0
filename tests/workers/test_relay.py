"""The relay with a real broker: what it sends, what it holds back, and what it does while the broker is away."""

import json
import threading
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import redis
from sqlalchemy import insert, select

from cms.events.catalogue import ArticlePublished, LetterQueued
from cms.events.deliveries import Claimed, begin, fail
from cms.events.models import Delivery, Letter
from cms.events.outbox import record
from cms.events.subscriptions import ATTEMPTS_BEFORE_DEAD, BY_NAME, MOST_TOGETHER, QUEUES, SUBSCRIPTIONS, hearing
from cms.platform.actor import system
from cms.platform.bell import Bell
from cms.platform.db import Database
from cms.platform.ids import new_id
from cms.settings import Settings
from tests.servers import Broker, wait_until
from workers import relay as relaying
from workers.broker import sending_app
from workers.due import Chores
from workers.relay import LONGEST_QUEUE, BrokerAway, Relay, Sender

START = datetime(2026, 11, 3, 9, 0, tzinfo=UTC)
PREFIX = "copydesk:"
# What a publish owes, and what of it waits for the workers of the queue `derive`.
OWED = len(hearing(ArticlePublished.type))
DERIVED = [one.name for one in hearing(ArticlePublished.type) if one.queue == "derive"]


@dataclass
class Hand:
    """A relay on a clock that stands still until it is moved."""

    relay: Relay
    redis: redis.Redis
    at: datetime = START

    def tasks(self, queue: str) -> list[dict[str, Any]]:
        """What waits in a queue, oldest first, as the broker holds it."""
        raw: list[bytes] = self.redis.lrange(PREFIX + queue, 0, -1)  # type: ignore[assignment]  # not asynchronous
        return [json.loads(message) for message in reversed(raw)]

    def numbers(self, queue: str) -> list[int]:
        """The deliveries whose tasks wait in a queue."""
        return [number for task in self.tasks(queue) for number in arguments(task)]


def arguments(task: dict[str, Any]) -> list[Any]:
    import base64

    [given, named, _] = json.loads(base64.b64decode(task["body"]))
    assert named == {}
    return given


@pytest.fixture
def hand(settings: Settings, database: Database, broker: Broker) -> Iterator[Hand]:
    """A relay on the test's database and a real broker."""
    told = replace(settings, redis_url=broker.url)
    bell = Bell(told.bell_url)
    client = redis.Redis.from_url(broker.url)
    hand = Hand(Relay(database, Sender(sending_app(told)), bell, Chores(told, database)), client)
    hand.relay.clock = lambda: hand.at
    yield hand
    hand.relay.sender.close()
    hand.relay.chores.close()
    bell.close()
    client.close()


def publish(database: Database, count: int = 1) -> None:
    with database.transaction() as session:
        for _ in range(count):
            event = ArticlePublished(subject=new_id(), revision=2, is_first=True)
            record(session, event, actor=system("test"), now=START)


def deliveries_of(database: Database, queue: str) -> list[int]:
    names = [one.name for one in SUBSCRIPTIONS if one.queue == queue]
    with database.reading() as session:
        query = select(Delivery.number).where(Delivery.subscription.in_(names)).order_by(Delivery.number)
        return list(session.scalars(query))


@pytest.mark.both_databases
def test_each_open_delivery_becomes_one_task_in_its_queue(database: Database, hand: Hand) -> None:
    publish(database, 3)
    with database.transaction() as session:
        record(session, LetterQueued(subject=new_id()), actor=system("test"), now=START)
    assert hand.relay.send_due() == 3 * OWED + 1
    for queue in QUEUES:
        assert sorted(hand.numbers(queue)) == deliveries_of(database, queue)
        for task in hand.tasks(queue):
            assert arguments(task) == sorted(arguments(task))
    assert {task["headers"]["task"] for task in hand.tasks("derive")} == {f"derive.{name}" for name in DERIVED}
    assert hand.relay.send_due() == 0


def test_a_task_holds_a_number_and_nothing_else_and_is_json(database: Database, hand: Hand) -> None:
    publish(database)
    hand.relay.send_due()
    [task] = hand.tasks("search")
    assert (task["content-type"], task["content-encoding"]) == ("application/json", "utf-8")
    assert arguments(task) == deliveries_of(database, "search")
    with database.reading() as session:
        subject = session.scalars(select(Delivery.subject)).first()
    assert subject is not None
    assert subject not in json.dumps(task)


def test_many_of_one_subscription_come_in_one_task_and_what_is_sent_again_comes_alone(
    database: Database, hand: Hand
) -> None:
    publish(database, 2 * MOST_TOGETHER)
    hand.relay.send_due()
    sizes = {one.name: BY_NAME[one.name].together for one in hearing(ArticlePublished.type)}
    for queue in ("bulk", "derive", "search"):
        for task in hand.tasks(queue):
            name = task["headers"]["task"].partition(".")[2]
            assert 1 <= len(arguments(task)) <= sizes[name]
    counted = Counter(task["headers"]["task"] for queue in ("bulk", "derive", "search") for task in hand.tasks(queue))
    print(f"tasks for {2 * MOST_TOGETHER} publishes: {dict(counted)}")
    # What may be the work of minutes, as letters are, stays alone.
    assert {one.together for one in SUBSCRIPTIONS if one.queue == "mail" or one.time_limit_seconds > 60} <= {1, 5}
    # A claim takes a hundred deliveries of all subscriptions, so there are more tasks than the largest would make.
    assert counted["derive.reading_time"] < 2 * MOST_TOGETHER / 4
    hand.redis.flushall()
    hand.at += timedelta(seconds=10)
    assert hand.relay.send_due() == 2 * MOST_TOGETHER * OWED
    assert {len(arguments(task)) for queue in ("bulk", "derive", "search") for task in hand.tasks(queue)} == {1}


def test_what_is_not_closed_is_sent_again_and_what_is_closed_is_not(database: Database, hand: Hand) -> None:
    publish(database)
    hand.relay.send_due()
    hand.redis.flushall()
    hand.at += timedelta(seconds=9)
    assert hand.relay.send_due() == 0
    with database.transaction() as session:
        done = session.scalars(select(Delivery).where(Delivery.subscription == "related")).one()
        done.state = "done"
    hand.at += timedelta(seconds=1)
    assert hand.relay.send_due() == OWED - 1
    assert done.number not in hand.numbers("derive")


def test_a_backlog_waits_in_the_database(database: Database, hand: Hand, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(relaying, "LONGEST_QUEUE", 5)
    publish(database, 8)
    assert hand.relay.send_due() == 15
    assert [len(hand.numbers(queue)) for queue in ("bulk", "derive", "search")] == [5, 5, 5]
    for queue in ("bulk", "derive", "search"):
        hand.redis.delete(PREFIX + queue)
        hand.redis.lpush(PREFIX + queue, *["{}"] * 5)
    assert hand.relay.send_due() == 0
    hand.redis.ltrim(PREFIX + "search", 0, 1)
    assert hand.relay.send_due() == 3
    assert [len(hand.tasks(queue)) for queue in ("bulk", "derive")] == [5, 5]


def test_nothing_is_claimed_while_the_broker_is_away(database: Database, hand: Hand, settings: Settings) -> None:
    publish(database)
    away = replace(hand.relay, sender=Sender(sending_app(settings)))
    for _ in range(3):
        with pytest.raises(BrokerAway):
            away.send_due()
    with database.reading() as session:
        assert set(session.scalars(select(Delivery.sends))) == {0}
    assert hand.relay.send_due() == OWED


def test_several_relays_share_the_work(database: Database, hand: Hand) -> None:
    publish(database, 60)
    relays = [replace(hand.relay, sender=Sender(hand.relay.sender._app)) for _ in range(3)]
    threads = [threading.Thread(target=relay.send_due) for relay in relays]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    for queue in ("derive", "search"):
        assert sorted(hand.numbers(queue)) == deliveries_of(database, queue)
    for relay in relays:
        relay.sender.close()


def test_a_dead_letter_is_not_sent_until_somebody_retries_it(database: Database, hand: Hand) -> None:
    publish(database)
    [number] = deliveries_of(database, "search")
    for attempt in range(ATTEMPTS_BEFORE_DEAD):
        at = START + timedelta(minutes=attempt * 10)
        with database.transaction() as session:
            assert isinstance(begin(session, number, at), Delivery)
            fail(session, number, "no luck", at)
    hand.at += timedelta(hours=2)
    hand.relay.send_due()
    assert hand.numbers("search") == []
    assert len(hand.numbers("derive")) == len(DERIVED)


def test_a_ring_wakes_the_relay_and_a_lost_ring_is_made_up_for(
    database: Database, hand: Hand, settings: Settings, broker: Broker
) -> None:
    ringing = Bell(broker.url)
    waiting = Bell(broker.url)
    ringing.ring()
    ringing.ring()
    assert waiting.wait(1)
    assert not waiting.wait(0.1)
    runner = threading.Thread(target=hand.relay.run)
    runner.start()
    try:
        publish(database)
        wait_until(lambda: len(hand.numbers("search")) == 1, seconds=5)
    finally:
        hand.relay.is_stopping = True
        runner.join(5)
    assert not runner.is_alive()
    ringing.close()
    waiting.close()


@pytest.mark.slow
def test_letters_do_not_wait_behind_ten_thousand_deliveries_of_the_search_index(database: Database, hand: Hand) -> None:
    """Counted: in the first claim while the queue of searches has room, and by the only one when it has none."""
    publish(database)
    with database.transaction() as session:
        letter_id = session.scalars(select(Letter.id)).one()
        owed = {"subscription": "search", "due_at": START, "letter_id": letter_id, "subject": letter_id}
        session.execute(insert(Delivery), [owed] * 10_000)
    claims: list[list[str]] = []
    real = hand.relay.claim

    def counted(queues: Iterable[str], limit: int) -> Sequence[Claimed]:
        claimed = real(queues, limit)
        claims.append([one.subscription for one in claimed])
        return claimed

    hand.relay.claim = counted  # type: ignore[method-assign]  # the relay's own, with a tally beside it
    for burst in (30, 20):
        claims.clear()
        with database.transaction() as session:
            for _ in range(burst):
                record(session, LetterQueued(new_id()), actor=system("test"), now=START)
        hand.relay.send_due()
        assert claims[0] == ["letter"] * burst
        print(f"{burst} letters in the first of {len(claims)} claims, {sum(map(len, claims[1:]))} others after them")
        hand.redis.lpush(PREFIX + "search", *["{}"] * LONGEST_QUEUE)
    # In the end the queue of searches was full: the rest waits in the database.
    assert (len(hand.numbers("mail")), len(claims)) == (50, 1)
    # The tasks of letters are in a queue of their own, where no other task ever is.
    assert {task["headers"]["task"] for task in hand.tasks("mail")} == {"mail.letter"}
    assert [one.name for one in SUBSCRIPTIONS if one.queue == "mail"] == ["letter"]

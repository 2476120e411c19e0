"""The relay: turns open deliveries into tasks. The only sender of tasks.

It wakes by the bell or after a second, claims what is due, commits, and only then sends. It sends again until the
consumer's own commit has closed the delivery, so it may be killed anywhere, and several relays share the work. While
acts follow each other closely it takes what they owe together, a few times a second.
"""

import time
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import structlog
from celery import Celery
from sqlalchemy.exc import SQLAlchemyError

from cms.events.deliveries import Claimed, due
from cms.events.queries import queues_with_work
from cms.events.subscriptions import BY_NAME, QUEUES, SUBSCRIPTIONS
from cms.platform.bell import Bell, BellUnheard
from cms.platform.clock import now
from cms.platform.db import Database
from cms.platform.errors import Unavailable
from workers.due import Chores

log = structlog.get_logger("copydesk.relay")
SWEEP_SECONDS = 1.0
# A round costs about the same for one act as for ten. Whoever rings a bell that was silent is heard at once.
ROUNDS_APART_SECONDS = 0.15
CLAIMED_AT_ONCE = 100
# More tasks than this never wait in a queue: a backlog stays in the database, where sending again costs nothing.
LONGEST_QUEUE = 500
# The library would try for six seconds by itself, deaf to every signal; the relay tries again anyway.
TRY_ONCE = {"max_retries": 1, "interval_start": 0, "interval_step": 0}
FIRST = ("mail",)
HEARD_IN = {queue: [one.name for one in SUBSCRIPTIONS if one.queue == queue] for queue in QUEUES}


class BrokerAway(Exception):
    """The broker took no task. What was claimed is sent again later."""


class Sender:
    """Sends tasks over one connection, which is made anew after a failure."""

    def __init__(self, app: Celery) -> None:
        self._app = app
        self._connection: Any = None
        self._producer: Any = None

    def rooms(self, queues: Collection[str]) -> dict[str, int]:
        """How many more tasks each of these queues may hold. Raises: BrokerAway."""

        def ask(channel: Any) -> list[int]:
            # One question for all. The library's own asks each queue for four priorities, of which we use none.
            with channel.conn_or_acquire() as client, client.pipeline(transaction=False) as pipeline:
                for queue in queues:
                    pipeline.llen(queue)
                return list(pipeline.execute())

        lengths = self._ask(ask) if queues else []
        return {queue: LONGEST_QUEUE - length for queue, length in zip(queues, lengths, strict=True)}

    def send(self, claimed: Iterable[Claimed]) -> None:
        """Send tasks for these deliveries, holding their numbers and nothing else. Raises: BrokerAway."""

        def send_all(_channel: Any) -> None:
            # The broker gets all of them in one message. A queue is there as soon as something is in it.
            with self._producer.batch():
                for name, numbers in tasks(claimed):
                    subscription = BY_NAME[name]
                    self._app.send_task(
                        subscription.task,
                        numbers,
                        argsrepr=repr(numbers),
                        kwargsrepr="{}",
                        queue=subscription.queue,
                        producer=self._producer,
                        retry=False,
                        ignore_result=True,
                        declare=[],
                    )

        self._ask(send_all)

    def close(self) -> None:
        """Give the connection back."""
        if self._connection is not None:
            self._connection.release()
            self._connection = None

    def _ask(self, question: Callable[[Any], Any]) -> Any:
        try:
            if self._connection is None:
                self._connection = self._app.connection_for_write(transport_options=TRY_ONCE)
                self._producer = self._app.amqp.Producer(self._connection, auto_declare=False)
            return question(self._connection.default_channel)
        except Exception as error:  # whatever the broker or its client says, the answer is to try again later
            self._connection = None
            raise BrokerAway(type(error).__name__) from error


def tasks(claimed: Iterable[Claimed]) -> Iterator[tuple[str, tuple[int, ...]]]:
    """The subscription and the numbers of each task, in the order in which the deliveries were claimed.

    What is sent again comes alone: it may be what ended a worker, and must not hold up others once more.
    """
    gathered: dict[str, list[int]] = {}
    for name, number, is_first in claimed:
        if not is_first:
            yield name, (number,)
            continue
        numbers = gathered.setdefault(name, [])
        numbers.append(number)
        if len(numbers) == BY_NAME[name].together:
            yield name, tuple(gathered.pop(name))
    for name, numbers in gathered.items():
        yield name, tuple(numbers)


@dataclass
class Relay:
    """One relay on a database and a broker."""

    database: Database
    sender: Sender
    bell: Bell
    chores: Chores
    clock: Callable[[], datetime] = now
    is_stopping: bool = False
    is_broker_there: bool = True
    beat: Callable[[], None] = lambda: None

    def run(self) -> None:
        """Send until `is_stopping` is set, which a signal may do at any moment."""
        log.info("relay_starts")
        while not self.is_stopping:
            self.beat()
            began = time.monotonic()
            try:
                self.chores.do_due()
                self.send_due()
                if not self.chores.is_more_due:
                    time.sleep(max(0.0, began + ROUNDS_APART_SECONDS - time.monotonic()))
                self.bell.wait(self.chores.longest_wait(SWEEP_SECONDS))
                self._note_broker("")
            except (BrokerAway, BellUnheard) as error:
                self._note_broker(str(error))
                time.sleep(self.chores.longest_wait(SWEEP_SECONDS))
            except (SQLAlchemyError, Unavailable) as error:
                log.warning("database_away", error=type(error).__name__)
                time.sleep(SWEEP_SECONDS)
        self.sender.close()
        log.info("relay_ends")

    def send_due(self) -> int:
        """Send tasks for the deliveries that are due; gives how many. Raises: BrokerAway, and then claims nothing.

        Letters go first: a person waits for a code, and the oldest of what is due may be thousands of something else.
        """
        rooms = self.sender.rooms(self._queues_with_work())
        first = {queue: rooms.pop(queue) for queue in FIRST if queue in rooms}
        return self._send_from(first) + self._send_from(rooms)

    def _send_from(self, rooms: dict[str, int]) -> int:
        sent = 0
        while not self.is_stopping and (rooms := {queue: room for queue, room in rooms.items() if room > 0}):
            limit = min(CLAIMED_AT_ONCE, *rooms.values())
            claimed = self.claim(rooms, limit)
            self.sender.send(claimed)
            sent += len(claimed)
            if len(claimed) < limit:
                break
            for one in claimed:
                rooms[BY_NAME[one.subscription].queue] -= 1
        return sent

    def claim(self, queues: Iterable[str], limit: int) -> Sequence[Claimed]:
        """Claim what is due in these queues, in a transaction that is over when this returns."""
        names = [name for queue in queues for name in HEARD_IN[queue]]
        with self.database.transaction() as session:
            return due(session, self.clock(), limit, names)

    def _queues_with_work(self) -> list[str]:
        # A read is cheaper than a claim, which would take the one writer's place on SQLite each second for nothing.
        return queues_with_work(self.database.direct, self.clock())

    def _note_broker(self, problem: str) -> None:
        if problem and self.is_broker_there:
            log.warning("broker_away", error=problem)
        elif not problem and not self.is_broker_there:
            log.info("broker_is_back")
        self.is_broker_there = not problem

"""What a handler is given: the parts of its process, and the attempt that it makes.

A handler is a plain function `handle(work, attempt)`. It reads the present state, computes outside of transactions, and
ends with one transaction that holds the delivery, writes the effect and closes the delivery:

    with work.database.transaction() as session:
        [delivery] = hold(session, attempt.numbers)
        ...
        close(session, delivery, work.clock())

It may run twice, late and in any order, and may be interrupted anywhere. It raises when it fails.
"""

import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property

from cms.media.choosing import chosen_store
from cms.media.darkroom.asking import Darkroom
from cms.media.storing import Store
from cms.platform.clock import now
from cms.platform.db import Database
from cms.platform.keys import Keys, load_keys
from cms.settings import Settings
from search_index.engine import SearchWriter
from search_index.shelf import Shelf

LETTERS_AT_ONCE = 2


@dataclass(frozen=True)
class Work:
    """The parts of one worker process. Letters have `places` of their own, because their server is not ours; those
    that go to very many have fewer.

    `documents` is held by who changes published documents. The database lets one do so at a time anyway; so whoever
    publishes waits for one handler of this process at most, and not for a queue of them.
    """

    settings: Settings
    database: Database
    keys: Keys
    index: SearchWriter
    clock: Callable[[], datetime] = now
    places: threading.Semaphore = field(default_factory=lambda: threading.Semaphore(LETTERS_AT_ONCE))
    documents: threading.Lock = field(default_factory=threading.Lock)
    darkroom: Darkroom = field(default_factory=Darkroom)
    bulk_places: threading.Semaphore = field(default_factory=lambda: threading.Semaphore(LETTERS_AT_ONCE - 1))

    @cached_property
    def store(self) -> Store:
        """Where files are; made with its first use, which is after a fork."""
        return chosen_store(self.settings)

    def close(self) -> None:
        """Give connections and files back."""
        self.index.close()
        self.database.dispose()


@dataclass(frozen=True)
class Owed:
    """One delivery in hand: its number, the public id of its subject, its event's id, its attempts with this one."""

    number: int
    subject: str
    letter_id: str
    attempts: int


@dataclass(frozen=True)
class Attempt:
    """The deliveries that one run of a handler works on: one, or several where the handler takes them together."""

    subscription: str
    owed: tuple[Owed, ...]

    @property
    def subject(self) -> str:
        """The subject of an attempt on one delivery."""
        [owed] = self.owed
        return owed.subject

    @property
    def numbers(self) -> list[int]:
        """The numbers of the deliveries, rising."""
        return sorted(owed.number for owed in self.owed)


Handler = Callable[[Work, Attempt], None]


def make_work(settings: Settings, letters_at_once: int = LETTERS_AT_ONCE) -> Work:
    """The parts for this process. What workers write grows back, so no commit of theirs waits for the disk."""
    return Work(
        settings=settings,
        database=Database(settings.database, is_durable=False, site_name=settings.site_name),
        keys=load_keys(settings),
        index=Shelf(settings.index_home).writer(),
        places=threading.Semaphore(letters_at_once),
        bulk_places=threading.Semaphore(max(1, letters_at_once - 1)),
    )

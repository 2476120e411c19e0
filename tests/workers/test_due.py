"""What the relay does besides sending: it orders the sweep of related lists, and forgets what was kept long enough."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import chain, repeat
from typing import Any

import pytest
from sqlalchemy import func, select

from cms.content.models import Document, TermFrequency
from cms.content.portraits import ALL
from cms.content.publishing import put_document
from cms.events.catalogue import ArticleCreated, ArticlePublished
from cms.events.list_events import RelatedSweepDue
from cms.events.models import Delivery, Letter
from cms.events.outbox import record
from cms.events.subscriptions import hearing
from cms.mail.models import OutgoingLetter, Suppression
from cms.platform.actor import system
from cms.platform.counting import microseconds
from cms.platform.db import Database
from cms.platform.ids import new_id
from cms.platform.models import LimitCounter, LimitQuota, RememberedAnswer
from cms.readers.follows.models import Digest, FollowMatch
from cms.readers.models import Account, Challenge, ReaderSession
from cms.settings import Settings
from tests.content.making import article
from workers import due
from workers.due import Chores, forget_old, order_sweep

START = datetime(2026, 11, 3, 9, 0, tzinfo=UTC)
DAY = timedelta(days=1)
TABLES = (
    Letter, Delivery, OutgoingLetter, Suppression, Challenge, ReaderSession, RememberedAnswer, LimitCounter, LimitQuota,
    FollowMatch, Digest,
)  # fmt: skip


def put(database: Database, *rows: Any) -> None:
    with database.transaction() as session:
        session.add_all(rows)


def counts(database: Database) -> dict[str, int]:
    with database.reading() as session:
        return {
            table.__tablename__: number
            for table in TABLES
            if (number := session.scalar(select(func.count()).select_from(table)) or 0)
        }


def letter(database: Database, at: datetime, *states: str) -> str:
    """A letter with deliveries in these states, and done where there are more; gives its id."""
    with database.transaction() as session:
        event = ArticlePublished(new_id(), 1, True) if states else ArticleCreated(new_id(), 1)
        dropped = record(session, event, actor=system("test"), now=at)
        owed = session.scalars(select(Delivery).where(Delivery.letter_id == dropped.id).order_by(Delivery.number))
        for delivery, state in zip(owed, chain(states, repeat("done")), strict=False):
            delivery.state = state
        return dropped.id


def outgoing(created_at: datetime, expires_at: datetime, state: str = "sent") -> OutgoingLetter:
    return OutgoingLetter(
        id=new_id(), kind="verify_email", recipient="ann@example.org", locale="en", about_id=new_id(),
        message_id=f"<{new_id()}@example.org>", state=state, created_at=created_at, expires_at=expires_at,
    )  # fmt: skip


def challenge(expires_at: datetime) -> Challenge:
    return Challenge(
        id=new_id(), purpose="verify_email", email="ann@example.org", display_name="", locale="en",
        created_at=expires_at - timedelta(minutes=10), expires_at=expires_at,
    )  # fmt: skip


def answer(created_at: datetime, key: str) -> RememberedAnswer:
    return RememberedAnswer(caller="service:1", key=key, fingerprint="", created_at=created_at)


def quota(full_at: datetime) -> LimitQuota:
    return LimitQuota(key="key", full_at=microseconds(full_at))


def failures(at: datetime, key: str = "failures:key") -> LimitCounter:
    return LimitCounter(key=key, window_started_at=at, count=1)


def put_of_reader(database: Database, table: Any, **values: Any) -> None:
    account = Account(
        id=new_id(), email="ann@example.org", display_name="", locale="en", created_at=START, verified_at=START
    )
    put(database, account)
    put(database, table(id=new_id(), account_id=account.id, **values))


def put_match(database: Database) -> None:
    told = {"article_id": new_id(), "frequency": "daily", "matched_at": START}
    put_of_reader(database, FollowMatch, **told)


def put_digest(database: Database) -> None:
    put_of_reader(database, Digest, period=START.date(), made_at=START)


# What is kept, by how long after START it is kept still, and a moment later no more.
KEPT: list[tuple[str, timedelta, Callable[[Database], None]]] = [
    ("letters", 7 * DAY, lambda database: void(letter(database, START))),
    ("letters", 7 * DAY, lambda database: void(letter(database, START, "done", "superseded", "discarded"))),
    ("outgoing_letters", 7 * DAY, lambda database: put(database, outgoing(START, START + DAY))),
    ("outgoing_letters", 9 * DAY, lambda database: put(database, outgoing(START, START + 8 * DAY, "queued"))),
    ("reader_challenges", DAY, lambda database: put(database, challenge(START))),
    ("reader_follow_matches", 30 * DAY, put_match),
    (
        "reader_digests",
        30 * DAY,
        put_digest,
    ),
    ("remembered_answers", DAY, lambda database: put(database, answer(START, "key"))),
    ("limit_quotas", DAY, lambda database: put(database, quota(START + DAY))),
    ("limit_counters", 30 * DAY, lambda database: put(database, failures(START))),
]


def void(_value: object) -> None:
    """Drop a value."""


@pytest.mark.both_databases
@pytest.mark.parametrize(("table", "kept", "make"), KEPT, ids=[f"{n}-{name}" for n, (name, *_) in enumerate(KEPT)])
def test_each_kind_is_kept_as_long_as_promised_and_no_longer(
    settings: Settings, database: Database, table: str, kept: timedelta, make: Callable[[Database], None]
) -> None:
    make(database)
    before = counts(database)
    assert table in before
    assert forget_old(settings, database, START + kept) == {}
    assert counts(database) == before
    forgotten = forget_old(settings, database, START + kept + timedelta(seconds=1))
    assert sum(forgotten.values()) == 1
    assert counts(database) == {}


@pytest.mark.both_databases
@pytest.mark.parametrize("state", ["open", "dead"])
def test_a_letter_that_is_still_needed_is_kept_for_ever(settings: Settings, database: Database, state: str) -> None:
    kept = letter(database, START, "done", state, "done")
    letter(database, START, "done", "done", "done")
    forget_old(settings, database, START + 1000 * DAY)
    with database.reading() as session:
        assert list(session.scalars(select(Letter.id))) == [kept]
        assert session.scalar(select(func.count()).select_from(Delivery)) == len(hearing("article.published"))


def test_the_settings_say_how_long(settings: Settings, database: Database) -> None:
    letter(database, START)
    told = replace(settings, events_retention_days=30)
    assert forget_old(told, database, START + 29 * DAY) == {}
    assert forget_old(told, database, START + 31 * DAY) == {"letters": 1}


def test_the_settings_say_how_long_what_is_kept_of_readers(settings: Settings, database: Database) -> None:
    account = Account(
        id=new_id(), email="ann@example.org", display_name="", locale="en", created_at=START, verified_at=START
    )
    put(database, account)
    put(
        database,
        outgoing(START, START),
        challenge(START),
        Suppression(id=new_id(), address="a@b.example", answer="recipient: 550", letter_id=new_id(), created_at=START),
        ReaderSession(
            id=new_id(), account_id=account.id, digest=bytes(32), device="", network="", created_at=START - 30 * DAY,
            last_seen_at=START, expires_at=START,
        ),
    )  # fmt: skip
    told = replace(
        settings, letters_kept_days=2, codes_kept_days=3, reader_sessions_kept_days=4, suppressions_kept_days=5
    )
    names = ("outgoing_letters", "challenges", "reader_sessions", "mail_suppressions")
    for days, name in enumerate(names, start=2):
        assert forget_old(told, database, START + days * DAY) == {}
        assert forget_old(told, database, START + days * DAY + timedelta(seconds=1)) == {name: 1}
    assert counts(database) == {}


def test_much_is_forgotten_in_portions_while_tasks_go_on(
    settings: Settings, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(due, "FORGOTTEN_AT_ONCE", 10)
    put(database, *(failures(START, f"subject-{number}") for number in range(25)))
    put(database, *(answer(START, f"key-{number}") for number in range(3)))
    at = START + 31 * DAY
    chores = Chores(settings, database, clock=lambda: at)
    left = []
    for _ in range(4):
        chores.do_due()
        left.append(counts(database).get("limit_counters", 0))
    assert left == [15, 5, 0, 0]
    put(database, failures(START, "late"))
    chores.do_due()
    assert counts(database) == {"limit_counters": 1}
    at += timedelta(minutes=1)
    chores.do_due()
    assert counts(database) == {}


def publish(database: Database, count: int) -> None:
    with database.reading() as session:
        first = session.scalar(select(func.count()).select_from(Document)) or 0
    with database.transaction() as session:
        for number in range(first, first + count):
            put_document(session, article(number), START)


def fit(database: Database, documents: int) -> None:
    """As the sweep leaves it."""
    with database.transaction() as session:
        session.merge(TermFrequency(language="en", term=ALL, documents=documents))
        for delivery in session.scalars(select(Delivery).where(Delivery.state == "open")):
            delivery.state = "done"


def is_ordered(database: Database, at: datetime) -> bool:
    with database.transaction() as session:
        return order_sweep(session, at)


@pytest.mark.both_databases
def test_a_sweep_is_ordered_once_a_day_and_when_the_archive_has_doubled(database: Database) -> None:
    assert not is_ordered(database, START)
    publish(database, 4)
    assert is_ordered(database, START)
    assert not is_ordered(database, START + 2 * DAY), "one is open already"
    fit(database, 4)
    publish(database, 3)
    assert not is_ordered(database, START + timedelta(hours=23))
    publish(database, 1)
    assert is_ordered(database, START + timedelta(hours=23))
    fit(database, 8)
    assert not is_ordered(database, START + timedelta(hours=46))
    assert is_ordered(database, START + timedelta(hours=47))


@pytest.mark.both_databases
def test_a_sweep_that_is_a_dead_letter_is_ordered_again_only_the_next_day(database: Database) -> None:
    publish(database, 4)
    assert is_ordered(database, START)
    with database.transaction() as session:
        session.scalars(select(Delivery)).one().state = "dead"
    assert not is_ordered(database, START + timedelta(hours=1))
    assert is_ordered(database, START + DAY)


def test_the_event_of_a_sweep_owes_one_delivery(database: Database) -> None:
    publish(database, 1)
    assert is_ordered(database, START)
    with database.reading() as session:
        assert list(session.scalars(select(Letter.type))) == [RelatedSweepDue.type]
        assert list(session.scalars(select(Delivery.subscription))) == ["related_sweep"]

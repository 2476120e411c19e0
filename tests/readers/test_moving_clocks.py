"""Row S7 and rule C3: a code expires by the clock of the database, whatever that of the process which is asked says."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import func, select, update

from cms.events.models import Delivery
from cms.mail.models import OutgoingLetter
from cms.platform import clock
from cms.platform.db import Database
from cms.platform.shared_clock import instant_of
from cms.readers.models import Challenge
from tests.lending import Lendings
from tests.mail.receiving import post_office
from tests.readers.making import BEGAN, Desk
from workers.attempts import Refusals, attempt
from workers.heard import HEARINGS
from workers.leases import LeaseKeeper
from workers.work import make_work

FIVE_MINUTES = timedelta(minutes=5)
LIFE = timedelta(minutes=10)
Shift = Callable[[timedelta], None]


@pytest.fixture
def database_url(postgresql_databases: Lendings) -> Iterator[str]:
    """A database of PostgreSQL, whose clock is not that of the processes; SQLite has none."""
    name = postgresql_databases.lend()
    yield postgresql_databases.server.url(name)
    postgresql_databases.take_back(name)


@pytest.fixture
def shift(monkeypatch: pytest.MonkeyPatch) -> Iterator[Shift]:
    """Set this process's clock ahead or back, as if it were another machine's."""

    def set_ahead(by: timedelta) -> None:
        class Shifted(datetime):
            @classmethod
            def now(cls, tz: Any = None) -> datetime:
                return datetime.now(tz) + by

        monkeypatch.setattr(clock, "datetime", Shifted)

    yield set_ahead


def database_now(database: Database) -> datetime:
    with database.reading() as session:
        return session.scalars(select(func.clock_timestamp())).one().astimezone(UTC)


def expire_in(database: Database, challenge_id: str, seconds: float) -> None:
    """Let a code be over so soon, by the database's clock."""
    until = database_now(database) + timedelta(seconds=seconds)
    with database.transaction() as session:
        session.execute(update(Challenge).where(Challenge.id == challenge_id).values(expires_at=until))


@pytest.mark.postgresql
@pytest.mark.slow
def test_two_processes_whose_clocks_are_apart_neither_extend_nor_shorten_a_code(
    app: Flask, database: Database, shift: Shift
) -> None:
    parts = app.extensions["copydesk"]
    desk = Desk(app, app.test_client())
    # The desk's own clock would count instead; here the process's is asked.
    app.extensions["copydesk"] = parts
    lives = {}
    for minutes in (-5, 0, 5):
        shift(timedelta(minutes=minutes))
        challenge = desk.challenge(desk.register(f"reader{minutes + 5}@example.org"))
        lives[minutes] = (challenge.expires_at - database_now(database)).total_seconds()
        assert challenge.expires_at - challenge.created_at == LIFE
        # Nobody asks sooner for another one either, where the clock is ahead by more than the cooldown.
        shift(timedelta(minutes=minutes + 5))
        desk.register(f"reader{minutes + 5}@example.org")
        shift(timedelta(minutes=minutes))
    assert len(desk.letters()) == 3
    assert all(abs(seconds - LIFE.total_seconds()) < 60 for seconds in lives.values()), lives
    outcomes = {}
    for minutes, seconds in ((-5, -1), (-5, 60), (5, 60), (5, -1), (0, -1)):
        challenge_id = desk.ask("verify_email", f"code{minutes}.{seconds}@example.org")
        expire_in(database, challenge_id, seconds)
        shift(timedelta(minutes=minutes))
        outcomes[minutes, seconds] = desk.verify(challenge_id, desk.code(challenge_id)).status_code
    print(f"codes that are over, or not, by clocks 5 minutes apart: {outcomes}")
    assert outcomes == {(-5, -1): 400, (-5, 60): 204, (5, 60): 204, (5, -1): 400, (0, -1): 400}
    with database.reading() as session:
        assert instant_of(session, lambda: BEGAN) == BEGAN


@pytest.mark.postgresql
@pytest.mark.slow
def test_a_worker_whose_clock_is_behind_sends_no_letter_whose_code_is_over(
    app: Flask, database: Database, shift: Shift
) -> None:
    desk = Desk(app, app.test_client(), now=clock.now())
    desk.register()
    with database.transaction() as session:
        session.execute(update(OutgoingLetter).values(expires_at=database_now(database) - timedelta(seconds=1)))
    shift(-FIVE_MINUTES)
    with post_office() as office:
        work = make_work(app.extensions["copydesk"].settings)
        try:
            [delivery] = desk.rows(Delivery)
            assert attempt(work, LeaseKeeper(work), Refusals(), HEARINGS["letter"], delivery.number) == "done"
        finally:
            work.close()
        assert office.came == []
    assert [letter.state for letter in desk.rows(OutgoingLetter)] == ["expired"]

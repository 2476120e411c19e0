"""A mail server that is down, slow, refusing, cut after the last dot: no code lost, doubled but by a cut, or late."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta

import pytest

from cms.events.models import Delivery
from cms.mail import sending
from cms.mail.models import OutgoingLetter
from tests.mail.receiving import PostOffice
from tests.mail.test_letters import CODE, office, work
from tests.readers.making import Desk
from tests.servers import free_port
from workers.attempts import Refusals, attempt
from workers.heard import HEARINGS
from workers.leases import LeaseKeeper
from workers.work import Work

__all__ = ["office", "work"]
READERS = 2
MOODS = ({}, {"slow": "0.4"}, {"letter": "451 later"}, {"sender": "421 bye"}, {"recipient": "450 wait"},
         {"letter": "drop"})  # fmt: skip


def try_due(desk: Desk, work: Work) -> int:
    """One attempt on each delivery that is due, as the relay would send them; gives how many."""
    due = [row.number for row in desk.rows(Delivery) if row.state == "open" and row.due_at <= desk.now]
    for number in due:
        assert attempt(work, LeaseKeeper(work), Refusals(), HEARINGS["letter"], number) == "done"
    return len(due)


def next_due(desk: Desk) -> None:
    """Wait until the next delivery is due."""
    desk.now = max(desk.now, min(row.due_at for row in desk.rows(Delivery) if row.state == "open"))


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Whoever waits for the server does so for a moment."""
    monkeypatch.setattr(sending, "DEADLINE_SECONDS", 0.15)
    yield


@pytest.mark.slow
def test_every_code_comes_in_time_and_is_doubled_at_most_once_for_each_cut(
    desk: Desk, work: Work, office: PostOffice
) -> None:
    cuts = 2
    challenges = [desk.register(f"reader{number}@example.org") for number in range(READERS)]
    away = replace(work, settings=replace(work.settings, smtp_url=f"smtp://127.0.0.1:{free_port()}"))
    tried = try_due(desk, away)
    for mood in [*MOODS[1:-1], *[MOODS[-1]] * cuts]:
        next_due(desk)
        office.moods = dict(mood)
        while not any(row.due_at > desk.now for row in desk.rows(Delivery)):
            tried += try_due(desk, work)
        assert {letter.state for letter in desk.rows(OutgoingLetter)} == {"deferred"}
    office.moods = {}
    while any(row.state == "open" for row in desk.rows(Delivery)):
        next_due(desk)
        tried += try_due(desk, work)
    assert {letter.state for letter in desk.rows(OutgoingLetter)} == {"sent"}
    assert all(letter.sent_at < letter.expires_at for letter in desk.rows(OutgoingLetter))
    came = Counter(str(message["Message-ID"]) for message in office.letters())
    # What was put off after its last dot was not taken, and says so; what was cut there, nobody knows.
    taken = {name: count - 1 for name, count in came.items()}
    assert set(taken.values()) == {1 + cuts}
    assert set(came) == {letter.message_id for letter in desk.rows(OutgoingLetter)}
    codes = {
        str(message["To"]): CODE.findall(str(text.get_content()).replace("\r\n", "\n"))[0]
        for message in office.letters()
        if (text := message.get_body(("plain",))) is not None
    }
    for number, challenge in enumerate(challenges):
        assert desk.verify(challenge, codes[f"reader{number}@example.org"]).status_code == 204
    print(f"{READERS} codes, {tried} attempts, {cuts} cuts: {sum(taken.values())} copies taken, none lost")


def test_a_server_that_is_back_too_late_gets_none_of_the_codes_that_are_over(
    desk: Desk, work: Work, office: PostOffice
) -> None:
    for number in range(READERS):
        desk.register(f"reader{number}@example.org")
    office.moods = {"sender": "451 not now"}
    began, tried = desk.now, 0
    while any(row.state == "open" for row in desk.rows(Delivery)):
        if desk.now - began >= timedelta(minutes=10):
            office.moods = {}
        tried += try_due(desk, work)
        if any(row.state == "open" for row in desk.rows(Delivery)):
            next_due(desk)
    assert office.came == []
    assert {(letter.state, letter.sent_at) for letter in desk.rows(OutgoingLetter)} == {("expired", None)}
    assert {delivery.attempts for delivery in desk.rows(Delivery)} == {1}
    print(f"{READERS} codes, {tried} attempts in ten minutes, none sent after its time")

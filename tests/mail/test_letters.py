"""What becomes of a letter: sent once, put off, given up, or too late. The worker's own handler, a real mail server."""

import re
import threading
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta

import pytest

from cms.events.models import Delivery
from cms.mail.models import OutgoingLetter
from cms.mail.queueing import queue_letter
from cms.platform.actor import system
from cms.platform.keys import Keys
from tests.mail.receiving import PostOffice, post_office
from tests.readers.making import Desk
from tests.servers import free_port
from workers.attempts import Refusals, attempt
from workers.heard import HEARINGS
from workers.leases import LeaseKeeper
from workers.work import LETTERS_AT_ONCE, Work, make_work

NOBODY = "01902f5e-0000-7000-8000-000000000000"
CODE = re.compile(r"^(\d{3} \d{3}|[0-9A-Z]{4}-[0-9A-Z]{4})$", re.MULTILINE)


@pytest.fixture
def office() -> Iterator[PostOffice]:
    with post_office() as running:
        yield running


@pytest.fixture
def work(desk: Desk, office: PostOffice) -> Iterator[Work]:
    """A worker's parts, with the desk's clock."""
    made = make_work(replace(desk.app.extensions["copydesk"].settings, smtp_url=office.url))
    yield replace(made, clock=lambda: desk.now)
    made.close()


def try_all(work: Work) -> list[str]:
    """One attempt on each delivery."""
    with work.database.reading() as session:
        numbers = [delivery.number for delivery in session.query(Delivery).order_by(Delivery.number)]
    return [attempt(work, LeaseKeeper(work), Refusals(), HEARINGS["letter"], number) for number in numbers]


def codes(office: PostOffice) -> list[str]:
    """The codes in what came."""
    texts = [message.get_body(("plain",)) for message in office.letters()]
    return [
        found for text in texts if text is not None for found in CODE.findall(text.get_content().replace("\r\n", "\n"))
    ]


@pytest.mark.both_databases
def test_the_code_in_the_letter_is_the_one_that_proves_the_address(desk: Desk, work: Work, office: PostOffice) -> None:
    challenge = desk.register(locale="kk", display_name="Win a prize http://evil.example")
    assert try_all(work) == ["done"]
    [(sender, recipients, content)] = office.came
    assert (sender, recipients) == ("no-reply@localhost", ["ann@example.org"])
    assert b"prize" not in content and b"evil" not in content
    [code] = codes(office)
    assert desk.verify(challenge, code).status_code == 204
    [letter], [delivery] = desk.rows(OutgoingLetter), desk.rows(Delivery)
    assert (letter.state, letter.attempts, letter.sent_at, letter.error) == ("sent", 1, desk.now, None)
    assert delivery.state == "done"
    assert office.letters()[0]["Message-ID"] == letter.message_id
    desk.wait(hours=2)
    reset = desk.ask("reset_password")
    try_all(work)
    assert desk.reset(reset, codes(office)[1]).status_code == 204


def test_the_code_is_nowhere_in_the_database(desk: Desk, work: Work, office: PostOffice) -> None:
    challenge = desk.register()
    try_all(work)
    code = desk.code(challenge)
    with desk.database.writer.connect() as connection:
        dump = "\n".join(connection.connection.driver_connection.iterdump())  # type: ignore[union-attr]  # SQLite's own
    assert challenge in dump
    assert code not in dump and codes(office)[0] not in dump


def test_letters_without_a_code_hold_none(desk: Desk, work: Work, office: PostOffice) -> None:
    desk.make_account()
    desk.register()
    desk.ask("reset_password", "bob@example.org")
    assert try_all(work)[1:] == ["done", "done"]
    assert codes(office) == []
    assert [letter.state for letter in desk.rows(OutgoingLetter)] == ["expired", "sent", "sent"]


@pytest.mark.both_databases
def test_a_letter_waits_for_a_busy_server_and_costs_no_attempt_of_its_delivery(
    desk: Desk, work: Work, office: PostOffice
) -> None:
    desk.register()
    office.moods["letter"] = "451 later"
    waits = []
    for _ in range(8):
        assert try_all(work) == ["done"]
        [letter], [delivery] = desk.rows(OutgoingLetter), desk.rows(Delivery)
        assert (letter.state, delivery.state, delivery.attempts) == ("deferred", "open", 0)
        assert delivery.error == "the mail server: letter: 451"
        waits.append((delivery.due_at - desk.now).total_seconds())
        desk.now = delivery.due_at
    assert waits == [2, 4, 8, 16, 32, 60, 60, 60]
    office.moods.clear()
    try_all(work)
    [letter], [delivery] = desk.rows(OutgoingLetter), desk.rows(Delivery)
    assert (letter.state, letter.attempts, letter.error, delivery.state) == ("sent", 9, None, "done")
    assert len(set(codes(office))) == 1


def test_a_connection_lost_after_the_last_dot_gives_two_copies_of_one_letter(
    desk: Desk, work: Work, office: PostOffice
) -> None:
    challenge = desk.register()
    office.moods["letter"] = "drop"
    try_all(work)
    office.moods.clear()
    desk.wait(seconds=2)
    try_all(work)
    assert try_all(work) == ["closed"]
    first, second = office.letters()
    assert first["Message-ID"] == second["Message-ID"]
    assert codes(office) == [codes(office)[0]] * 2
    assert desk.verify(challenge, codes(office)[1]).status_code == 204


def test_a_letter_is_never_sent_after_its_code_is_over(desk: Desk, work: Work, office: PostOffice) -> None:
    desk.register()
    office.moods["letter"] = "451 later"
    try_all(work)
    office.moods.clear()
    desk.wait(minutes=10)
    assert try_all(work) == ["done"]
    assert len(office.came) == 1
    [letter], [delivery] = desk.rows(OutgoingLetter), desk.rows(Delivery)
    assert (letter.state, letter.attempts) == ("expired", 1)
    assert letter.error == "its time was over; before, the mail server: letter: 451"
    assert delivery.state == "superseded"
    assert try_all(work) == ["closed"]


def test_a_code_that_a_newer_one_replaced_is_not_sent(desk: Desk, work: Work, office: PostOffice) -> None:
    desk.register()
    desk.wait(minutes=2)
    newest = desk.register()
    try_all(work)
    assert [letter.state for letter in desk.rows(OutgoingLetter)] == ["expired", "sent"]
    assert len(office.came) == 1
    assert desk.verify(newest, codes(office)[0]).status_code == 204


def test_a_server_that_refuses_for_good_is_not_asked_again(desk: Desk, work: Work, office: PostOffice) -> None:
    desk.register()
    office.moods["recipient"] = "550 nobody here"
    assert try_all(work) == ["done"]
    [letter] = desk.rows(OutgoingLetter)
    assert (letter.state, letter.error, letter.sent_at) == ("bounced", "recipient: 550", None)
    assert try_all(work) == ["closed"]


def test_a_server_that_is_away_for_five_minutes_loses_nothing(desk: Desk, work: Work, office: PostOffice) -> None:
    challenges = [desk.register(f"reader{number}@example.org") for number in range(3)]
    away = replace(work, settings=replace(work.settings, smtp_url=f"smtp://127.0.0.1:{free_port()}"))
    began = desk.now
    while desk.now - began < timedelta(minutes=5):
        try_all(away)
        desk.now = max(delivery.due_at for delivery in desk.rows(Delivery))
    assert {letter.state for letter in desk.rows(OutgoingLetter)} == {"deferred"}
    try_all(work)
    assert [desk.verify(one, code).status_code for one, code in zip(challenges, codes(office), strict=True)] == [
        204
    ] * 3


def test_a_worker_with_another_key_sends_a_code_that_proves_nothing(desk: Desk, work: Work, office: PostOffice) -> None:
    challenge = desk.register()
    try_all(replace(work, keys=Keys(b"another installation's secret, long enough")))
    assert desk.verify(challenge, codes(office)[0]).status_code == 400


def test_the_attempt_is_on_record_before_the_letter_leaves(desk: Desk, work: Work, office: PostOffice) -> None:
    desk.register()
    broken = replace(work, settings=replace(work.settings, smtp_url="nonsense://"))
    assert try_all(broken) == ["failed"]
    [letter], [delivery] = desk.rows(OutgoingLetter), desk.rows(Delivery)
    assert (letter.state, letter.attempts, delivery.attempts, delivery.state) == ("queued", 1, 1, "open")


def test_letters_leave_threads_to_other_work_while_their_server_is_slow(
    desk: Desk, work: Work, office: PostOffice
) -> None:
    desk.register()
    for _ in range(LETTERS_AT_ONCE):
        assert work.places.acquire(blocking=False)
    assert try_all(work) == ["done"]
    [letter], [delivery] = desk.rows(OutgoingLetter), desk.rows(Delivery)
    assert (letter.state, letter.attempts, delivery.state, delivery.attempts) == ("queued", 0, "open", 0)
    assert delivery.due_at == desk.now + timedelta(seconds=2)
    assert office.came == []
    work.places.release()
    desk.now = delivery.due_at
    for _ in range(LETTERS_AT_ONCE + 1):
        try_all(work)
    assert len(office.came) == 1
    assert work.places.acquire(blocking=False), "a place was not given back"


def free_places(places: threading.Semaphore) -> int:
    """How many there are, all of which are taken."""
    count = 0
    while places.acquire(blocking=False):
        count += 1
    return count


def test_letters_to_very_many_have_a_place_less_and_hold_up_no_code(desk: Desk, work: Work, office: PostOffice) -> None:
    """However many followers wait, one place of a worker for everything is left for a code."""
    counted = []
    for count in (1, 2, 8):
        made = make_work(work.settings, count)
        counted.append((free_places(made.places), free_places(made.bulk_places)))
        made.close()
    assert counted == [(1, 1), (2, 1), (8, 7)]
    with desk.database.transaction() as session:
        letter = queue_letter(
            session, kind="follow_digest", recipient="bob@example.org", locale="en", about_id=NOBODY, is_bulk=True,
            expires_at=desk.now + timedelta(days=1), actor=system("test"), now=desk.now,
        )  # fmt: skip
    [bulk] = desk.rows(Delivery)
    assert (bulk.subscription, bulk.subject) == ("bulk_letter", letter.id)
    for _ in range(LETTERS_AT_ONCE - 1):
        assert work.bulk_places.acquire(blocking=False)

    def try_bulk() -> Delivery:
        assert attempt(work, LeaseKeeper(work), Refusals(), HEARINGS["bulk_letter"], bulk.number) == "done"
        return next(one for one in desk.rows(Delivery) if one.number == bulk.number)

    put_off = try_bulk()
    assert (put_off.state, put_off.attempts, put_off.error) == ("open", 0, "other letters are being sent")
    assert put_off.due_at == desk.now + timedelta(seconds=2)
    # A code goes meanwhile.
    desk.register()
    code = desk.rows(Delivery)[-1].number
    assert attempt(work, LeaseKeeper(work), Refusals(), HEARINGS["letter"], code) == "done"
    assert len(codes(office)) == 1
    work.bulk_places.release()
    desk.now = put_off.due_at
    assert try_bulk().state == "superseded", "nobody follows anything, so there is nothing to tell"
    assert work.bulk_places.acquire(blocking=False), "a place was not given back"

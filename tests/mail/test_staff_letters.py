"""Letters to colleagues: the code in them is the one that counts, and nobody else gets one."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta

import pytest
from flask import Flask

from cms.events.models import Delivery
from cms.mail.models import OutgoingLetter
from tests.identity.making import ANN, OTHER_PHRASE, Office
from tests.mail.receiving import PostOffice, post_office
from tests.mail.test_letters import codes
from workers.attempts import Refusals, attempt
from workers.heard import HEARINGS
from workers.leases import LeaseKeeper
from workers.work import Work, make_work


@pytest.fixture
def server() -> Iterator[PostOffice]:
    with post_office() as running:
        yield running


@pytest.fixture
def office(app: Flask) -> Office:
    return Office(app)


@pytest.fixture
def work(office: Office, server: PostOffice) -> Iterator[Work]:
    made = make_work(replace(office.app.extensions["copydesk"].settings, smtp_url=server.url))
    yield replace(made, clock=lambda: office.now)
    made.close()


def deliver(work: Work) -> list[str]:
    """One attempt on each letter that is not closed yet."""
    with work.database.reading() as session:
        numbers = [one.number for one in session.query(Delivery).filter_by(state="open").order_by(Delivery.number)]
    return [attempt(work, LeaseKeeper(work), Refusals(), HEARINGS["letter"], number) for number in numbers]


@pytest.mark.both_databases
def test_the_code_of_an_invitation_comes_with_its_number_in_the_colleagues_language(
    office: Office, work: Work, server: PostOffice
) -> None:
    office.make("root@example.org")
    body = {"email": ANN, "name": "Win a prize http://evil.example", "locale": "ru"}
    invited = office.ask("POST", "/staff/invitations", body, token=office.token("root@example.org")).json["id"]
    assert deliver(work) == ["done"]
    [(_, recipients, content)] = server.came
    assert recipients == [ANN]
    assert b"prize" not in content and b"evil" not in content
    [message] = server.letters()
    assert message["Content-Language"] == "ru"
    text = message.get_body(("plain",))
    assert text is not None and invited in text.get_content()
    accept = {"code": codes(server)[0], "password": OTHER_PHRASE}
    assert office.ask("POST", f"/staff/invitations/{invited}/accept", accept).status_code == 201


def test_a_code_for_another_password_goes_to_a_colleague_and_to_nobody_else(
    office: Office, work: Work, server: PostOffice
) -> None:
    office.make()
    asked = office.ask("POST", "/staff/codes", {"email": ANN}).json["code_id"]
    office.ask("POST", "/staff/codes", {"email": "stranger@example.org"})
    assert deliver(work) == ["done", "done"]
    assert [recipients for _, recipients, _ in server.came] == [[ANN]]
    assert [letter.state for letter in office.rows(OutgoingLetter)] == ["sent", "expired"]
    # Whoever asked, the owner of the mailbox reads the number too and can go on with it.
    text = server.letters()[0].get_body(("plain",))
    assert text is not None and asked in text.get_content()
    retrieve = {"code_id": asked, "code": codes(server)[0], "new_password": OTHER_PHRASE}
    assert office.ask("POST", "/staff/password", retrieve).status_code == 204
    assert deliver(work) == ["done"]
    assert codes(server) == [retrieve["code"]]
    assert "changed" in str(server.letters()[-1]["Subject"])


def test_an_invitation_that_was_replaced_or_is_too_old_is_not_sent(
    office: Office, work: Work, server: PostOffice
) -> None:
    office.make("root@example.org")
    token = office.token("root@example.org")
    body = {"email": ANN, "name": "Ann"}
    for _ in range(2):
        office.ask("POST", "/staff/invitations", body, token=token)
    deliver(work)
    assert [letter.state for letter in office.rows(OutgoingLetter)] == ["expired", "sent"]
    office.ask("POST", "/staff/invitations", body, token=token)
    office.now += timedelta(hours=72)
    deliver(work)
    assert office.rows(OutgoingLetter)[-1].error == "its time was over"
    assert len(server.came) == 1


def test_no_code_of_a_colleague_is_anywhere_in_the_database(office: Office, work: Work, server: PostOffice) -> None:
    office.make("root@example.org")
    token = office.token("root@example.org")
    invited = office.ask("POST", "/staff/invitations", {"email": ANN, "name": "Ann"}, token=token).json["id"]
    asked = office.ask("POST", "/staff/codes", {"email": "root@example.org"}).json["code_id"]
    deliver(work)
    with office.database.writer.connect() as connection:
        raw = connection.connection.driver_connection
        assert raw is not None
        dump = "\n".join(raw.iterdump())
    assert invited in dump and asked in dump
    for secret in (
        *codes(server),
        office.code("staff_invitation", invited),
        office.code("staff_password", asked, "root@example.org"),
        token,
    ):
        assert secret not in dump and secret.replace("-", "") not in dump

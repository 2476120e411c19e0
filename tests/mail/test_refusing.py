"""What a mail server's refusal means for the address, and holding letters back from one that is not there."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from flask.testing import FlaskClient

from cms.audit.models import AuditEntry
from cms.events.models import Delivery
from cms.mail.models import OutgoingLetter, Suppression
from cms.mail.rules import says_no_mailbox
from cms.mail.suppressing import suppress
from tests.mail.receiving import PostOffice
from tests.mail.test_letters import codes, office, try_all, work
from tests.readers.making import PHRASE, Desk
from workers.work import Work

__all__ = ["office", "work"]
LETTERS = "/api/v1/mail/letters"
EXPLAIN = "/api/v1/mail/explain"
HELD = "/api/v1/mail/suppressions"
# Answers to a recipient: those that say there is no such mailbox, and those that say something else.
GONE = ((550, ""), (551, ""), (553, ""), (556, ""), (550, "5.1.1"), (550, "5.1.2"), (553, "5.1.3"), (550, "5.1.6"),
        (556, "5.1.10"), (550, "5.2.1"), (500, "5.1.1"))  # fmt: skip
OTHERWISE = ((550, "5.7.1"), (550, "5.7.26"), (554, "5.7.0"), (554, ""), (552, ""), (552, "5.2.2"), (550, "5.2.2"),
             (550, "5.1.7"), (550, "5.1.8"), (550, "5.4.1"), (550, "5.3.0"), (521, ""), (503, "5.5.1"), (530, "5.7.0"),
             (450, "4.1.1"), (421, ""), (250, "5.1.1"), (450, "5.1.1"), (501, ""), (550, "5.10.1"),
             (550, "5.12.1"))  # fmt: skip


def test_only_answers_about_the_mailbox_itself_hold_an_address_back() -> None:
    assert [answer for answer in GONE if not says_no_mailbox(*answer)] == []
    assert [answer for answer in OTHERWISE if says_no_mailbox(*answer)] == []


def shown(client: FlaskClient, path: str, **query: str) -> Any:
    answer = client.get(path, query_string=query)
    assert answer.status_code == 200, answer.json
    assert answer.headers["Cache-Control"] == "private, no-store"
    return answer.json


def again(desk: Desk, work: Work) -> OutgoingLetter:
    """Ask for another code an hour later; the letter when it was tried."""
    desk.wait(hours=1)
    desk.register()
    try_all(work)
    letter: OutgoingLetter = desk.rows(OutgoingLetter)[-1]
    return letter


def test_an_address_that_bounced_gets_no_letter_until_an_administrator_lifts_that(
    desk: Desk, work: Work, office: PostOffice, administrator: FlaskClient, editor: FlaskClient
) -> None:
    desk.register()
    office.moods["recipient"] = "550 5.1.1 no ann@example.org here"
    try_all(work)
    [letter] = desk.rows(OutgoingLetter)
    assert (letter.state, letter.error, letter.attempts) == ("bounced", "recipient: 550 5.1.1", 1)
    office.moods.clear()
    second = again(desk, work)
    assert (second.state, second.attempts) == ("bounced", 0)
    assert second.error == "suppressed; before, the mail server: recipient: 550 5.1.1"
    assert [delivery.state for delivery in desk.rows(Delivery)] == ["done", "superseded"]
    assert office.came == []

    found = shown(administrator, EXPLAIN, address=" ANN@example.org ")
    assert (found["address"], found["has_account"], len(found["letters"])) == ("ann@example.org", False, 2)
    assert found["codes"] == {"last_hour": 1, "last_day": 2, "is_limited": False}
    assert "held back since 2026-03-02T09:00:00Z" in found["findings"][0]
    assert found["suppression"]["answer"] == "recipient: 550 5.1.1"
    [held] = shown(administrator, HELD, address="ann@example.org")["data"]
    assert held == found["suppression"]
    for client, status in ((editor, 403), (desk.app.test_client(), 401)):
        assert client.get(EXPLAIN, query_string={"address": "ann@example.org"}).status_code == status
        assert client.delete(f"{HELD}/{held['id']}").status_code == status

    assert administrator.delete(f"{HELD}/{held['id']}").status_code == 204
    assert administrator.delete(f"{HELD}/{held['id']}").status_code == 404
    assert shown(administrator, EXPLAIN, address="ann@example.org")["suppression"] is None
    [entry] = [one for one in desk.rows(AuditEntry) if one.action == "suppression.lifted"]
    assert (entry.actor_kind, entry.subject_id) == ("service", held["id"])
    assert "ann@" not in str(vars(entry))
    assert again(desk, work).state == "sent"
    assert len(codes(office)) == 1


def test_a_refusal_that_says_nothing_about_the_mailbox_holds_nothing_back(
    desk: Desk, work: Work, office: PostOffice
) -> None:
    answers = [
        ("recipient", "550 5.7.1 relaying denied"), ("recipient", "552 5.2.2 full"), ("sender", "550 5.1.1 not you"),
        ("letter", "554 5.6.0 no"), ("letter", "550 5.1.1 spam"), ("recipient", "450 4.2.1 later"), ("letter", "drop"),
    ]  # fmt: skip
    for number, (stage, answer) in enumerate(answers):
        office.moods = {stage: answer}
        desk.register(f"reader{number}@example.org")
        try_all(work)
    assert desk.rows(Suppression) == []
    states = [letter.state for letter in desk.rows(OutgoingLetter)]
    assert states == ["bounced"] * 5 + ["deferred"] * 2
    assert office.came


@pytest.mark.both_databases
def test_an_address_is_held_back_once_however_many_letters_bounce(desk: Desk) -> None:
    desk.register()
    [letter] = desk.rows(OutgoingLetter)
    for answer in ("recipient: 550 5.1.1", "recipient: 551"):
        # The second was under way when the first was answered.
        with desk.database.transaction() as session:
            suppress(session, session.merge(letter), answer, desk.now)
    assert [(row.address, row.answer) for row in desk.rows(Suppression)] == [
        ("ann@example.org", "recipient: 550 5.1.1")
    ]  # fmt: skip


@pytest.fixture
def many(desk: Desk, work: Work, office: PostOffice) -> Iterator[Desk]:
    """A letter in each state."""
    for number, (stage, answer) in enumerate(
        (("letter", "250 OK"), ("recipient", "550 5.1.1 no"), ("letter", "554 no"), ("letter", "451 4.3.0 busy"))
    ):
        office.moods = {stage: answer}
        desk.register(f"reader{number}@example.org")
        try_all(work)
    desk.register("late@example.org")
    desk.wait(hours=1)
    try_all(work)
    desk.register("reader5@example.org")
    assert office.came
    yield desk


def test_letters_are_listed_by_state_kind_and_address_with_what_the_server_said(
    many: Desk, administrator: FlaskClient
) -> None:
    listed = shown(administrator, LETTERS, count="exact")
    states = [(one["address"].partition("@")[0], one["state"], one["reason"]) for one in listed["data"]]
    assert states == [
        ("reader5", "queued", None),
        ("late", "expired", "its time was over"),
        ("reader3", "expired", "its time was over; before, the mail server: letter: 451 4.3.0"),
        ("reader2", "bounced", "letter: 554"),
        ("reader1", "bounced", "recipient: 550 5.1.1"),
        ("reader0", "sent", None),
    ]
    assert listed["meta"]["count"] == 6
    assert len({one["explanation"] for one in listed["data"]}) == 6
    for state, number in (("sent", 1), ("bounced", 2), ("deferred", 0), ("expired", 2), ("queued", 1)):
        assert len(shown(administrator, LETTERS, state=state)["data"]) == number
    [one] = shown(administrator, LETTERS, address="Reader1@example.org")["data"]
    assert one["explanation"] == "It was refused for good (recipient: 550 5.1.1) and is not tried again."
    assert shown(administrator, LETTERS, kind="reset_password")["data"] == []
    first = shown(administrator, LETTERS, limit="4")
    rest = shown(administrator, LETTERS, limit="4", cursor=first["page"]["next_cursor"])
    assert [row["id"] for page in (first, rest) for row in page["data"]] == [row["id"] for row in listed["data"]]
    # Neither a code nor the server's words are anywhere in it, and the text of a letter is not kept.
    assert "busy" not in str(listed)
    for challenge in (letter.about_id for letter in many.rows(OutgoingLetter)):
        assert many.code(challenge) not in str(listed)


def test_of_a_letter_that_cannot_be_made_the_truth_is_told_until_somebody_mends_it_or_gives_it_up(
    desk: Desk, work: Work, office: PostOffice, administrator: FlaskClient
) -> None:
    """The installation's own sender is one that no header can hold, as no setting says any more."""
    broken = replace(work, settings=replace(work.settings, mail_from="désk@example.org"))
    for name in ("ann", "bob"):
        desk.register(f"{name}@example.org")
    try_all(broken)
    first = shown(administrator, EXPLAIN, address="ann@example.org")
    assert first["letters"][0]["state"] == "queued"
    assert first["findings"][0].startswith("Making or sending it failed (NonASCIILocalPartDefect")
    assert first["findings"][0].endswith("; it is tried again at 2026-03-02T09:00:01Z.")
    for _ in range(4):
        desk.wait(seconds=125)
        try_all(broken)
    assert {delivery.state for delivery in desk.rows(Delivery)} == {"dead"}
    found = shown(administrator, EXPLAIN, address="ann@example.org")
    [letter], number = found["letters"], desk.rows(Delivery)[0].number
    assert (letter["state"], letter["delivery"]) == ("dead", number)
    assert letter["reason"].startswith("NonASCIILocalPartDefect") and "@" not in letter["reason"]
    assert found["findings"] == [letter["explanation"]]
    assert "5 attempts to make or send it failed" in letter["explanation"]
    assert f"mend what failed and POST /api/v1/deliveries/{number}/retry before 2026-03-02T09:10:00Z" in str(letter)
    for state, count in (("dead", 2), ("queued", 0), ("discarded", 0)):
        assert len(shown(administrator, LETTERS, state=state, count="exact")["data"]) == count
    # What the explanation says works: mended, one is sent; the other is given up.
    for delivery, act in zip(desk.rows(Delivery), ("retry", "discard"), strict=True):
        assert administrator.post(f"/api/v1/deliveries/{delivery.number}/{act}").status_code == 200
    try_all(work)
    assert len(codes(office)) == 1
    listed = shown(administrator, LETTERS)["data"]
    assert [(one["state"], one["delivery"] is None) for one in listed] == [("discarded", False), ("sent", True)]
    assert listed[0]["explanation"].endswith("somebody gave it up. Ask for a new one.")
    # Of one whose time is over nothing is to be waited for.
    desk.register("eve@example.org")
    for seconds in (0, 1, 5, 25, 125):
        desk.wait(seconds=seconds)
        try_all(broken)
    desk.wait(minutes=10)
    assert "Its time is over" in shown(administrator, EXPLAIN, address="eve@example.org")["findings"][0]


def test_an_explanation_says_when_too_many_codes_or_none_were_asked_for(desk: Desk, administrator: FlaskClient) -> None:
    nothing = shown(administrator, EXPLAIN, address="ann@example.org")
    assert nothing["findings"] == ["No letter to this address was asked for in the last 7 days."]
    assert (nothing["letters"], nothing["suppression"]) == ([], None)
    for _ in range(6):
        desk.ask("verify_email")
        desk.wait(minutes=2)
    found = shown(administrator, EXPLAIN, address="ann@example.org")
    assert found["codes"] == {"last_hour": 5, "last_day": 5, "is_limited": True}
    assert found["findings"][0].startswith("5 codes in the last hour and 5 in the last day were asked for")


@pytest.mark.parametrize("path", [EXPLAIN, LETTERS, HELD])
def test_what_is_no_address_and_parameters_that_nobody_knows_are_refused(administrator: FlaskClient, path: str) -> None:
    for query in ("address=ann", "address=", "address=a@x.org,b@y.org", "address=a%0d%0ab@x.org", "x=1", "state=lost"):
        answer = administrator.get(f"{path}?{query}")
        assert answer.status_code == 400, (path, query, answer.json)
        assert "x.org" not in answer.text


def test_the_number_of_statements_does_not_grow_with_the_letters(desk: Desk, administrator: FlaskClient) -> None:
    costs = []
    # By the first request a token is noted as used.
    shown(administrator, HELD)
    for _ in range(2):
        with desk.statements() as sent:
            shown(administrator, EXPLAIN, address="ann@example.org")
            shown(administrator, LETTERS)
        costs.append(len(sent))
        desk.ask("verify_email")
        desk.ask("reset_password")
    assert costs[0] == costs[1]


def test_a_deletion_forgets_that_an_address_bounced(desk: Desk) -> None:
    desk.make_account()
    letter = desk.rows(OutgoingLetter)[0]
    with desk.database.transaction() as session:
        session.add(
            Suppression(id=letter.id, address=letter.recipient, answer="recipient: 550", letter_id=letter.id,
                        created_at=desk.now)
        )  # fmt: skip
    token = desk.sign_in().json["token"]
    assert desk.ask_as(token, "POST", "/me/delete", {"password": PHRASE}).status_code == 204
    assert desk.rows(Suppression) == []


def test_a_letter_that_is_returned_later_is_reported_by_its_message_id(
    desk: Desk, work: Work, office: PostOffice, administrator: FlaskClient, editor: FlaskClient
) -> None:
    for number in range(2):
        desk.register(f"reader{number}@example.org")
    try_all(work)
    full, gone = (str(message["Message-ID"]) for message in office.letters())
    reports = [(full, "5.2.2"), (gone, "5.1.1"), (gone, "5.1.1")]
    for message_id, status in reports:
        body = {"message_id": message_id, "status": status}
        assert editor.post("/api/v1/mail/bounces", json=body).status_code == 403
        answer = administrator.post("/api/v1/mail/bounces", json=body)
        assert (answer.status_code, answer.json["state"], answer.json["reason"]) == (
            200,
            "bounced",
            f"report: {status}",
        )
        assert answer.json["message_id"] == message_id
    assert [(row.address, row.answer) for row in desk.rows(Suppression)] == [("reader1@example.org", "report: 5.1.1")]
    trail = [entry.subject_id for entry in desk.rows(AuditEntry) if entry.action == "letter.bounced"]
    assert trail == [letter.id for letter in desk.rows(OutgoingLetter)]
    for status in (
        "",
        "4.2.2",
        "2.0.0",
        "5",
        "5.1",
        "5.1.1 ",
        "5.1.1\n",
        "x5.1.1",
        "５.1.1",
        "5.1.1000",
        None,
        511,
        True,
        [],
    ):
        refused = administrator.post("/api/v1/mail/bounces", json={"message_id": full, "status": status})
        assert (refused.status_code, refused.json["errors"][0]["pointer"]) == (422, "/status"), status
    unknown = administrator.post("/api/v1/mail/bounces", json={"message_id": "<no@x.org>", "status": "5.1.1"})
    assert unknown.status_code == 404

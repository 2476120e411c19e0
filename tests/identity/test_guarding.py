"""What is refused at the doors of the staff leaves a line, and a weak new password is told only to whom it belongs."""

from typing import Any

import pytest
from structlog.testing import capture_logs

from cms.identity.staff.models import SignInTrail, StaffCode, StaffUser
from cms.identity.staff.schemas import Given
from cms.mail.models import OutgoingLetter
from tests.identity.making import ANN, OTHER_PHRASE, PHRASE, Office, hashes

WRONG = "not the phrase of anybody"
OF_THE_NAME = "Lindqvistova-2026"


def ask_code(office: Office) -> str:
    answer = office.ask("POST", "/staff/codes", {"email": ANN}, client=office.fresh_client())
    assert answer.status_code == 202
    return str(answer.json["code_id"])


def retrieve(office: Office, code_id: str, code: str, password: str) -> Any:
    body = {"code_id": code_id, "code": code, "new_password": password}
    return office.ask("POST", "/staff/password", body, client=office.fresh_client())


@pytest.mark.both_databases
def test_ten_letters_with_codes_go_to_a_colleague_in_a_day_and_the_eleventh_waits(office: Office) -> None:
    office.make()
    for _ in range(30):
        office.wait(minutes=45)
        ask_code(office)
    assert len(office.rows(StaffCode)) == len(office.rows(OutgoingLetter)) == 10
    office.wait(hours=9)
    ask_code(office)
    assert len(office.rows(StaffCode)) == 11


def test_a_weak_new_password_is_no_wrong_one(office: Office) -> None:
    office.make()
    mine, client = office.token(), office.fresh_client()
    weak = {"current_password": PHRASE, "new_password": "password1234567"}
    for _ in range(7):
        answer = office.ask("POST", "/staff/me/password", weak, token=mine, client=client)
        assert (answer.status_code, answer.json["errors"][0]["pointer"]) == (422, "/new_password")
    with office.database.reading() as session:
        assert session.query(SignInTrail).count() == 0
    good = {"current_password": PHRASE, "new_password": OTHER_PHRASE}
    assert office.ask("POST", "/staff/me/password", good, token=mine, client=client).status_code == 204


def test_with_a_wrong_present_password_the_new_one_is_not_looked_at_and_each_failure_counts(office: Office) -> None:
    office.make()
    mine, client = office.token(), office.fresh_client()
    weak = {"current_password": WRONG, "new_password": "password1234567"}
    statuses = [office.ask("POST", "/staff/me/password", weak, token=mine, client=client).status_code for _ in range(6)]
    assert statuses == [403] * 5 + [429]


def test_a_password_of_ones_own_name_is_refused_only_to_who_has_the_right_code(office: Office) -> None:
    office.make(name="Ann Lindqvistova")
    code_id = ask_code(office)
    code = office.code("staff_password", code_id)
    wrong = ("0" if code[0] != "0" else "1") + code[1:]
    before = hashes()
    assert retrieve(office, code_id, wrong, OF_THE_NAME).json["code"] == "code_refused"
    refused = retrieve(office, code_id, code, OF_THE_NAME)
    assert (refused.status_code, refused.json["errors"][0]["code"]) == (422, "context")
    assert hashes() - before == 2
    assert office.sign_in().status_code == 201
    assert office.rows(StaffCode)[0].used_at is None
    assert retrieve(office, code_id, code, OTHER_PHRASE).status_code == 204


def test_every_refusal_leaves_a_line_that_tells_who_what_and_from_where_and_no_secret(office: Office) -> None:
    office.make(ANN, Given("viewer"))
    ended, client = office.token(), "203.0.113.9"
    office.ask("DELETE", "/sessions", token=ended)
    old = office.token()
    office.wait(hours=2)
    token = office.token()
    with capture_logs() as lines:
        refused = [office.ask("GET", "/tags", token=one, client=client) for one in (ended, old, ended[:-1] + "?")]
        forbidden = office.ask("POST", "/tags", {"name": "Bells"}, token=token, client=client)
        late = [office.sign_in(password=WRONG, client=client) for _ in range(6)][-1]
        with office.database.transaction() as session:
            session.query(StaffUser).update({"state": "disabled"})
        refused.append(office.ask("GET", "/tags", token=token, client=client))
    assert [answer.status_code for answer in (*refused, forbidden, late)] == [401] * 4 + [403, 429]
    sessions = [line for line in lines if line["event"] == "session_refused"]
    assert [line["because"] for line in sessions] == ["ended", "expired", "unknown", "disabled"]
    assert [line["staff"] for line in sessions] == [office.user().id, office.user().id, None, office.user().id]
    [access] = [line for line in lines if line["event"] == "access_refused"]
    assert access["because"] == "forbidden"
    assert (access["missing"], access["actor"]) == ("taxonomy:write", f"staff:{office.user().id}")
    assert access["credential"].startswith("session:")
    [delayed] = [line for line in lines if line["event"] == "sign_in_delayed"]
    assert (delayed["staff"], delayed["wait_seconds"]) == (office.user().id, 2)
    for line, answer in zip([*sessions, access, delayed], [*refused, forbidden, late], strict=True):
        assert (line["client_address"], line["request_id"]) == (client, answer.headers["X-Request-Id"])
    for secret in (ended, old, token, WRONG, ANN, PHRASE):
        assert secret not in str(lines)

"""Sessions: rows S17, S19, S20, S21: listed, ended, too old, and what a token may not do in their place."""

from typing import Any

import pytest

from cms.identity.staff.models import StaffInvitation, StaffSession, StaffUser
from cms.identity.tokens import issue_token
from cms.platform.actor import system
from cms.platform.http.guard import PROOF_LIFE
from tests.identity.making import ANN, OTHER_PHRASE, PHRASE, Office

SESSION_ONLY = (
    ("GET", "/sessions", None),
    ("GET", "/sessions/current", None),
    ("DELETE", "/sessions", None),
    ("DELETE", "/sessions/01a21432-d818-7389-8d25-eb3df015d13c", None),
    ("POST", "/sessions/reauthenticate", {"password": PHRASE}),
    ("POST", "/tokens", {"name": "another", "role": "viewer"}),
    ("POST", "/staff/me/password", {"current_password": PHRASE, "new_password": OTHER_PHRASE}),
)


def status(office: Office, token: str, path: str = "/sessions") -> int:
    return int(office.ask("GET", path, token=token).status_code)


@pytest.mark.both_databases
def test_a_list_shows_device_address_and_times_of_ones_own_sessions_only(office: Office) -> None:
    office.make()
    office.make("bob@example.org")
    body = {"email": ANN, "password": PHRASE}
    phone = office.ask("POST", "/sessions", body, client="2001:db8::5", User_Agent="Phone\t1.0").json["token"]
    office.wait(minutes=20)
    desk = office.ask("POST", "/sessions", body, client="192.0.2.9", User_Agent="Desk 2.0").json["token"]
    office.token("bob@example.org")
    listed = office.ask("GET", "/sessions", token=desk).json["data"]
    assert [(one["device"], one["address"], one["is_current"]) for one in listed] == [
        ("Desk 2.0", "192.0.2.9", True),
        ("Phone 1.0", "2001:db8::5", False),
    ]
    assert listed[1]["created_at"] == "2026-03-02T09:00:00Z" and listed[1]["expires_at"] == "2026-03-03T09:00:00Z"
    assert "token" not in str(listed) and "digest" not in str(listed)
    office.wait(minutes=5)
    assert status(office, phone) == 200
    newest = office.ask("GET", "/sessions", token=desk).json["data"][-1]
    assert newest["last_seen_at"] == "2026-03-02T09:25:00Z"
    current = office.ask("GET", "/sessions/current", token=phone).json
    assert current["staff"]["email"] == ANN and current["is_current"] and "csrf_token" not in current


@pytest.mark.both_databases
def test_each_sign_in_is_a_new_session_and_an_ended_one_is_refused(office: Office) -> None:
    office.make()
    first, second = office.token(), office.token()
    assert first != second
    ids = {one["is_current"]: one["id"] for one in office.ask("GET", "/sessions", token=first).json["data"]}
    assert office.ask("DELETE", f"/sessions/{ids[False]}", token=first).status_code == 204
    assert (status(office, first), status(office, second)) == (200, 401)
    assert office.ask("DELETE", f"/sessions/{ids[False]}", token=first).status_code == 404
    assert office.ask("DELETE", f"/sessions/{ids[True]}", token=first).status_code == 204
    assert status(office, first) == 401
    assert office.acts().count("session.ended") == 2


def test_signing_out_everywhere_ends_every_session_of_ones_own_and_no_other(office: Office) -> None:
    office.make()
    office.make("bob@example.org")
    mine, bobs = [office.token() for _ in range(3)], office.token("bob@example.org")
    assert office.ask("DELETE", "/sessions", token=mine[1]).status_code == 204
    assert [status(office, token) for token in mine] == [401] * 3
    assert status(office, bobs) == 200
    assert "session.ended_everywhere" in office.acts()
    office.token()


def test_nobody_ends_or_finds_the_session_of_somebody_else(office: Office) -> None:
    office.make()
    office.make("bob@example.org")
    mine, bobs = office.token(), office.token("bob@example.org")
    [row] = [row for row in office.rows(StaffSession) if row.user_id == office.user("bob@example.org").id]
    for wrong in (row.id, row.id.upper(), str(row.number), "x", "-1", "9" * 40, office.user().id):
        assert office.ask("DELETE", f"/sessions/{wrong}", token=mine).status_code == 404, wrong
    assert status(office, bobs) == 200


def test_a_session_ends_an_hour_after_it_was_seen_and_a_day_after_the_sign_in(office: Office) -> None:
    office.make()
    token = office.token()
    office.wait(minutes=59, seconds=59)
    assert status(office, token) == 200
    office.wait(hours=1)
    assert status(office, token) == 401
    token = office.token()
    for _ in range(25):
        office.wait(minutes=57)
        assert status(office, token) == 200
    office.wait(minutes=14, seconds=59)
    assert status(office, token) == 200
    office.wait(seconds=1)
    assert status(office, token) == 401


def test_when_it_was_seen_is_written_at_most_once_a_minute(office: Office) -> None:
    office.make()
    token = office.token()
    for seconds, writes in ((59, 0), (1, 1), (30, 0), (30, 1)):
        office.wait(seconds=seconds)
        with office.statements() as sent:
            assert status(office, token) == 200
        assert sum(statement.startswith("UPDATE") for statement in sent) == writes


@pytest.mark.both_databases
def test_session_person_and_grants_are_read_by_one_statement(office: Office) -> None:
    office.make()
    token = office.token()
    with office.statements() as sent:
        assert office.ask("GET", "/nothing/here", token=token).status_code == 404
    assert (
        len([statement for statement in sent if "staff_sessions" in statement])
        == len([statement for statement in sent if statement.startswith("SELECT")])
        == 1
    )


@pytest.mark.parametrize(
    "change",
    [lambda text: text[:-1] + ("A" if text[-1] != "A" else "B"), lambda text: text[:-1], lambda text: text + "0",
     lambda text: text.swapcase(), lambda text: text[:8], lambda text: " ".join(text),
     lambda text: text[:8] + "0" * 36, lambda text: text[:20] + "é" + text[21:]],
)  # fmt: skip
def test_a_mistyped_token_is_refused_without_a_question_to_the_database(office: Office, change: Any) -> None:
    office.make()
    wrong = change(office.token())
    with office.statements() as sent:
        header = f"Bearer {wrong}".encode().decode("latin-1")
        assert office.ask("GET", "/sessions", Authorization=header).status_code == 401
    assert sent == []


def test_a_session_is_no_token_of_a_service(office: Office) -> None:
    office.make()
    token = office.token()
    assert status(office, token.replace("cpd_ses_", "cpd_pat_")) == 401
    assert status(office, token) == 200


def test_a_token_in_the_address_is_ignored(office: Office) -> None:
    office.make()
    token = office.token()
    for name in ("token", "access_token", "session"):
        assert office.ask("GET", f"/sessions?{name}={token}").status_code == 401


@pytest.mark.parametrize(("method", "path", "body"), SESSION_ONLY)
def test_a_token_of_a_service_is_refused_where_a_person_is_meant(
    office: Office, method: str, path: str, body: Any
) -> None:
    with office.database.transaction() as session:
        token = issue_token(
            session, system("test"), name="x", role="administrator", lifetime=PROOF_LIFE, now=office.now
        )
    answer = office.ask(method, path, body, token=token)
    assert (answer.status_code, answer.json["code"]) == (403, "session_needed")
    assert office.ask(method, path, body).status_code == 401


@pytest.mark.both_databases
def test_what_is_dangerous_needs_a_fresh_password_and_only_that(office: Office) -> None:
    staff_id = office.make()
    token = office.token()
    invitation = {"email": "eve@example.org", "name": "Eve"}
    dangerous: tuple[tuple[str, str, Any], ...] = (
        ("POST", "/staff/invitations", invitation),
        ("PATCH", f"/staff/{staff_id}", {"name": "Anna"}),
        ("POST", "/tokens", {"name": "a script", "role": "viewer"}),
        ("POST", "/staff/me/password", {"current_password": PHRASE, "new_password": OTHER_PHRASE}),
    )
    office.wait(minutes=10)
    for method, path, body in dangerous:
        answer = office.ask(method, path, body, token=token, If_Match='"1"')
        assert (answer.status_code, answer.json["code"]) == (401, "reauthenticate"), path
        assert "max_age=600" in answer.headers["WWW-Authenticate"]
    assert office.ask("GET", f"/staff/{staff_id}", token=token).status_code == 200
    assert office.ask("POST", "/tags", {"name": "Rails"}, token=token).status_code == 201
    assert office.ask("POST", "/sessions/reauthenticate", {"password": "wrong " * 4}, token=token).status_code == 403
    assert office.ask(*dangerous[0], token=token).status_code == 401
    proven = office.ask("POST", "/sessions/reauthenticate", {"password": PHRASE}, token=token)
    assert proven.json["reauthenticated_at"] == "2026-03-02T09:10:00Z"
    office.wait(minutes=9, seconds=59)
    for method, path, body in dangerous:
        answer = office.ask(method, path, body, token=token, If_Match='"1"')
        assert answer.status_code in (200, 201, 204), (path, answer.json)
    assert {"session.reauthenticated", "session.refused"} <= set(office.acts())


def test_a_repeat_with_the_same_key_does_nothing_twice_and_keeps_no_secret(office: Office) -> None:
    office.make()
    token = office.token()
    for key, path, body in (
        ("one", "/staff/invitations", {"email": "eve@example.org", "name": "Eve"}),
        ("two", "/sessions/reauthenticate", {"password": PHRASE}),
    ):
        first, second = (office.ask("POST", path, body, token=token, Idempotency_Key=key) for _ in range(2))
        assert first.status_code in (200, 201), first.json
        assert second.data == first.data and second.headers["Idempotency-Replayed"] == "true"
    signed = [office.ask("POST", "/sessions", {"email": ANN, "password": PHRASE}, Idempotency_Key="k") for _ in "12"]
    assert [answer.status_code for answer in signed] == [201, 201]
    assert signed[0].json["token"] != signed[1].json["token"]
    assert len(office.rows(StaffInvitation)) == 1


def test_a_stolen_session_cannot_guess_the_password_quickly(office: Office) -> None:
    office.make()
    token = office.token(client="192.0.2.1")
    wrong = {"password": "seven kettles on a sledge"}
    answers = [office.ask("POST", "/sessions/reauthenticate", wrong, token=token).status_code for _ in range(12)]
    assert answers == [403] * 5 + [429] * 7


def test_a_session_of_somebody_who_is_disabled_ends_at_once_and_does_not_come_back(office: Office) -> None:
    office.make("root@example.org")
    office.make()
    root, token = office.token("root@example.org"), office.token()
    path = f"/staff/{office.user().id}"
    assert office.ask("PATCH", path, {"state": "disabled"}, token=root, If_Match='"1"').status_code == 200
    assert status(office, token) == 401
    assert office.sign_in().status_code == 401
    assert office.ask("PATCH", path, {"state": "active"}, token=root, If_Match='"2"').status_code == 200
    assert status(office, token) == 401
    assert status(office, office.token()) == 200


def test_a_state_changed_in_the_database_alone_counts_at_once(office: Office) -> None:
    office.make()
    token = office.token()
    with office.database.transaction() as session:
        session.query(StaffUser).update({"state": "disabled"})
    assert status(office, token) == 401

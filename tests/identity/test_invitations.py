"""An invitation is worth what whoever sent it may still give; open ones are withdrawn; the first token ends."""

from typing import Any

import pytest
from click.testing import CliRunner

from cms.identity.staff.commands import staff as command
from cms.identity.staff.models import StaffInvitation, StaffUser
from cms.identity.staff.schemas import Given
from cms.launch.migrate import first_administrator
from tests.identity.making import EVERYTHING, OTHER_PHRASE, PHRASE, Office
from tests.identity.test_staff import EVE, accept, invite

ROOT = "root@example.org"


@pytest.fixture
def root(office: Office) -> str:
    """The token of an administrator who has signed in just now."""
    office.make(ROOT, EVERYTHING, name="Root")
    return office.token(ROOT)


def answer_of(office: Office, invitation: str, email: str = EVE) -> Any:
    """What the right code of an invitation gets."""
    return accept(office, invitation, office.code("staff_invitation", invitation, email))


def issue(office: Office, token: str, **given: Any) -> Any:
    answer = office.ask("POST", "/tokens", {"name": "the door", **given}, token=token)
    assert answer.status_code == 201, answer.json
    return answer.json


@pytest.mark.both_databases
def test_what_a_token_promised_ends_with_the_token(office: Office, root: str) -> None:
    kept, ended, short = (issue(office, root, role="administrator", expires_in_days=days) for days in (9, 9, 1))
    emails = [f"eve{number}@example.org" for number in range(3)]
    sent = [
        invite(office, token["token"], {"role": "administrator"}, email=email).json["id"]
        for token, email in zip((kept, ended, short), emails, strict=True)
    ]
    assert office.ask("DELETE", f"/tokens/{ended['id']}", token=root).status_code == 204
    office.wait(days=1)
    statuses = [answer_of(office, one, email).status_code for one, email in zip(sent, emails, strict=True)]
    assert statuses == [201, 400, 400]
    wrong = accept(office, sent[1], "AAAA-AAAA")
    own = {"request_id": "", "instance": ""}
    assert answer_of(office, sent[1], emails[1]).json | own == wrong.json | own
    assert "staff.invitation_refused" in office.acts()


def test_what_a_colleagues_token_promised_ends_when_the_colleague_is_demoted(office: Office, root: str) -> None:
    boss_id = office.make("boss@example.org", EVERYTHING)
    token = issue(office, office.token("boss@example.org"), role="administrator")["token"]
    promised = invite(office, token, {"role": "editor"}).json["id"]
    less = {"grants": [{"role": "editor"}]}
    assert office.ask("PATCH", f"/staff/{boss_id}", less, token=root, If_Match='"1"').status_code == 200
    assert answer_of(office, promised).status_code == 400


def test_a_role_that_is_narrowed_takes_back_what_was_promised_by_it(office: Office, root: str) -> None:
    role = {"name": "host", "permissions": ["staff:read", "staff:write", "articles:read", "taxonomy:read"]}
    assert office.ask("POST", "/roles", role, token=root).status_code == 201
    other = {"name": "guest", "permissions": ["articles:read", "taxonomy:read"]}
    assert office.ask("POST", "/roles", other, token=root).status_code == 201
    office.make("host@example.org", Given("host"))
    host = office.token("host@example.org")
    one = invite(office, host, {"role": "guest"}, email="one@example.org").json["id"]
    two = invite(office, host, {"role": "guest"}, email="two@example.org").json["id"]
    assert answer_of(office, one, "one@example.org").status_code == 201
    less = {"permissions": ["staff:read", "staff:write", "articles:read"]}
    assert office.ask("PATCH", "/roles/host", less, token=root, If_Match='"1"').status_code == 200
    assert answer_of(office, two, "two@example.org").status_code == 400


@pytest.mark.both_databases
def test_open_invitations_are_listed_and_withdrawn(office: Office, root: str) -> None:
    emails = [f"eve{number}@example.org" for number in range(4)]
    ids = [invite(office, root, {"role": "viewer"}, email=email).json["id"] for email in emails]
    assert answer_of(office, ids[0], emails[0]).status_code == 201
    first = office.ask("GET", "/staff/invitations?limit=2&count=exact", token=root).json
    rest = office.ask("GET", f"/staff/invitations?limit=2&cursor={first['page']['next_cursor']}", token=root).json
    assert [one["id"] for one in first["data"] + rest["data"]] == [ids[3], ids[2], ids[1]]
    assert first["meta"]["count"] == 3
    path = f"/staff/invitations/{ids[2]}"
    assert office.ask("DELETE", path, token=root).status_code == 204
    assert office.ask("DELETE", path, token=root).status_code == 404
    assert office.ask("DELETE", f"/staff/invitations/{ids[0]}", token=root).status_code == 404
    assert office.ask("DELETE", "/staff/invitations/x", token=root).status_code == 404
    assert answer_of(office, ids[2], emails[2]).status_code == 400
    assert office.acts().count("staff.invitation_withdrawn") == 1
    office.wait(days=3)
    assert office.ask("GET", "/staff/invitations", token=office.token(ROOT)).json["data"] == []


def test_nobody_withdraws_what_promises_more_than_they_have(office: Office, root: str) -> None:
    office.ask("POST", "/roles", {"name": "host", "permissions": ["staff:read", "staff:write"]}, token=root)
    office.make("host@example.org", Given("host"))
    promised = invite(office, root, {"role": "administrator"}).json["id"]
    refused = office.ask("DELETE", f"/staff/invitations/{promised}", token=office.token("host@example.org"))
    assert (refused.status_code, refused.json["code"]) == (403, "beyond_own_rights")
    assert office.rows(StaffInvitation)[0].closed_at is None
    assert answer_of(office, promised).status_code == 201


def test_the_first_token_ends_when_the_first_administrator_has_joined(office: Office) -> None:
    token = first_administrator(office.database)
    assert token is not None
    own = office.ask("GET", "/tokens", token=token).json["data"][0]["id"]
    token = office.ask("POST", f"/tokens/{own}/rotate", token=token).json["token"]
    editor = invite(office, token, {"role": "editor"}, email="ed@example.org").json["id"]
    assert answer_of(office, editor, "ed@example.org").status_code == 201
    assert office.ask("GET", "/staff", token=token).status_code == 200
    other = office.ask("POST", "/tokens", {"name": "another door", "role": "administrator"}, token=token)
    assert (other.status_code, other.json["code"]) == (403, "session_needed")
    administrator = invite(office, token, {"role": "administrator"}).json["id"]
    assert answer_of(office, administrator).status_code == 201
    assert office.ask("GET", "/staff", token=token).status_code == 401
    assert office.ask("GET", "/staff", token=office.token(EVE, OTHER_PHRASE)).status_code == 200
    assert "token.revoked" in office.acts()


def test_no_first_token_is_given_where_an_administrator_has_an_account(office: Office) -> None:
    settings = office.app.extensions["copydesk"].settings
    office.make("viewer@example.org", Given("viewer"))
    words = ["create", "--email", EVE, "--name", "Eve", "--role", "administrator", "--password", PHRASE]
    assert CliRunner().invoke(command, words, obj=settings).exit_code == 0
    assert first_administrator(office.database) is None
    with office.database.transaction() as session:
        session.query(StaffUser).filter_by(email=EVE).update({"state": "disabled"})
    assert first_administrator(office.database) is not None

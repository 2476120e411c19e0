"""Colleagues: invited by mail, never given more than the giver has, changed at once; rows S20, S23, S24."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
from click.testing import CliRunner
from sqlalchemy import select

from cms.identity.staff.commands import staff as command
from cms.identity.staff.models import StaffGrant, StaffInvitation, StaffUser
from cms.identity.staff.rules import INVITATION_LIFE
from cms.identity.staff.schemas import Given
from cms.identity.tokens import issue_token
from cms.launch.migrate import first_administrator
from cms.mail.models import OutgoingLetter
from cms.platform.actor import system
from tests.identity.making import ANN, EVERYTHING, OTHER_PHRASE, PHRASE, Office

EVE = "eve@example.org"
EXTRA = ("skipEmailVerification", "verified", "role", "is_admin", "id", "created_at", "password_hash", "status",
         "permissions", "email_verified_at", "__proto__", "state_")  # fmt: skip
SHAPES: dict[str, tuple[str, str, dict[str, Any]]] = {
    "invite": ("POST", "/staff/invitations", {"email": EVE, "name": "Eve", "grants": []}),
    "accept": ("POST", "/staff/invitations/{invitation}/accept", {"code": "{code}", "password": OTHER_PHRASE}),
    "change": ("PATCH", "/staff/{staff}", {"name": "Anna"}),
    "sign in": ("POST", "/sessions", {"email": ANN, "password": PHRASE}),
    "reauthenticate": ("POST", "/sessions/reauthenticate", {"password": PHRASE}),
    "change password": ("POST", "/staff/me/password", {"current_password": PHRASE, "new_password": OTHER_PHRASE}),
    "ask for a code": ("POST", "/staff/codes", {"email": ANN}),
}


@pytest.fixture
def root(office: Office) -> str:
    """The token of an administrator who has signed in just now."""
    office.make("root@example.org", EVERYTHING, name="Root")
    return office.token("root@example.org")


def invite(office: Office, token: str, *grants: dict[str, str], email: str = EVE, **more: Any) -> Any:
    body = {"email": email, "name": "Eve", "grants": list(grants), **more}
    return office.ask("POST", "/staff/invitations", body, token=token)


def accept(office: Office, invitation: str, code: str, password: str = OTHER_PHRASE) -> Any:
    path = f"/staff/invitations/{invitation}/accept"
    return office.ask("POST", path, {"code": code, "password": password}, client=office.fresh_client())


@pytest.mark.both_databases
def test_an_invitation_makes_nothing_before_its_code_comes_back(office: Office, root: str) -> None:
    office.ask("POST", "/sections", {"name": "City", "slug": "city"}, token=root)
    grants = [{"role": "editor", "section": "city", "locale": "zh-cn"}, {"role": "viewer"}]
    answer = invite(office, root, *grants, email="Eve@Example.org", locale="kk")
    assert answer.status_code == 201
    assert answer.json["grants"] == [
        {"role": "editor", "section": "city", "locale": "zh-CN"}, {"role": "viewer", "section": None, "locale": None},
    ]  # fmt: skip
    [letter] = office.rows(OutgoingLetter)
    assert (letter.kind, letter.recipient, letter.locale) == ("staff_invitation", EVE, "kk")
    assert len(office.rows(StaffUser)) == 1
    invitation = answer.json["id"]
    code = office.code("staff_invitation", invitation, EVE)
    assert code not in answer.text
    joined = accept(office, invitation, f" {code[:4].lower()} {code[4:].lower()} ")
    assert joined.status_code == 201 and joined.json["email"] == EVE
    assert accept(office, invitation, code).status_code == 400
    token = office.token(EVE, OTHER_PHRASE)
    shown = office.ask("GET", f"/staff/{joined.json['id']}", token=root)
    assert shown.json["grants"] == answer.json["grants"] and shown.headers["ETag"] == '"1"'
    assert office.ask("GET", f"/staff/{joined.json['id']}", token=token).status_code == 403
    assert {"staff.invited", "staff.joined"} <= set(office.acts())


@pytest.mark.both_databases
def test_five_wrong_codes_end_an_invitation_and_guesses_at_once_are_all_counted(office: Office, root: str) -> None:
    invitation = invite(office, root).json["id"]
    code = office.code("staff_invitation", invitation, EVE)
    wrong = "0000-0000" if code != "00000000" else "1111-1111"
    with ThreadPoolExecutor(3) as threads:
        statuses = list(threads.map(lambda _: accept(office, invitation, wrong).status_code, range(6)))
    assert statuses == [400] * 6
    assert office.rows(StaffInvitation)[0].attempts == 5
    assert accept(office, invitation, code).status_code == 400
    again = invite(office, root).json["id"]
    assert accept(office, again, office.code("staff_invitation", again, EVE)).status_code == 201
    assert office.acts().count("staff.invitation_refused") == 7


def test_an_invitation_ends_after_its_time_and_by_a_newer_one(office: Office, root: str) -> None:
    first = invite(office, root).json["id"]
    second = invite(office, root).json["id"]
    assert accept(office, first, office.code("staff_invitation", first, EVE)).status_code == 400
    office.wait(seconds=INVITATION_LIFE.total_seconds())
    assert accept(office, second, office.code("staff_invitation", second, EVE)).status_code == 400
    assert accept(office, "x", "AAAA-AAAA").status_code == 400


def test_a_code_of_one_invitation_is_of_no_use_for_another_or_for_a_password(office: Office, root: str) -> None:
    one, two = invite(office, root).json["id"], invite(office, root, email="dan@example.org").json["id"]
    assert accept(office, two, office.code("staff_invitation", one, EVE)).status_code == 400
    assert accept(office, one, office.code("staff_password", one, EVE)).status_code == 400
    assert accept(office, one, office.code("staff_invitation", one, "dan@example.org")).status_code == 400
    body = {"code_id": one, "code": office.code("staff_invitation", one, EVE), "new_password": OTHER_PHRASE}
    assert office.ask("POST", "/staff/password", body).status_code == 400


def test_an_address_has_one_account(office: Office, root: str) -> None:
    office.make(EVE)
    answer = invite(office, root, email="EVE@example.org")
    assert (answer.status_code, answer.json["code"]) == (409, "already_staff")


@pytest.mark.both_databases
def test_nobody_gives_more_than_they_have(office: Office, root: str) -> None:
    office.ask("POST", "/sections", {"name": "City", "slug": "city"}, token=root)
    role = {"name": "host", "permissions": ["staff:read", "staff:write", "articles:read", "articles:write"]}
    assert office.ask("POST", "/roles", role, token=root).status_code == 201
    office.make("host@example.org", Given("host"))
    host = office.token("host@example.org")
    for grants in (
        [{"role": "administrator"}], [{"role": "editor"}], [{"role": "viewer"}, {"role": "host"}],
        [{"role": "editor", "section": "city"}], [{"role": "administrator", "locale": "en"}],
    ):  # fmt: skip
        answer = invite(office, host, *grants)
        assert (answer.status_code, answer.json["code"]) == (403, "beyond_own_rights"), grants
        assert answer.json["missing_permission"]
    assert invite(office, host, {"role": "host"}).status_code == 201
    assert office.rows(OutgoingLetter)[-1].recipient == EVE
    bad: tuple[tuple[dict[str, str], str], ...] = (
        ({"role": "king"}, "/grants/0/role"), ({"role": "viewer", "section": "nowhere"}, "/grants/0/section"),
        ({"role": "viewer", "locale": "no such"}, "/grants/0/locale"),
    )  # fmt: skip
    for grant, pointer in bad:
        answer = invite(office, root, grant)
        assert (answer.status_code, answer.json["errors"][0]["pointer"]) == (422, pointer)


def test_nobody_changes_who_may_do_more(office: Office, root: str) -> None:
    office.ask("POST", "/roles", {"name": "host", "permissions": ["staff:read", "staff:write"]}, token=root)
    host_id = office.make("host@example.org", Given("host"))
    host = office.token("host@example.org")
    victim = office.user("root@example.org").id
    for change in ({"state": "disabled"}, {"grants": []}, {"name": "Nobody"}):
        answer = office.ask("PATCH", f"/staff/{victim}", change, token=host, If_Match='"1"')
        assert (answer.status_code, answer.json["code"]) == (403, "beyond_own_rights"), change
    own = office.ask("PATCH", f"/staff/{host_id}", {"grants": [{"role": "administrator"}]}, token=host, If_Match='"1"')
    assert own.status_code == 403
    assert office.ask("GET", "/sessions", token=root).status_code == 200


@pytest.mark.both_databases
def test_a_demotion_counts_from_the_next_request(office: Office, root: str) -> None:
    ann_id = office.make(ANN, Given("editor"))
    ann = office.token()
    assert office.ask("POST", "/tags", {"name": "Rails"}, token=ann).status_code == 201
    change = office.ask("PATCH", f"/staff/{ann_id}", {"grants": [{"role": "viewer"}]}, token=root, If_Match='"1"')
    assert change.status_code == 200 and change.headers["ETag"] == '"2"'
    refused = office.ask("POST", "/tags", {"name": "Hills"}, token=ann)
    assert (refused.status_code, refused.json["missing_permission"]) == (403, "taxonomy:write")
    assert office.ask("GET", "/tags", token=ann).status_code == 200
    stale = office.ask("PATCH", f"/staff/{ann_id}", {"state": "disabled"}, token=root, If_Match='"1"')
    assert (stale.status_code, stale.json["etag"]) == (412, '"2"')
    assert office.ask("PATCH", f"/staff/{ann_id}", {"state": "disabled"}, token=root).status_code == 428
    off = office.ask("PATCH", f"/staff/{ann_id}", {"state": "disabled"}, token=root, If_Match='"2"')
    assert off.json["state"] == "disabled"
    assert office.ask("GET", "/tags", token=ann).status_code == 401


def test_a_change_in_the_database_alone_counts_at_once(office: Office) -> None:
    office.make(ANN, Given("editor"))
    ann = office.token()
    with office.database.transaction() as session:
        session.query(StaffGrant).delete()
    assert office.ask("GET", "/tags", token=ann).status_code == 403
    assert office.ask("GET", "/sessions", token=ann).status_code == 200


def test_what_somebody_promised_ends_when_they_may_not_promise_it_any_more(office: Office, root: str) -> None:
    boss_id = office.make("boss@example.org", EVERYTHING)
    boss = office.token("boss@example.org")
    invitation = invite(office, boss, {"role": "administrator"}).json["id"]
    office.ask("PATCH", f"/staff/{boss_id}", {"state": "disabled"}, token=root, If_Match='"1"')
    assert accept(office, invitation, office.code("staff_invitation", invitation, EVE)).status_code == 400


@pytest.mark.both_databases
def test_the_last_administrator_stays(office: Office, root: str) -> None:
    root_id = office.user("root@example.org").id
    office.make(ANN, Given("editor"))
    office.make("local@example.org", Given("administrator", "city/"))
    for change in ({"state": "disabled"}, {"grants": []}, {"grants": [{"role": "editor"}]}):
        answer = office.ask("PATCH", f"/staff/{root_id}", change, token=root, If_Match='"1"')
        assert (answer.status_code, answer.json["code"]) == (409, "last_administrator"), change
    other_id = office.make("other@example.org", EVERYTHING)
    other = office.token("other@example.org")
    steps = ((root, other_id), (other, root_id))
    with ThreadPoolExecutor(2) as threads:
        both = list(
            threads.map(
                lambda step: (
                    office.ask(
                        "PATCH", f"/staff/{step[1]}", {"state": "disabled"}, token=step[0], If_Match='"1"'
                    ).status_code
                ),
                steps,
            )
        )
    assert sorted(both) in ([200, 401], [200, 409]), both
    active = [user for user in office.rows(StaffUser) if user.state == "active"]
    assert len([user for user in active if user.id in (root_id, other_id)]) == 1


def test_the_list_shows_everybody_page_by_page_and_no_secret(office: Office, root: str) -> None:
    for number in range(5):
        office.make(f"colleague{number}@example.org", Given("author", "city/", "en"))
    seen: list[Any] = []
    path = "/staff?limit=2&count=exact"
    while path:
        page = office.ask("GET", path, token=root).json
        seen += page["data"]
        cursor = page["page"]["next_cursor"]
        path = f"/staff?limit=2&cursor={cursor}" if cursor else ""
    assert [one["email"] for one in seen] == [f"colleague{number}@example.org" for number in range(5)] + [
        "root@example.org"
    ]
    assert seen[0]["grants"] == [{"role": "author", "section": "city", "locale": "en"}]
    assert "argon2" not in str(seen) and "password" not in str(seen)


@pytest.mark.parametrize("wrong", ["x", "-1", "9" * 40, "01A21432-D818-7389-8D25-EB3DF015D13C", "01a21432"])
def test_no_other_id_finds_a_colleague(office: Office, root: str, wrong: str) -> None:
    assert office.ask("GET", f"/staff/{wrong}", token=root).status_code == 404
    assert office.ask("PATCH", f"/staff/{wrong}", {"name": "x"}, token=root, If_Match='"1"').status_code == 404


@pytest.mark.parametrize("name", EXTRA)
def test_a_member_that_is_not_asked_for_is_refused_and_changes_nothing(office: Office, root: str, name: str) -> None:
    office.make()
    token = office.token()
    invitation = invite(office, root, email="new@example.org").json["id"]
    filled = {
        "{invitation}": invitation, "{staff}": office.user().id,
        "{code}": office.code("staff_invitation", invitation, "new@example.org"),
    }  # fmt: skip
    before = vars(office.user()) | {"_sa_instance_state": None}
    for case, (method, path, body) in SHAPES.items():
        sent = {key: filled["{code}"] if value == "{code}" else value for key, value in body.items()} | {name: True}
        for mark, value in filled.items():
            path = path.replace(mark, value)
        who = "" if case in ("accept", "sign in", "ask for a code") else token
        answer = office.ask(method, path, sent, token=who, client=office.fresh_client(), If_Match='"1"')
        assert answer.status_code == 422, (case, answer.json)
        assert any(error["pointer"].endswith(name) for error in answer.json["errors"]), case
    deep = {"email": EVE, "name": "Eve", "grants": [{"role": "viewer", name: True}]}
    answer = office.ask("POST", "/staff/invitations", deep, token=root)
    assert answer.status_code == 422
    assert vars(office.user()) | {"_sa_instance_state": None} == before
    assert {user.email for user in office.rows(StaffUser)} == {ANN, "root@example.org"}


def test_nobody_has_an_account_at_the_beginning_and_no_guess_opens_one(office: Office) -> None:
    assert office.rows(StaffUser) == []
    for email in ("admin@example.org", "admin@localhost.localdomain", "root@example.org", "administrator@copydesk.org"):
        for password in ("admin", "password", "copydesk", "changeme", ""):
            assert office.sign_in(email, password).status_code == 401
    for path in ("/setup", "/bootstrap", "/register", "/staff/first", "/admin", "/users"):
        for method in ("GET", "POST"):
            assert office.ask(method, path, {}).status_code == 401, path
    assert office.rows(StaffUser) == []


def test_the_first_token_lets_the_first_colleague_in_and_there_is_no_second_one(office: Office) -> None:
    token = first_administrator(office.database)
    assert token is not None
    assert first_administrator(office.database) is None
    assert office.ask("POST", "/setup", {}, token=token).status_code == 404
    invitation = invite(office, token, {"role": "administrator"}).json["id"]
    assert accept(office, invitation, office.code("staff_invitation", invitation, EVE)).status_code == 201
    assert office.ask("GET", "/staff", token=office.token(EVE, OTHER_PHRASE)).status_code == 200
    assert first_administrator(office.database) is None


def test_the_command_line_makes_the_first_administrator(office: Office) -> None:
    settings = office.app.extensions["copydesk"].settings
    words = ["create", "--email", " Ann@Example.org", "--name", "Ann", "--role", "administrator"]
    for bad in ("short", "password1234567", "copydesk example.org"):
        done = CliRunner().invoke(command, [*words, "--password", bad], obj=settings)
        assert done.exit_code == 1 and bad not in done.output
    assert office.rows(StaffUser) == []
    done = CliRunner().invoke(command, words, obj=settings, input=f"{PHRASE}\n{PHRASE}\n")
    assert done.exit_code == 0, done.output
    assert PHRASE not in done.output
    assert office.ask("GET", "/staff", token=office.token()).status_code == 200
    again = CliRunner().invoke(command, [*words, "--password", PHRASE], obj=settings)
    assert again.exit_code == 1 and "already" in again.output
    unknown = CliRunner().invoke(command, [*words[:-1], "king", "--password", PHRASE], obj=settings)
    assert unknown.exit_code == 1 and "no role" in unknown.output


def test_the_command_line_invites(office: Office) -> None:
    settings = office.app.extensions["copydesk"].settings
    words = ["invite", "--email", EVE, "--name", "Eve", "--role", "administrator", "--locale", "ru"]
    done = CliRunner().invoke(command, words, obj=settings)
    assert done.exit_code == 0, done.output
    [invitation], [letter] = office.rows(StaffInvitation), office.rows(OutgoingLetter)
    assert invitation.id in done.output
    assert office.code("staff_invitation", invitation.id, EVE) not in done.output
    assert (letter.kind, letter.locale) == ("staff_invitation", "ru")
    office.now = invitation.created_at + timedelta(minutes=1)
    assert accept(office, invitation.id, office.code("staff_invitation", invitation.id, EVE)).status_code == 201
    assert CliRunner().invoke(command, ["invite", "--email", "no address"], obj=settings).exit_code == 2


def test_readers_and_staff_are_two_tables_and_one_is_never_the_other(office: Office) -> None:
    office.make()
    with office.database.reading() as session:
        assert session.scalar(select(StaffUser.email)) == ANN
    body = {"purpose": "reset_password", "email": ANN}
    challenge = office.client.post("/readers/v1/codes", json=body).json["challenge_id"]
    code = office.code("reset_password", challenge, ANN)
    retrieve = {"code_id": challenge, "code": code, "new_password": OTHER_PHRASE}
    assert office.ask("POST", "/staff/password", retrieve).status_code == 400
    assert office.sign_in(password=OTHER_PHRASE).status_code == 401


def test_a_token_that_may_write_staff_invites_without_a_password(office: Office) -> None:
    with office.database.transaction() as session:
        token = issue_token(
            session, system("test"), name="x", role="administrator", lifetime=timedelta(hours=2), now=office.now
        )
    office.wait(hours=1)
    assert invite(office, token, {"role": "editor"}).status_code == 201

"""The story of the first colleagues over HTTP: nobody can come in, then one can, and keeps the keys in hand."""

from datetime import timedelta
from typing import Any

import pytest
from click.testing import CliRunner
from flask import Flask

from cms.identity.staff.commands import staff as staff_command
from cms.identity.staff.models import StaffUser
from cms.launch.migrate import migrate
from cms.platform.http.guard import PROOF_LIFE
from tests.identity.making import ANN, OTHER_PHRASE, PHRASE, Office

EVE, EVES = "eve@example.org", "nine barges under one bridge"
HOME_PC = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"


@pytest.fixture
def office(app: Flask) -> Office:
    """An application without any colleague."""
    return Office(app)


def command(office: Office, group: Any, *words: str) -> str:
    done = CliRunner().invoke(group, words, obj=office.app.extensions["copydesk"].settings)
    assert done.exit_code == 0, done.output
    return done.output.strip()


def join(office: Office, inviter: str, email: str, password: str, role: str) -> str:
    """Invited, accepted: the id of a new colleague."""
    wanted = {"email": email, "name": "Eve", "grants": [{"role": role}]}
    invited = office.ask("POST", "/staff/invitations", wanted, token=inviter)
    assert invited.status_code == 201, invited.json
    body = {"code": office.code("staff_invitation", invited.json["id"], email), "password": password}
    accepted = office.ask("POST", f"/staff/invitations/{invited.json['id']}/accept", body, client=office.fresh_client())
    assert accepted.status_code == 201, accepted.json
    return str(accepted.json["id"])


class Page:
    """A page in a colleague's browser: the cookie, and the CSRF token that only it can know."""

    def __init__(self, office: Office, email: str, password: str, **headers: str) -> None:
        self.office = office
        body = {"email": email, "password": password, "kind": "cookie"}
        answer = office.ask("POST", "/sessions", body, client=office.fresh_client(), **headers)
        assert answer.status_code == 201, answer.json
        self.cookie = {"Cookie": answer.headers["Set-Cookie"].partition(";")[0]}
        self.proof = {"Origin": "http://127.0.0.1:8000", "X_CSRF_Token": answer.json["csrf_token"]}

    def ask(self, method: str, path: str, body: Any = None, **headers: str) -> Any:
        """One request of the page, whole unless told otherwise."""
        proof = self.proof if method != "GET" else {}
        return self.office.ask(method, path, body, **{**self.cookie, **proof, **headers})


@pytest.mark.both_databases
def test_the_first_token_lets_one_administrator_in_and_then_it_is_over(office: Office) -> None:
    # Nobody is there, no password is known, and the web lets nobody be the first.
    assert office.rows(StaffUser) == []
    assert office.sign_in("admin@example.org", "admin").status_code == 401
    # The first start shows one token, once.
    first = command(office, migrate, "--first-token")
    assert first.startswith("cpd_")
    assert command(office, migrate, "--first-token") == ""
    # It invites an administrator, and from the moment that she has joined it opens nothing, and there is no other.
    join(office, first, ANN, PHRASE, "administrator")
    assert office.ask("GET", "/staff", token=first).status_code == 401
    again = office.ask("POST", "/staff/invitations", {"email": EVE, "name": "Eve"}, token=first)
    assert again.status_code == 401
    assert command(office, migrate, "--first-token") == ""
    ann = office.token()
    assert [one["email"] for one in office.ask("GET", "/staff", token=ann).json["data"]] == [ANN]
    # She cannot lock everybody out by mistake.
    ann_id = office.user().id
    refused = office.ask("PATCH", f"/staff/{ann_id}", {"state": "disabled"}, token=ann, If_Match='"1"')
    assert (refused.status_code, refused.json["code"]) == (409, "last_administrator")


@pytest.mark.both_databases
def test_an_administrator_by_the_command_line_works_in_a_browser_and_holds_the_keys(office: Office) -> None:
    made = command(
        office,
        staff_command,
        "create",
        "--email",
        ANN,
        "--name",
        "Ann",
        "--role",
        "administrator",
        "--password",
        PHRASE,
    )
    assert PHRASE not in made
    assert command(office, migrate, "--first-token") == ""
    home, work = Page(office, ANN, PHRASE, User_Agent=HOME_PC), Page(office, ANN, PHRASE)

    # A page of ours changes something; the same without its proof, or from another site's page, changes nothing.
    assert work.ask("POST", "/tags", {"name": "Rails"}).status_code == 201
    for forged in (
        {"X_CSRF_Token": ""},
        {"Origin": "https://evil.example"},
        {"X_CSRF_Token": home.proof["X_CSRF_Token"]},
    ):
        refused = work.ask("POST", "/tags", {"name": "Forged"}, **forged)
        assert (refused.status_code, refused.json["code"]) == (403, "csrf"), forged
    assert [tag["name"] for tag in work.ask("GET", "/tags").json["data"]] == ["Rails"]

    # Where am I signed in? One of them is not mine any more.
    listed = {one["is_current"]: one for one in work.ask("GET", "/sessions").json["data"]}
    other = listed[False]
    assert "Firefox" in other["device"] and other["address"].startswith("198.") and other["kind"] == "cookie"
    assert other["created_at"] == "2026-03-02T09:00:00Z" and other["last_seen_at"] >= other["created_at"]
    assert work.ask("DELETE", f"/sessions/{other['id']}").status_code == 204
    assert home.ask("GET", "/sessions").status_code == 401
    assert work.ask("DELETE", f"/sessions/{other['id']}").status_code == 404

    # What is dangerous asks for the password again, what is not does not.
    office.wait(seconds=PROOF_LIFE.total_seconds())
    invitation = {"email": EVE, "name": "Eve", "grants": [{"role": "editor"}]}
    stale = work.ask("POST", "/staff/invitations", invitation)
    assert (stale.status_code, stale.json["code"]) == (401, "reauthenticate")
    assert "max_age=600" in stale.headers["WWW-Authenticate"]
    assert work.ask("POST", "/tags", {"name": "Hills"}).status_code == 201
    assert work.ask("POST", "/sessions/reauthenticate", {"password": "not this one at all"}).status_code == 403
    assert work.ask("POST", "/staff/invitations", invitation).status_code == 401
    assert work.ask("POST", "/sessions/reauthenticate", {"password": PHRASE}).status_code == 200
    assert work.ask("POST", "/staff/invitations", invitation).status_code == 201

    # Another password ends every other session, and the one before is worth nothing.
    elsewhere = office.token()
    change = {"current_password": PHRASE, "new_password": OTHER_PHRASE}
    wrong = work.ask("POST", "/staff/me/password", {**change, "current_password": OTHER_PHRASE})
    assert wrong.status_code == 403
    assert office.ask("GET", "/sessions", token=elsewhere).status_code == 200
    assert work.ask("POST", "/staff/me/password", change).status_code == 204
    assert office.ask("GET", "/sessions", token=elsewhere).status_code == 401
    assert work.ask("GET", "/sessions").status_code == 200
    assert office.sign_in(ANN, PHRASE).status_code == 401
    bearer = office.token(ANN, OTHER_PHRASE)

    # Out everywhere, in one act.
    gone = work.ask("DELETE", "/sessions")
    assert gone.status_code == 204 and "Max-Age=0" in gone.headers["Set-Cookie"]
    assert work.ask("GET", "/sessions").status_code == 401
    assert office.ask("GET", "/sessions", token=bearer).status_code == 401
    assert [act for act in office.acts() if act.startswith(("session", "staff"))] == [
        "staff.joined", "session.opened", "session.opened", "session.ended", "session.refused",
        "session.reauthenticated", "staff.invited", "session.opened", "session.refused", "staff.password_changed",
        "session.refused", "session.opened", "session.ended_everywhere",
    ]  # fmt: skip


@pytest.mark.both_databases
def test_who_is_demoted_or_disabled_is_so_with_the_next_request_of_every_session(office: Office) -> None:
    office.make()
    ann = office.token()
    eve = join(office, ann, EVE, EVES, "editor")
    bearer, page = office.token(EVE, EVES), Page(office, EVE, EVES)
    draft = {"title": "Nine barges", "locale": "en"}
    article = office.ask("POST", "/articles", draft, token=bearer).json["id"]

    def both(method: str, path: str, body: Any = None, **headers: str) -> list[int]:
        answers = (office.ask(method, path, body, token=bearer, **headers), page.ask(method, path, body, **headers))
        return [answer.status_code for answer in answers]

    assert both("POST", "/tags/", {}) == [404, 404]
    assert both("GET", f"/articles/{article}") == [200, 200]
    demoted = office.ask("PATCH", f"/staff/{eve}", {"grants": [{"role": "viewer"}]}, token=ann, If_Match='"1"')
    assert demoted.status_code == 200
    assert both("PATCH", f"/articles/{article}", {"dek": "Under one bridge."}, If_Match='"1"') == [403, 403]
    assert both("GET", f"/articles/{article}") == [200, 200]
    disabled = office.ask("PATCH", f"/staff/{eve}", {"state": "disabled"}, token=ann, If_Match=demoted.headers["ETag"])
    assert disabled.status_code == 200
    assert both("GET", f"/articles/{article}") == [401, 401]
    assert both("DELETE", "/sessions") == [401, 401]
    assert office.sign_in(EVE, EVES).status_code == 401
    # Let in again she has to sign in anew: what was open stays ended.
    back = office.ask("PATCH", f"/staff/{eve}", {"state": "active"}, token=ann, If_Match=disabled.headers["ETag"])
    assert back.status_code == 200
    assert both("GET", f"/articles/{article}") == [401, 401]
    assert office.ask("GET", f"/articles/{article}", token=office.token(EVE, EVES)).status_code == 200
    office.wait(seconds=timedelta(days=1).total_seconds())
    assert office.ask("GET", "/sessions", token=ann).status_code == 401

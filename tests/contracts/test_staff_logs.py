"""Row S113 for colleagues: a whole working life against real processes, and no secret of it is anywhere but in hands.

Every secret is a word that occurs nowhere else, or is random, so that one search through the logs of all parts, the
rows of all tables and the letters finds it. What must be on record is there: who, what, when, from where, which result.
"""

import base64
import json
import re
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import pytest

from tests.contracts.test_logs import letter_to, logs
from tests.product import Product, product
from tests.servers import Broker, wait_until

INES, OLA = "canaryines@example.org", "canaryola@example.org"
FIRST, SECOND, THIRD, OLAS = (
    "canarygrey herons on seven roofs", "canarybrown owls in nine barns", "canarywhite storks over eleven fields",
    "canaryblack rooks round five towers",
)  # fmt: skip
WRONG = "canarywrong phrase of nobody at all"
ADDRESS = "192.0.2.44"
# What an operator must be able to see. Source: OWASP ASVS 5.0, 16.3.
ACTS = {
    ("staff.invited", "done"), ("staff.joined", "done"), ("staff.changed", "done"), ("session.refused", "refused"),
    ("session.opened", "done"), ("session.reauthenticated", "done"), ("session.ended", "done"),
    ("session.ended_everywhere", "done"), ("staff.password_changed", "done"), ("staff.code_asked", "done"),
    ("staff.code_refused", "refused"), ("staff.password_retrieved", "done"), ("token.issued", "done"),
    ("token.rotated", "done"), ("token.revoked", "done"),
}  # fmt: skip
REFUSALS = {"token_refused", "session_refused", "access_refused"}
THE_LAST = "the-last-request-of-ines"


@dataclass
class Life:
    """What was done against the running product, and every secret that was in somebody's hands."""

    parts: Product
    secrets: list[str] = field(default_factory=lambda: [FIRST, SECOND, THIRD, OLAS, WRONG, "argon2"])

    def ask(
        self, status: int, method: str, path: str, body: Any = None, token: str = "", **headers: str
    ) -> tuple[Any, Any]:
        """One request from an address of its own, whose answer must have the status."""
        got, told, came = self.parts.ask(method, f"/api/v1{path}", body, token, X_Forwarded_For=ADDRESS, **headers)
        assert got == status, (method, path, got, told)
        return told, came

    def keep(self, *secrets: str) -> str:
        """Remember secrets; gives the last."""
        self.secrets += secrets
        return secrets[-1]

    def join(self, inviter: str, email: str, role: str, password: str) -> str:
        """Invite, try a wrong code, accept. Gives the colleague's id."""
        wanted = {"email": email, "name": "Canaryname", "grants": [{"role": role}]}
        invited, _ = self.ask(201, "POST", "/staff/invitations", wanted, inviter)
        [code] = letter_to(self.parts, email)
        self.keep(code, code.replace("-", ""))
        path = f"/staff/invitations/{invited['id']}/accept"
        self.ask(400, "POST", path, {"code": "0000-0000", "password": password})
        return str(self.ask(201, "POST", path, {"code": code, "password": password})[0]["id"])

    def sign_in(self, email: str, password: str) -> str:
        """A bearer session."""
        return self.keep(str(self.ask(201, "POST", "/sessions", {"email": email, "password": password})[0]["token"]))

    def browse(self, email: str, password: str) -> dict[str, str]:
        """A cookie session, as the headers of a page of ours."""
        body = {"email": email, "password": password, "kind": "cookie"}
        told, came = self.ask(201, "POST", "/sessions", body)
        cookie = came["Set-Cookie"].partition(";")[0]
        self.keep(cookie.partition("=")[2], told["csrf_token"])
        return {"Cookie": cookie, "Origin": self.parts.url, "X_CSRF_Token": told["csrf_token"]}


@pytest.fixture(scope="module")
def lived(tmp_path_factory: pytest.TempPathFactory, shared_broker: Broker) -> Iterator[Life]:
    """API, relay, worker and mailbox at the level debug, and a colleague's life lived against them."""
    settings = {"redis_url": f"{shared_broker.url.rpartition('/')[0]}/8", "log_level": "debug"}
    settings |= {"code_cooldown_seconds": "0", "trusted_proxies": "127.0.0.1", "limit_sign_in": "100/60"}
    with product(tmp_path_factory.mktemp("lived"), "api", "relay", "worker", "mailbox", **settings) as running:
        life = Life(running)
        live(life)
        wait_until(lambda: any(THE_LAST in line and '"request"' in line for line in running.log("api").splitlines()))
        yield life


def live(life: Life) -> None:
    """Everything that somebody who works here does with a password, a code, a session and a token, and gets wrong."""
    root = life.keep(life.parts.copydesk("migrate", "--first-token").strip())
    life.join(root, INES, "administrator", FIRST)
    life.ask(401, "GET", "/staff", token=root)
    for email in (INES, "canarynobody@example.org"):
        life.ask(401, "POST", "/sessions", {"email": email, "password": WRONG})
    bearer, page = life.sign_in(INES, FIRST), life.browse(INES, FIRST)
    life.ask(403, "POST", "/sessions/reauthenticate", {"password": WRONG}, **page)
    life.ask(200, "POST", "/sessions/reauthenticate", {"password": FIRST}, **page)
    # By the present one, and the other session ends with it.
    change = {"current_password": FIRST, "new_password": SECOND}
    life.ask(403, "POST", "/staff/me/password", {**change, "current_password": WRONG}, **page)
    life.ask(204, "POST", "/staff/me/password", change, **page)
    life.ask(401, "GET", "/sessions", token=bearer)
    use_tokens(life, page)
    # By a code.
    asked, _ = life.ask(202, "POST", "/staff/codes", {"email": INES})
    code = letter_to(life.parts, INES, 2)[0]
    life.keep(code, code.replace("-", ""))
    retrieval = {"code_id": asked["code_id"], "code": code, "new_password": THIRD}
    life.ask(400, "POST", "/staff/password", {**retrieval, "code": "0000-0000"})
    life.ask(204, "POST", "/staff/password", retrieval)
    life.ask(401, "GET", "/sessions", **page)
    let_go_of_a_colleague(life, life.sign_in(INES, THIRD))


def use_tokens(life: Life, page: dict[str, str]) -> None:
    """Issue a token with an Idempotency-Key and again, rotate it, mistype it, revoke it."""
    wanted = {"name": "the importer", "role": "viewer"}
    issued, _ = life.ask(201, "POST", "/tokens", wanted, **page, Idempotency_Key="canary-free-key-1")
    old = life.keep(issued["token"])
    life.ask(409, "POST", "/tokens", wanted, **page, Idempotency_Key="canary-free-key-1")
    path = f"/tokens/{issued['id']}"
    new = life.keep(life.ask(200, "POST", f"{path}/rotate", {"overlap_minutes": 0}, **page)[0]["token"])
    life.ask(401, "GET", "/tags", token=old)
    life.ask(401, "GET", "/tags", token=new[:-1])
    life.ask(200, "GET", "/tags", token=new)
    life.ask(403, "POST", "/tags", {"name": "Rails"}, new)
    life.ask(204, "DELETE", path, **page)
    life.ask(401, "GET", "/tags", token=new)


def let_go_of_a_colleague(life: Life, token: str) -> None:
    """A second colleague comes, signs out of one session, and is disabled; then Ines signs out everywhere."""
    ola = life.join(token, OLA, "viewer", OLAS)
    page, open_until_then = life.browse(OLA, OLAS), life.sign_in(OLA, OLAS)
    current, _ = life.ask(200, "GET", "/sessions/current", **page)
    life.ask(204, "DELETE", f"/sessions/{current['id']}", **page)
    life.ask(401, "GET", "/sessions", **page)
    life.ask(200, "PATCH", f"/staff/{ola}", {"state": "disabled"}, token, If_Match='"1"')
    life.ask(401, "GET", "/sessions", token=open_until_then)
    life.ask(401, "POST", "/sessions", {"email": OLA, "password": OLAS})
    life.ask(204, "DELETE", "/sessions", token=token)
    life.ask(401, "GET", "/sessions", token=token, X_Request_Id=THE_LAST)


def rows(life: Life) -> dict[str, str]:
    """Every row of every table as text, bytes also in the two ways in which people write them down."""
    with closing(sqlite3.connect(f"file:{life.parts.home / 'copydesk.db'}?mode=ro", uri=True)) as database:
        names = [name for (name,) in database.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
        return {
            name: " ".join(text(value) for row in database.execute(f'SELECT * FROM "{name}"') for value in row)
            for name in names
        }


def text(value: Any) -> str:
    if not isinstance(value, bytes):
        return str(value)
    return f"{value.decode('latin-1')} {value.hex()} {base64.b64encode(value).decode()}"


def hidden(secret: str) -> set[str]:
    """A secret as it is and as logs and libraries often have it."""
    data = secret.encode()
    return {secret.lower(), base64.b64encode(data).decode().lower(), data.hex(), json.dumps(secret)[1:-1].lower()}


@pytest.mark.slow
def test_no_secret_of_a_colleagues_life_is_in_any_log(lived: Life) -> None:
    said = logs(lived.parts).lower()
    for secret in [*lived.secrets, "canary", "cpd_"]:
        assert not any(form in said for form in hidden(secret)), secret
    print(f"{len(lived.secrets)} secrets of a colleague's life, {len(said)} characters of logs: 0 found")


@pytest.mark.slow
def test_no_secret_of_a_colleagues_life_is_in_any_row(lived: Life) -> None:
    kept = rows(lived)
    assert {"audit_entries", "letters", "deliveries", "remembered_answers"} <= set(kept)
    assert INES in kept["staff_users"]
    # What is kept of a password is its hash, where it belongs and nowhere else.
    secrets = [secret for secret in lived.secrets if secret != "argon2"]
    for table, told in kept.items():
        for secret in secrets:
            assert not any(form in told.lower() for form in hidden(secret)), (table, secret)
        assert ("$argon2" in told) == (table == "staff_users"), table
    for table in ("audit_entries", "letters", "deliveries", "remembered_answers", "limit_quotas", "limit_counters",
                  "staff_sign_in_trails"):  # fmt: skip
        assert "canary" not in kept[table].lower().replace("canary-free-key-1", ""), table


@pytest.mark.slow
def test_letters_hold_their_code_and_no_other_secret(lived: Life) -> None:
    port = int(lived.parts.environment["COPYDESK_MAILBOX_PORT"])
    letters = Product(lived.parts.home, lived.parts.environment, port).ask("GET", "/messages.json")[1]["data"]
    # Two invitations, one code, and two notices of another password.
    assert len(letters) == 5
    for letter in letters:
        for secret in lived.secrets:
            is_code = re.fullmatch(r"[0-9A-Z]{4}-?[0-9A-Z]{4}", secret)
            assert is_code or not any(form in json.dumps(letter).lower() for form in hidden(secret)), secret


@pytest.mark.slow
def test_every_act_of_access_is_told_with_who_what_when_from_where_and_which_result(lived: Life) -> None:
    lines = [json.loads(line) for line in lived.parts.log("api").splitlines()]
    acts = [line for line in lines if line["event"] == "access_act"]
    assert {(line["act"], line["outcome"]) for line in acts} >= ACTS
    refusals = [line for line in lines if line["event"] in REFUSALS]
    assert {line["event"] for line in refusals} == REFUSALS
    answered = {line["request_id"] for line in lines if line["event"] == "request"}
    for line in acts + refusals:
        assert datetime.fromisoformat(line["at"]).utcoffset() == timedelta(0), line
        assert line["request_id"] in answered, line
    for line in acts:
        assert line["client_address"] == ADDRESS, line
        assert line["actor"].startswith(("staff:", "service:", "anonymous:")) and line["subject"], line
    for line in refusals:
        assert line["client_address"] == ADDRESS, line
        assert line["because"], line
    # The logs say of them what the audit trail says.
    with closing(sqlite3.connect(f"file:{lived.parts.home / 'copydesk.db'}?mode=ro", uri=True)) as database:
        kept = database.execute(
            "SELECT action, outcome, subject_kind || ':' || subject_id, credential, request_id FROM audit_entries "
            "WHERE request_id != '' ORDER BY number"
        ).fetchall()
    told = [(line["act"], line["outcome"], line["subject"], line["credential"], line["request_id"]) for line in acts]
    assert sorted(told) == sorted(kept)

"""The story of a service's token over HTTP: shown once, held to its place, network and time, exchanged, over."""

from datetime import UTC, datetime
from typing import Any

import pytest
from flask import Flask
from structlog.testing import capture_logs

from cms.identity.rules import PREFIX
from cms.identity.staff.schemas import Given
from cms.platform.db import Database
from tests.access.desk import ELSEWHERE, PHRASE, Desk
from tests.access.test_bearing import mistyped, statements

BEGAN = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
AT_HOME, BESIDE = "192.0.2.9", "192.0.3.9"


class Teller:
    """Requests with a token, each told with the status that it must have."""

    def __init__(self, app: Flask, database: Database) -> None:
        self.desk = Desk(app, database).furnish()
        self.clock = self.desk.clock(BEGAN)
        self.email = self.desk.colleague(Given("administrator")).email

    def chief(self) -> str:
        """A session of the administrator, who signs in when there is something to do; only people make tokens."""
        return str(self.ask(201, "POST", "/sessions", {"email": self.email, "password": PHRASE})["token"])

    def ask(
        self, status: int, method: str, path: str, body: Any = None, *, token: str = "", client: str = AT_HOME,
        **headers: str,
    ) -> Any:  # fmt: skip
        """One request; gives the JSON of its answer."""
        sent = {name.replace("_", "-"): value for name, value in headers.items()}
        options = {"json": body} if body is not None else {}
        answer = self.desk.client(token).open(
            f"/api/v1{path}", method=method, headers=sent, environ_overrides={"REMOTE_ADDR": client}, **options
        )
        assert answer.status_code == status, (method, path, answer.status_code, answer.get_data(as_text=True))
        return answer.json if answer.data else None


@pytest.fixture
def teller(app: Flask, database: Database) -> Teller:
    return Teller(app, database)


def draft(section: str, locale: str = "en") -> dict[str, str]:
    return {"title": f"News of {section}", "locale": locale, "section": section, "body": "It happened today."}


def beyond_its_place(teller: Teller, chief: str, token_id: str, wire: str, mine: str) -> None:
    """What a token of two permissions for the city in English is refused, and what it does not see."""
    ask = teller.ask
    ask(403, "POST", "/articles", draft("sport"), token=wire)
    ask(403, "POST", "/articles", draft("trams", "ru"), token=wire)
    ask(403, "POST", f"/articles/{mine}/publish", token=wire, If_Match='"1"')
    ask(403, "GET", "/tokens", token=wire)
    elsewhere = ask(201, "POST", "/articles", draft("sport"), token=chief)["id"]
    other_language = ask(201, "POST", "/articles", draft("trams", "ru"), token=chief)["id"]
    for article in (elsewhere, other_language):
        ask(404, "GET", f"/articles/{article}", token=wire)
    assert [one["id"] for one in ask(200, "GET", "/articles", token=wire)["data"]] == [mine]
    missing = ask(200, "GET", f"/access/explain?action=articles:write&on={elsewhere}&for={token_id}", token=chief)
    assert not missing["is_allowed"] and missing["missing"]["kind"] == "section"


@pytest.mark.both_databases
def test_a_services_token_is_held_to_what_where_whence_and_how_long(teller: Teller) -> None:
    ask, chief = teller.ask, teller.chief()
    wanted = {
        "name": "the wire", "scopes": ["articles:read", "articles:write"], "section": "city", "locale": "en",
        "addresses": ["192.0.2.0/24"],
    }  # fmt: skip
    issued = ask(201, "POST", "/tokens", wanted, token=chief)
    wire, path = issued["token"], f"/tokens/{issued['id']}"
    # Shown once, recognisable by its beginning, and 90 days unless told otherwise.
    assert (
        wire.startswith(PREFIX)
        and issued["hint"] == wire[: len(issued["hint"])]
        and len(issued["hint"]) == len(PREFIX) + 4
    )
    assert issued["expires_at"] == "2026-05-31T09:00:00Z"
    shown = ask(200, "GET", path, token=chief)
    assert wire not in str(shown) and shown["last_used_at"] is None

    # What, and where: this section and below, this language, these two permissions. Each refusal leaves a line.
    mine = ask(201, "POST", "/articles", draft("trams"), token=wire)["id"]
    with capture_logs() as lines:
        beyond_its_place(teller, chief, issued["id"], wire, mine)
    refused = [(line["because"], line["missing"]) for line in lines if line["event"] == "access_refused"]
    assert refused == [
        ("forbidden", "articles:write"), ("forbidden", "articles:write"), ("forbidden", "articles:publish"),
        ("forbidden", "tokens:read"), ("hidden", "articles:read"), ("hidden", "articles:read"),
    ]  # fmt: skip
    assert {line["credential"] for line in lines if line["event"] == "access_refused"} == {f"token:{issued['id']}"}
    # Whence: not from the network beside, nor by saying so.
    for client in (BESIDE, ELSEWHERE, "::1"):
        ask(401, "GET", "/articles", token=wire, client=client, X_Forwarded_For=AT_HOME)

    # A typing mistake is refused before the database; one that fits its checksum and was never given, after it.
    with statements(teller.desk) as sent:
        for wrong in (mistyped(wire), wire[:-1], wire.swapcase(), wire.replace(PREFIX, "ghp_")):
            ask(401, "GET", "/articles", token=wrong)
    assert sent == []

    # It was used, and one can see when.
    teller.clock.wait(minutes=5)
    ask(200, "GET", "/articles", token=wire)
    assert ask(200, "GET", path, token=chief)["last_used_at"] == "2026-03-02T09:05:00Z"

    # Exchanged: both work for an hour, and the new one has 90 days again.
    teller.clock.wait(days=80)
    chief = teller.chief()
    exchanged = ask(200, "POST", f"{path}/rotate", {"overlap_minutes": 60}, token=chief)
    newer = exchanged["token"]
    assert (exchanged["id"], exchanged["expires_at"]) == (issued["id"], "2026-08-19T09:05:00Z")
    for text in (wire, newer):
        ask(200, "GET", f"/articles/{mine}", token=text)
    teller.clock.wait(minutes=60)
    ask(401, "GET", f"/articles/{mine}", token=wire)
    ask(200, "PATCH", f"/articles/{mine}", {"dek": "By the wire."}, token=newer, If_Match='"1"')
    ask(403, "POST", "/articles", draft("sport"), token=newer)
    ask(401, "GET", "/articles", token=newer, client=BESIDE)

    # Over by itself, to the second.
    teller.clock.wait(days=89, hours=23)
    ask(401, "GET", "/articles", token=newer)
    chief = teller.chief()
    assert ask(200, "GET", path, token=chief)["state"] == "expired"
    acts = ask(200, "GET", f"/audit?subject_id={issued['id']}", token=chief)["data"]
    assert [act["action"] for act in acts] == ["token.rotated", "token.issued"]

"""The stories of roles and of tokens, told over HTTP: a desk of its own, a service with its token, and why not."""

from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from cms.audit.models import AuditEntry
from cms.identity.passwords import HASHER
from cms.identity.staff import staffing
from cms.identity.staff.schemas import Given
from cms.platform.actor import system
from cms.platform.clock import now
from cms.platform.db import Database
from cms.settings import Settings
from tests.draining import drain

PHRASE = "lamps along the old quay"
Ask = Callable[..., Any]


@pytest.fixture
def ask(app: Flask) -> Ask:
    """A function for one request with a token."""

    def send(token: str, method: str, path: str, body: Any = None, status: int = 200, **headers: str) -> Any:
        options = {"json": body} if body is not None else {}
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        client = app.test_client()
        answer = client.open(path, method=method, headers={"Authorization": f"Bearer {token}"} | named, **options)
        assert answer.status_code == status, (method, path, answer.status_code, answer.get_data(as_text=True))
        return answer.json if answer.data else None

    return send


@pytest.fixture
def chief(administrator: FlaskClient, app: Flask, database: Database) -> str:
    """The token of an administrator's session; a city section with trams and a sports section were made before."""
    for section in ({"name": "City"}, {"name": "Trams", "parent": "city"}, {"name": "Sport"}):
        assert administrator.post("/api/v1/sections", json=section).status_code == 201
    with database.transaction() as session:
        staffing.create(
            session, system("test"), email="ann@example.org", name="Ann", locale="en",
            grants=(Given("administrator"),), password_hash=HASHER.hash(PHRASE), network="", now=now(),
        )  # fmt: skip
    opened = app.test_client().post("/api/v1/sessions", json={"email": "ann@example.org", "password": PHRASE})
    return str(opened.json["token"])


def draft(ask: Ask, token: str, section: str, status: int = 201, **given: Any) -> dict[str, Any]:
    body = {"title": f"News of {section}", "locale": "en", "section": section, "body": "It happened today.", **given}
    made: dict[str, Any] = ask(token, "POST", "/api/v1/articles", body, status)
    return made


@pytest.mark.both_databases
def test_a_night_desk_publishes_what_the_day_wrote_and_touches_nothing_else(
    ask: Ask, chief: str, settings: Settings, database: Database
) -> None:
    # A role that nobody thought of: it publishes and does not write.
    role = {"name": "night-desk", "permissions": ["articles:read", "articles:publish", "taxonomy:read"]}
    ask(chief, "POST", "/api/v1/roles", role, 201)
    wanted = {"name": "night desk", "role": "night-desk", "section": "city", "locale": "en"}
    night = ask(chief, "POST", "/api/v1/tokens", wanted, 201)
    author = ask(chief, "POST", "/api/v1/tokens", {"name": "Ines", "role": "author"}, 201)["token"]
    tram, derby = draft(ask, author, "trams"), draft(ask, author, "sport")

    # It sees the city and what lies below, and nothing of sport.
    [seen] = ask(night["token"], "GET", "/api/v1/articles")["data"]
    assert seen["id"] == tram["id"]
    ask(night["token"], "GET", f"/api/v1/articles/{derby['id']}", status=404)
    ask(night["token"], "PATCH", f"/api/v1/articles/{tram['id']}", {"dek": "x"}, 403, If_Match='"1"')
    ask(author, "POST", f"/api/v1/articles/{tram['id']}/publish", status=403, If_Match='"1"')

    # Why? One question answers it, before anything is tried.
    explain = f"/api/v1/access/explain?on={tram['id']}&action="
    assert ask(night["token"], "GET", explain + "articles:publish")["grant"]["section"] == "city"
    assert ask(author, "GET", explain + "articles:publish")["missing"]["permission"] == "articles:publish"
    assert ask(chief, "GET", f"{explain}articles:write&for={night['id']}")["missing"]["kind"] == "permission"

    # What it publishes, readers have at once.
    live = ask(night["token"], "POST", f"/api/v1/articles/{tram['id']}/publish", status=200, If_Match='"1"')
    assert ask("", "GET", f"/content/v1/articles/en/{live['slug']}")["title"] == "News of trams"
    drain(settings, database)

    # The role gets one permission more, and the token has it with the next request.
    change = {"permissions": [*role["permissions"], "articles:write", "articles:write_any"]}
    ask(chief, "PATCH", "/api/v1/roles/night-desk", change, 200, If_Match='"1"')
    ask(night["token"], "PATCH", f"/api/v1/articles/{tram['id']}", {"dek": "At last."}, 200, If_Match='"2"')
    ask(night["token"], "PATCH", f"/api/v1/articles/{tram['id']}", {"section": "sport"}, 403, If_Match='"3"')

    # Everything that was done to roles and tokens is on record, with the credential that did it.
    with database.reading() as session:
        acts = session.scalars(select(AuditEntry).order_by(AuditEntry.number)).all()
    told = [(act.action, act.subject_id) for act in acts if act.action.startswith(("role.", "token."))]
    assert told[1:] == [
        ("role.made", "night-desk"), ("token.issued", night["id"]), ("token.issued", told[3][1]),
        ("role.changed", "night-desk"),
    ]  # fmt: skip
    assert night["token"] not in str([act.changes for act in acts])
    drain(settings, database)


@pytest.mark.both_databases
def test_a_services_token_is_rotated_without_a_gap_and_ended(ask: Ask, chief: str) -> None:
    wanted = {"name": "the importer", "scopes": ["articles:read", "articles:write"], "section": "city"}
    first = ask(chief, "POST", "/api/v1/tokens", wanted, 201)
    assert first["scopes"] == ["articles:read", "articles:write"]
    mine = draft(ask, first["token"], "trams")
    draft(ask, first["token"], "sport", status=403)

    # Two texts work while the service is changed over; what it made stays its own.
    path = f"/api/v1/tokens/{first['id']}"
    second = ask(chief, "POST", f"{path}/rotate", {"overlap_minutes": 60})
    ask(first["token"], "GET", "/api/v1/articles")
    ask(second["token"], "PATCH", f"/api/v1/articles/{mine['id']}", {"dek": "Imported."}, 200, If_Match='"1"')
    shown = ask(chief, "GET", path)
    assert "token" not in shown
    assert shown["last_used_at"] is not None

    # It leaked: one request, and both texts are refused.
    ask(chief, "DELETE", path, status=204)
    for token in (first["token"], second["token"]):
        ask(token, "GET", "/api/v1/articles", status=401)
    assert ask(chief, "GET", path)["state"] == "revoked"


def test_a_token_that_leaked_makes_no_other_that_would_outlive_it(ask: Ask, chief: str) -> None:
    strong = ask(chief, "POST", "/api/v1/tokens", {"name": "the deployer", "role": "administrator"}, 201)
    other = ask(chief, "POST", "/api/v1/tokens", {"name": "the importer", "role": "editor"}, 201)
    # Whoever found it makes no token of their own and takes over nobody else's.
    refused = ask(strong["token"], "POST", "/api/v1/tokens", {"name": "mine", "role": "administrator"}, 403)
    assert refused["code"] == "session_needed"
    assert ask(strong["token"], "POST", f"/api/v1/tokens/{other['id']}/rotate", status=403)["code"] == "session_needed"
    # The service changes its own text by itself, and has no more time by it.
    path = f"/api/v1/tokens/{strong['id']}"
    again = ask(strong["token"], "POST", f"{path}/rotate")
    assert again["expires_at"] == strong["expires_at"]
    ask(strong["token"], "GET", "/api/v1/articles", status=401)
    # One request ends it, and nothing that it did is left standing.
    ask(chief, "DELETE", path, status=204)
    ask(again["token"], "GET", "/api/v1/articles", status=401)
    assert [one["name"] for one in ask(chief, "GET", "/api/v1/tokens")["data"] if one["state"] == "active"] == [
        "the importer", "administrator",
    ]  # fmt: skip

"""API tokens over HTTP: shown once and limited; nobody gives more than they have (S21, S23)."""

from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select, text
from werkzeug.test import TestResponse

from cms.audit.models import AuditEntry
from cms.identity.models import ApiToken, Role
from cms.identity.rules import PREFIX, is_well_formed
from cms.identity.staff.schemas import Given
from cms.platform.db import Database
from cms.platform.models import RememberedAnswer
from tests.access.desk import Desk


@pytest.fixture
def admin(desk: Desk) -> FlaskClient:
    return desk.session()


def issue(client: FlaskClient, **given: Any) -> TestResponse:
    return client.post("/api/v1/tokens", json={"name": "the importer", **given})


KEY = {"Idempotency-Key": "issue-one-token"}


@pytest.mark.both_databases
def test_a_token_is_shown_once_and_kept_only_as_a_digest(desk: Desk, admin: FlaskClient, database: Database) -> None:
    given = {"role": "editor", "section": "city", "locale": "zh-cn", "addresses": ["10.0.0.0/8"], "expires_in_days": 7}
    answer = issue(admin, **given)
    assert answer.status_code == 201
    assert answer.headers["Cache-Control"] == "private, no-store"
    made = answer.json
    token = made.pop("token")
    assert is_well_formed(token)
    assert (made["section"], made["locale"], made["role"], made["state"]) == ("city", "zh-CN", "editor", "active")
    assert made["hint"] == token[: len(PREFIX) + 4]
    assert "operations:read" not in made["scopes"]
    path = answer.headers["Location"]
    for shown in (admin.get(path), admin.get("/api/v1/tokens")):
        assert token not in shown.get_data(as_text=True)
    assert admin.get(path).json == made
    with database.reading() as session:
        for table in ("api_tokens", "audit_entries", "remembered_answers", "letters"):
            assert token not in str(session.execute(text(f"SELECT * FROM {table}")).all())
        assert [entry.action for entry in session.scalars(select(AuditEntry))].count("token.issued") == 1
    answer = desk.client(token).get("/api/v1/articles")
    assert answer.status_code == 200


@pytest.mark.both_databases
def test_a_repeat_of_the_key_gets_neither_the_token_nor_another(admin: FlaskClient, database: Database) -> None:
    first = admin.post("/api/v1/tokens", json={"name": "one", "role": "viewer"}, headers=KEY)
    again = admin.post("/api/v1/tokens", json={"name": "one", "role": "viewer"}, headers=KEY)
    assert first.status_code == 201
    assert (again.status_code, again.json["code"]) == (409, "answer_not_kept")
    assert first.json["token"] not in again.get_data(as_text=True)
    with database.reading() as session:
        assert len(session.scalars(select(ApiToken)).all()) == 1
        assert all(kept.body is None for kept in session.scalars(select(RememberedAnswer)))


WRONG: list[tuple[dict[str, Any], str]] = [
    ({}, "/role"),
    ({"role": "viewer", "scopes": ["articles:read"]}, "/role"),
    ({"role": "king"}, "/role"),
    ({"role": "Viewer"}, "/role"),
    ({"role": ["viewer"]}, "/role"),
    ({"scopes": []}, "/scopes"),
    ({"scopes": ["articles:explode"]}, "/scopes/0"),
    ({"scopes": ["articles:read", "articles:read"]}, "/scopes"),
    ({"scopes": "articles:read"}, "/scopes"),
    ({"scopes": [1]}, "/scopes/0"),
    ({"role": "viewer", "name": " "}, "/name"),
    ({"role": "viewer", "name": "x" * 121}, "/name"),
    ({"role": "viewer", "name": "a\nb"}, "/name"),
    ({"role": "viewer", "name": None}, "/name"),
    ({"role": "viewer", "section": "nowhere"}, "/section"),
    ({"role": "viewer", "section": ""}, "/section"),
    ({"role": "viewer", "section": 7}, "/section"),
    ({"role": "viewer", "locale": "english please"}, "/locale"),
    ({"role": "viewer", "locale": "x"}, "/locale"),
    ({"role": "viewer", "addresses": ["192.0.2.1/24"]}, "/addresses/0"),
    ({"role": "viewer", "addresses": ["localhost"]}, "/addresses/0"),
    ({"role": "viewer", "addresses": "192.0.2.1"}, "/addresses"),
    ({"role": "viewer", "addresses": ["192.0.2.1"] * 51}, "/addresses"),
    ({"role": "viewer", "expires_in_days": 0}, "/expires_in_days"),
    ({"role": "viewer", "expires_in_days": 366}, "/expires_in_days"),
    ({"role": "viewer", "expires_in_days": -1}, "/expires_in_days"),
    ({"role": "viewer", "expires_in_days": 1.5}, "/expires_in_days"),
    ({"role": "viewer", "expires_in_days": "90"}, "/expires_in_days"),
    ({"role": "viewer", "expires_in_days": None}, "/expires_in_days"),
]


def test_what_cannot_be_a_token_is_refused_and_makes_none(admin: FlaskClient, database: Database) -> None:
    for given, pointer in WRONG:
        answer = issue(admin, **given)
        assert answer.status_code == 422, given
        assert [error["pointer"] for error in answer.json["errors"]] == [pointer], given
    with database.reading() as session:
        assert len(session.scalars(select(ApiToken)).all()) == 0


EXTRAS = (
    "id", "number", "hint", "digest", "token", "state", "created_at", "rotated_at", "expires_at", "revoked_at",
    "last_used_at", "previous_digest", "previous_until", "permissions", "section_path", "networks", "is_admin",
    "status", "verified", "skipEmailVerification", "password_hash", "owner", "__proto__", "grants",
)  # fmt: skip


def test_members_that_nobody_asked_for_are_refused_by_name(admin: FlaskClient, database: Database) -> None:
    revision = {"If-Match": '"1"'}
    role = {"name": "clerk", "permissions": ["taxonomy:read"]}
    assert admin.post("/api/v1/roles", json=role).status_code == 201
    for name in EXTRAS:
        refused = [issue(admin, role="viewer", **{name: "administrator"})]
        if name != "permissions":
            refused.append(admin.post("/api/v1/roles", json={**role, "name": "other", name: "x"}))
            refused.append(admin.patch("/api/v1/roles/clerk", json={name: "x"}, headers=revision))
        for answer in refused:
            assert answer.status_code == 422, name
            assert (answer.json["errors"][0]["pointer"], answer.json["errors"][0]["code"]) == (f"/{name}", "unknown")
    with database.reading() as session:
        assert len(session.scalars(select(ApiToken)).all()) == 0
        assert [(one.name, one.revision) for one in session.scalars(select(Role))] == [("clerk", 1)]


def test_nobody_gives_a_token_more_than_they_have(desk: Desk, admin: FlaskClient) -> None:
    role = {"name": "keeper", "permissions": ["tokens:write", "articles:read", "taxonomy:read"]}
    assert admin.post("/api/v1/roles", json=role).status_code == 201
    manager = desk.session(Given("keeper"))
    assert issue(manager, scopes=["articles:read"]).status_code == 201
    assert issue(manager, scopes=["articles:read"], section="sport", locale="kk").status_code == 201
    refused = issue(manager, role="editor")
    assert refused.status_code == 403
    assert set(refused.json["beyond"]) >= {"articles:write", "articles:publish", "operations:read"}
    strong = issue(admin, role="administrator").json["id"]
    for answer in (manager.post(f"/api/v1/tokens/{strong}/rotate"), manager.delete(f"/api/v1/tokens/{strong}")):
        assert answer.status_code == 403, answer.json
        assert "token" not in answer.json


def test_who_is_limited_to_a_section_can_issue_none(desk: Desk) -> None:
    desk_chief = desk.session(Given("administrator", "city/"))
    assert issue(desk_chief, scopes=["articles:read"]).status_code == 403
    assert desk_chief.get("/api/v1/tokens").status_code == 403

"""API tokens over HTTP: shown once, limited, rotated, revoked; nobody gives more than they have (S20, S21, S23)."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import event, select, text
from werkzeug.test import TestResponse

from cms.audit.models import AuditEntry
from cms.identity.models import ApiToken, Role
from cms.identity.rules import PREFIX, is_well_formed
from cms.identity.staff.schemas import Given
from cms.platform.clock import now
from cms.platform.db import Database
from cms.platform.models import RememberedAnswer
from tests.access.desk import Desk

KEY = {"Idempotency-Key": "issue-one-token"}


@pytest.fixture
def admin(desk: Desk) -> FlaskClient:
    return desk.client(desk.token("administrator"))


def issue(client: FlaskClient, **given: Any) -> TestResponse:
    return client.post("/api/v1/tokens", json={"name": "the importer", **given})


@contextmanager
def statements(desk: Desk) -> Iterator[list[str]]:
    """What the application sends to its database meanwhile, and every connection that it takes."""
    seen: list[str] = []
    database: Database = desk.app.extensions["copydesk"].database
    hooks = [
        (engine, name, hook)
        for engine in {database.writer, database.reader}
        for name, hook in (
            ("before_cursor_execute", lambda _connection, _cursor, statement, *_rest: seen.append(statement)),
            ("checkout", lambda *_arguments: seen.append("a connection was taken")),
        )
    ]
    for engine, name, hook in hooks:
        event.listen(engine, name, hook)
    yield seen
    for engine, name, hook in hooks:
        event.remove(engine, name, hook)


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
        assert [entry.action for entry in session.scalars(select(AuditEntry))].count("token.issued") == 2
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
        assert len(session.scalars(select(ApiToken)).all()) == 2
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
        assert len(session.scalars(select(ApiToken)).all()) == 1


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
        assert len(session.scalars(select(ApiToken)).all()) == 1
        assert [(one.name, one.revision) for one in session.scalars(select(Role))] == [("clerk", 1)]


def test_nobody_gives_a_token_more_than_they_have(desk: Desk, admin: FlaskClient) -> None:
    manager = desk.client(desk.token(permissions=frozenset({"tokens:write", "articles:read", "taxonomy:read"})))
    assert issue(manager, scopes=["articles:read"]).status_code == 201
    assert issue(manager, scopes=["articles:read"], section="sport", locale="kk").status_code == 201
    refused = issue(manager, role="editor")
    assert refused.status_code == 403
    assert set(refused.json["beyond"]) >= {"articles:write", "articles:publish", "operations:read"}
    strong = issue(admin, role="administrator").json["id"]
    for answer in (manager.post(f"/api/v1/tokens/{strong}/rotate"), manager.delete(f"/api/v1/tokens/{strong}")):
        assert answer.status_code == 403, answer.json
        assert "token" not in answer.json


def test_a_limited_token_can_issue_none(desk: Desk) -> None:
    desk_chief = desk.client(desk.token("administrator", section_path="city/"))
    assert issue(desk_chief, scopes=["articles:read"]).status_code == 403
    assert desk_chief.get("/api/v1/tokens").status_code == 403


def test_a_role_cannot_be_made_to_have_more_than_its_maker(desk: Desk) -> None:
    maker = desk.client(desk.token(permissions=frozenset({"roles:write", "roles:read", "taxonomy:read"})))
    assert maker.post("/api/v1/roles", json={"name": "clerk", "permissions": ["taxonomy:read"]}).status_code == 201
    revision = {"If-Match": '"1"'}
    refused = [
        maker.post("/api/v1/roles", json={"name": "boss", "permissions": ["tokens:write"]}),
        maker.patch("/api/v1/roles/clerk", json={"permissions": ["taxonomy:read", "audit:read"]}, headers=revision),
    ]
    strong = {"name": "strong", "permissions": ["audit:read"]}
    assert desk.client(desk.token("administrator")).post("/api/v1/roles", json=strong).status_code == 201
    refused += [
        maker.patch("/api/v1/roles/strong", json={"permissions": ["taxonomy:read"]}, headers=revision),
        maker.delete("/api/v1/roles/strong", headers=revision),
    ]
    assert [answer.status_code for answer in refused] == [403] * 4


@pytest.mark.both_databases
def test_what_is_taken_away_counts_with_the_next_request(desk: Desk, admin: FlaskClient) -> None:
    assert admin.post("/api/v1/roles", json={"name": "clerk", "permissions": ["articles:read"]}).status_code == 201
    issued = issue(admin, role="clerk").json
    clerk = desk.client(issued["token"])
    assert clerk.get("/api/v1/articles").status_code == 200
    change = {"permissions": ["taxonomy:read"]}
    assert admin.patch("/api/v1/roles/clerk", json=change, headers={"If-Match": '"1"'}).status_code == 200
    assert clerk.get("/api/v1/articles").status_code == 403
    assert clerk.get("/api/v1/tags").status_code == 200
    assert admin.delete("/api/v1/roles/clerk", headers={"If-Match": '"2"'}).json["code"] == "role_in_use"
    assert admin.delete(f"/api/v1/tokens/{issued['id']}").status_code == 204
    assert clerk.get("/api/v1/tags").status_code == 401
    assert admin.delete(f"/api/v1/tokens/{issued['id']}").status_code == 204
    assert admin.delete("/api/v1/roles/clerk", headers={"If-Match": '"2"'}).status_code == 204


def test_a_colleague_who_is_demoted_or_disabled_is_refused_with_the_next_request(
    desk: Desk, admin: FlaskClient
) -> None:
    user = desk.colleague(Given("editor"), Given("translator", "sport/"))
    person = desk.client(desk.signed_in(user)[1])
    path = f"/api/v1/articles/{desk.article().article.id}"
    assert person.patch(path, json={"dek": "One."}, headers={"If-Match": '"1"'}).status_code == 200
    colleague = f"/api/v1/staff/{user.id}"
    demoted = {"grants": [{"role": "viewer"}, {"role": "translator", "section": "sport"}]}
    assert admin.patch(colleague, json=demoted, headers={"If-Match": '"1"'}).status_code == 200
    assert person.patch(path, json={"dek": "Two."}, headers={"If-Match": '"2"'}).status_code == 403
    assert person.get(path).status_code == 200
    assert admin.patch(colleague, json={"state": "disabled"}, headers={"If-Match": '"2"'}).status_code == 200
    assert person.get(path).status_code == 401


def test_a_role_that_a_colleague_has_stays(desk: Desk, admin: FlaskClient) -> None:
    assert admin.post("/api/v1/roles", json={"name": "clerk", "permissions": ["articles:read"]}).status_code == 201
    desk.colleague(Given("clerk"))
    answer = admin.delete("/api/v1/roles/clerk", headers={"If-Match": '"1"'})
    assert (answer.status_code, answer.json["code"]) == (409, "role_in_use")


@pytest.mark.both_databases
def test_rotation_gives_a_new_text_and_lets_the_old_one_run_out(desk: Desk) -> None:
    clock = desk.clock(now())
    admin = desk.client(desk.token("administrator", lifetime=timedelta(days=300)))
    issued = issue(admin, role="editor", expires_in_days=10).json
    old = desk.client(issued["token"])
    draft = old.post("/api/v1/articles", json={"title": "Ours", "locale": "en"}).json
    clock.wait(days=4)
    rotated = admin.post(f"/api/v1/tokens/{issued['id']}/rotate", json={"overlap_minutes": 30}).json
    new = desk.client(rotated["token"])
    assert rotated["id"] == issued["id"]
    assert rotated["token"] != issued["token"]
    assert old.get("/api/v1/articles").status_code == new.get("/api/v1/articles").status_code == 200
    assert new.get(f"/api/v1/articles/{draft['id']}").status_code == 200
    clock.wait(minutes=29)
    assert old.get("/api/v1/articles").status_code == 200
    clock.wait(minutes=1)
    assert old.get("/api/v1/articles").status_code == 401
    clock.wait(days=9)
    assert new.get("/api/v1/articles").status_code == 200
    clock.wait(days=1)
    assert new.get("/api/v1/articles").status_code == 401
    assert admin.post(f"/api/v1/tokens/{issued['id']}/rotate").status_code == 409


def test_an_overlap_never_outlives_the_old_token_nor_a_second_rotation(desk: Desk) -> None:
    clock = desk.clock(now())
    admin = desk.client(desk.token("administrator", lifetime=timedelta(days=300)))
    issued = issue(admin, role="viewer", expires_in_days=1).json
    clock.wait(hours=23)
    path = f"/api/v1/tokens/{issued['id']}/rotate"
    first = admin.post(path, json={"overlap_minutes": 10_000}).json
    assert first["previous_until"] == issued["expires_at"]
    second = admin.post(path, json={"overlap_minutes": 5}).json
    third = admin.post(path).json
    answers = [desk.client(one["token"]).get("/api/v1/tags").status_code for one in (issued, first, second, third)]
    assert answers == [401, 401, 401, 200]
    assert third["previous_until"] is None
    for wrong in (-1, 10_081, "5", 1.5, None, True):
        assert admin.post(path, json={"overlap_minutes": wrong}).status_code == 422, wrong


def test_a_token_may_rotate_and_revoke_itself(desk: Desk) -> None:
    client = desk.client(desk.token(permissions=frozenset({"tokens:write", "tokens:read"})))
    [own] = client.get("/api/v1/tokens").json["data"]
    rotated = client.post(f"/api/v1/tokens/{own['id']}/rotate").json
    assert client.get("/api/v1/tokens").status_code == 401
    client = desk.client(rotated["token"])
    assert client.delete(f"/api/v1/tokens/{own['id']}").status_code == 204
    assert client.get("/api/v1/tokens").status_code == 401


def test_a_typing_mistake_is_refused_without_the_database(desk: Desk) -> None:
    token = desk.token("administrator")
    swapped = token[:20] + token[21] + token[20] + token[22:]
    wrong = [
        token[:-1] + ("0" if token[-1] != "0" else "1"), token[:-1], token + "0", token.lower(), token.swapcase(),
        token.replace(PREFIX, "ghp_"), token.replace(PREFIX, PREFIX.upper()), PREFIX, PREFIX + "0" * 36, "null",
        "administrator", "é" * 44, token.replace(token[12], "é", 1), "a" * 5_000, f"{token} {token}", f'"{token}"',
        "eyJhbGciOiJub25lIn0.eyJyb2xlIjoiYWRtaW5pc3RyYXRvciJ9.", "../../dev/null",
        swapped if swapped != token else token[:-2],
    ]  # fmt: skip
    with statements(desk) as sent:
        for text_sent in wrong:
            answer = desk.client(None).get(
                "/api/v1/articles", headers={"Authorization": f"Bearer {text_sent}".encode().decode("latin-1")}
            )
            assert answer.status_code == 401, text_sent
            assert answer.json["code"] == "unauthenticated"
    assert sent == []
    with statements(desk) as sent:
        assert desk.client(token).get("/api/v1/articles").status_code == 200
    assert sent


NAMES = ("token", "access_token", "api_key", "apikey", "key", "auth", "bearer", "Authorization")


def test_a_token_that_leaked_into_a_url_body_or_cookie_opens_nothing(desk: Desk) -> None:
    token = desk.token("administrator")
    with statements(desk) as sent:
        for name in NAMES:
            for answer in leaked(desk.client(None), name, token):
                assert answer.status_code == 401, name
                assert token not in answer.get_data(as_text=True)
    assert sent == []


def leaked(client: FlaskClient, name: str, token: str) -> tuple[TestResponse, ...]:
    """The answers to requests that bring a token where none is looked for."""
    path = "/api/v1/articles"
    return (
        client.get(f"{path}?{name}={token}"),
        client.post(path, json={name: token, "title": "x", "locale": "en"}),
        client.post(path, data={name: token}),
        client.get(path, headers={"Cookie": f"{name}={token}"}),
        client.get(path, headers={"X-Api-Key": token}),
        client.get(path, headers={"Authorization": f"Token {token}"}),
        client.get(path, headers={"Authorization": token}),
    )


def test_the_cookie_of_a_session_carries_no_token(desk: Desk) -> None:
    token = desk.token("administrator")
    answer = desk.client(None).get("/api/v1/articles", headers={"Cookie": f"copydesk={token}"})
    assert answer.status_code == 401


def test_a_token_works_only_from_its_networks(desk: Desk) -> None:
    token = desk.token("viewer", networks=("192.0.2.0/24", "2001:db8::/32"))
    for address, status in (
        ("192.0.2.9", 200), ("::ffff:192.0.2.9", 200), ("2001:db8::1", 200), ("192.0.3.9", 401), ("2001:db9::1", 401),
        ("127.0.0.1", 401), ("", 401),
    ):  # fmt: skip
        client = desk.client(token)
        client.environ_base["REMOTE_ADDR"] = address
        answer = client.get("/api/v1/articles", headers={"X-Forwarded-For": "192.0.2.9", "X-Real-IP": "192.0.2.9"})
        assert answer.status_code == status, address
    unknown = desk.client(None).get("/api/v1/articles", headers={"Authorization": f"Bearer {mistyped(token)}"})
    own = {"request_id": "", "instance": ""}
    assert unknown.json | own == answer.json | own


def mistyped(token: str) -> str:
    """A token of the right form that nobody was given."""
    return token[:-1] + ("0" if token[-1] != "0" else "1")


def test_the_last_use_is_noted_once_a_minute(desk: Desk) -> None:
    clock = desk.clock(now())
    token = desk.token("viewer")
    client = desk.client(token)
    assert desk.row(token).last_used_at is None
    client.get("/api/v1/articles")
    first = desk.row(token).last_used_at
    assert first == clock.at
    clock.wait(seconds=59)
    with statements(desk) as sent:
        client.get("/api/v1/articles")
    assert not any(statement.startswith("UPDATE") for statement in sent)
    assert desk.row(token).last_used_at == first
    clock.wait(seconds=1)
    client.get("/api/v1/articles")
    assert desk.row(token).last_used_at == clock.at


def test_a_request_does_not_fail_when_its_use_cannot_be_noted(
    desk: Desk, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("cms.platform.db.BUSY_TIMEOUT_MS", 50)
    token = desk.token("viewer")
    with database.transaction() as session:
        session.execute(text("SELECT 1"))
        assert desk.client(token).get("/api/v1/articles").status_code == 200
    assert desk.row(token).last_used_at is None


def test_a_role_that_is_no_more_gives_nothing(desk: Desk) -> None:
    token = desk.token("viewer")
    desk.change(token, role="vanished")
    client = desk.client(token)
    assert client.get("/api/v1/articles").status_code == 403
    assert client.get("/api/v1/access/explain?action=articles:read&on=city").json["missing"]["kind"] == "permission"


def test_built_in_roles_stay_as_they_are(admin: FlaskClient) -> None:
    revision = {"If-Match": '"1"'}
    for name in ("viewer", "editor", "administrator"):
        assert admin.patch(f"/api/v1/roles/{name}", json={"description": "x"}, headers=revision).status_code == 403
        assert admin.delete(f"/api/v1/roles/{name}", headers=revision).status_code == 403
        taken = admin.post("/api/v1/roles", json={"name": name, "permissions": ["articles:read"]})
        assert (taken.status_code, taken.json["code"]) == (409, "name_taken")
    assert [role["name"] for role in admin.get("/api/v1/roles").json["data"] if role["is_built_in"]] == [
        "viewer", "moderator", "author", "translator", "editor", "editor-in-chief", "administrator",
    ]  # fmt: skip

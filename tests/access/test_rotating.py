"""Rotating API tokens over HTTP, with an overlap and without (S20, S21)."""

from typing import Any

import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from cms.platform.clock import now
from tests.access.desk import Desk


@pytest.fixture
def admin(desk: Desk) -> FlaskClient:
    return desk.session()


def issue(client: FlaskClient, **given: Any) -> TestResponse:
    return client.post("/api/v1/tokens", json={"name": "the importer", **given})


@pytest.mark.both_databases
def test_rotation_gives_a_new_text_and_lets_the_old_one_run_out(desk: Desk) -> None:
    clock = desk.clock(now())
    admin = desk.session(at=clock.at)
    issued = issue(admin, role="editor", expires_in_days=10).json
    old = desk.client(issued["token"])
    draft = old.post("/api/v1/articles", json={"title": "Ours", "locale": "en"}).json
    clock.wait(days=4)
    admin = desk.session(at=clock.at)
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
    admin = desk.session(at=clock.at)
    assert admin.post(f"/api/v1/tokens/{issued['id']}/rotate").status_code == 409


def test_an_overlap_never_outlives_the_old_token_nor_a_second_rotation(desk: Desk) -> None:
    clock = desk.clock(now())
    admin = desk.session(at=clock.at)
    issued = issue(admin, role="viewer", expires_in_days=1).json
    clock.wait(hours=23)
    admin = desk.session(at=clock.at)
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

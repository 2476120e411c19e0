"""A token never outlives the rights of who was shown it, and a token hands on no more than it has itself (S20, S24)."""

from datetime import timedelta
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select

from cms.audit.models import AuditEntry
from cms.identity.models import ApiToken
from cms.identity.staff.models import StaffUser
from cms.identity.staff.schemas import Given
from cms.platform.clock import now
from cms.platform.db import Database
from tests.access.desk import Desk

EVERYTHING = Given("administrator")


@pytest.fixture
def admin(desk: Desk) -> FlaskClient:
    return desk.client(desk.token("administrator"))


@pytest.fixture
def ann(desk: Desk) -> StaffUser:
    """An administrator beside another one, so that neither is the last."""
    desk.colleague(EVERYTHING)
    return desk.colleague(EVERYTHING)


@pytest.fixture
def anns(desk: Desk, ann: StaffUser) -> FlaskClient:
    """A session of a colleague who is an administrator."""
    return desk.client(desk.signed_in(ann)[1])


def issue(client: FlaskClient, **given: Any) -> Any:
    return client.post("/api/v1/tokens", json={"name": "the importer", **given})


def change(admin: FlaskClient, user: StaffUser, body: dict[str, Any], revision: int = 1) -> None:
    answer = admin.patch(f"/api/v1/staff/{user.id}", json=body, headers={"If-Match": f'"{revision}"'})
    assert answer.status_code == 200, answer.json


@pytest.mark.both_databases
def test_who_was_disabled_comes_back_by_none_of_the_tokens_that_they_issued(
    desk: Desk, admin: FlaskClient, ann: StaffUser, anns: FlaskClient, database: Database
) -> None:
    own = issue(anns, role="administrator").json
    child = issue(desk.client(own["token"]), role="administrator").json
    others = issue(admin, role="viewer").json
    seen = anns.post(f"/api/v1/tokens/{others['id']}/rotate").json
    kept = issue(admin, role="viewer").json
    clients = [desk.client(token["token"]) for token in (own, child, seen)]
    assert [client.get("/api/v1/articles").status_code for client in clients] == [200] * 3
    change(admin, ann, {"state": "disabled"})
    for client in clients:
        assert client.get("/api/v1/articles").status_code == 401
    enable = clients[0].patch(f"/api/v1/staff/{ann.id}", json={"state": "active"}, headers={"If-Match": '"2"'})
    assert enable.status_code == 401
    assert desk.client(kept["token"]).get("/api/v1/articles").status_code == 200
    assert {admin.get(f"/api/v1/tokens/{one['id']}").json["state"] for one in (own, child, seen)} == {"revoked"}
    with database.reading() as session:
        notes = session.scalars(select(AuditEntry.subject_id).where(AuditEntry.action == "token.revoked"))
        assert set(notes) == {own["id"], child["id"], seen["id"]}
    change(admin, ann, {"state": "active"}, 2)
    assert clients[0].get("/api/v1/articles").status_code == 401


def test_a_token_that_is_issued_while_its_colleague_is_being_disabled_is_refused_too(
    desk: Desk, ann: StaffUser, anns: FlaskClient, database: Database
) -> None:
    token = desk.client(issue(anns, role="viewer").json["token"])
    assert token.get("/api/v1/articles").status_code == 200
    with database.transaction() as session:
        session.query(StaffUser).filter_by(id=ann.id).update({"state": "disabled"})
    assert token.get("/api/v1/articles").status_code == 401


@pytest.mark.both_databases
def test_what_a_colleague_loses_their_tokens_lose_at_the_next_request(
    desk: Desk, admin: FlaskClient, ann: StaffUser, anns: FlaskClient
) -> None:
    issued = issue(anns, scopes=["articles:read", "taxonomy:write", "staff:write"]).json
    client, path = desk.client(issued["token"]), f"/api/v1/tokens/{issued['id']}"
    assert client.post("/api/v1/tags", json={"name": "Bells"}).status_code == 201
    change(admin, ann, {"grants": [{"role": "viewer"}]})
    refused = client.post("/api/v1/tags", json={"name": "Lamps"})
    assert (refused.status_code, refused.json["missing_permission"]) == (403, "taxonomy:write")
    assert client.get("/api/v1/articles").status_code == 200
    assert admin.get(path).json["scopes"] == ["articles:read"]
    explained = admin.get(f"/api/v1/access/explain?action=taxonomy:write&on=city&for={issued['id']}").json
    assert explained["missing"]["kind"] == "permission"
    own = f"/api/v1/staff/{ann.id}"
    assert client.patch(own, json={"grants": []}, headers={"If-Match": '"2"'}).status_code == 403


def test_a_role_that_is_narrowed_narrows_what_its_colleagues_issued(desk: Desk, admin: FlaskClient) -> None:
    role = {"name": "clerk", "permissions": ["taxonomy:read", "taxonomy:write", "tokens:write"]}
    assert admin.post("/api/v1/roles", json=role).status_code == 201
    clerk = desk.client(desk.signed_in(desk.colleague(Given("clerk")))[1])
    client = desk.client(issue(clerk, scopes=["taxonomy:read", "taxonomy:write"]).json["token"])
    assert client.post("/api/v1/tags", json={"name": "Bells"}).status_code == 201
    less = {"permissions": ["taxonomy:read"]}
    assert admin.patch("/api/v1/roles/clerk", json=less, headers={"If-Match": '"1"'}).status_code == 200
    assert client.post("/api/v1/tags", json={"name": "Lamps"}).status_code == 403
    assert client.get("/api/v1/tags").status_code == 200


def test_the_text_before_a_rotation_ends_with_who_was_shown_it_and_the_new_one_goes_on(
    desk: Desk, admin: FlaskClient, ann: StaffUser, anns: FlaskClient
) -> None:
    before = issue(anns, role="administrator").json
    after = admin.post(f"/api/v1/tokens/{before['id']}/rotate", json={"overlap_minutes": 60}).json
    old, new = desk.client(before["token"]), desk.client(after["token"])
    assert [client.get("/api/v1/articles").status_code for client in (old, new)] == [200, 200]
    child = desk.client(issue(old, role="viewer").json["token"])
    change(admin, ann, {"state": "disabled"})
    assert [client.get("/api/v1/articles").status_code for client in (old, new, child)] == [401, 200, 401]


def test_a_token_hands_on_neither_more_time_nor_other_networks_than_it_has(desk: Desk, admin: FlaskClient) -> None:
    networks = ("192.0.2.0/24", "2001:db8::/32")
    text = desk.token("administrator", lifetime=timedelta(hours=1), networks=networks)
    parent, own = desk.client(text), desk.row(text)
    parent.environ_base["REMOTE_ADDR"] = "192.0.2.7"
    child = issue(parent, role="viewer", expires_in_days=365).json
    assert child["addresses"] == list(networks)
    with desk.database.reading() as session:
        kept = session.scalars(select(ApiToken).where(ApiToken.id == child["id"])).one()
    assert kept.expires_at == own.expires_at
    assert desk.client(child["token"]).get("/api/v1/articles").status_code == 401
    assert issue(parent, role="viewer", addresses=["192.0.2.64/26"]).json["addresses"] == ["192.0.2.64/26"]
    for wide in ("192.0.0.0/16", "0.0.0.0/0", "198.51.100.7/32", "2001:db8::/31"):
        refused = issue(parent, role="viewer", addresses=[wide])
        assert (refused.status_code, refused.json["code"]) == (403, "beyond_own_networks"), wide
    assert issue(admin, role="viewer", addresses=["0.0.0.0/0"]).status_code == 201


def test_a_token_makes_no_other_token_live_longer_or_come_from_elsewhere_by_rotating_it(
    desk: Desk, admin: FlaskClient
) -> None:
    clock = desk.clock(now())
    text = desk.token("administrator", lifetime=timedelta(hours=2), networks=("192.0.2.0/24",))
    parent, own = desk.client(text), desk.row(text)
    parent.environ_base["REMOTE_ADDR"] = "192.0.2.7"
    free, bound = issue(admin, role="viewer").json, issue(admin, role="viewer", addresses=["192.0.2.9"]).json
    refused = parent.post(f"/api/v1/tokens/{free['id']}/rotate")
    assert (refused.status_code, refused.json["code"]) == (403, "beyond_own_networks")
    ends = {parent.post(f"/api/v1/tokens/{bound['id']}/rotate").json["expires_at"]}
    clock.wait(minutes=90)
    ends.add(parent.post(f"/api/v1/tokens/{own.id}/rotate").json["expires_at"])
    assert len(ends) == 1

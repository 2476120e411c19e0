"""A token never outlives the rights of who was shown it, and a token makes and rotates no other (S20, S21)."""

from datetime import timedelta
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select

from cms.audit.models import AuditEntry
from cms.identity import issuing
from cms.identity.rules import NewToken
from cms.identity.staff.models import StaffUser
from cms.identity.staff.schemas import Given
from cms.platform.clock import now
from cms.platform.db import Database
from cms.platform.errors import Forbidden
from tests.access.desk import EVERYTHING, Desk
from tests.newsroom.making import counts


@pytest.fixture
def admin(desk: Desk) -> FlaskClient:
    return desk.session()


@pytest.fixture
def ann(desk: Desk) -> StaffUser:
    """An administrator beside another one, so that neither is the last."""
    desk.colleague(EVERYTHING)
    return desk.colleague(EVERYTHING)


@pytest.fixture
def anns(desk: Desk, ann: StaffUser) -> FlaskClient:
    """A session of a colleague who is an administrator."""
    return desk.session(user=ann)


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
    others = issue(admin, role="viewer").json
    seen = anns.post(f"/api/v1/tokens/{others['id']}/rotate").json
    kept = issue(admin, role="viewer").json
    clients = [desk.client(token["token"]) for token in (own, seen)]
    assert [client.get("/api/v1/articles").status_code for client in clients] == [200] * 2
    change(admin, ann, {"state": "disabled"})
    for client in clients:
        assert client.get("/api/v1/articles").status_code == 401
    enable = clients[0].patch(f"/api/v1/staff/{ann.id}", json={"state": "active"}, headers={"If-Match": '"2"'})
    assert enable.status_code == 401
    assert desk.client(kept["token"]).get("/api/v1/articles").status_code == 200
    assert {admin.get(f"/api/v1/tokens/{one['id']}").json["state"] for one in (own, seen)} == {"revoked"}
    with database.reading() as session:
        notes = session.scalars(select(AuditEntry.subject_id).where(AuditEntry.action == "token.revoked"))
        assert set(notes) == {own["id"], seen["id"]}
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
    clerk = desk.session(Given("clerk"))
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
    change(admin, ann, {"state": "disabled"})
    assert [client.get("/api/v1/articles").status_code for client in (old, new)] == [401, 200]


OTHERS = (
    {"role": "viewer"}, {"role": "administrator"}, {"scopes": ["articles:read"]}, {"scopes": ["tokens:write"]},
    {"role": "viewer", "expires_in_days": 365}, {"role": "viewer", "section": "city"}, {"role": "nobody"}, {},
)  # fmt: skip


@pytest.mark.both_databases
def test_a_token_makes_no_token_whatever_it_may_do_and_whosever_it_is(
    desk: Desk, anns: FlaskClient, database: Database
) -> None:
    makers = [
        desk.token("administrator"),
        desk.token(permissions=frozenset({"tokens:write", "articles:read"})),
        issue(anns, role="administrator").json["token"],
    ]
    before = counts(database)
    for text in makers:
        for given in OTHERS:
            refused = issue(desk.client(text), **given)
            assert (refused.status_code, refused.json["code"]) == (403, "session_needed"), given
            assert "token" not in refused.json
        cookie = {"Cookie": f"copydesk={text}"}
        assert desk.client(None).post("/api/v1/tokens", json={"role": "viewer"}, headers=cookie).status_code == 401
    assert counts(database) == before
    for actor in (desk.actor(text) for text in makers):
        with pytest.raises(Forbidden, match="makes no other token"), database.transaction() as session:
            issuing.issue(session, actor, NewToken("x", role="viewer"), now())


def test_a_token_rotates_itself_and_has_no_more_time_by_it_and_rotates_no_other(
    desk: Desk, admin: FlaskClient, ann: StaffUser, anns: FlaskClient
) -> None:
    clock = desk.clock(now())
    networks = ("192.0.2.0/24",)
    text = desk.token(permissions=frozenset({"tokens:write"}), lifetime=timedelta(hours=2), networks=networks)
    parent, own = desk.client(text), desk.row(text)
    parent.environ_base["REMOTE_ADDR"] = "192.0.2.7"
    others = [issue(admin, role="viewer").json, issue(anns, scopes=["tokens:write"], addresses=[*networks]).json]
    for other in others:
        refused = parent.post(f"/api/v1/tokens/{other['id']}/rotate")
        assert (refused.status_code, refused.json["code"]) == (403, "session_needed")
        assert desk.client(other["token"]).get("/api/v1/tags").status_code in (200, 401)
        assert admin.get(f"/api/v1/tokens/{other['id']}").json["rotated_at"] is None
    clock.wait(minutes=90)
    rotated = parent.post(f"/api/v1/tokens/{own.id}/rotate").json
    after = desk.row(rotated["token"])
    assert (after.id, after.expires_at, after.networks) == (own.id, own.expires_at, list(networks))
    again = desk.client(rotated["token"])
    assert again.get("/api/v1/tokens").status_code == 401
    again.environ_base["REMOTE_ADDR"] = "192.0.2.9"
    assert again.get("/api/v1/tokens").status_code == 403
    clock.wait(minutes=20)
    fresh = desk.session(at=clock.at).post(f"/api/v1/tokens/{own.id}/rotate").json
    assert desk.row(fresh["token"]).expires_at > own.expires_at


def test_whose_token_rotates_itself_keeps_it_until_that_colleague_is_disabled(
    desk: Desk, admin: FlaskClient, ann: StaffUser, anns: FlaskClient
) -> None:
    issued = issue(anns, role="administrator").json
    rotated = desk.client(issued["token"]).post(f"/api/v1/tokens/{issued['id']}/rotate").json["token"]
    assert desk.client(rotated).get("/api/v1/articles").status_code == 200
    change(admin, ann, {"state": "disabled"})
    assert desk.client(rotated).get("/api/v1/articles").status_code == 401

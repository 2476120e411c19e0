"""Roles over HTTP: nobody gives more than they have, and what is taken away counts at once (S20, S23)."""

from typing import Any

import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from cms.identity.staff.schemas import Given
from tests.access.desk import Desk


@pytest.fixture
def admin(desk: Desk) -> FlaskClient:
    return desk.session()


def issue(client: FlaskClient, **given: Any) -> TestResponse:
    return client.post("/api/v1/tokens", json={"name": "the importer", **given})


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

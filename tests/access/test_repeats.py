"""A repeat of an Idempotency-Key is answered only to whoever may do what was done still (row S20)."""

from typing import Any

import pytest
from sqlalchemy import select

from cms.identity.staff.models import StaffGrant
from cms.identity.staff.schemas import Given
from cms.newsroom.models import Article
from cms.platform.db import Database
from tests.access.desk import Desk

KEY = {"Idempotency-Key": "the-tram-of-today"}
BODY = {"title": "A secret of the city", "locale": "en", "section": "city", "body": "Nobody else knows."}
LESS: dict[str, list[dict[str, Any]]] = {
    "another section": [{"role": "editor", "section": "sport"}],
    "another language": [{"role": "editor", "locale": "kk"}],
    "the section below": [{"role": "editor", "section": "trams"}],
    "another role": [{"role": "author", "section": "sport"}],
    "two, neither of which has it": [{"role": "author", "section": "sport"}, {"role": "viewer", "section": "city"}],
}


@pytest.mark.both_databases
@pytest.mark.parametrize("grants", LESS.values(), ids=LESS)
def test_who_lost_the_right_meanwhile_gets_neither_the_answer_nor_the_act(
    desk: Desk, database: Database, grants: list[dict[str, Any]]
) -> None:
    user = desk.colleague(Given("editor", "city/"))
    person, admin = desk.session(user=user), desk.client(desk.token("administrator"))
    first = person.post("/api/v1/articles", json=BODY, headers=KEY)
    assert first.status_code == 201
    again = person.post("/api/v1/articles", json=BODY, headers=KEY)
    assert (again.json, again.headers["Idempotency-Replayed"]) == (first.json, "true")
    changed = admin.patch(f"/api/v1/staff/{user.id}", json={"grants": grants}, headers={"If-Match": '"1"'})
    assert changed.status_code == 200
    refused = person.post("/api/v1/articles", json=BODY, headers=KEY)
    assert (refused.status_code, refused.json["code"]) == (403, "rights_changed")
    assert "secret" not in refused.text and "Idempotency-Replayed" not in refused.headers
    # Another request under the same key is told so, whatever the rights are.
    other = person.post("/api/v1/articles", json={**BODY, "title": "Other"}, headers=KEY)
    assert (other.status_code, other.json["code"]) == (422, "idempotency_key_reused")
    with database.reading() as session:
        assert len(session.scalars(select(Article)).all()) == 1
    # Given back what was taken, the answer is there again.
    before = {"grants": [{"role": "editor", "section": "city"}]}
    assert admin.patch(f"/api/v1/staff/{user.id}", json=before, headers={"If-Match": '"2"'}).status_code == 200
    assert person.post("/api/v1/articles", json=BODY, headers=KEY).json == first.json


def test_the_repeat_of_a_token_is_asked_about_its_owner_and_its_role(desk: Desk, database: Database) -> None:
    user, admin = desk.colleague(Given("administrator")), desk.client(desk.token("administrator"))
    desk.colleague(Given("administrator"))
    issued = desk.session(user=user).post("/api/v1/tokens", json={"name": "x", "role": "editor"}).json["token"]
    token = desk.client(issued)
    first = token.post("/api/v1/articles", json=BODY, headers=KEY)
    assert token.post("/api/v1/articles", json=BODY, headers=KEY).json == first.json
    less = {"grants": [{"role": "author"}]}
    assert admin.patch(f"/api/v1/staff/{user.id}", json=less, headers={"If-Match": '"1"'}).status_code == 200
    refused = token.post("/api/v1/articles", json=BODY, headers=KEY)
    assert (refused.status_code, refused.json["code"]) == (403, "rights_changed")
    # Without any right left the scope refuses before the key is looked at.
    with database.transaction() as session:
        session.query(StaffGrant).delete()
    refused = token.post("/api/v1/articles", json=BODY, headers=KEY)
    assert (refused.status_code, refused.json["code"]) == (403, "forbidden")

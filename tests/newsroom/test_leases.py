"""Leases: who is at work is known, ends by itself, can be taken over in sight of everybody, and hinders no save."""

from collections import Counter
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from cms.audit.models import AuditEntry
from cms.newsroom.leases.models import ArticleLease
from cms.platform.clock import now
from cms.platform.db import Database
from cms.settings import Settings
from tests.access.desk import Desk
from tests.newsroom.making import UNKNOWN, draft, patch
from tests.newsroom.test_racing import race
from workers.due import forget_old


@pytest.fixture
def desk(app: Flask, database: Database) -> Desk:
    return Desk(app, database).furnish()


def trail(database: Database, action: str) -> int:
    with database.reading() as session:
        return session.query(AuditEntry).filter_by(action=action).count()


@pytest.mark.both_databases
def test_a_lease_is_taken_prolonged_refused_to_others_and_ends_by_itself(desk: Desk, database: Database) -> None:
    clock = desk.clock(now())
    ann, bo = desk.client(desk.token("editor")), desk.client(desk.token("translator"))
    path = f"/api/v1/articles/{desk.article().article.id}"
    assert ann.get(f"{path}/lease").status_code == 404
    taken = ann.put(f"{path}/lease")
    assert (taken.status_code, taken.json["holder"]["name"]) == (200, "editor")
    assert taken.json["expires_at"] > taken.json["taken_at"] == taken.json["renewed_at"]
    assert bo.get(f"{path}/lease").json == taken.json
    assert bo.get(path, headers={"If-None-Match": '"1"'}).json["lease"] == taken.json
    refused = bo.put(f"{path}/lease")
    assert (refused.status_code, refused.json["code"]) == (423, "lease_held")
    assert (refused.json["holder"], refused.json["expires_at"]) == (taken.json["holder"], taken.json["expires_at"])
    foreign = bo.delete(f"{path}/lease")
    assert (foreign.status_code, 'PUT with "force": true takes the lease over' in foreign.json["detail"]) == (423, True)
    clock.wait(seconds=119)
    again = ann.put(f"{path}/lease").json
    assert (again["taken_at"] == taken.json["taken_at"], again["expires_at"] > taken.json["expires_at"]) == (True, True)
    clock.wait(seconds=119)
    assert bo.put(f"{path}/lease").status_code == 423
    clock.wait(seconds=1)
    assert bo.get(f"{path}/lease").status_code == 404
    assert "lease" not in bo.get(path).json
    assert bo.get(path, headers={"If-None-Match": '"1"'}).status_code == 304
    assert ann.delete(f"{path}/lease").status_code == 404
    assert bo.put(f"{path}/lease").json["holder"]["name"] == "translator"
    assert trail(database, "article.lease_taken") == 2, "a heartbeat leaves no entry"
    assert bo.delete(f"{path}/lease").status_code == 204
    assert trail(database, "article.lease_given_back") == 1


@pytest.mark.both_databases
def test_a_lease_is_taken_over_by_force_and_the_trail_tells_of_it(desk: Desk, database: Database) -> None:
    ann, bo = desk.client(desk.token("editor")), desk.client(desk.token("translator"))
    path = f"/api/v1/articles/{desk.article().article.id}/lease"
    ann.put(path)
    assert bo.put(path, json={"force": False}).status_code == 423
    assert bo.put(path, json={"force": True}).json["holder"]["name"] == "translator"
    assert (trail(database, "article.lease_forced"), trail(database, "article.lease_taken")) == (1, 1)
    told = ann.put(path)
    assert (told.status_code, told.json["holder"]["name"]) == (423, "translator")
    assert bo.put(path, json={"force": True}).status_code == 200
    assert trail(database, "article.lease_forced") == 1, "one's own needs no force"


def test_a_lease_hinders_nobody_who_saves_what_they_read(desk: Desk) -> None:
    ann, bo = desk.client(desk.token("editor")), desk.client(desk.token("editor"))
    article_id = desk.article().article.id
    ann.put(f"/api/v1/articles/{article_id}/lease")
    assert patch(bo, article_id, 1, dek="From elsewhere").status_code == 200
    assert patch(ann, article_id, 1, dek="From the holder").status_code == 412
    assert ann.get(f"/api/v1/articles/{article_id}/lease").status_code == 200


def test_only_whoever_may_edit_takes_a_lease_and_by_force_neither(desk: Desk) -> None:
    path = f"/api/v1/articles/{desk.article().article.id}/lease"
    for role, place, status in (
        ("viewer", "", 403), ("author", "", 403), ("editor", "sport/", 404), ("viewer", "sport/", 403),
        ("editor", "city/", 200),
    ):  # fmt: skip
        client = desk.client(desk.token(role, section_path=place))
        assert client.put(path, json={"force": True}).status_code == status, (role, place)
    assert desk.client(None).put(path).status_code == 401


@pytest.mark.parametrize("body", [{"force": "yes"}, {"force": 1}, {"force": None}, {"holder": "x"}, {"seconds": 9}])
def test_what_is_no_wish_for_a_lease_is_refused(editor: FlaskClient, body: Any) -> None:
    made = draft(editor)
    assert editor.put(f"/api/v1/articles/{made['id']}/lease", json=body).status_code == 422
    for article_id in (UNKNOWN, "x", "-1", "0" * 400):
        for method in ("GET", "PUT", "DELETE"):
            assert editor.open(f"/api/v1/articles/{article_id}/lease", method=method).status_code == 404


@pytest.mark.both_databases
def test_of_many_who_want_a_lease_at_once_one_gets_it(app: Flask, editor: FlaskClient, desk: Desk) -> None:
    made = draft(editor)
    tokens = [desk.token("editor") for _ in range(8)]
    answers: Counter[int] = Counter()

    def take(client: FlaskClient, number: int) -> None:
        client.environ_base = {**client.environ_base, "HTTP_AUTHORIZATION": f"Bearer {tokens[number]}"}
        answers[client.put(f"/api/v1/articles/{made['id']}/lease").status_code] += 1

    race(app, editor, 8, take)
    assert answers == {200: 1, 423: 7}


def test_what_has_ended_is_swept_away_a_day_later(settings: Settings, database: Database, editor: FlaskClient) -> None:
    made = draft(editor)
    editor.put(f"/api/v1/articles/{made['id']}/lease")
    told = replace(settings, audit_retention_days=365)
    assert "article_leases" not in forget_old(told, database, now() + timedelta(hours=23))
    assert forget_old(told, database, now() + timedelta(days=2))["article_leases"] == 1
    with database.reading() as session:
        assert session.query(ArticleLease).count() == 0

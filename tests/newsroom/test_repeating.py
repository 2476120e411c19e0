"""A repeat that comes while the first is still under way, and what the claim of a key leaves behind."""

import pytest
from flask import Flask, g
from flask.testing import FlaskClient
from sqlalchemy import select, text

from cms.identity.models import ApiToken
from cms.platform.actor import Actor
from cms.platform.clock import now
from cms.platform.db import Database
from cms.platform.http import idempotency
from cms.platform.http.idempotency import claim
from cms.platform.models import RememberedAnswer
from tests.newsroom.making import counts

KEY = {"Idempotency-Key": "once"}


@pytest.mark.slow
@pytest.mark.both_databases
def test_a_repeat_of_what_is_still_under_way_is_told_so(
    editor: FlaskClient, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(idempotency, "PATIENCE_MS", 300)
    with database.reading() as session:
        caller = f"service:{session.scalars(select(ApiToken.id)).one()}"
    body = {"title": "Once", "locale": "en"}
    # The first use of a token is noted, and would wait for the write below before the claim does.
    assert editor.get("/api/v1/articles").status_code == 200
    with database.transaction() as session:
        session.add(RememberedAnswer(caller=caller, key="once", fingerprint="", created_at=now()))
        session.flush()
        answer = editor.post("/api/v1/articles", json=body, headers=KEY)
        assert (answer.status_code, answer.json["code"]) == (409, "in_progress")
        assert answer.headers["Retry-After"]
        session.rollback()
    assert counts(database)["articles"] == 0
    assert editor.post("/api/v1/articles", json=body, headers=KEY).status_code == 201


@pytest.mark.both_databases
def test_a_claim_changes_nothing_of_how_long_the_rest_of_the_request_may_wait(app: Flask, database: Database) -> None:
    with app.test_request_context("/api/v1/articles", method="POST", headers=KEY), database.transaction() as session:
        g.actor = Actor(kind="service", id="somebody")
        assert claim(session, now()) is not None
        if database.is_sqlite:
            assert session.scalar(text("PRAGMA busy_timeout")) == 5_000
        else:
            assert session.scalar(text("SHOW lock_timeout")) == "0"

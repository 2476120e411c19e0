"""A partner reads the budget before everybody else; everybody else finds it when the embargo is over."""

import time
from datetime import timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient

from cms.platform.clock import now, rfc3339
from cms.platform.db import Database
from cms.settings import Settings
from tests.access.desk import Desk
from tests.draining import drain
from tests.newsroom.making import act, draft
from workers.due import Chores


@pytest.mark.slow
def test_a_budget_under_embargo(
    app: Flask, editor: FlaskClient, client: FlaskClient, settings: Settings, database: Database
) -> None:
    desk = Desk(app, database)
    partner = desk.client(desk.token(permissions=frozenset({"embargo:read"})))
    made, chores = draft(editor, title="The budget of the year"), Chores(settings, database)
    path = f"/content/v1/articles/{made['id']}"
    until = rfc3339(now() + timedelta(seconds=2))
    assert act(editor, "publish", made["id"], 1, json={"embargo_until": until}).status_code == 200
    chores.do_due()
    drain(settings, database)
    assert (partner.get(path).status_code, client.get(path).status_code) == (200, 404)
    assert client.get("/content/v1/search?q=budget").status_code in (200, 503)
    for _ in range(500):
        chores.do_due()
        if client.get(path).status_code == 200:
            break
        time.sleep(0.05)
    drain(settings, database)
    chores.close()
    assert client.get(path).json["published_at"] == until
    assert client.get("/content/v1/search?q=budget").json["data"][0]["id"] == made["id"]
    told = editor.get(f"/api/v1/articles/{made['id']}/embargo").json
    assert (told["state"], [one["count"] for one in told["fetched_by"]]) == ("lifted", [1])

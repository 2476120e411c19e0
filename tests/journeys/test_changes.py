"""An app on a train keeps what is published, and ends with what readers see after a correction and a takedown."""

from flask.testing import FlaskClient

from cms.platform.clock import now, rfc3339
from cms.platform.db import Database
from cms.settings import Settings
from tests.draining import drain
from tests.newsroom.making import act, draft

CHANGES = "/content/v1/changes"


def test_an_app_on_a_train(
    editor: FlaskClient, administrator: FlaskClient, client: FlaskClient, settings: Settings, database: Database
) -> None:
    ferry, bridge = draft(editor, title="The ferry is back"), draft(editor, title="The bridge opens")
    for one in (ferry, bridge):
        assert act(editor, "publish", one["id"], 1).status_code == 200
    drain(settings, database)
    first = client.get(CHANGES).json
    assert {one["subject"] for one in first["data"]} == {ferry["id"], bridge["id"]}
    assert all(one["data"]["article"]["reading_time"]["minutes"] == 1 for one in first["data"])
    before, cursor = rfc3339(now()), first["page"]["next_cursor"]

    assert act(editor, "correct", ferry["id"], 2, json={"note": "It runs on Fridays."}).status_code == 200
    reason = {"reason": "A court said so."}
    assert act(administrator, "takedown", bridge["id"], 2, json=reason).status_code == 200
    drain(settings, database)
    page = client.get(CHANGES, query_string={"since": cursor}).json
    corrected, gone = page["data"]
    assert (corrected["type"], corrected["subject"]) == ("article.updated", ferry["id"])
    assert [one["note"] for one in corrected["data"]["article"]["corrections"]] == ["It runs on Fridays."]
    assert (gone["type"], gone["data"]["tombstone"]["reason"]) == ("article.taken_down", "A court said so.")
    assert client.get(CHANGES, query_string={"since": page["page"]["next_cursor"]}).json["data"] == []

    past = client.get(f"/content/v1/articles/{ferry['id']}", query_string={"as_of": before})
    assert (past.status_code, past.json["revision"], past.json["corrections"]) == (200, 2, [])
    taken = client.get(f"/content/v1/articles/en/{bridge['slug']}", query_string={"as_of": before})
    assert (taken.status_code, taken.json["tombstone"]["id"]) == (410, bridge["id"])

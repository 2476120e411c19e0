"""Three stories of one night are published at one moment, after one of them was mended."""

from flask.testing import FlaskClient

from cms.platform.db import Database
from cms.settings import Settings
from tests.draining import drain
from tests.newsroom.making import draft, patch


def test_election_night(editor: FlaskClient, client: FlaskClient, settings: Settings, database: Database) -> None:
    results, portrait = draft(editor, title="The results"), draft(editor, title="The winner", body="")
    release = editor.post("/api/v1/releases", json={"title": "Election night", "articles": [results["id"]]})
    path = release.headers["Location"]
    added = editor.patch(path, json={"add": [portrait["id"]]}, headers={"If-Match": release.headers["ETag"]})
    headers = {"If-Match": added.headers["ETag"]}
    refused = editor.post(f"{path}/publish", headers=headers)
    assert (refused.status_code, refused.json["articles"][0]["article_id"]) == (409, portrait["id"])
    assert client.get("/content/v1/articles").json["data"] == []
    patch(editor, portrait["id"], 1, body="She came by tram.")
    done = editor.post(f"{path}/publish", headers=headers)
    assert done.status_code == 200
    assert {one["id"] for one in client.get("/content/v1/articles").json["data"]} == {results["id"], portrait["id"]}
    drain(settings, database)
    for one in done.json["articles"]:
        assert editor.get(one["receipt"]).json["state"] == "done"
    assert client.get("/content/v1/search?q=tram").json["data"][0]["id"] == portrait["id"]

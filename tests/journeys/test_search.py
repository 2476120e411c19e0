"""An editor publishes, a reader searches, and the editor learns from what was not found."""

import pytest
from flask.testing import FlaskClient

from cms.platform.db import Database
from cms.settings import Settings
from tests.draining import drain
from tests.newsroom.making import act, draft

SEARCH = "/content/v1/search"


@pytest.mark.both_databases
def test_a_reader_searches_and_an_editor_learns_from_it(
    editor: FlaskClient, client: FlaskClient, settings: Settings, database: Database
) -> None:
    for title, body in (("Night trams return", "The trams run again."), ("Harbour reopens", "Ferries sail at dawn.")):
        made = draft(editor, title=title, body=body, tags=["transport"])
        assert act(editor, "publish", made["id"], 1).status_code == 200
    drain(settings, database)
    answer = client.get(f"{SEARCH}?q=tram OR ferry&facets=tag&count=exact&sort=-published_at").json
    assert [hit["title"] for hit in answer["data"]] == ["Harbour reopens", "Night trams return"]
    assert answer["meta"]["count"] == 2
    assert answer["meta"]["facets"] == {"tag": [{"value": "transport", "name": "transport", "count": 2}]}
    assert "<mark>Ferries</mark> sail" in answer["data"][0]["highlight"]["snippet"]
    completed = client.get(f"{SEARCH}/completions?q=night tr").json["data"]
    assert [one["text"] for one in completed] == ["Night trams return"]
    assert client.get(f"{SEARCH}?q=nihgt trasm").json["meta"]["did_you_mean"] == "night trams"
    for _ in range(3):
        assert client.get(f"{SEARCH}?q=streetcar").json["data"] == []
    [lost] = editor.get("/api/v1/search-report?found=nothing").json["data"]
    assert (lost["text"], lost["searches"], lost["found_nothing"]) == ("streetcar", 3, 3)
    assert editor.post("/api/v1/synonyms", json={"words": ["tram", "streetcar"]}).status_code == 201
    assert [hit["title"] for hit in client.get(f"{SEARCH}?q=streetcar").json["data"]] == ["Night trams return"]

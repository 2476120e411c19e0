"""An editor arranges the front page; readers see it change by itself with the clock and with what is published."""

from datetime import timedelta
from typing import Any

import pytest
from flask.testing import FlaskClient

from cms.platform.clock import now, rfc3339
from cms.platform.db import Database
from cms.settings import Settings
from tests.access.desk import Desk
from tests.draining import drain
from tests.newsroom.making import act, draft


def live(editor: FlaskClient, title: str, **given: Any) -> str:
    """Publish an article; gives its id."""
    made = draft(editor, title=title, **given)
    assert act(editor, "publish", made["id"], 1).status_code == 200
    return str(made["id"])


def titles(client: FlaskClient, path: str = "/content/v1/lists/front-page") -> list[str]:
    """What readers see."""
    return [card["title"] for card in client.get(path).json["data"]]


@pytest.mark.both_databases
def test_a_front_page_through_a_day(
    editor: FlaskClient, client: FlaskClient, settings: Settings, database: Database
) -> None:
    desk = Desk(editor.application, database)
    clock = desk.clock(now())
    bridge, ferry, tram = (live(editor, title) for title in ("Bridge", "Ferry", "Tram"))
    noon, evening = clock.at + timedelta(minutes=12), clock.at + timedelta(minutes=40)
    made = editor.post(
        "/api/v1/lists",
        json={
            "name": "front-page",
            "title": "Front page",
            "fill": {"limit": 3},
            "entries": [
                {"article": ferry},
                {"article": bridge, "is_pinned": True, "title": "It reopens: the bridge"},
                {"article": tram, "from": rfc3339(noon), "until": rfc3339(evening)},
            ],
        },
    )
    assert made.status_code == 201, made.json
    path = made.headers["Location"]
    assert titles(client) == ["Ferry", "It reopens: the bridge"]
    assert titles(client, "/content/v1/articles")[-1] == "Bridge", "everywhere else it keeps its own title"
    museum = live(editor, "Museum")
    assert titles(client) == ["Ferry", "It reopens: the bridge", "Museum"], "the newest fills it up"
    clock.at = noon
    assert titles(client) == ["Ferry", "It reopens: the bridge", "Tram"]
    clock.at = evening
    assert titles(client) == ["Ferry", "It reopens: the bridge", "Museum"]
    known = {"If-None-Match": client.get("/content/v1/lists/front-page").headers["ETag"]}
    assert client.get("/content/v1/lists/front-page", headers=known).status_code == 304
    # What is taken back leaves at once, the pinned one keeps its place, and what comes back is where it was.
    assert act(editor, "unpublish", ferry, 2).status_code == 200
    assert titles(client) == ["Museum", "It reopens: the bridge"]
    assert [one["is_shown"] for one in editor.get(path).json["entries"]] == [False, True, False]
    assert act(editor, "publish", ferry, 3).status_code == 200
    assert titles(client) == ["Ferry", "It reopens: the bridge", "Museum"]
    moved = editor.post(f"{path}/entries", json={"article": museum, "position": 1}, headers={"If-Match": '"1"'})
    assert (moved.status_code, moved.headers["ETag"]) == (200, '"2"')
    assert titles(client) == ["Museum", "It reopens: the bridge", "Ferry"]
    gone = editor.delete(f"{path}/entries/{bridge}", headers={"If-Match": moved.headers["ETag"]})
    assert titles(client) == ["Museum", "Ferry", "Bridge"], "and comes back as one of the newest, with its own title"
    assert editor.delete(path, headers={"If-Match": moved.headers["ETag"]}).status_code == 412
    assert editor.delete(path, headers={"If-Match": gone.headers["ETag"]}).status_code == 204
    assert client.get("/content/v1/lists/front-page").status_code == 404
    drain(settings, database)


@pytest.mark.both_databases
def test_a_front_page_per_language_and_one_for_all(editor: FlaskClient, client: FlaskClient) -> None:
    english, chinese = live(editor, "Harbour"), live(editor, "港口", locale="zh-CN")
    for name, locale, entries in (
        ("front-page", "en", [english]), ("front-page", "zh-CN", [chinese]), ("picks", None, [chinese, english]),
    ):  # fmt: skip
        body = {"name": name, "locale": locale, "title": "Front", "entries": [{"article": one} for one in entries]}
        assert editor.post("/api/v1/lists", json=body).status_code == 201
    assert titles(client, "/content/v1/lists/front-page?locale=en") == ["Harbour"]
    assert titles(client, "/content/v1/lists/front-page?locale=ZH-cn") == ["港口"]
    assert client.get("/content/v1/lists/front-page?locale=kk").status_code == 404
    assert titles(client, "/content/v1/lists/front-page") == ["Harbour"]
    assert titles(client, "/content/v1/lists/picks") == ["港口", "Harbour"]
    assert titles(client, "/content/v1/lists/picks?locale=en") == ["Harbour"]
    known = client.get("/content/v1/lists").json["data"]
    assert [(one["name"], one["locale"]) for one in known] == [
        ("front-page", "en"), ("front-page", "zh-CN"), ("picks", None),
    ]  # fmt: skip
    page = editor.get("/api/v1/lists?limit=2&count=exact").json
    rest = editor.get(f"/api/v1/lists?limit=2&cursor={page['page']['next_cursor']}").json
    assert (page["meta"]["count"], [one["name"] for one in rest["data"]]) == (3, ["picks"])

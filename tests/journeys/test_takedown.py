"""A takedown reaches everything that showed the article, at once or soon, and its receipt says so of each."""

from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

import pytest
from flask import Flask
from flask.testing import FlaskClient

from cms.events.at_once import done_at_once
from cms.platform.db import Database
from cms.settings import Settings
from tests.draining import drain
from tests.newsroom.making import act, draft, patch
from tests.readers import shelves

CONTENT = "/content/v1/articles"
AT_ONCE = done_at_once("article.taken_down")


@pytest.mark.both_databases
def test_the_receipt_of_a_takedown_shows_each_consequence_and_each_is_true(
    app: Flask, client_as: Callable[[str], FlaskClient], client: FlaskClient, settings: Settings, database: Database
) -> None:
    chief, editor, reader = client_as("editor-in-chief"), client_as("editor"), shelves.reader(app, database)
    made, other = (draft(editor, title=f"The {name} bridge reopens", tags=["bridges"]) for name in ("north", "south"))
    for one in (made, other):
        act(editor, "publish", one["id"], 1)
    patch(editor, made["id"], 2, slug="north-bridge")
    act(editor, "publish", made["id"], 3)
    kazakh = editor.post(f"/api/v1/articles/{made['id']}/translate", json={"locale": "kk", "title": "Көпір"}).json
    assert act(editor, "publish", kazakh["id"], 1).status_code == 200
    listed = {"name": "top", "title": "Top", "entries": [{"article": made["id"]}, {"article": other["id"]}]}
    assert editor.post("/api/v1/lists", json=listed).status_code == 201
    assert reader.keep(made["id"]).status_code == 201
    comments = f"/readers/v1/articles/{made['id']}/comments"
    assert reader.client.post(comments, json={"text": "I saw it."}).status_code == 201
    short = urlsplit(client.post(f"/readers/v1/articles/{made['id']}/share", json={}).json["short_url"]).path
    schedule = f"/api/v1/articles/{made['id']}/schedule"
    editor.put(schedule, json={"unpublish_at": "2036-01-01T00:00:00Z"})
    preview = editor.post(f"/api/v1/articles/{made['id']}/previews").json["url"].partition("8000")[2]
    drain(settings, database)

    def status(path: str) -> int:
        return client.get(path).status_code

    def ids(path: str) -> list[Any]:
        return [one["id"] for one in client.get(path).json["data"]]

    def related() -> list[Any]:
        return [one["id"] for one in client.get(f"{CONTENT}/{other['id']}").json["related"]]

    def kept() -> Any:
        return reader.client.get("/readers/v1/bookmarks").json["data"][0]

    def sees() -> dict[str, Any]:
        return {
            "content_api": [status(f"{CONTENT}/{made['id']}"), status(f"{CONTENT}/en/north-bridge")],
            "lists": [made["id"] in ids(path) for path in (CONTENT, f"{CONTENT}?tag=bridges")],
            "front_lists": made["id"] in ids("/content/v1/lists/top"),
            "translations": [one["locale"] for one in client.get(f"{CONTENT}/{kazakh['id']}").json["translations"]],
            "bookmarks": kept()["availability"],
            "old_addresses": status(f"{CONTENT}/en/the-north-bridge-reopens"),
            "short_links": status(short),
            "related_lists": made["id"] in related(),
            "comments": [status(f"{CONTENT}/{made['id']}/comments"),
                         reader.client.post(comments, json={"text": "Again."}).status_code],
            "schedules": editor.get(schedule).status_code,
            "previews": status(preview),
        }  # fmt: skip

    assert sees() == {
        "content_api": [200, 200], "lists": [True, True], "front_lists": True, "translations": ["en"],
        "bookmarks": "published", "old_addresses": 301, "short_links": 302, "related_lists": True,
        "comments": [200, 201], "schedules": 200, "previews": 200,
    }  # fmt: skip
    answer = act(chief, "takedown", made["id"], 4, json={"reason": "A court forbade it."})
    assert answer.status_code == 200
    # No worker did anything yet.
    assert sees() == {
        "content_api": [410, 410], "lists": [False, False], "front_lists": False, "translations": [],
        "bookmarks": "taken_down", "old_addresses": 410, "short_links": 410, "related_lists": False,
        "comments": [410, 410], "schedules": 404, "previews": 410,
    }  # fmt: skip
    assert kept()["tombstone"]["reason"] == "A court forbade it."
    receipt = chief.get(answer.headers["Location"]).json
    assert {one["name"]: one["state"] for one in receipt["consequences"]} == {
        **dict.fromkeys(AT_ONCE, "done"), "search": "waiting", "related": "waiting",
    }  # fmt: skip
    assert set(AT_ONCE) == set(sees()), "each that is said to be done at once is looked at here"
    assert receipt["state"] == "running"
    drain(settings, database)
    receipt = chief.get(answer.headers["Location"]).json
    assert (receipt["state"], {one["state"] for one in receipt["consequences"]}) == ("done", {"done"})
    assert all(one["finished_at"] >= receipt["occurred_at"] for one in receipt["consequences"])
    assert {one["finished_at"] for one in receipt["consequences"] if one["name"] in AT_ONCE} == {receipt["occurred_at"]}
    assert ids("/content/v1/search?q=north") == []
    assert act(chief, "unpublish", other["id"], 2, query_string={"wait": "content_api,lists"}).status_code == 200
    drain(settings, database)

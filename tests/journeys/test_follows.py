"""Readers follow what they care for, hear of it by mail, once, and end it with one click. HTTP and mail."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient

from cms.platform.clock import now, rfc3339
from cms.platform.db import Database
from cms.settings import Settings
from tests.newsroom.making import act, draft
from tests.readers.following import Newsroom, newsroom, text_of, unsubscribe_path
from workers.due import Chores


@pytest.fixture
def room(app: Flask, database: Database, settings: Settings) -> Iterator[Newsroom]:
    with newsroom(app, database, replace(settings, article_page_url="https://post.example/{locale}/{slug}")) as running:
        yield running


@pytest.mark.slow
def test_readers_hear_of_what_they_follow(
    room: Newsroom, app: Flask, editor: FlaskClient, settings: Settings, database: Database
) -> None:
    swift, daily = room.reader("kk"), room.reader("ru")
    swift.follow("query", '"night tram" section:city')
    swift.follow("tag", "rails")
    daily.follow("author", "ines-okafor", "daily")
    assert daily.client.patch("/readers/v1/me/digest", json={"hour": 6, "time_zone": "Asia/Almaty"}).status_code == 200

    # Under an embargo nobody hears of it; when readers see it, once, whatever else happens to the article.
    made = draft(editor, title="Night trams return", section="trams", tags=["rails"], authors=["ines-okafor"])
    until = rfc3339(now() + timedelta(hours=3))
    assert act(editor, "publish", made["id"], 1, json={"embargo_until": until}).status_code == 200
    chores = Chores(settings, database, clock=lambda: now() + timedelta(seconds=1))
    chores.do_due()
    assert room.drain() == [] and room.due_at(daily) is None
    revision = editor.get(f"/api/v1/articles/{made['id']}").json["revision"]
    assert act(editor, "publish", made["id"], revision).status_code == 200
    assert room.drain() == [swift.email]
    room.seen = 0
    [letter] = room.fresh()
    assert "Night trams return" in str(letter["Subject"]) and letter["Content-Language"] == "kk"
    assert f"https://post.example/en/{made['slug']}" in text_of(letter)
    revision = editor.get(f"/api/v1/articles/{made['id']}").json["revision"]
    correction = {"note": "The last tram is at three."}
    assert act(editor, "correct", made["id"], revision, json=correction).status_code == 200
    assert room.drain() == []

    # The daily letter is there in the morning; what was unpublished before is not in it.
    other = draft(editor, title="A line that was closed", authors=["ines-okafor"])
    assert act(editor, "publish", other["id"], 1).status_code == 200
    assert room.drain() == []
    due = room.due_at(daily)
    assert due is not None and (due.hour, due.minute) == (1, 0)
    revision = editor.get(f"/api/v1/articles/{other['id']}").json["revision"]
    assert act(editor, "unpublish", other["id"], revision).status_code == 200
    assert room.sweep(timedelta()) == 1
    chores.next_at.clear()
    chores.do_due()
    assert room.drain() == [daily.email]
    room.seen = 1
    [letter] = room.fresh()
    assert "Night trams return" in text_of(letter) and "closed" not in text_of(letter)
    assert daily.client.get("/readers/v1/me/digest").json["next_at"] is None

    # The mail program ends it with one click; the reader's list still names it.
    path = unsubscribe_path(letter, settings)
    anybody = app.test_client()
    assert anybody.get(path).status_code == 200
    assert daily.client.get("/readers/v1/follows").json["data"][0]["frequency"] == "daily"
    form = {"data": "List-Unsubscribe=One-Click", "content_type": "application/x-www-form-urlencoded"}
    assert [anybody.post(path, **form).status_code for _ in range(2)] == [200, 200]
    assert daily.client.get("/readers/v1/follows").json["data"][0]["frequency"] == "off"
    third = draft(editor, title="Ines again", authors=["ines-okafor"])
    assert act(editor, "publish", third["id"], 1).status_code == 200
    assert room.drain() == [] and room.due_at(daily) is None
    chores.close()

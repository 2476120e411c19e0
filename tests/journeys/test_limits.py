"""The story of a tool that saves too fast, told over HTTP: it is told how long to wait, waits, and goes on."""

import re
from collections.abc import Iterator
from dataclasses import replace

import pytest
from flask import Flask

from cms.app import create_app
from cms.identity.staff.schemas import Given
from cms.platform.clock import now
from cms.platform.db import Database
from cms.settings import Settings
from tests.access.desk import PHRASE, Desk

QUOTA, WINDOW_SECONDS = 4, 120


@pytest.fixture
def limited(settings: Settings, database: Database) -> Iterator[Flask]:
    """The application with a small limit of changes."""
    app = create_app(replace(settings, limit_writes=f"{QUOTA}/{WINDOW_SECONDS}"))
    yield app
    app.extensions["copydesk"].database.dispose()
    app.extensions["copydesk"].index.close()


@pytest.mark.both_databases
def test_a_tool_that_saves_too_fast_waits_as_long_as_it_is_told_and_loses_nothing(
    limited: Flask, database: Database
) -> None:
    desk = Desk(limited, database)
    clock = desk.clock(now())
    ines, other = desk.colleague(Given("editor")), desk.colleague(Given("editor"))

    def sign_in(email: str) -> str:
        answer = desk.client(None).post("/api/v1/sessions", json={"email": email, "password": PHRASE})
        assert answer.status_code == 201, answer.json
        return str(answer.json["token"])

    # Ines signs in, makes an article, and her tool saves with every key that she presses.
    tool = desk.client(sign_in(ines.email))
    made = tool.post("/api/v1/articles", json={"title": "Line nine opens", "locale": "en"})
    assert (made.status_code, made.headers["RateLimit-Policy"]) == (201, f'"writes";q={QUOTA};w={WINDOW_SECONDS}')
    path, etag, text = f"/api/v1/articles/{made.json['id']}", made.headers["ETag"], ""
    waited = []
    for key in "At last, nine.":
        text += key
        answer = tool.patch(path, json={"body": text}, headers={"If-Match": etag})
        if answer.status_code == 429:
            # The answer says when, in both headers; a reader's page and her own reads are served meanwhile.
            pause = int(answer.headers["Retry-After"])
            assert answer.json["code"] == "too_many_requests"
            assert re.fullmatch(r'"writes";r=0;t=\d+', answer.headers["RateLimit"])
            assert tool.get(path).json["body"] == text[:-1]
            waited.append(pause)
            clock.wait(seconds=pause)
            answer = tool.patch(path, json={"body": text}, headers={"If-Match": etag})
        assert answer.status_code == 200, answer.json
        assert answer.headers["RateLimit"].startswith('"writes";r=')
        etag = answer.headers["ETag"]
    # A quota comes at once and then one at a time, evenly.
    assert waited == [WINDOW_SECONDS // QUOTA] * (1 + len(text) - QUOTA)
    assert tool.get(path).json["body"] == "At last, nine."

    # Signing in again gives no other quota, a colleague has one of their own, and after the window all is as it was.
    again = desk.client(sign_in(ines.email))
    assert again.patch(path, json={"dek": "x"}, headers={"If-Match": etag}).status_code == 429
    assert desk.client(sign_in(other.email)).post("/api/v1/tags", json={"name": "Trams"}).status_code == 201
    clock.wait(seconds=WINDOW_SECONDS)
    rested = again.patch(path, json={"dek": "Nine it is."}, headers={"If-Match": etag})
    assert (rested.status_code, rested.headers["RateLimit"]) == (200, f'"writes";r={QUOTA - 1};t=30')

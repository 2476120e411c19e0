"""The stories of limits, told over HTTP: a tool that saves too fast waits as told, and nothing opens without Redis."""

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
from tests.servers import valkey

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


@pytest.mark.slow
def test_limits_hold_while_the_broker_is_gone_and_when_it_comes_back(settings: Settings, database: Database) -> None:
    with valkey() as broker:
        told = replace(settings, redis_url=broker.url, limit_writes="6/60", limit_sign_in="3/60", limit_codes="2/3600")
        app = create_app(told)
        desk = Desk(app, database)
        desk.clock(now())
        ines, guesser = desk.colleague(Given("editor")), desk.client(None)
        tool = desk.client(desk.signed_in(ines)[1])

        def guess() -> int:
            body = {"email": ines.email, "password": "surely not the right one"}
            return guesser.post("/api/v1/sessions", json=body).status_code

        def save(count: int) -> list[int]:
            names = [{"name": f"Pier {desk.number()}"} for _ in range(count)]
            return [tool.post("/api/v1/tags", json=name).status_code for name in names]

        # Two of three guesses and half of the changes are used up while it is there.
        assert [guess(), guess()] == [401, 401]
        assert save(3) == [201] * 3
        broker.kill()
        # Sign-ins were never counted by it: the third is the last, as if nothing had happened.
        assert [guess(), guess(), guess()] == [401, 429, 429]
        # Changes are counted anew by the database, and no more than the limit is let in.
        assert save(8) == [201] * 6 + [429] * 2
        assert tool.get("/api/v1/tags").status_code == 200
        refused = guesser.post("/api/v1/sessions", json={"email": ines.email, "password": "x" * 20})
        assert (refused.headers["Retry-After"], refused.headers["RateLimit"]) == ("20", '"sign-ins";r=0;t=60')
        asked = [guesser.post("/api/v1/staff/codes", json={"email": ines.email}) for _ in range(3)]
        assert [answer.status_code for answer in asked] == [202, 202, 429]
        assert asked[-1].headers["Retry-After"] == "1800"
        broker.start()
        assert guess() == 429
        app.extensions["copydesk"].database.dispose()
        app.extensions["copydesk"].index.close()

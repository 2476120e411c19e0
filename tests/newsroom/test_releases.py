"""Grouped releases: all or none, now or at an instant, and only for who may read and publish everything in them."""

from collections import Counter
from collections.abc import Callable
from threading import Barrier, Thread
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import event, select
from werkzeug.test import TestResponse

from cms.events.models import Letter
from cms.newsroom.releases.models import Release
from cms.newsroom.schedules.firing import Round, fire_due
from cms.platform.db import Database
from cms.settings import Settings
from tests.access.desk import Desk
from tests.newsroom.appointing import Clock, in_hours, live
from tests.newsroom.making import UNKNOWN, act, counts, draft, patch


def make(editor: FlaskClient, *articles: str, title: str = "Election night") -> Any:
    answer = editor.post("/api/v1/releases", json={"title": title, "articles": list(articles)})
    assert answer.status_code == 201, answer.json
    return answer.json


def ask(editor: FlaskClient, method: str, release_id: str, version: int, path: str = "", **body: Any) -> TestResponse:
    options = {"json": body} if body else {}
    headers = {"If-Match": f'"{version}"'}
    return editor.open(f"/api/v1/releases/{release_id}{path}", method=method, headers=headers, **options)


@pytest.mark.both_databases
def test_all_articles_of_a_release_are_there_at_the_next_read(
    editor: FlaskClient, client: FlaskClient, database: Database
) -> None:
    made = [draft(editor, title=f"Part {number}")["id"] for number in range(3)]
    answer = editor.post("/api/v1/releases", json={"title": "Election night", "articles": made})
    assert (answer.status_code, answer.headers["ETag"]) == (201, '"1"')
    assert editor.get(answer.headers["Location"]).json == answer.json
    assert [one["id"] for one in answer.json["articles"]] == made
    done = ask(editor, "POST", answer.json["id"], 1, "/publish")
    assert (done.status_code, done.json["state"], done.headers["ETag"]) == (200, "released", '"2"')
    for one in done.json["articles"]:
        assert live(client, one["id"])["title"] == one["title"]
        assert editor.get(one["receipt"]).json["event"]["type"] == "article.published"
    with database.reading() as session:
        letters = Counter(session.scalars(select(Letter.type)))
    assert (letters["release.published"], letters["article.published"]) == (1, 3)
    for again in (
        ask(editor, "POST", answer.json["id"], 2, "/publish"),
        ask(editor, "PATCH", answer.json["id"], 2, title="Other"),
        ask(editor, "PUT", answer.json["id"], 2, "/schedule", release_at="2036-01-01T00:00:00Z"),
        ask(editor, "DELETE", answer.json["id"], 2),
    ):
        assert (again.status_code, again.json["code"]) == (409, "already_released")


@pytest.mark.both_databases
def test_one_that_is_not_ready_keeps_all_from_readers(
    editor: FlaskClient, client: FlaskClient, database: Database
) -> None:
    ready, empty, late = draft(editor), draft(editor, title="Nothing yet", body=""), draft(editor, title="In the trash")
    release = make(editor, ready["id"], empty["id"], late["id"])
    assert editor.delete(f"/api/v1/articles/{late['id']}", headers={"If-Match": '"1"'}).status_code == 204
    before = counts(database)
    answer = ask(editor, "POST", release["id"], 1, "/publish")
    assert (answer.status_code, answer.json["code"]) == (409, "release_refused")
    told = {one["article_id"]: one for one in answer.json["articles"]}
    assert told.keys() == {empty["id"], late["id"]}
    assert [error["pointer"] for error in told[empty["id"]]["errors"]] == ["/body"]
    assert told[late["id"]]["status"] == 404
    assert counts(database) == before
    assert live(client, ready["id"]) is None
    # Mended, all of it is there.
    patch(editor, empty["id"], 1, body="Here it is.")
    assert ask(editor, "PATCH", release["id"], 1, remove=[late["id"]]).status_code == 200
    assert ask(editor, "POST", release["id"], 2, "/publish").status_code == 200
    assert live(client, ready["id"]) is not None
    assert live(client, empty["id"]) is not None


@pytest.mark.both_databases
def test_a_scheduled_release_happens_once_with_the_revisions_of_then(
    editor: FlaskClient, client: FlaskClient, database: Database, clock: Clock
) -> None:
    made = [draft(editor, title=f"Part {number}")["id"] for number in range(3)]
    release = make(editor, *made)
    told = ask(editor, "PUT", release["id"], 1, "/schedule", release_at="2026-11-02T15:00", timezone="Asia/Almaty")
    assert (told.status_code, told.json["state"], told.json["local"]) == (
        200, "scheduled", "2026-11-02T15:00:00+05:00",
    )  # fmt: skip
    [entry] = editor.get("/api/v1/schedules").json["data"]
    assert (entry["does"], entry["subject"]["kind"], entry["subject"]["title"]) == (
        "release", "release", "Election night",
    )  # fmt: skip
    patch(editor, made[0], 1, title="Half an edit")
    shown = editor.get(f"/api/v1/releases/{release['id']}").json["articles"]
    assert [one["has_later_changes"] for one in shown] == [True, False, False]
    assert fire_due(database, clock) == Round()
    clock.wait(hours=2)
    assert fire_due(database, clock) == Round(done=1)
    assert fire_due(database, clock) == Round()
    assert [live(client, one)["title"] for one in made] == ["Part 0", "Part 1", "Part 2"]
    assert {live(client, one)["published_at"] for one in made} == {"2026-11-02T10:00:00Z"}
    after = editor.get(f"/api/v1/releases/{release['id']}").json
    assert (after["state"], after["released_at"]) == ("released", "2026-11-02T10:00:00Z")
    assert editor.get(f"/api/v1/articles/{made[0]}").json["title"] == "Half an edit"


def test_a_release_that_is_refused_at_its_instant_is_missed_whole(
    editor: FlaskClient, client: FlaskClient, database: Database, clock: Clock
) -> None:
    ready, lost = draft(editor), draft(editor, title="Taken", slug="the-one-slug")
    release = make(editor, ready["id"], lost["id"])
    ask(editor, "PUT", release["id"], 1, "/schedule", release_at=in_hours(1))
    # Another article shows the slug to readers meanwhile.
    patch(editor, lost["id"], 1, slug="moved")
    other = draft(editor, slug="the-one-slug")
    act(editor, "publish", other["id"], 1)
    clock.wait(hours=1)
    assert fire_due(database, clock) == Round(missed=1)
    assert live(client, ready["id"]) is None
    told = editor.get(f"/api/v1/releases/{release['id']}")
    assert (told.json["state"], told.json["problem"]["code"]) == ("missed", "release_refused")
    assert [(one["article_id"], one["code"]) for one in told.json["problem"]["articles"]] == [
        (lost["id"], "slug_taken"),
    ]  # fmt: skip
    [entry] = editor.get("/api/v1/schedules?state=missed").json["data"]
    assert entry["problem"]["articles"][0]["article_id"] == lost["id"]
    # Scheduled again, with the revision that has another slug, it happens.
    version = int(told.headers["ETag"].strip('"'))
    assert ask(editor, "PUT", release["id"], version, "/schedule", release_at=in_hours(2)).status_code == 200
    clock.wait(hours=1)
    assert fire_due(database, clock) == Round(done=1)
    assert live(client, ready["id"]) is not None


def test_a_release_is_not_scheduled_before_all_of_it_is_ready(
    editor: FlaskClient, client_as: Callable[[str], FlaskClient], database: Database, clock: Clock
) -> None:
    ready, empty, down = draft(editor), draft(editor, title="Nothing yet", body=""), draft(editor, title="Down")
    act(editor, "publish", down["id"], 1)
    act(client_as("editor-in-chief"), "takedown", down["id"], 2)
    release = make(editor, ready["id"], empty["id"], down["id"])
    before = counts(database)
    refused = ask(editor, "PUT", release["id"], 1, "/schedule", release_at=in_hours(1))
    assert (refused.status_code, refused.json["code"]) == (409, "release_refused")
    assert refused.json["detail"].startswith("Nothing was scheduled. 'Nothing yet':")
    told = {one["article_id"]: (one["status"], [error["pointer"] for error in one["errors"]])
            for one in refused.json["articles"]}  # fmt: skip
    assert told == {empty["id"]: (422, ["/body"]), down["id"]: (403, [])}
    assert counts(database) == before
    ask(editor, "PATCH", release["id"], 1, remove=[empty["id"], down["id"]])
    assert ask(editor, "PUT", release["id"], 2, "/schedule", release_at=in_hours(1)).status_code == 200
    late = ask(editor, "PATCH", release["id"], 3, add=[empty["id"]])
    assert (late.status_code, late.json["code"]) == (409, "release_refused")
    assert ask(editor, "PATCH", release["id"], 3, add=[draft(editor)["id"]]).status_code == 200
    clock.wait(hours=1)
    assert fire_due(database, clock) == Round(done=1)


def test_a_schedule_of_a_release_is_taken_back(editor: FlaskClient, database: Database, clock: Clock) -> None:
    release = make(editor, draft(editor)["id"])
    assert ask(editor, "DELETE", release["id"], 1, "/schedule").status_code == 404
    ask(editor, "PUT", release["id"], 1, "/schedule", release_at=in_hours(1))
    ask(editor, "PUT", release["id"], 2, "/schedule", release_at=in_hours(2))
    back = ask(editor, "DELETE", release["id"], 3, "/schedule")
    assert (back.status_code, back.json["state"], back.json["release_at"]) == (200, "open", None)
    other = make(editor, draft(editor)["id"])
    ask(editor, "PUT", other["id"], 1, "/schedule", release_at=in_hours(1))
    assert ask(editor, "DELETE", other["id"], 2).status_code == 204
    clock.wait(hours=3)
    assert fire_due(database, clock) == Round()


def test_what_readers_have_already_does_not_hold_a_release_up(editor: FlaskClient, client: FlaskClient) -> None:
    early, other = draft(editor), draft(editor)
    act(editor, "publish", early["id"], 1)
    release = make(editor, early["id"], other["id"])
    assert ask(editor, "POST", release["id"], 1, "/publish").status_code == 200
    assert live(client, other["id"]) is not None
    assert live(client, early["id"])["revision"] == 2


def test_a_release_is_changed_on_the_version_that_was_read(editor: FlaskClient) -> None:
    made = [draft(editor)["id"] for _ in range(3)]
    release = make(editor, made[0])
    path = f"/api/v1/releases/{release['id']}"
    for method in ("PATCH", "DELETE"):
        assert editor.open(path, method=method, json={}).status_code == 428
    assert editor.post(f"{path}/publish").status_code == 428
    changed = ask(editor, "PATCH", release["id"], 1, add=made[1:], title="Sunday")
    assert ([one["id"] for one in changed.json["articles"]], changed.json["title"]) == (made, "Sunday")
    stale = ask(editor, "PATCH", release["id"], 1, title="Monday")
    assert (stale.status_code, stale.json["etag"]) == (412, '"2"')
    same = ask(editor, "PATCH", release["id"], 2, title="Sunday")
    assert (same.status_code, same.headers["ETag"]) == (200, '"2"')


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        ({"title": ""}, "/title"),
        ({"articles": []}, "/title"),
        ({"title": "T", "articles": [UNKNOWN]}, "/articles/0"),
        ({"title": "T", "articles": ["x"]}, "/articles/0"),
        ({"title": "T", "articles": ["x" * 37]}, "/articles/0"),
        ({"title": "T", "articles": UNKNOWN}, "/articles"),
        ({"title": "T", "articles": [1]}, "/articles/0"),
        ({"title": "T", "articles": [UNKNOWN] * 101}, "/articles"),
        ({"title": "T", "when": "now"}, "/when"),
    ],
)
def test_a_wrong_release_is_refused(editor: FlaskClient, database: Database, body: Any, pointer: str) -> None:
    answer = editor.post("/api/v1/releases", json=body)
    assert (answer.status_code, answer.json["errors"][0]["pointer"]) == (422, pointer)
    with database.reading() as session:
        assert session.scalar(select(Release.id)) is None


def test_an_article_is_in_a_release_once(editor: FlaskClient, database: Database) -> None:
    one, other = (draft(editor)["id"] for _ in range(2))
    twice = editor.post("/api/v1/releases", json={"title": "T", "articles": [one, other, one]})
    [error] = twice.json["errors"]
    assert (twice.status_code, error["pointer"], error["code"]) == (422, "/articles/2", "twice")
    release = make(editor, one)
    for add, pointer in (([one], "/add/0"), ([other, other], "/add/1")):
        refused = ask(editor, "PATCH", release["id"], 1, add=add)
        assert (refused.status_code, refused.json["errors"][0]["pointer"]) == (422, pointer)
    # Taken out and added by one change, it stands behind the others.
    ask(editor, "PATCH", release["id"], 1, add=[other])
    moved = ask(editor, "PATCH", release["id"], 2, remove=[one], add=[one])
    assert [member["id"] for member in moved.json["articles"]] == [other, one]


def test_an_empty_release_goes_nowhere(editor: FlaskClient) -> None:
    release = make(editor)
    assert ask(editor, "POST", release["id"], 1, "/publish").status_code == 422
    assert ask(editor, "PUT", release["id"], 1, "/schedule", release_at="2036-01-01T00:00:00Z").status_code == 422


def test_a_release_is_for_who_may_read_and_publish_all_of_it(app: Flask, database: Database) -> None:
    desk = Desk(app, database).furnish()
    nowhere = desk.article(section=None).article.id
    trams, sport = (desk.article(section=slug).article.id for slug in ("trams", "sport"))
    chief = desk.client(desk.token("editor"))
    mixed, own, loose = make(chief, trams, sport), make(chief, trams), make(chief, trams, nowhere)
    city = desk.client(desk.token("editor", section_path="city/"))
    viewer = desk.client(desk.token("viewer"))
    # What a desk may not read whole is not there for it: not by id, not in lists, not in the calendar.
    ask(chief, "PUT", mixed["id"], 1, "/schedule", release_at="2036-01-01T00:00:00Z")
    for method, path in (
        ("GET", ""), ("PATCH", ""), ("DELETE", ""), ("POST", "/publish"), ("PUT", "/schedule"), ("DELETE", "/schedule"),
    ):  # fmt: skip
        body = {"PUT": {"release_at": "2036-01-01T00:00:00Z"}, "PATCH": {"title": "Mine"}}.get(method, {})
        seen = ask(city, method, mixed["id"], 2, path, **body)
        never = ask(city, method, UNKNOWN, 2, path, **body)
        assert seen.status_code == never.status_code == 404
        assert seen.json["detail"] == never.json["detail"]
    assert city.get(f"/api/v1/releases/{loose['id']}").status_code == 404
    assert [one["id"] for one in city.get("/api/v1/releases?count=exact").json["data"]] == [own["id"]]
    assert city.get("/api/v1/releases?count=exact").json["meta"]["count"] == 1
    assert city.get("/api/v1/schedules").json["data"] == []
    assert len(viewer.get("/api/v1/releases").json["data"]) == 3
    assert len(viewer.get("/api/v1/schedules").json["data"]) == 1
    # Nor can it be taken in: an article of another desk is no article.
    refused = ask(city, "PATCH", own["id"], 1, add=[sport])
    unknown = ask(city, "PATCH", own["id"], 1, add=[UNKNOWN])
    assert refused.status_code == unknown.status_code == 422
    assert refused.json["errors"] == unknown.json["errors"]
    assert ask(viewer, "POST", own["id"], 1, "/publish").status_code == 403
    assert ask(city, "POST", own["id"], 1, "/publish").status_code == 200


@pytest.mark.slow
@pytest.mark.both_databases
def test_releases_that_share_articles_do_not_wait_for_each_other(
    app: Flask, editor: FlaskClient, settings: Settings, database: Database
) -> None:
    made = [draft(editor)["id"] for _ in range(6)]
    releases = [make(editor, *made), make(editor, *reversed(made)), make(editor, *made[3:], *made[:3])]
    start, answers = Barrier(3), []

    def publish(release: Any) -> None:
        client = app.test_client()
        client.environ_base = editor.environ_base
        start.wait()
        answers.append(ask(client, "POST", release["id"], 1, "/publish"))

    threads = [Thread(target=publish, args=(release,)) for release in releases]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    told = Counter(answer.status_code for answer in answers)
    print(f"answers of three releases of the same articles: {dict(told)}")
    # One shows everything. Another that had prepared the revisions of before is told that they changed.
    assert told[200] >= 1
    assert told.keys() <= {200, 409}
    for answer in answers:
        if answer.status_code == 409:
            assert {one["code"] for one in answer.json["articles"]} <= {"stale"}
    with database.reading() as session:
        published = session.scalars(select(Letter.subject).where(Letter.type == "article.published")).all()
    assert set(published) == set(made)


def test_the_list_of_releases_costs_the_same_for_one_as_for_many(
    app: Flask, editor: FlaskClient, client_as: Callable[[str], FlaskClient]
) -> None:
    statements: list[str] = []
    parts = app.extensions["copydesk"]
    event.listen(parts.database.reader, "before_cursor_execute", lambda *given: statements.append(given[2]))
    costs = []
    for number in (1, 6):
        for _ in range(number):
            make(editor, *(draft(editor)["id"] for _ in range(number)))
        statements.clear()
        assert editor.get("/api/v1/releases?limit=100").status_code == 200
        costs.append(len(statements))
    assert costs[0] == costs[1]

"""Schedules: what may be scheduled and changed, and what the calendar shows."""

from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import event, update

from cms.newsroom.models import RevisionText
from cms.newsroom.revisions.packing import pack_text
from cms.newsroom.schedules.firing import fire_due
from cms.platform.db import Database
from tests.newsroom.appointing import Clock, in_hours, put, state
from tests.newsroom.making import UNKNOWN, act, counts, draft, patch


def test_an_end_alone_is_for_what_readers_see(editor: FlaskClient, database: Database, clock: Clock) -> None:
    made = draft(editor)
    refused = put(editor, made["id"], unpublish_at=in_hours(1))
    assert (refused.status_code, refused.json["errors"][0]["pointer"]) == (422, "/publish_at")
    act(editor, "publish", made["id"], 1)
    assert put(editor, made["id"], unpublish_at=in_hours(1)).status_code == 200
    # The article itself did not change by it, so an editor who holds it open goes on.
    assert patch(editor, made["id"], 2, dek="Still here").status_code == 200
    clock.wait(hours=1)
    assert fire_due(database, clock).done == 1
    assert state(editor, made["id"]) != "published"


def test_a_schedule_is_changed_on_the_version_that_was_read(editor: FlaskClient, clock: Clock) -> None:
    made = draft(editor)
    path = f"/api/v1/articles/{made['id']}/schedule"
    assert editor.get(path).status_code == 404
    assert editor.delete(path).status_code == 428
    assert editor.delete(path, headers={"If-Match": '"1"'}).status_code == 404
    assert put(editor, made["id"], 1, publish_at=in_hours(1)).status_code == 412
    first = editor.put(path, json={"publish_at": in_hours(1)}, headers={"If-None-Match": "*"})
    assert (first.status_code, first.headers["ETag"]) == (200, '"1"')
    assert editor.put(path, json={"publish_at": in_hours(2)}, headers={"If-None-Match": "*"}).status_code == 412
    assert put(editor, made["id"], publish_at=in_hours(2)).status_code == 428
    stale = put(editor, made["id"], 7, publish_at=in_hours(2))
    assert (stale.status_code, stale.json["etag"], stale.headers["ETag"]) == (412, '"1"', '"1"')
    assert put(editor, made["id"], 1, publish_at=in_hours(2)).headers["ETag"] == '"2"'
    assert editor.delete(path, headers={"If-Match": '"1"'}).status_code == 412
    assert editor.delete(path, headers={"If-Match": '"2"'}).status_code == 204
    assert (editor.get(path).status_code, state(editor, made["id"]) == "scheduled") == (404, False)
    # The next one begins without a precondition, and its ETag was never another's.
    assert put(editor, made["id"], publish_at=in_hours(3)).headers["ETag"] == '"4"'


def test_the_revision_that_was_read_can_be_named(editor: FlaskClient, clock: Clock) -> None:
    made = draft(editor)
    patch(editor, made["id"], 1, dek="Somebody was here")
    stale = put(editor, made["id"], publish_at=in_hours(1), revision=1)
    assert (stale.status_code, stale.json["code"], stale.json["etag"]) == (412, "stale", '"2"')
    assert put(editor, made["id"], publish_at=in_hours(1), revision=2).status_code == 200


@pytest.mark.parametrize(
    ("body", "pointer", "code"),
    [
        ({}, "/publish_at", "required"),
        ({"timezone": "Asia/Almaty"}, "/publish_at", "required"),
        ({"publish_at": "2026-11-02T07:59:59Z"}, "/publish_at", "in_the_past"),
        ({"publish_at": "2026-12-01T08:00"}, "/timezone", "required"),
        ({"publish_at": "2027-03-28T02:30", "timezone": "Europe/Berlin"}, "/publish_at", "no_such_time"),
        ({"publish_at": "2027-10-31T02:30", "timezone": "Europe/Berlin"}, "/publish_at", "ambiguous_time"),
        ({"publish_at": "soon", "timezone": "UTC"}, "/publish_at", "bad_time"),
        ({"publish_at": "2026-12-01T08:00", "timezone": "Mars/Olympus"}, "/timezone", "invalid"),
        ({"publish_at": 1_796_112_000}, "/publish_at", "wrong_type"),
        ({"publish_at": in_hours(1), "when": "now"}, "/when", "unknown"),
        ({"publish_at": in_hours(1), "revision": "2"}, "/revision", "wrong_type"),
        ({"publish_at": in_hours(2), "unpublish_at": in_hours(1)}, "/unpublish_at", "too_early"),
        ({"publish_at": "9999-12-31T23:59:59-12:00"}, "/publish_at", "bad_time"),
    ],
)  # fmt: skip
def test_a_wrong_schedule_is_refused_and_leaves_nothing(
    editor: FlaskClient, database: Database, clock: Clock, body: dict[str, Any], pointer: str, code: str
) -> None:
    made = draft(editor)
    before = counts(database)
    answer = put(editor, made["id"], **body)
    assert (answer.status_code, answer.json["errors"][0]["pointer"], answer.json["errors"][0]["code"]) == (
        422, pointer, code,
    )  # fmt: skip
    assert counts(database) == before


def test_the_calendar_shows_what_one_may_read_in_order(
    editor: FlaskClient, client_as: Callable[[str], FlaskClient], database: Database, clock: Clock
) -> None:
    made = [draft(editor)["id"] for _ in range(7)]
    for place, article_id in enumerate(made):
        put(editor, article_id, publish_at=in_hours(place + 1), unpublish_at=in_hours(place + 20))
    whole = editor.get("/api/v1/schedules?limit=100&count=exact").json
    assert (len(whole["data"]), whole["meta"]["count"]) == (14, 14)
    instants = [entry["at"] for entry in whole["data"]]
    assert instants == sorted(instants)
    part = editor.get("/api/v1/schedules", query_string={"from": in_hours(2), "to": in_hours(5)}).json["data"]
    assert [entry["subject"]["id"] for entry in part] == made[1:4]
    paged, cursor = [], None
    while True:
        asked = {"limit": "5", **({"cursor": cursor} if cursor else {})}
        page = editor.get("/api/v1/schedules", query_string=asked).json
        paged += page["data"]
        cursor = page["page"]["next_cursor"]
        if cursor is None:
            break
    assert paged == whole["data"]
    assert len(client_as("viewer").get("/api/v1/schedules?limit=100").json["data"]) == 14
    for wrong in ("from=tomorrow", "state=late", "from=2026-11-02", "cursor=abc", "on=monday"):
        assert editor.get(f"/api/v1/schedules?{wrong}").status_code == 400


def test_the_calendar_costs_the_same_for_one_as_for_a_hundred(
    editor: FlaskClient, app: Flask, database: Database, clock: Clock
) -> None:
    statements: list[str] = []
    parts = app.extensions["copydesk"]
    event.listen(parts.database.reader, "before_cursor_execute", lambda *given: statements.append(given[2]))
    costs = []
    for number in (1, 9):
        for _ in range(number):
            put(editor, draft(editor)["id"], publish_at=in_hours(1), unpublish_at=in_hours(2))
        statements.clear()
        editor.get("/api/v1/schedules?limit=100")
        costs.append(len(statements))
    assert costs[0] == costs[1]


def test_schedules_of_strangers_are_not_there(editor: FlaskClient, clock: Clock) -> None:
    for article_id in (UNKNOWN, "1", "x", "..", UNKNOWN.upper()):
        assert editor.get(f"/api/v1/articles/{article_id}/schedule").status_code == 404
        assert put(editor, article_id, publish_at=in_hours(1)).status_code == 404
        answer = editor.delete(f"/api/v1/articles/{article_id}/schedule", headers={"If-Match": '"1"'})
        assert answer.status_code == 404


def test_what_a_publish_would_refuse_is_not_scheduled_and_what_it_would_warn_about_is_told(
    editor: FlaskClient, database: Database, clock: Clock
) -> None:
    empty, shown = draft(editor, body=""), draft(editor, slug="bridge", summary=["It opened."])
    act(editor, "publish", shown["id"], 1)
    patch(editor, shown["id"], 2, slug="other")
    second = draft(editor, title="Another bridge", slug="bridge")
    before = counts(database)
    said = act(editor, "publish", empty["id"], 1).json["errors"]
    for refused in (
        put(editor, empty["id"], publish_at=in_hours(1)),
        act(editor, "publish", empty["id"], 1, json={"embargo_until": in_hours(1)}),
    ):
        assert (refused.status_code, refused.json["errors"]) == (422, said)
    taken = put(editor, second["id"], publish_at=in_hours(1))
    assert (taken.status_code, taken.json["code"]) == (409, "slug_taken")
    assert counts(database) == before
    # Where the article is only taken away, nothing has to be ready.
    assert put(editor, shown["id"], unpublish_at=in_hours(1)).json["warnings"] == []
    patch(editor, empty["id"], 1, body="It is here.")
    told = put(editor, empty["id"], publish_at=in_hours(1)).json
    assert [(one["severity"], one["code"]) for one in told["warnings"]] == [
        ("warn", "missing_summary"), ("warn", "duplicate_title"),
    ]  # fmt: skip
    assert "warnings" not in editor.get(f"/api/v1/articles/{empty['id']}/schedule").json


def test_a_schedule_that_is_taken_back_or_missed_leaves_the_article_where_it_was(
    editor: FlaskClient, database: Database, clock: Clock
) -> None:
    def scheduled(*acts: str) -> str:
        made, revision = draft(editor)["id"], 1
        for verb in acts:
            body = {"json": {"note": "Who says so?"}} if verb == "reject" else {}
            assert act(editor, verb, made, revision, **body).status_code == 200, verb
            revision += 1
        assert put(editor, made, publish_at=in_hours(1)).status_code == 200
        return str(made)

    def shown(article_id: str) -> tuple[str, str]:
        article = editor.get(f"/api/v1/articles/{article_id}").json
        return article["state"], article["rejection_note"]

    steps = {
        "draft": (), "submitted": ("submit",), "approved": ("submit", "approve"), "rejected": ("submit", "reject"),
        "unpublished": ("publish", "unpublish"),
    }  # fmt: skip
    left = {}
    for before, acts in steps.items():
        back, left[before] = scheduled(*acts), scheduled(*acts)
        # Put again, and edited by somebody who may, it still comes from where it was first.
        assert put(editor, back, 1, publish_at=in_hours(2)).status_code == 200
        patch(editor, back, editor.get(f"/api/v1/articles/{back}").json["revision"], dek="Later")
        assert state(editor, back) == "scheduled"
        headers = {"If-Match": '"2"'}
        assert editor.delete(f"/api/v1/articles/{back}/schedule", headers=headers).status_code == 204
        assert shown(back) == (before, "Who says so?" if before == "rejected" else "")
    with database.transaction() as session:
        session.execute(update(RevisionText).values(packed=pack_text("")))
    clock.wait(hours=1)
    assert fire_due(database, clock).missed == len(steps)
    assert {shown(one)[0]: before for before, one in left.items()} == {before: before for before in steps}
    assert shown(left["rejected"])[1] == "Who says so?"

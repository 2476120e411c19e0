"""Embargo: those who may read early do, nobody else can tell, it lifts by itself, and who fetched it is known."""

from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from cms.newsroom.rebuilding import rebuild_documents
from cms.newsroom.schedules.firing import Round, fire_due
from cms.platform.actor import system
from cms.platform.db import Database
from cms.settings import Settings
from tests.access.desk import Desk
from tests.draining import drain
from tests.newsroom.appointing import Clock, in_hours, put
from tests.newsroom.making import UNKNOWN, act, draft

EARLY = frozenset({"embargo:read"})


@pytest.fixture
def desk(app: Flask, database: Database) -> Desk:
    """Sections city, city/trams and sport."""
    return Desk(app, database).furnish()


def seen(client: FlaskClient, path: str) -> tuple[Any, ...]:
    """Everything that an answer tells, but for the id of the request."""
    told = []
    for method in ("GET", "HEAD"):
        answer = client.open(path, method=method, headers={"X-Request-Id": "the-same-for-both", "If-None-Match": '"x"'})
        told.append((answer.status_code, sorted(answer.headers.items()), answer.data))
    return tuple(told)


@pytest.mark.both_databases
def test_an_embargo_is_shared_hidden_lifted_and_remembered(
    desk: Desk, editor: FlaskClient, client: FlaskClient, database: Database, clock: Clock
) -> None:
    partner, viewer = desk.client(desk.token(permissions=EARLY)), desk.client(desk.token("viewer"))
    made = draft(editor, title="The budget", slug="the-budget", tags=["Secret"], section="trams")
    path, by_slug = f"/content/v1/articles/{made['id']}", "/content/v1/articles/en/the-budget"
    before = {where: seen(client, where) for where in ("/content/v1/articles", "/content/v1/tags", f"{path}/related")}
    answer = act(editor, "publish", made["id"], 1, json={"embargo_until": in_hours(5)})
    assert (answer.status_code, answer.json["state"]) == (200, "scheduled")
    assert partner.get(path).status_code == 404
    assert fire_due(database, clock) == Round(done=1)
    for address in (path, by_slug):
        early = partner.get(address)
        assert (early.status_code, early.headers["Cache-Control"]) == (200, "private, no-store")
        assert (early.json["title"], early.json["embargo_until"], early.json["published_at"]) == (
            "The budget", in_hours(5), in_hours(5),
        )  # fmt: skip
    same = partner.get(path, headers={"If-None-Match": early.headers["ETag"]})
    assert (same.status_code, same.headers["Cache-Control"]) == (304, "private, no-store")
    listed = partner.get("/content/v1/articles?embargoed=true")
    assert ([one["id"] for one in listed.json["data"]], listed.headers["Cache-Control"]) == (
        [made["id"]], "private, no-store",
    )  # fmt: skip
    # For everybody else nothing differs from what never was.
    never = f"/content/v1/articles/{UNKNOWN}"
    bad = desk.client("cpd_pat_nobody")
    for other in (client, viewer, editor, bad):
        assert seen(other, path) == seen(other, never)
        assert seen(other, by_slug) == seen(other, "/content/v1/articles/en/the-fudget")
        assert seen(other, f"{path}/related") == seen(other, f"{never}/related")
    assert before == {where: seen(client, where) for where in before}
    # Who fetched it early is told to editors, also afterwards.
    told = editor.get(f"/api/v1/articles/{made['id']}/embargo").json
    assert (told["state"], told["until"]) == ("shared", in_hours(5))
    [reader] = told["fetched_by"]
    assert (reader["count"], reader["credential"].startswith("token:")) == (4, True)
    clock.wait(hours=5)
    assert fire_due(database, clock) == Round(done=1)
    public = client.get(path)
    assert (public.status_code, public.json["published_at"], "embargo_until" in public.json) == (
        200, in_hours(5), False,
    )  # fmt: skip
    assert partner.get(path).data == public.data
    assert partner.get("/content/v1/articles?embargoed=true").json["data"] == []
    after = editor.get(f"/api/v1/articles/{made['id']}/embargo").json
    assert (after["state"], after["fetched_by"], after["shared_at"]) == (
        "lifted", told["fetched_by"], told["shared_at"],
    )  # fmt: skip
    assert told["shared_at"] == in_hours(0)


def test_an_embargo_can_begin_later_and_be_taken_back(
    desk: Desk, editor: FlaskClient, client: FlaskClient, database: Database, clock: Clock
) -> None:
    partner = desk.client(desk.token(permissions=EARLY))
    made = draft(editor)
    path = f"/content/v1/articles/{made['id']}"
    assert put(editor, made["id"], publish_at=in_hours(1), embargo_until=in_hours(2)).status_code == 200
    assert fire_due(database, clock) == Round()
    clock.wait(hours=1)
    assert fire_due(database, clock) == Round(done=1)
    assert (partner.get(path).status_code, client.get(path).status_code) == (200, 404)
    schedule = editor.get(f"/api/v1/articles/{made['id']}/schedule")
    assert [(one["does"], one["state"]) for one in schedule.json["appointments"]] == [
        ("share", "done"), ("publish", "waiting"),
    ]  # fmt: skip
    headers = {"If-Match": schedule.headers["ETag"]}
    assert editor.delete(f"/api/v1/articles/{made['id']}/schedule", headers=headers).status_code == 204
    assert (partner.get(path).status_code, client.get(path).status_code) == (404, 404)
    clock.wait(hours=2)
    assert fire_due(database, clock) == Round()
    ended = editor.get(f"/api/v1/articles/{made['id']}/embargo").json
    assert (ended["state"], ended["shared_at"]) == ("ended", in_hours(1))


def test_a_publish_by_hand_ends_an_embargo(
    desk: Desk, editor: FlaskClient, client: FlaskClient, database: Database, clock: Clock
) -> None:
    partner = desk.client(desk.token(permissions=EARLY))
    made = draft(editor)
    act(editor, "publish", made["id"], 1, json={"embargo_until": in_hours(5)})
    fire_due(database, clock)
    assert act(editor, "publish", made["id"], 2).status_code == 200
    assert client.get(f"/content/v1/articles/{made['id']}").status_code == 200
    assert partner.get("/content/v1/articles?embargoed=true").json["data"] == []
    clock.wait(hours=5)
    assert fire_due(database, clock) == Round()


def test_who_may_read_early_may_so_in_a_place(
    desk: Desk, editor: FlaskClient, database: Database, clock: Clock
) -> None:
    made = draft(editor, section="trams")
    act(editor, "publish", made["id"], 1, json={"embargo_until": in_hours(5)})
    fire_due(database, clock)
    path = f"/content/v1/articles/{made['id']}"
    for options, status in (
        ({"section_path": "city/"}, 200), ({"section_path": "sport/"}, 404), ({"locale": "kk"}, 404),
        ({"locale": "en"}, 200), ({"lifetime": timedelta(days=1)}, 200),
    ):  # fmt: skip
        reader = desk.client(desk.token(permissions=EARLY, **options))
        assert reader.get(path).status_code == status, options
        listed = reader.get("/content/v1/articles?embargoed=true").json["data"]
        assert len(listed) == (1 if status == 200 else 0), options


def test_the_list_of_embargoes_is_for_who_may_read_them(
    desk: Desk, editor: FlaskClient, client: FlaskClient, database: Database, clock: Clock
) -> None:
    made = [draft(editor)["id"] for _ in range(3)]
    for place, article_id in enumerate(made):
        act(editor, "publish", article_id, 1, json={"embargo_until": in_hours(place + 1)})
    fire_due(database, clock)
    path = "/content/v1/articles?embargoed=true"
    assert client.get(path).status_code == 401
    assert (editor.get(path).status_code, editor.get(path).json["missing_permission"]) == (403, "embargo:read")
    partner = desk.client(desk.token(permissions=EARLY))
    first = partner.get(f"{path}&limit=2").json
    rest = partner.get(f"{path}&limit=2&cursor={first['page']['next_cursor']}").json
    assert [one["id"] for one in first["data"] + rest["data"]] == made
    back = partner.get(f"{path}&limit=2&cursor={rest['page']['prev_cursor']}").json
    assert back["data"] == first["data"]
    for wrong in ("embargoed=false", "embargoed=true&section=city", "embargoed=true&count=exact"):
        assert partner.get(f"/content/v1/articles?{wrong}").status_code == 400


def test_an_embargo_is_for_what_readers_do_not_see(editor: FlaskClient, database: Database, clock: Clock) -> None:
    made = draft(editor)
    assert editor.get(f"/api/v1/articles/{made['id']}/embargo").status_code == 404
    act(editor, "publish", made["id"], 1)
    refused = act(editor, "publish", made["id"], 2, json={"embargo_until": in_hours(5)})
    assert (refused.status_code, refused.json["errors"][0]["pointer"]) == (422, "/embargo_until")
    other = draft(editor)
    for body in ({"embargo_until": in_hours(-1)}, {"embargo_until": in_hours(1), "published_at": in_hours(-9)}):
        assert act(editor, "publish", other["id"], 1, json=body).status_code == 422


@pytest.mark.both_databases
def test_what_is_shared_early_can_be_taken_down_and_only_those_who_could_read_it_are_told(
    desk: Desk, editor: FlaskClient, client: FlaskClient, database: Database, settings: Settings, clock: Clock
) -> None:
    chief = desk.client(desk.token("editor-in-chief"))
    partner, elsewhere = (desk.client(desk.token(permissions=EARLY, section_path=path)) for path in ("city/", "sport/"))
    made = draft(editor, title="The budget", slug="the-budget", section="trams")
    path, by_slug = f"/content/v1/articles/{made['id']}", "/content/v1/articles/en/the-budget"
    assert act(chief, "takedown", made["id"], 1).status_code == 409, "nobody saw it"
    act(editor, "publish", made["id"], 1, json={"embargo_until": in_hours(5)})
    assert act(chief, "takedown", made["id"], 2).status_code == 409, "not yet"
    fire_due(database, clock)
    assert partner.get(path).status_code == 200
    assert act(editor, "takedown", made["id"], 2).status_code == 403
    down = act(chief, "takedown", made["id"], 2, json={"reason": "The source was in danger."})
    assert (down.status_code, down.json["state"]) == (200, "taken_down")
    for address in (path, by_slug):
        told = partner.get(address)
        assert (told.status_code, told.headers["Cache-Control"]) == (410, "private, no-store")
        assert told.json["tombstone"] == {
            "id": made["id"], "taken_down_at": in_hours(0), "reason": "The source was in danger.",
        }  # fmt: skip
    assert partner.get("/content/v1/articles?embargoed=true").json["data"] == []
    never = (f"/content/v1/articles/{UNKNOWN}", "/content/v1/articles/en/the-fudget")

    def is_hidden() -> bool:
        return all(
            seen(other, address) == seen(other, strange)
            for other in (client, editor, elsewhere)
            for address, strange in zip((path, by_slug), never, strict=True)
        )

    assert is_hidden()
    assert client.get("/content/v1/resolve?path=/en/the-budget").status_code == 404
    assert editor.get(f"/api/v1/articles/{made['id']}/embargo").json["state"] == "ended"
    # Nothing of it comes back by itself or by a rebuild, and who may take down can publish it again.
    clock.wait(hours=5)
    assert fire_due(database, clock) == Round()
    rebuild_documents(database, system("test"), clock)
    assert (is_hidden(), partner.get(path).status_code) == (True, 410)
    assert act(editor, "publish", made["id"], 3).status_code == 403
    assert act(chief, "publish", made["id"], 3).status_code == 200
    assert [one.get(path).status_code for one in (client, partner)] == [200, 200]


@pytest.mark.both_databases
def test_what_is_shared_early_follows_the_words_of_the_taxonomy(
    desk: Desk, editor: FlaskClient, client: FlaskClient, database: Database, settings: Settings, clock: Clock
) -> None:
    partner = desk.client(desk.token(permissions=EARLY))
    by_section = desk.client(desk.token(permissions=EARLY, section_path="sport/"))
    administrator = desk.client(desk.token("administrator"))
    made, other = draft(editor, tags=["Rail"], section="trams", title="The budget"), draft(editor, tags=["Bus"])
    for one in (made, other):
        act(editor, "publish", one["id"], 1, json={"embargo_until": in_hours(5)})
    fire_due(database, clock)
    path = f"/content/v1/articles/{made['id']}"
    before, kept = partner.get(path), partner.get(f"/content/v1/articles/{other['id']}").data
    assert by_section.get(path).status_code == 404
    first = {"If-Match": '"1"'}
    for address, change in (
        ("tags/rail", {"name": "Railways", "slug": "railways"}),
        ("sections/trams", {"name": "Tram lines", "parent": "sport"}),
    ):
        answer = administrator.patch(f"/api/v1/{address}", json=change, headers=first)
        assert answer.status_code == 200, answer.json
    drain(settings, database)
    after = partner.get(path)
    assert [tag["slug"] for tag in after.json["tags"]] == ["railways"]
    assert after.json["section"] == {"slug": "trams", "name": "Tram lines"}
    assert after.json["seo"]["json_ld"]["keywords"] == ["Railways"]
    assert after.headers["ETag"] != before.headers["ETag"]
    same = ("title", "body", "published_at", "embargo_until", "revision")
    assert [after.json[name] for name in same] == [before.json[name] for name in same]
    assert by_section.get(path).status_code == 200, "it stands in another section by now"
    assert partner.get(f"/content/v1/articles/{other['id']}").data == kept
    assert editor.get(f"/api/v1/articles/{made['id']}/embargo").json["shared_at"] == in_hours(0)
    clock.wait(hours=5)
    fire_due(database, clock)
    drain(settings, database)
    assert client.get(path).json["section"]["name"] == "Tram lines"

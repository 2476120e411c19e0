"""An app walks through what a site has: narrowed, sorted, by month, there and back, while articles come and go."""

from typing import Any

import orjson
import pytest
from flask.testing import FlaskClient

from cms.platform.clock import now
from cms.platform.db import Database
from cms.settings import Settings
from tests.draining import drain
from tests.newsroom.making import act, draft

LIST = "/content/v1/articles"


def titles(answer: Any) -> list[str]:
    """What a page of a list shows."""
    assert answer.status_code == 200, answer.json
    return [one["title"] for one in answer.json["data"]]


@pytest.mark.both_databases
def test_an_app_walks_through_the_site(
    editor: FlaskClient, administrator: FlaskClient, client: FlaskClient, settings: Settings, database: Database
) -> None:
    assert administrator.post("/api/v1/sections", json={"name": "World"}).status_code == 201
    assert administrator.post("/api/v1/sections", json={"name": "Europe", "parent": "world"}).status_code == 201
    assert administrator.post("/api/v1/people", json={"name": "Mei Lin"}).status_code == 201
    ids: dict[str, str] = {}

    def live(title: str, **given: Any) -> None:
        made = draft(editor, title=title, **given)
        assert act(editor, "publish", made["id"], 1).status_code == 200
        ids[title] = made["id"]

    live("One", section="world", tags=["rail"], authors=["mei-lin"])
    live("Two", section="europe", tags=["rail", "energy"])
    live("Three", section="europe", tags=["energy"], authors=["mei-lin"])
    live("Four", tags=["sport"])
    live("五", section="world", locale="zh-CN")

    # What is asked for, and nothing else; how many there are is told to those who ask.
    assert titles(client.get(f"{LIST}?section=world")) == ["五", "Three", "Two", "One"]
    assert titles(client.get(f"{LIST}?section=europe&tag=rail,sport")) == ["Two"]
    assert titles(client.get(f"{LIST}?author=mei-lin&sort=published_at")) == ["One", "Three"]
    assert titles(client.get(f"{LIST}?locale=zh-CN")) == ["五"]
    counted = client.get(f"{LIST}?section=world&locale=en&count=exact&limit=1").json
    assert (counted["meta"]["count"], counted["page"]["has_more"]) == (3, True)
    assert client.get(LIST).json["meta"]["count"] is None
    assert client.get(f"{LIST}?colour=red").status_code == 400
    assert titles(client.get(f"{LIST}?ids={ids['Four']},{ids['One']}")) == ["Four", "One"]
    [card] = client.get(f"{LIST}?tag=sport&include=related&fields=title,related&body=text").json["data"]
    assert (card["title"], card["body"]["text"], card["related"]) == ("Four", "The bridge opened on Friday.", [])

    # There and back by cursors: what comes while somebody pages shifts nothing, and what goes leaves no gap.
    first = client.get(f"{LIST}?limit=2")
    assert titles(first) == ["五", "Four"]
    live("Six")
    assert act(editor, "unpublish", ids["Three"], 2).status_code == 200
    second = client.get(f"{LIST}?limit=2&cursor={first.json['page']['next_cursor']}")
    assert titles(second) == ["Two", "One"]
    assert (second.json["page"]["has_more"], 'rel="prev"' in second.headers["Link"]) == (False, True)
    back = client.get(f"{LIST}?limit=2&cursor={second.json['page']['prev_cursor']}")
    assert titles(back) == ["五", "Four"]
    newest = client.get(f"{LIST}?limit=2&cursor={back.json['page']['prev_cursor']}")
    assert titles(newest) == ["Six"]
    for cursor in ("nonsense", first.json["page"]["next_cursor"][:-2]):
        broken = client.get(f"{LIST}?limit=2&cursor={cursor}")
        assert broken.status_code == 400, "a broken cursor is never page one"

    # By month, and everything in one file.
    today = now()
    months = client.get("/content/v1/archives?count=exact").json["data"]
    assert [(one["year"], one["month"], one["count"]) for one in months] == [(today.year, today.month, 5)]
    assert len(titles(client.get(f"{LIST}?year={today.year}&month={today.month}"))) == 5
    exported = [orjson.loads(line)["title"] for line in client.get("/content/v1/export").data.splitlines()]
    assert exported == ["One", "Two", "Four", "五", "Six"]
    drain(settings, database)


@pytest.mark.both_databases
def test_the_very_next_read_sees_what_the_newsroom_did(
    editor: FlaskClient, administrator: FlaskClient, client: FlaskClient, settings: Settings, database: Database
) -> None:
    made = draft(editor, title="The ferry", tags=["harbour"])
    places = (f"{LIST}/{made['id']}", f"{LIST}/en/{made['slug']}", LIST, f"{LIST}?tag=harbour", "/feeds/feed.json")

    def seen() -> list[Any]:
        """What each place says: the title where one is shown, the status where none is."""
        found = []
        for path in places:
            answer = client.get(path)
            body = answer.json
            shown = [body] if "title" in body and "items" not in body else body.get("data", body.get("items", []))
            found.append(([one["title"] for one in shown] or None) if answer.status_code == 200 else answer.status_code)
        return found

    assert seen() == [404, 404, None, None, None]
    for verb, revision, body, expected in (
        ("publish", 1, {}, [["The ferry"]] * 5),
        ("unpublish", 2, {}, [404, 404, None, None, None]),
        ("publish", 3, {}, [["The ferry"]] * 5),
    ):
        assert act(editor, verb, made["id"], revision, json=body).status_code == 200
        assert seen() == expected, verb
    edited = editor.patch(
        f"/api/v1/articles/{made['id']}", json={"title": "The late ferry"}, headers={"If-Match": '"4"'}
    )
    assert (edited.status_code, seen()) == (200, [["The ferry"]] * 5)
    assert act(editor, "correct", made["id"], 5, json={"note": "It is late."}).status_code == 200
    assert seen() == [["The late ferry"]] * 5
    assert act(administrator, "takedown", made["id"], 6, json={"reason": "A court said so."}).status_code == 200
    assert seen() == [410, 410, None, None, None]
    drain(settings, database)

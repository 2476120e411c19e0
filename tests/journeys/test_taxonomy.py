"""Sections, tags, people and sources that are renamed, moved, merged and deleted: what editors and readers see."""

from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from cms.platform.db import Database
from cms.settings import Settings
from tests.access.desk import Desk
from tests.draining import drain
from tests.newsroom.making import act, draft

Ask = Callable[..., Any]


@pytest.fixture
def ask(editor: FlaskClient) -> Ask:
    """A request of the editor's that has to be answered with a status."""

    def send(method: str, path: str, status: int = 200, body: Any = None, revision: int | None = None) -> Any:
        headers = {"If-Match": f'"{revision}"'} if revision is not None else {}
        answer = editor.open(path, method=method, json=body, headers=headers)
        assert answer.status_code == status, (method, path, answer.json)
        return answer

    return send


def publish(newsroom: FlaskClient, /, **given: Any) -> str:
    made = draft(newsroom, **given)
    assert act(newsroom, "publish", made["id"], 1).status_code == 200
    return str(made["id"])


@pytest.mark.both_databases
def test_names_follow_into_every_published_article_and_old_slugs_lead_on(
    ask: Ask, editor: FlaskClient, client: FlaskClient, settings: Settings, database: Database
) -> None:
    ask("POST", "/api/v1/sections", 201, {"name": "World", "names": {"zh-CN": "国际", "kk": "Әлем"}})
    ask("POST", "/api/v1/tags", 201, {"name": "Rail", "names": {"zh": "铁路"}, "synonyms": ["Train", "Railway"]})
    ask("POST", "/api/v1/people", 201, {"name": "Mei Lin", "roles": ["author", "photographer"], "bio": "Walks."})
    words = {"section": "world", "tags": ["train", "Railway", "Harbour"], "authors": ["mei-lin"], "editor": "mei-lin"}
    english = publish(editor, source={"name": "Wire", "url": "https://wire.example.com/a"}, **words)
    chinese = publish(editor, title="港口重新开放", locale="zh-CN", body="港口今天重新开放。", **words)
    drain(settings, database)
    shown = client.get(f"/content/v1/articles/{chinese}").json
    assert (shown["section"], shown["tags"][0]) == (
        {"slug": "world", "name": "国际"}, {"slug": "rail", "name": "铁路"},
    )  # fmt: skip
    assert [tag["slug"] for tag in shown["tags"]] == ["rail", "harbour"]
    assert client.get("/content/v1/sections?locale=kk").json["data"][0]["name"] == "Әлем"
    assert client.get("/content/v1/people/mei-lin").json["roles"] == ["author", "photographer"]
    for word in ("railway", "tag:train", "tag:rail"):
        assert [hit["id"] for hit in client.get(f"/content/v1/search?q={word}&locale=en").json["data"]] == [english]

    [source] = ask("GET", "/api/v1/sources?q=wire").json["data"]
    changed = ask("PATCH", "/api/v1/sections/world", 200, {"name": "Abroad", "slug": "abroad"}, revision=1)
    ask("PATCH", "/api/v1/tags/rail", 200, {"name": "Trams", "slug": "trams", "synonyms": ["Train", "Streetcar"]}, 1)
    ask("PATCH", "/api/v1/people/mei-lin", 200, {"name": "Mei Lin-Ross", "slug": "mei-lin-ross"}, 1)
    ask("PATCH", f"/api/v1/sources/{source['id']}", 200, {"name": "The Wire"}, 1)
    drain(settings, database)
    receipt = ask("GET", changed.headers["Location"]).json
    assert [(one["name"], one["state"]) for one in receipt["consequences"]] == [("wording", "done")]
    document = client.get(f"/content/v1/articles/{english}").json
    assert document["section"] == {"slug": "abroad", "name": "Abroad"}
    assert document["tags"][0] == {"slug": "trams", "name": "Trams"}
    assert document["authors"] == [{"slug": "mei-lin-ross", "name": "Mei Lin-Ross"}]
    assert document["editor"] == document["authors"][0]
    assert document["source"] == {"name": "The Wire", "url": "https://wire.example.com/a"}
    assert document["revision"] == 2
    assert document["related"] == [] or document["related"][0]["section"]["slug"] == "abroad"
    for query in ("section=world", "section=abroad", "tag=rail", "tag=trams", "author=mei-lin", "author=mei-lin-ross"):
        found = client.get(f"/content/v1/articles?{query}").json["data"]
        assert {card["id"] for card in found} == {english, chinese}, query
    for old, new in (("sections/world", "abroad"), ("tags/train", "trams"), ("people/mei-lin", "mei-lin-ross")):
        assert client.get(f"/content/v1/{old}").json["slug"] == new
        assert ask("GET", f"/api/v1/{old}").json["slug"] == new
    for word in ("streetcar", "trams", "section:abroad", "tag:rail"):
        assert client.get(f"/content/v1/search?q={word}&locale=en").json["data"], word
    assert not client.get("/content/v1/search?q=railway&locale=en").json["data"]
    assert client.get("/content/v1/search?q=harbour&section=world&locale=en").json["data"]
    # What editors write by an old slug becomes the word that it is now.
    again = draft(editor, title="Second", section="world", tags=["rail", "trams"], authors=["mei-lin"])
    assert (again["section"], again["tags"], again["authors"]) == ("abroad", ["trams"], ["mei-lin-ross"])


@pytest.mark.both_databases
def test_merging_and_deleting_leave_no_article_without_what_it_had(
    ask: Ask, editor: FlaskClient, client: FlaskClient, settings: Settings, database: Database
) -> None:
    for name in ("City", "Town", "Idle"):
        ask("POST", "/api/v1/sections", 201, {"name": name})
    ask("POST", "/api/v1/sections", 201, {"name": "Parks", "parent": "town"})
    both = publish(editor, section="city", tags=["rail", "railways", "sun"])
    one = publish(editor, title="Other", section="city", tags=["railways"])
    trashed = draft(editor, title="Thrown away", section="city")
    ask("DELETE", f"/api/v1/articles/{trashed['id']}", 204, revision=1)
    drain(settings, database)

    refused = ask("DELETE", "/api/v1/sections/city", 409, revision=1).json
    assert (refused["code"], refused["used_by"]["articles"]["count"]) == ("in_use", 3)
    first = {user["id"]: user["is_deleted"] for user in refused["used_by"]["articles"]["first"]}
    assert first == {both: False, one: False, trashed["id"]: True}
    assert ask("DELETE", "/api/v1/sections/town", 409, revision=1).json["used_by"]["sections"] == ["parks"]
    ask("DELETE", "/api/v1/sections/city?reassign_to=nowhere", 422, revision=1)
    ask("DELETE", "/api/v1/sections/city?reassign_to=city", 422, revision=1)
    ask("DELETE", "/api/v1/sections/city?reassign_to=town", 412, revision=9)
    ask("DELETE", "/api/v1/sections/idle", 204, revision=1)
    assert client.get("/content/v1/sections/idle").status_code == 404

    before = editor.get(f"/api/v1/articles/{both}").json
    merged = ask("POST", "/api/v1/tags/railways/merge", 200, {"into": "rail"}, revision=1)
    assert (merged.json["slug"], merged.json["synonyms"], merged.json["revision"]) == ("rail", ["railways"], 2)
    gone = ask("DELETE", "/api/v1/sections/city?reassign_to=parks", 204, revision=1)
    after = editor.get(f"/api/v1/articles/{both}").json
    assert (before["tags"], after["tags"]) == (["rail", "railways", "sun"], ["rail", "sun"])
    assert (after["section"], after["revision"]) == ("parks", before["revision"])
    drain(settings, database)
    for receipt in (merged.headers["Location"], gone.headers["Location"]):
        assert ask("GET", receipt).json["state"] == "done"
    document = client.get(f"/content/v1/articles/{both}").json
    assert [tag["slug"] for tag in document["tags"]] == ["rail", "sun"]
    assert document["section"] == {"slug": "parks", "name": "Parks"}
    for query in ("section=town", "section=city", "tag=railways", "tag=rail"):
        found = client.get(f"/content/v1/articles?{query}").json["data"]
        assert {card["id"] for card in found} == {both, one}, query
    assert client.get("/content/v1/search?q=tag:railways").json["data"]
    # Merged once more, everything that ever led to the first leads to the last.
    ask("POST", "/api/v1/tags", 201, {"name": "Tracks"})
    ask("POST", "/api/v1/tags/rail/merge", 200, {"into": "tracks"}, revision=2)
    drain(settings, database)
    assert [tag["slug"] for tag in client.get(f"/content/v1/articles/{one}").json["tags"]] == ["tracks"]
    assert client.get("/content/v1/tags/railways").json == {"slug": "tracks", "name": "Tracks"}


@pytest.mark.both_databases
def test_a_section_moves_with_all_below_it_and_with_the_rights_that_hold_there(
    ask: Ask, app: Flask, editor: FlaskClient, client: FlaskClient, settings: Settings, database: Database
) -> None:
    for name, parent in (("City", None), ("Trams", "city"), ("Lines", "trams"), ("World", None)):
        ask("POST", "/api/v1/sections", 201, {"name": name, "parent": parent})
    article = publish(editor, section="lines")
    office = Desk(app, database)
    token = office.token("editor", section_path="city/trams/")
    desk = office.client(token)
    drain(settings, database)
    cycle = ask("PATCH", "/api/v1/sections/city", 422, {"parent": "lines"}, revision=1).json
    assert [(one["pointer"], one["code"]) for one in cycle["errors"]] == [("/parent", "cycle")]
    ask("PATCH", "/api/v1/sections/city", 422, {"parent": "city"}, revision=1)

    ask("PATCH", "/api/v1/sections/trams", 200, {"parent": "world", "slug": "railbound"}, revision=1)
    assert ask("GET", "/api/v1/sections/lines").json["path"] == ["world", "railbound", "lines"]
    # In the very next request, before any worker has run: the article is where the rights are.
    assert desk.get(f"/api/v1/articles/{article}").status_code == 200
    assert act(desk, "unpublish", article, 2).status_code == 200
    assert act(desk, "publish", article, 3).status_code == 200
    assert office.row(token).section_path == "world/railbound/"
    # The desk arranges what is below it, and neither itself nor others.
    assert desk.patch("/api/v1/sections/lines", json={"name": "Routes"}, headers={"If-Match": '"1"'}).status_code == 200
    for path, body in (("railbound", {"name": "Mine"}), ("lines", {"parent": "city"}), ("world", {"position": 3})):
        revision = ask("GET", f"/api/v1/sections/{path}").json["revision"]
        refused = desk.patch(f"/api/v1/sections/{path}", json=body, headers={"If-Match": f'"{revision}"'})
        assert (refused.status_code, refused.json["missing_permission"]) == (403, "taxonomy:write"), path
    ask("DELETE", "/api/v1/sections/railbound", 409, revision=2)
    drain(settings, database)
    for section, count in (("city", 0), ("world", 1), ("trams", 1), ("railbound", 1)):
        assert len(client.get(f"/content/v1/articles?section={section}").json["data"]) == count, section
    assert client.get("/content/v1/search?q=bridge&section=world").json["data"]
    ask("PATCH", "/api/v1/sections/world", 200, {"position": 1}, revision=1)
    ask("PATCH", "/api/v1/sections/city", 200, {"position": 2}, revision=1)
    tree = ["world", "railbound", "lines", "city"]
    assert [one["slug"] for one in ask("GET", "/api/v1/sections").json["data"]] == tree
    assert [one["slug"] for one in client.get("/content/v1/sections").json["data"]] == tree

"""Sections, tags, people and sources over HTTP."""

from collections.abc import Callable
from threading import Thread
from typing import Any
from urllib.parse import unquote

import pytest
from flask import Flask
from flask.testing import FlaskClient

from cms.platform.db import Database
from cms.taxonomy.rules import is_slug, is_url
from tests.newsroom.making import counts

KINDS = ("sections", "tags", "people")


def test_a_section_below_another_knows_its_path(editor: FlaskClient) -> None:
    top = editor.post("/api/v1/sections", json={"name": "City"})
    assert (top.status_code, top.headers["Location"]) == (201, "/api/v1/sections/city")
    assert (top.json["parent"], top.json["path"]) == (None, ["city"])
    below = editor.post("/api/v1/sections", json={"name": "Transport", "slug": "moving", "parent": "city"}).json
    assert (below["slug"], below["parent"], below["path"]) == ("moving", "city", ["city", "moving"])
    assert editor.get("/api/v1/sections/moving").json == below


def test_a_section_below_nothing_is_refused(editor: FlaskClient, database: Database) -> None:
    before = counts(database)
    answer = editor.post("/api/v1/sections", json={"name": "Transport", "parent": "city"})
    assert answer.status_code == 422
    assert [(error["pointer"], error["code"]) for error in answer.json["errors"]] == [("/parent", "unknown_slug")]
    assert counts(database) == before


def test_the_tree_cannot_outgrow_its_path(editor: FlaskClient) -> None:
    parent = None
    for depth in range(10):
        slug = f"{depth}" + "x" * 109
        answer = editor.post("/api/v1/sections", json={"name": "Deep", "slug": slug, "parent": parent})
        if depth == 9:
            assert [error["pointer"] for error in answer.json["errors"]] == ["/parent"]
            assert len(answer.json["errors"]) == 1
        parent = slug
    assert len(editor.get("/api/v1/sections").json["data"]) == 9


@pytest.mark.parametrize("kind", KINDS)
def test_a_word_gets_a_slug_from_its_name(editor: FlaskClient, kind: str) -> None:
    answer = editor.post(f"/api/v1/{kind}", json={"name": "Élan  Vital!"})
    assert answer.status_code == 201
    assert (answer.json["slug"], answer.json["name"]) == ("elan-vital", "Élan  Vital!")
    assert editor.get(f"/api/v1/{kind}/elan-vital").json == answer.json


@pytest.mark.parametrize("kind", KINDS)
def test_a_word_of_another_script_keeps_it(editor: FlaskClient, kind: str) -> None:
    answer = editor.post(f"/api/v1/{kind}", json={"name": "城市"})
    assert answer.json["slug"] == "城市"
    assert answer.headers["Location"].isascii()
    assert unquote(answer.headers["Location"]) == f"/api/v1/{kind}/城市"
    assert editor.get(answer.headers["Location"]).json == answer.json


@pytest.mark.both_databases
@pytest.mark.parametrize("kind", KINDS)
def test_a_slug_names_one_thing(editor: FlaskClient, database: Database, kind: str) -> None:
    assert editor.post(f"/api/v1/{kind}", json={"name": "Rail"}).status_code == 201
    before = counts(database)
    for again in ({"name": "Rail"}, {"name": "Trains", "slug": "rail"}):
        answer = editor.post(f"/api/v1/{kind}", json=again)
        assert (answer.status_code, answer.json["code"]) == (409, "slug_taken")
    assert counts(database) == before


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        ({}, "/name"),
        ({"name": ""}, "/name"),
        ({"name": " \u3000"}, "/name"),
        ({"name": "x" * 201}, "/name"),
        ({"name": 5}, "/name"),
        ({"name": None}, "/name"),
        ({"name": "two\nlines"}, "/name"),
        ({"name": "🎈"}, "/slug"),
        ({"name": "Rail", "slug": "Rail"}, "/slug"),
        ({"name": "Rail", "slug": "rail/way"}, "/slug"),
        ({"name": "Rail", "slug": "rail--way"}, "/slug"),
        ({"name": "Rail", "slug": "a,b"}, "/slug"),
        ({"name": "Rail", "slug": "x" * 121}, "/slug"),
        ({"name": "Rail", "number": 7}, "/number"),
    ],
)
def test_what_is_no_word_is_refused(
    editor: FlaskClient, database: Database, kind: str, body: dict[str, Any], pointer: str
) -> None:
    before = counts(database)
    answer = editor.post(f"/api/v1/{kind}", json=body)
    assert answer.status_code == 422, answer.json
    assert [error["pointer"] for error in answer.json["errors"]] == [pointer]
    assert counts(database) == before


@pytest.mark.parametrize("path", ["sections/none", "tags/none", "people/none", "sources/none", "sources/" + "0" * 36])
def test_what_does_not_exist_is_not_found(editor: FlaskClient, path: str) -> None:
    answer = editor.get(f"/api/v1/{path}")
    assert (answer.status_code, answer.json["code"]) == (404, "not_found")


def test_people_have_a_bio(editor: FlaskClient) -> None:
    person = editor.post("/api/v1/people", json={"name": "Ines Okafor", "bio": "Walks.\nWrites."}).json
    assert person["bio"] == "Walks.\nWrites."
    assert editor.post("/api/v1/people", json={"name": "Mei Lin"}).json["bio"] == ""
    assert editor.post("/api/v1/people", json={"name": "Too Long", "bio": "x" * 4001}).status_code == 422


def test_a_source_is_known_by_its_name(editor: FlaskClient) -> None:
    made = editor.post("/api/v1/sources", json={"name": "Issen Wire", "url": "https://wire.example.com/"})
    assert (made.status_code, made.headers["Location"]) == (201, f"/api/v1/sources/{made.json['id']}")
    assert editor.get(made.headers["Location"]).json == made.json
    again = editor.post("/api/v1/sources", json={"name": "Issen Wire"})
    assert (again.status_code, again.json["code"]) == (409, "slug_taken")
    assert editor.post("/api/v1/sources", json={"name": "Bad", "url": "javascript:alert(1)"}).status_code == 422
    assert [source["name"] for source in editor.get("/api/v1/sources").json["data"]] == ["Issen Wire"]


def test_lists_are_paged_in_both_directions(editor: FlaskClient) -> None:
    for number in range(7):
        editor.post("/api/v1/tags", json={"name": f"Tag {number}"})
    first = editor.get("/api/v1/tags?limit=3&count=exact").json
    assert [tag["slug"] for tag in first["data"]] == ["tag-0", "tag-1", "tag-2"]
    assert (first["page"]["prev_cursor"], first["page"]["has_more"], first["meta"]["count"]) == (None, True, 7)
    second = editor.get(f"/api/v1/tags?limit=3&cursor={first['page']['next_cursor']}")
    assert [tag["slug"] for tag in second.json["data"]] == ["tag-3", "tag-4", "tag-5"]
    assert 'rel="next"' in second.headers["Link"]
    last = editor.get(f"/api/v1/tags?limit=3&cursor={second.json['page']['next_cursor']}").json
    assert ([tag["slug"] for tag in last["data"]], last["page"]["has_more"]) == (["tag-6"], False)
    back = editor.get(f"/api/v1/tags?limit=3&cursor={last['page']['prev_cursor']}").json
    assert back["data"] == second.json["data"]
    assert editor.get(f"/api/v1/tags?limit=3&cursor={back['page']['prev_cursor']}").json["data"] == first["data"]
    wrong = editor.get(f"/api/v1/people?cursor={first['page']['next_cursor']}")
    assert (wrong.status_code, wrong.json["code"]) == (400, "bad_cursor")


def test_a_list_of_sections_is_the_tree_in_order(editor: FlaskClient) -> None:
    for name, parent in (("World", None), ("City", None), ("Transport", "city"), ("Business", None)):
        editor.post("/api/v1/sections", json={"name": name, "parent": parent})
    listed = editor.get("/api/v1/sections").json["data"]
    assert [section["slug"] for section in listed] == ["business", "city", "transport", "world"]


def test_each_act_needs_its_scope(client_as: Callable[[str], FlaskClient]) -> None:
    author, editor = client_as("author"), client_as("editor")
    refused = author.post("/api/v1/tags", json={"name": "Rail"})
    assert (refused.status_code, refused.json["missing_scope"]) == (403, "taxonomy:write")
    assert editor.post("/api/v1/tags", json={"name": "Rail"}).status_code == 201
    assert author.get("/api/v1/tags/rail").status_code == 200


@pytest.mark.both_databases
def test_articles_that_name_the_same_new_words_at_once_share_them(app: Flask, editor: FlaskClient) -> None:
    words = [f"word-{number}" for number in range(6)]
    answers: list[int] = []

    def write(turn: int) -> None:
        mine = app.test_client()
        mine.environ_base = editor.environ_base
        tags = words[turn % 6 :] + words[: turn % 6]
        body = {"title": f"Story {turn}", "locale": "en", "tags": tags, "source": {"name": "Wire"}}
        answers.append(mine.post("/api/v1/articles", json=body).status_code)

    threads = [Thread(target=write, args=(turn,)) for turn in range(10)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert answers == [201] * 10
    assert [tag["slug"] for tag in editor.get("/api/v1/tags").json["data"]] == words
    assert len(editor.get("/api/v1/sources").json["data"]) == 1


@pytest.mark.parametrize("slug", ["rail", "a", "0", "lock-hill-tram", "城市", "новости-дня", "हिन्दी", "search"])
def test_slugs(slug: str) -> None:
    assert is_slug(slug)


@pytest.mark.parametrize(
    "slug", ["", "-", "Rail", "a b", "a_b", "a--b", "-a", "a-", "a/b", "a.b", "a~b", "a,b", "e\u0301lan", "ﬁne" * 61]
)
def test_what_is_no_slug(slug: str) -> None:
    assert not is_slug(slug)


@pytest.mark.parametrize(
    "url", ["https://a.example", "http://a.example:8080/x?y=%20#z", "https://例え.jp/", "HTTPS://A/"]
)
def test_addresses(url: str) -> None:
    assert is_url(url)


@pytest.mark.parametrize(
    "url",
    [
        "", "a.example", "//a.example/x", "javascript:alert(1)", "data:text/html,x", "ftp://a.example/", "https://",
        "https:///x", "https://a b/", "https://a.example/\nx", "https://user:pass@a.example/", "https://[::1", "http://a:x/",
    ],
)  # fmt: skip
def test_what_is_no_address(url: str) -> None:
    assert not is_url(url)

"""Editors say which words mean the same; the next search of every process knows it."""

from collections.abc import Iterator

import pytest
from flask import Flask
from flask.testing import FlaskClient

from cms.app import create_app
from cms.content.publishing import put_document
from cms.content.synonyms.rules import concerns
from cms.platform.db import Database
from cms.settings import Settings
from tests.content.making import DAY_ONE, article
from workers.handlers.indexing import rebuild_index

PATH = "/api/v1/synonyms"


def found(client: FlaskClient, query: str) -> list[str]:
    answer = client.get(f"/content/v1/search?q={query}")
    assert answer.status_code == 200, answer.json
    return [hit["title"] for hit in answer.json["data"]]


@pytest.fixture
def other_app(settings: Settings) -> Iterator[Flask]:
    """The API in another process, as far as it can know."""
    app = create_app(settings)
    yield app
    app.extensions["copydesk"].database.dispose()
    app.extensions["copydesk"].index.close()


@pytest.mark.both_databases
def test_searches_of_every_process_count_synonyms_from_the_next_one_on(
    editor: FlaskClient, client: FlaskClient, other_app: Flask, database: Database, settings: Settings
) -> None:
    with database.transaction() as session:
        put_document(session, article(1, title="Streetcars return"), DAY_ONE)
        put_document(session, article(2, title="电车归来", locale="zh-CN", slug="电车"), DAY_ONE)
    rebuild_index(database, settings.index_home)
    other = other_app.test_client()
    assert found(client, "tram") == found(other, "tram") == []
    made = editor.post(PATH, json={"words": ["tram", " street  car ", "streetcar", "电车"]})
    assert (made.status_code, made.headers["ETag"]) == (201, '"1"')
    assert made.json["words"] == ["tram", "street car", "streetcar", "电车"]
    assert set(found(client, "tram")) == set(found(other, "tram")) == {"Streetcars return", "电车归来"}
    [hit] = client.get("/content/v1/search?q=tram&locale=en").json["data"]
    assert hit["highlight"]["title"] == "<mark>Streetcars</mark> return"
    path = made.headers["Location"]
    one_way = {"words": ["tram", "streetcar"], "is_one_way": True, "locale": "en"}
    changed = editor.put(path, json=one_way, headers={"If-Match": '"1"'})
    assert (changed.status_code, changed.headers["ETag"]) == (200, '"2"')
    assert editor.put(path, json=one_way, headers={"If-Match": '"2"'}).headers["ETag"] == '"2"'
    assert found(other, "tram") == found(other, "tram&locale=en") == ["Streetcars return"]
    assert found(other, "tram&locale=zh-CN") == found(other, "电车&locale=en") == []
    assert editor.delete(path, headers={"If-Match": '"1"'}).status_code == 412
    assert editor.delete(path, headers={"If-Match": '"2"'}).status_code == 204
    assert found(client, "tram") == found(other, "tram") == []
    assert editor.get(path).status_code == 404
    assert editor.get(PATH).json["data"] == []


def test_what_says_nothing_is_refused(editor: FlaskClient) -> None:
    wrong: list[object] = [
        {"words": ["one"]}, {"words": []}, {"words": ["a", " "]}, {"words": ["a", "A "]}, {"words": ["a", "b\nc"]},
        {"words": ["a", "b" * 81]}, {"words": [f"w{number}" for number in range(21)]}, {"words": "a,b"}, {},
        {"words": ["a", "b"], "locale": "klingon!"}, {"words": ["a", "b"], "is_one_way": "yes"},
        {"words": ["a", "b"], "weight": 2},
    ]  # fmt: skip
    for body in wrong:
        assert editor.post(PATH, json=body).status_code == 422, body
    repeated = editor.post(PATH, json={"words": ["tram", "TRAM"]}).json["errors"]
    assert [error["pointer"] for error in repeated] == ["/words/1"]


def test_a_set_of_a_language_counts_for_it_and_for_searches_in_all() -> None:
    assert concerns("", "en")
    assert concerns("zh", "zh-CN")
    assert concerns("en", None)
    assert not concerns("zh-CN", "zh")
    assert not concerns("en", "enm")

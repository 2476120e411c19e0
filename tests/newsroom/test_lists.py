"""Lists of articles for editors."""

import pytest
from flask import Flask
from flask.testing import FlaskClient

from tests.newsroom.making import act, draft, patch


def titles(editor: FlaskClient, query: str = "") -> list[str]:
    answer = editor.get(f"/api/v1/articles{query}")
    assert answer.status_code == 200, answer.json
    return [entry["title"] for entry in answer.json["data"]]


def test_what_was_changed_last_comes_first(editor: FlaskClient) -> None:
    made = {title: draft(editor, title=title) for title in ("One", "Two", "Three")}
    assert titles(editor) == ["Three", "Two", "One"]
    patch(editor, made["One"]["id"], 1, dek="New")
    assert titles(editor) == ["One", "Three", "Two"]
    assert titles(editor, "?limit=1") == ["One"]


def test_an_entry_is_the_article_without_its_body(editor: FlaskClient) -> None:
    editor.post("/api/v1/sections", json={"name": "City"})
    made = draft(editor, section="city", tags=["rail"], source={"name": "Wire"}, fields={"a": 1})
    [entry] = editor.get("/api/v1/articles").json["data"]
    assert entry == {name: value for name, value in made.items() if name not in ("body", "body_format", "fields")}


@pytest.mark.both_databases
def test_filters_narrow_the_list(editor: FlaskClient) -> None:
    for name, parent in (("City", None), ("Transport", "city"), ("City life", None)):
        editor.post("/api/v1/sections", json={"name": name, "parent": parent})
    for title, section in (("Tram", "transport"), ("Mayor", "city"), ("Dance", "city-life"), ("Weather", None)):
        draft(editor, title=title, section=section)
    live = draft(editor, title="Live", section="transport")
    act(editor, "publish", live["id"], 1)
    assert titles(editor, "?section=city") == ["Live", "Mayor", "Tram"]
    assert titles(editor, "?section=transport") == ["Live", "Tram"]
    assert titles(editor, "?section=none") == []
    assert titles(editor, "?state=published") == ["Live"]
    assert titles(editor, "?state=draft&section=city") == ["Mayor", "Tram"]
    counted = editor.get("/api/v1/articles?section=city&state=draft&count=exact&limit=1").json
    assert (counted["meta"]["count"], len(counted["data"])) == (2, 1)
    editor.delete(f"/api/v1/articles/{live['id']}", headers={"If-Match": '"2"'})
    assert titles(editor, "?section=city") == ["Mayor", "Tram"]


@pytest.mark.both_databases
def test_words_of_the_title_find_it_and_wild_cards_are_only_characters(editor: FlaskClient) -> None:
    for title in ("Harbour Bridge opens", "100% of votes", "snake_case", "Back\\slash", "Новый Трамвай", "城市交通"):
        draft(editor, title=title)
    found = {
        "bridge": ["Harbour Bridge opens"], "opens+HARB": ["Harbour Bridge opens"], "bridge+closed": [],
        "%25": ["100% of votes"], "_": ["snake_case"], "%5C": ["Back\\slash"], "трамвай": ["Новый Трамвай"],
        "交通": ["城市交通"], "'+OR+1=1": [],
    }  # fmt: skip
    assert {query: titles(editor, f"?q={query}") for query in found} == found


def test_words_of_the_whole_text_find_drafts_that_readers_never_find(editor: FlaskClient, app: Flask) -> None:
    draft(editor, title="Bridge", body="The pylons are painted.", dek="A colour is chosen")
    draft(editor, title="Трамвай", body="Новые вагоны.")
    found = {
        "pylons": ["Bridge"], "PYLONS+bridge": ["Bridge"], "colour+painted": ["Bridge"], "pylons+closed": [],
        "вагоны": ["Трамвай"], "%25": [], "_": [],
    }  # fmt: skip
    assert {query: titles(editor, f"?q={query}&in=text") for query in found} == found
    assert titles(editor, "?q=pylons") == titles(editor, "?q=pylons&in=title") == []
    assert titles(editor, "?in=text") == ["Трамвай", "Bridge"]
    assert titles(editor, "?q=pylons&in=text&state=published") == []
    assert editor.get("/api/v1/articles?q=pylons&in=body").status_code == 400
    answer = app.test_client().get("/content/v1/search?q=pylons")
    assert answer.status_code == 503 or answer.json["data"] == []


@pytest.mark.parametrize("walk", [1, 2, 3, 5])
def test_paging_shows_each_article_once_in_both_directions(editor: FlaskClient, walk: int) -> None:
    for number in range(5):
        draft(editor, title=f"Story {number}")
    whole = titles(editor)
    seen: list[str] = []
    pages = []
    cursor = ""
    while True:
        page = editor.get(f"/api/v1/articles?limit={walk}{cursor}").json
        pages.append([entry["title"] for entry in page["data"]])
        seen += pages[-1]
        if not page["page"]["has_more"]:
            break
        cursor = f"&cursor={page['page']['next_cursor']}"
    assert seen == whole
    for expected in reversed(pages[:-1]):
        page = editor.get(f"/api/v1/articles?limit={walk}&cursor={page['page']['prev_cursor']}").json
        assert [entry["title"] for entry in page["data"]] == expected
    assert page["page"]["prev_cursor"] is None


@pytest.mark.parametrize(
    "query",
    [
        "?state=live",
        "?limit=0",
        "?limit=101",
        "?limit=x",
        "?sort=title",
        "?q=",
        "?cursor=abc",
        "?count=yes",
        "?q=a&q=b",
    ],
)
def test_what_no_list_knows_is_refused(editor: FlaskClient, query: str) -> None:
    answer = editor.get(f"/api/v1/articles{query}")
    assert answer.status_code == 400
    assert answer.json["code"] in ("bad_request", "bad_cursor")


def test_a_cursor_belongs_to_its_list(editor: FlaskClient) -> None:
    for _ in range(2):
        draft(editor)
    cursor = editor.get("/api/v1/articles?limit=1").json["page"]["next_cursor"]
    assert editor.get(f"/api/v1/articles?limit=1&cursor={cursor}").status_code == 200
    assert editor.get(f"/api/v1/articles?limit=1&state=draft&cursor={cursor}").json["code"] == "bad_cursor"

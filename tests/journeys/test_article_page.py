"""An app renders an article's page from one answer, and asks again for nothing that did not change."""

import gzip
from typing import Any

import pytest
from flask.testing import FlaskClient

from cms.platform.db import Database
from cms.settings import Settings
from tests.draining import drain
from tests.newsroom.making import act, draft, patch

ARTICLES = "/content/v1/articles"


@pytest.mark.both_databases
def test_one_answer_is_the_page_and_follows_what_the_newsroom_does(
    editor: FlaskClient, administrator: FlaskClient, client: FlaskClient, settings: Settings, database: Database
) -> None:
    for kind, name in (("sections", "City"), ("people", "Mei Lin"), ("people", "Aigul Sadykova")):
        assert administrator.post(f"/api/v1/{kind}", json={"name": name}).status_code == 201
    older = draft(editor, title="The old bridge closes", section="city", tags=["bridges"], authors=["mei-lin"])
    made = draft(
        editor, title="The bridge opens", dek="After two years of work", section="city", tags=["bridges", "harbour"],
        summary=["Traffic flows again", "The tram follows in May"], authors=["mei-lin", "aigul-sadykova"],
        body="The bridge **opened** on [Friday](https://example.org/friday).\n\n" + "It is wide and quiet. " * 300,
    )  # fmt: skip
    for one in (older, made):
        assert act(editor, "publish", one["id"], 1).status_code == 200
    translated = editor.post(f"/api/v1/articles/{made['id']}/translate", json={"locale": "zh-CN", "title": "大桥通车"})
    assert act(editor, "publish", translated.json["id"], 1).status_code == 200
    drain(settings, database)

    answer = client.get(f"{ARTICLES}/en/{made['slug']}")
    page: dict[str, Any] = answer.json
    assert (page["section"]["name"], page["title"]) == ("City", "The bridge opens")
    assert page["dek"] == "After two years of work"
    assert page["summary"] == ["Traffic flows again", "The tram follows in May"]
    assert [one["name"] for one in page["authors"]] == ["Mei Lin", "Aigul Sadykova"]
    assert '<strong>opened</strong> on <a href="https://example.org/friday"' in page["body"]["html"]
    words = page["reading_time"]["words"]
    assert (words, page["reading_time"]["label"]) == (1505, f"{page['reading_time']['minutes']} min read")
    assert [(one["title"], one["section"]["slug"]) for one in page["related"]] == [("The old bridge closes", "city")]
    assert "tag:bridges" in page["related"][0]["why"]
    assert page["previous"]["id"] == older["id"]
    assert [(one["locale"], one["is_stale"]) for one in page["translations"]] == [("zh-CN", False)]
    assert (page["comments"], page["bookmarks"]["count"]) == ({"is_enabled": True, "count": 0}, 0)
    linked = page["seo"]["json_ld"]
    assert (linked["@type"], linked["headline"], linked["wordCount"]) == ("NewsArticle", "The bridge opens", words)
    assert linked["timeRequired"] == f"PT{page['reading_time']['minutes']}M"
    assert linked["workTranslation"][0]["inLanguage"] == "zh-CN"

    # What an app knows is not sent again; a HEAD says what a GET would; compressed it is the same page.
    known = {"If-None-Match": answer.headers["ETag"]}
    unchanged = client.get(f"{ARTICLES}/{made['id']}", headers=known)
    assert (unchanged.status_code, unchanged.data, unchanged.headers["ETag"]) == (304, b"", answer.headers["ETag"])
    assert unchanged.headers["Cache-Control"] == answer.headers["Cache-Control"]
    assert client.head(f"{ARTICLES}/{made['id']}").headers["ETag"] == answer.headers["ETag"]
    packed = client.get(f"{ARTICLES}/{made['id']}", headers={"Accept-Encoding": "gzip"})
    assert (packed.headers["Content-Encoding"], gzip.decompress(packed.data)) == ("gzip", answer.data)
    assert packed.headers["ETag"] != answer.headers["ETag"]

    # A correction is data on the page and in what search engines read; the translation is behind now.
    assert patch(editor, made["id"], 2, body="The bridge opened on **Saturday**.").status_code == 200
    assert act(editor, "correct", made["id"], 3, json={"note": "It was Saturday."}).status_code == 200
    after = client.get(f"{ARTICLES}/{made['id']}", headers=known)
    assert (after.status_code, "on <strong>Saturday</strong>." in after.json["body"]["html"]) == (200, True)
    assert [one["note"] for one in after.json["corrections"]] == ["It was Saturday."]
    assert after.json["seo"]["json_ld"]["correction"][0]["text"] == "It was Saturday."
    drain(settings, database)
    after = client.get(f"{ARTICLES}/{made['id']}")
    assert (after.json["translations"][0]["is_stale"], after.json["reading_time"]["words"]) == (True, 5)

    # An app that needs little asks for little, in the form that it draws.
    few = client.get(f"{ARTICLES}/{made['id']}?fields=title,related&body=markdown").json
    assert sorted(few) == ["body", "id", "related", "title"]
    assert few["body"] == {"markdown": "The bridge opened on **Saturday**.\n"}
    assert (
        client.get(f"{ARTICLES}/{made['id']}?body=text").json["body"]["text"].strip()
        == "The bridge opened on Saturday."
    )
    assert client.get(f"{ARTICLES}/{made['id']}?body=blocks").json["body"]["blocks"][0]["type"] == "paragraph"
    assert "body" not in client.get(f"{ARTICLES}/{made['id']}?body=none").json
    assert client.get(f"{ARTICLES}/{made['id']}?fields=headline").status_code == 400

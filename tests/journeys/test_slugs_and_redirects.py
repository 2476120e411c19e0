"""The story of an address: it is made from the title, it changes, and nobody who kept the old one is lost."""

import pytest
from flask.testing import FlaskClient

from cms.platform.db import Database
from cms.settings import Settings
from tests.draining import drain
from tests.newsroom.making import act, draft, patch

RESOLVE = "/content/v1/resolve?path="


@pytest.mark.both_databases
def test_an_article_that_changes_its_slug_is_found_by_every_name_it_ever_had(
    client: FlaskClient, editor: FlaskClient, settings: Settings, database: Database
) -> None:
    # The slug comes from the title, in the letters of its language; a namesake gets a number.
    made = draft(editor, title="Мост открыт снова", locale="ru")
    assert made["slug"] == "мост-открыт-снова"
    assert draft(editor, title="Мост открыт снова", locale="ru")["slug"] == "мост-открыт-снова-2"
    act(editor, "publish", made["id"], 1)
    drain(settings, database)
    first = client.get("/content/v1/articles/ru/мост-открыт-снова")
    assert first.status_code == 200

    # A better slug waits in the working copy; readers find the article where it was until it is published.
    patch(editor, made["id"], 2, slug="мост")
    assert client.get("/content/v1/articles/ru/мост").status_code == 404
    assert client.get("/content/v1/articles/ru/мост-открыт-снова").status_code == 200
    act(editor, "publish", made["id"], 3)
    assert client.get("/content/v1/articles/ru/мост").json["id"] == made["id"]
    moved = client.get("/content/v1/articles/ru/мост-открыт-снова")
    assert moved.status_code == 301
    assert moved.headers["Location"] == client.get("/content/v1/articles/ru/мост").json["url"]
    assert moved.json["article"]["id"] == made["id"]
    head = client.head("/content/v1/articles/ru/мост-открыт-снова")
    assert (head.status_code, head.headers["Location"]) == (301, moved.headers["Location"])
    assert head.headers["Content-Length"] == moved.headers["Content-Length"]
    followed = client.get("/content/v1/articles/ru/мост-открыт-снова", follow_redirects=True)
    assert (followed.status_code, followed.json["slug"]) == (200, "мост")

    # It moves again, and to another language's pages: both old names lead to the end at once.
    patch(editor, made["id"], 4, slug="bridge", locale="en")
    act(editor, "publish", made["id"], 5)
    for old in ("/ru/мост-открыт-снова", "/ru/мост", "/content/v1/articles/ru/мост", "/RU/мост/?utm_source=letter"):
        answer = client.get(RESOLVE + old.replace("?", "%3F")).json
        assert (answer["kind"], answer["status"], answer["article"]["slug"]) == ("redirect", 301, "bridge"), old
        assert answer["location"] == ("/content/v1/articles/en/bridge" if "content" in old else "/en/bridge")

    # Back to a name that it had: that name is the address again, the others lead to it.
    patch(editor, made["id"], 6, slug="мост", locale="ru")
    act(editor, "publish", made["id"], 7)
    assert client.get(RESOLVE + "/ru/мост").json["kind"] == "article"
    assert client.get(RESOLVE + "/en/bridge").json["article"]["slug"] == "мост"
    listed = editor.get("/api/v1/redirects?count=exact").json
    assert {row["path"] for row in listed["data"]} == {"/en/bridge", "/ru/мост-открыт-снова"}

    # An editor sends visitors of the old site on; the answer is for the front end to give.
    added = editor.post("/api/v1/redirects", json={"path": "/2019/most.html", "target": "/en/bridge"})
    assert added.status_code == 201
    answer = client.get(RESOLVE + "/2019/most.html").json
    assert (answer["status"], answer["article"]["id"]) == (301, made["id"])
    assert client.get(RESOLVE + "/never-there").status_code == 404
    drain(settings, database)

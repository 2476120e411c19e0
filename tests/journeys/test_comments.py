"""An evening below an article, told over HTTP: somebody is let in, they talk, it gets out of hand, and it ends well."""

from typing import Any

import pytest
from flask import Flask

from cms.platform.db import Database
from cms.settings import Settings
from tests.access.desk import PHRASE
from tests.draining import drain
from tests.readers.commenting import square


@pytest.mark.both_databases
def test_an_evening_below_an_article(app: Flask, settings: Settings, database: Database) -> None:
    place = square(app, database)
    editor = place.desk.client(place.desk.token("editor", section_path="city/"))
    moderator = place.desk.client(place.desk.token("moderator", section_path="city/"))
    everywhere = place.desk.client(place.desk.token("moderator"))
    public, ann, ben, troll = place.desk.client(None), place.reader("Ann"), place.reader("Ben"), place.reader("Troll")

    # The desk wants to see comments on trams before everybody else does; this one story is open.
    assert editor.put("/api/v1/sections/trams/comment-mode", json={"mode": "pre"}).json["in_force"] == "pre"
    draft = {"title": "Line 6 opens", "locale": "en", "section": "trams", "body": "At last."}
    article = editor.post("/api/v1/articles", json=draft).json["id"]
    assert place.post(ann, article, "Already?").status_code == 404
    opened = editor.put(f"/api/v1/articles/{article}/comment-mode", json={"mode": "post"})
    assert (opened.json["mode"], opened.json["from"]) == ("post", "article")
    assert editor.post(f"/api/v1/articles/{article}/publish", headers={"If-Match": '"1"'}).status_code == 200
    drain(settings, database)

    def document() -> Any:
        return public.get(f"/content/v1/articles/{article}")

    def talk(query: str = "") -> Any:
        return public.get(f"/content/v1/articles/{article}/comments{query}").json["data"]

    at_first = document()
    assert at_first.json["comments"] == {"is_enabled": True, "count": 0}

    # Everybody's first comment waits for a moderator, who lets the whole queue in at once.
    first = place.post(ann, article, "I took the first tram.\n\nPictures: https://ann.example/tram").json
    for reader, text in ((ben, "So did I."), (troll, "Trams are for pigeons.")):
        assert place.post(reader, article, text).json["state"] == "held"
    assert talk() == []
    queue = moderator.get("/api/v1/comments?state=held&section=trams").json["data"]
    assert [one["author"]["name"] for one in queue] == ["Ann", "Ben", "Troll"]
    chosen = [{"id": one["id"], "revision": one["revision"]} for one in queue]
    results = moderator.post("/api/v1/comments/decisions", json={"action": "approve", "comments": chosen}).json["data"]
    assert [one["status"] for one in results] == [200, 200, 200]
    drain(settings, database)
    assert document().json["comments"]["count"] == 3
    assert document().headers["ETag"] != at_first.headers["ETag"]
    assert document().json["revision"] == at_first.json["revision"]

    # They talk; what is liked comes first for whoever asks for the best.
    reply = place.post(ben, article, "Which seat?", parent=first["id"]).json
    assert reply["state"] == "approved"
    place.post(ann, article, "By the window.", parent=reply["id"])
    assert ben.client.put(f"/readers/v1/comments/{first['id']}/like").json == {"likes": 1}
    best = talk("?order=best")[0]
    assert (best["id"], best["likes"], best["replies"][0]["replies"][0]["text"]) == (first["id"], 1, "By the window.")
    assert '<a href="https://ann.example/tram" rel="nofollow ugc noopener">' in best["html"]

    # One of them is rude. Three readers report it, and it is gone before a moderator comes.
    rude = place.post(troll, article, "You would, wouldn't you.", parent=first["id"]).json
    for reader in (ann, ben, place.reader()):
        report = {"reason": "abuse", "note": "Rude."}
        assert reader.client.post(f"/readers/v1/comments/{rude['id']}/report", json=report).status_code == 204
    assert rude["id"] not in str(talk())
    [waiting] = moderator.get("/api/v1/comments?state=held").json["data"]
    assert (waiting["id"], waiting["held_for"], waiting["reports"]) == (rude["id"], "reports", 3)
    path = f"/api/v1/comments/{rude['id']}"
    etag = moderator.get(path).headers["ETag"]
    rejected = moderator.post(f"{path}/reject", json={"note": "Third time."}, headers={"If-Match": etag})
    assert rejected.json["state"] == "rejected"
    assert moderator.put(f"/api/v1/readers/{troll.id}/ban", json={}).status_code == 403
    assert everywhere.put(f"/api/v1/readers/{troll.id}/ban", json={"note": "Third time."}).status_code == 200
    banned = place.post(troll, article, "Pigeons!")
    assert (banned.status_code, banned.json["code"]) == (403, "banned")
    assert "Third time." not in troll.client.get("/readers/v1/comments").get_data(as_text=True)

    # The article is away for a while, and its comments with it; both come back as they were.
    before = talk()
    assert editor.post(f"/api/v1/articles/{article}/unpublish", headers={"If-Match": '"2"'}).status_code == 200
    drain(settings, database)
    assert public.get(f"/content/v1/articles/{article}/comments").status_code == 404
    assert place.post(ann, article, "Where is it?").status_code == 404
    assert moderator.get("/api/v1/comments").json["data"] == []
    assert editor.post(f"/api/v1/articles/{article}/publish", headers={"If-Match": '"3"'}).status_code == 200
    drain(settings, database)
    assert talk() == before
    assert document().json["comments"] == {"is_enabled": True, "count": 5}

    # Ann thinks better of it and leaves; the answers to her stay.
    assert ann.client.post("/readers/v1/me/delete", json={"password": PHRASE}).status_code == 204
    stub = talk("?order=best")[0]
    assert (stub["id"], stub["state"], stub["author"], stub["html"]) == (first["id"], "deleted", None, None)
    assert [one["text"] for one in stub["replies"]] == ["Which seat?"]
    assert editor.put(f"/api/v1/articles/{article}/comment-mode", json={"mode": "off"}).status_code == 200
    drain(settings, database)
    assert document().json["comments"] == {"is_enabled": False, "count": 3}
    assert place.post(ben, article, "Good night.").json["code"] == "comments_off"

"""The story of a text that went wrong and came back, told over HTTP: nothing that was saved is lost, and who did what
is known."""

from datetime import timedelta

import pytest
from flask import Flask

from cms.platform.clock import now
from cms.platform.db import Database
from cms.settings import Settings
from tests.access.desk import Desk
from tests.draining import drain
from workers.due import thin


@pytest.mark.both_databases
def test_a_text_that_went_wrong_comes_back_and_the_archive_stays_small(
    app: Flask, settings: Settings, database: Database
) -> None:
    desk = Desk(app, database).furnish()
    clock = desk.clock((now() - timedelta(days=3)).replace(hour=9))
    ines, reader = desk.client(desk.token("editor")), desk.client(None)

    # Ines files a story, tells why, and publishes it.
    story = {
        "title": "大桥周五重新开放",
        "locale": "zh-CN",
        "section": "trams",
        "body": "大桥周五重新开放。",
        "tags": ["rails"],
    }
    made = ines.post("/api/v1/articles", json={**story, "revision_note": "Filed by phone"})
    path, etag = f"/api/v1/articles/{made.json['id']}", made.headers["ETag"]
    published = ines.post(
        f"{path}/publish", json={"revision_note": "Checked with the port"}, headers={"If-Match": etag}
    )
    etag, seen_at = published.headers["ETag"], published.json["updated_at"]

    # A day of small saves follows, and one of them breaks the text.
    clock.wait(days=1)
    for minute in range(8):
        clock.wait(minutes=1)
        body = {"body": f"大桥周六已重新开放。{minute}", "dek": f"Draft {minute}"}
        etag = ines.patch(path, json=body, headers={"If-Match": etag}).headers["ETag"]
    listed = ines.get(f"{path}/revisions?count=exact").json
    assert listed["meta"]["count"] == 10
    assert [entry["note"] for entry in listed["data"]][-2:] == ["Checked with the port", "Filed by phone"]
    assert {entry["actor_name"] for entry in listed["data"]} == {"editor"}

    # What changed since readers saw it is shown by field and by character; what it was then can be read again.
    compared = ines.get(f"{path}/revisions/2..10").json["fields"]
    pieces = next(one["text_diff"] for one in compared if one["pointer"] == "/body")
    assert [piece["text"] for piece in pieces if piece["op"] == "delete"] == ["五"]
    assert [piece["text"] for piece in pieces if piece["op"] == "insert"] == ["六已", "7"]
    then = ines.get(path, query_string={"as_of": seen_at}).json
    assert (then["revision"], then["state"], then["body"]) == (2, "published", "大桥周五重新开放。")

    # She brings it back: a new working copy, and readers see it when she publishes.
    back = ines.post(f"{path}/restore", json={"revision": 2, "note": "Saturday was wrong"}, headers={"If-Match": etag})
    assert (back.json["body"], back.json["dek"], back.json["tags"]) == (story["body"], "", ["rails"])
    etag = ines.post(f"{path}/publish", headers={"If-Match": back.headers["ETag"]}).headers["ETag"]
    drain(settings, database)
    assert reader.get(f"/content/v1/articles/{made.json['id']}").json["revision"] == 12

    # Months later the drafts of that day are thinned to nothing but what mattered.
    later = clock() + timedelta(days=90)
    assert thin(settings, database, later) == {"revisions": 8}
    kept = ines.get(f"{path}/revisions").json["data"]
    assert [(entry["revision"], entry["action"]) for entry in reversed(kept)] == [
        (1, "created"), (2, "published"), (11, "revision_restored"), (12, "published"),
    ]  # fmt: skip
    gone = ines.get(f"{path}/revisions/2..5")
    assert (gone.status_code, gone.json["code"]) == (404, "not_found")
    # Whoever comes back from a long journey with an old copy is told that its base is gone, and loses nothing.
    stale = ines.patch(path, json={"dek": "Mine"}, headers={"If-Match": '"5"'})
    assert (stale.status_code, stale.json["is_base_known"], stale.json["merge"]) == (412, False, None)
    assert stale.json["conflicts"] == [{"pointer": "/dek", "base": None, "yours": "Mine", "theirs": ""}]
    assert "thinned out" in stale.json["detail"]

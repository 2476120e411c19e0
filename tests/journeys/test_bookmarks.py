"""A reader's shelf over HTTP: kept on one device and seen on another, in folders, through the life of the articles."""

from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import func, select

from cms.audit.models import AuditEntry
from cms.events.models import Letter
from cms.platform.db import Database
from cms.readers.bookmarks.models import Bookmark, Folder, Shelf
from cms.settings import Settings
from tests.draining import drain
from tests.newsroom.making import act
from tests.readers.making import PHRASE, Desk
from tests.readers.shelves import Device, Reader, published


@pytest.mark.both_databases
def test_from_the_first_bookmark_to_the_deletion_of_all(
    app: Flask, administrator: FlaskClient, client: FlaskClient, settings: Settings, database: Database
) -> None:
    editor = administrator
    pears, plums, quince = published(editor, "Pears", "Plums", "Quince")
    desk = Desk(app, client)
    desk.make_account()
    token = desk.sign_in().json["token"]
    mine = app.test_client()
    mine.environ_base["HTTP_AUTHORIZATION"] = f"Bearer {token}"
    mei = Reader(mine.get("/readers/v1/me").json["id"], mine)
    tablet = Device(mei)

    def shown(article_id: str) -> Any:
        drain(settings, database)
        return client.get(f"/content/v1/articles/{article_id}")

    # Collected with and without a folder; the entry is the card that lists show, the document counts one.
    later = mei.folder("  Later  ")
    first = mei.keep(pears)
    assert (first.status_code, first.headers["Cache-Control"]) == (201, "private, no-store")
    assert mei.keep(pears).status_code == 200
    assert mei.keep(plums, folder=later).json["folder"] == later
    assert mei.keep(quince).status_code == 201
    cards = {one["id"]: one for one in client.get("/content/v1/articles").json["data"]}
    page = mine.get("/readers/v1/bookmarks?count=exact").json
    assert [(one["article_id"], one["article"]) for one in page["data"]] == [
        (one, cards[one]) for one in (quince, plums, pears)
    ]
    assert page["meta"]["count"] == 3
    before = client.get(f"/content/v1/articles/{pears}")
    after = shown(pears)
    assert (before.json["bookmarks"], after.json["bookmarks"]) == ({"count": 0}, {"count": 1})
    assert after.json["revision"] == before.json["revision"]
    assert after.headers["ETag"] != before.headers["ETag"]
    state = mine.get(f"/readers/v1/articles/{plums}/state")
    assert (state.json["is_bookmarked"], state.json["folder"]) == (True, later)
    assert state.headers["Cache-Control"] == "private, no-store"
    tablet.sync()
    assert tablet.known == {
        pears: (None, "published"), plums: (later, "published"), quince: (None, "published"),
    }  # fmt: skip

    # Page by page, there and back, and by folder.
    one = mine.get("/readers/v1/bookmarks?limit=2").json
    two = mine.get(f"/readers/v1/bookmarks?limit=2&cursor={one['page']['next_cursor']}").json
    assert [[row["article_id"] for row in page["data"]] for page in (one, two)] == [[quince, plums], [pears]]
    assert mei.listed(f"?limit=2&cursor={two['page']['prev_cursor']}") == [quince, plums]
    assert mei.listed(f"?folder={later}") == [plums]

    # Renamed; deleted, and what was in it stays.
    folders = "/readers/v1/bookmarks/folders"
    assert mine.patch(f"{folders}/{later}", json={"name": "Sunday"}).json["count"] == 1
    assert [(row["name"], row["count"]) for row in mine.get(folders).json["data"]] == [("Sunday", 1)]
    assert mine.delete(f"{folders}/{later}").status_code == 204
    tablet.sync()
    assert tablet.known[plums] == (None, "published")
    assert mine.get(f"/readers/v1/bookmarks?folder={later}").status_code == 404

    # Unpublished: out of the list, told to devices, still counted; published again it is back by itself.
    assert act(editor, "unpublish", plums, 2).status_code == 200
    assert mei.listed() == [quince, pears]
    tablet.sync()
    assert tablet.known[plums] == (None, "unavailable")
    assert act(editor, "publish", plums, 3).status_code == 200
    assert mei.listed() == [quince, plums, pears]
    assert shown(plums).json["bookmarks"] == {"count": 1}
    tablet.sync()
    assert tablet.known[plums] == (None, "published")

    # Taken down: the tombstone stands in its place, for the list and for devices.
    assert act(editor, "takedown", quince, 2, json={"reason": "A court said so."}).status_code == 200
    entry = mine.get("/readers/v1/bookmarks").json["data"][0]
    gone = client.get(f"/content/v1/articles/{quince}").json
    assert (entry["article"], entry["availability"], entry["tombstone"]) == (None, "taken_down", gone["tombstone"])
    tablet.sync()
    assert tablet.known[quince] == (None, "taken_down")

    # Removed on one device, gone on the other.
    assert [mei.drop(pears).status_code for _ in range(2)] == [204, 204]
    tablet.sync()
    assert set(tablet.known) == {plums, quince} == set(mei.listed())
    assert shown(pears).json["bookmarks"] == {"count": 0}

    # All that is kept, then nothing of it. No trail and no letter says who kept what.
    kept = mine.post("/readers/v1/me/export").json
    assert [(row["article_id"], row["removed_at"] is None) for row in kept["bookmarks"]] == [
        (pears, False), (plums, True), (quince, True),
    ]  # fmt: skip
    assert desk.ask_as(token, "POST", "/me/delete", {"password": PHRASE}).status_code == 204
    assert shown(plums).json["bookmarks"] == {"count": 0}
    with database.reading() as session:
        for table in (Bookmark, Folder, Shelf):
            assert session.scalar(select(func.count()).select_from(table)) == 0
        trail = list(session.scalars(select(AuditEntry).where(AuditEntry.actor_id == mei.id)))
        assert {"bookmark.added", "bookmark.removed", "folder.deleted"} <= {entry.action for entry in trail}
        assert not any(article in str(vars(entry)) for entry in trail for article in (pears, plums, quince))
        assert session.scalar(select(func.count()).where(Letter.actor_id == mei.id)) == 0

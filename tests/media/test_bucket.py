"""The product with its files in a bucket: nothing is different, and a store that is away takes nothing else with it."""

import hashlib
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from cms.app import create_app
from cms.events.models import Delivery
from cms.media import bucket
from cms.media.choosing import chosen_store
from cms.media.storing import ORIGINALS, RENDITIONS, StoreAway
from cms.media.tidying import tidy
from cms.platform.db import Database
from cms.settings import Settings
from tests.draining import Drain, drain
from tests.media.drawing import picture, send
from tests.servers import Buckets
from workers.work import make_work

IS_OPEN = Delivery.state == "open"


@pytest.fixture
def app(in_bucket: Settings) -> Iterator[Flask]:
    """An application whose files are in a bucket, and whose pictures everybody sees."""
    app = create_app(replace(in_bucket, media_public="always"))
    yield app
    app.extensions["copydesk"].database.dispose()
    app.extensions["copydesk"].index.close()


def here(settings: Settings) -> list[Path]:
    """Files below the folder of media."""
    return [path for path in settings.media_home.rglob("*") if path.is_file()]


def test_pictures_come_from_a_bucket_as_they_do_from_the_folder(
    app: Flask, editor: FlaskClient, in_bucket: Settings, database: Database
) -> None:
    data = picture()
    made = send(editor, data)
    assert made.status_code == 201, made.data
    asset = made.json
    original = f"/api/v1/assets/{asset['id']}/original"
    assert editor.get(original).data == data
    head = editor.head(original)
    assert (head.status_code, head.content_length, head.data) == (200, len(data), b"")
    drain(replace(in_bucket, media_presets="natural=60"), database)
    [file, *_] = editor.get(f"/api/v1/assets/{asset['id']}").json["renditions"]
    reader = app.test_client()
    got = reader.get(file["url"])
    assert hashlib.sha256(got.data).hexdigest() in file["url"]
    assert (got.headers["Cache-Control"], got.headers["Accept-Ranges"]) == (
        "public, max-age=31536000, immutable", "bytes",
    )  # fmt: skip
    part = reader.get(file["url"], headers={"Range": "bytes=3-9"})
    assert (part.status_code, part.data) == (206, got.data[3:10])
    head = reader.head(file["url"])
    assert (head.status_code, head.content_length, head.data) == (200, len(got.data), b"")
    assert here(in_bucket) == [], "nothing of it is left on this machine"
    store = app.extensions["copydesk.media"].store
    assert editor.delete(f"/api/v1/assets/{asset['id']}", headers={"If-Match": '"1"'}).status_code == 204
    assert tidy(database, store) == 0 and store.has(ORIGINALS, asset["sha256"])
    assert tidy(database, store, seconds=-2) == 4
    assert list(store.old(RENDITIONS, -2)) == []
    drain(in_bucket, database)


def test_an_upload_that_is_broken_off_leaves_nothing_that_anybody_sees(
    app: Flask, editor: FlaskClient, in_bucket: Settings, buckets: Buckets
) -> None:
    store = app.extensions["copydesk.media"].store
    for kind in ("fail", "refuse"):
        buckets.order(kind, "PUT")
        refused = send(editor, picture())
        assert (refused.status_code, refused.json["code"]) == (503, "unavailable")
        assert int(refused.headers["Retry-After"]) >= 1
        assert refused.json["detail"] == "Files cannot be reached right now; try again in a moment."
        again = {"Idempotency-Key": kind}
        assert send(editor, picture(seed=4), headers=again).status_code == 503
        assert editor.get("/api/v1/assets").json["data"] == []
        buckets.order()
        assert list(store.old(ORIGINALS, -2)) == [] == here(in_bucket)
    # What was refused for the store is not remembered as an answer.
    assert send(editor, picture(seed=4), headers=again).status_code == 201


def test_while_the_store_is_away_texts_are_saved_and_pictures_come_back_by_themselves(
    app: Flask, editor: FlaskClient, in_bucket: Settings, database: Database, buckets: Buckets
) -> None:
    asset = send(editor, picture()).json
    drain(replace(in_bucket, media_presets="natural=60"), database)
    [file, *_] = editor.get(f"/api/v1/assets/{asset['id']}").json["renditions"]
    assert send(editor, picture(seed=3)).status_code == 201
    buckets.order("fail")
    asked: dict[str, Any] = {
        "rendition": app.test_client().get(file["url"]),
        "head": app.test_client().head(file["url"]),
        "original": editor.get(f"/api/v1/assets/{asset['id']}/original"),
        "upload": send(editor, picture(seed=2)),
    }
    assert {name: (got.status_code, "Retry-After" in got.headers) for name, got in asked.items()} == dict.fromkeys(
        asked, (503, True)
    )
    assert asked["rendition"].mimetype == "application/problem+json"
    assert "Cache-Control" not in asked["rendition"].headers
    article = editor.post(
        "/api/v1/articles", json={"title": "Saved", "locale": "en", "body": f"![](asset:{asset['id']})"}
    ).json
    published = editor.post(f"/api/v1/articles/{article['id']}/publish", headers={"If-Match": '"1"'})
    assert published.status_code == 200, "a publish asks nothing of the store"
    with pytest.raises(StoreAway, match=r"does not answer as it should \(SlowDown\)"):
        tidy(database, app.extensions["copydesk.media"].store)
    work = make_work(in_bucket)
    Drain(work).step()
    work.close()
    with database.reading() as session:
        [waiting] = session.scalars(select(Delivery).where(Delivery.subscription == "renditions", IS_OPEN))
        assert waiting.attempts == 0, "that the store is away is no fault of the picture"
        assert "does not answer as it should" in str(waiting.error)
    buckets.order()
    assert app.test_client().get(file["url"]).status_code == 200
    assert send(editor, picture(seed=2)).status_code == 201
    drain(in_bucket, database)


def test_while_the_store_is_silent_one_thread_waits_for_it_and_the_others_do_not(
    app: Flask, in_bucket: Settings, buckets: Buckets
) -> None:
    store = app.extensions["copydesk.media"].store
    buckets.order("fail")
    with pytest.raises(StoreAway):
        store.has(ORIGINALS, "0" * 64)
    # Somebody asks and waits.
    assert store._line._turn.acquire(blocking=False)
    before = buckets.order("fail")
    assert before["HEAD"] >= 1
    for _ in range(5):
        with pytest.raises(StoreAway):
            store.pieces(ORIGINALS, "0" * 64)
    assert buckets.order() == {}, "none of them asked"
    store._line._turn.release()
    assert not store.has(ORIGINALS, "0" * 64)


def test_a_store_that_takes_requests_and_says_nothing_is_given_up(
    in_bucket: Settings, buckets: Buckets, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    for name in ("QUICK", "READING", "SENDING"):
        monkeypatch.setattr(bucket, name, timedelta(seconds=0.3))
    store = chosen_store(in_bucket)
    source = tmp_path / "file"
    source.write_bytes(b"x")
    asks: dict[str, Callable[[], object]] = {
        "HEAD": lambda: store.has(ORIGINALS, "0" * 64),
        "GET": lambda: store.pieces(ORIGINALS, "0" * 64),
        "PUT": lambda: store.put(ORIGINALS, "0" * 64, source),
        "DELETE": lambda: store.remove(ORIGINALS, "0" * 64),
    }
    for method, ask in asks.items():
        buckets.order("hold", method)
        with pytest.raises(StoreAway, match="no answer"):
            ask()
        buckets.order()
        # Asked again, it answers; a file that it took late has no row, and is tidied away.
        store.check()
    assert source.exists(), "what was not kept is not lost"

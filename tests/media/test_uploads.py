"""Sending files: what is taken, what is known of it, and that a record is there exactly where the whole file is."""

import hashlib
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient
from PIL import Image
from sqlalchemy import func, select

from cms.media.adding import add_asset
from cms.media.models import Asset
from cms.media.rules import NewAsset, Received
from cms.media.storing import ORIGINALS, LocalStore
from cms.media.tidying import tidy
from cms.platform.actor import system
from cms.platform.clock import now
from cms.platform.db import Database
from cms.platform.errors import NoRoom
from cms.settings import Settings
from tests.media.drawing import picture, saved, send

Clients = Callable[[str], FlaskClient]


def kept(settings: Settings) -> list[Path]:
    """Every file below the folder of media."""
    return [path for path in settings.media_home.rglob("*") if path.is_file()]


def test_each_kind_of_picture_is_taken_for_what_it_is_whatever_it_is_called(editor: FlaskClient) -> None:
    for kind in ("jpeg", "png", "webp", "gif", "avif"):
        data = picture(kind)
        made = send(editor, data, "minutes of the council.pdf")
        assert made.status_code == 201, (kind, made.data)
        asset = made.json
        assert asset["media_type"] == f"image/{kind}"
        assert (asset["width"], asset["height"], asset["byte_count"]) == (120, 80, len(data))
        assert asset["sha256"] == hashlib.sha256(data).hexdigest()
        assert made.headers["Location"] == f"/api/v1/assets/{asset['id']}"
        assert made.headers["ETag"] == '"1"'
        assert len(asset["blurhash"]) == 28
        assert asset["colour"].startswith("#")
        assert editor.get(made.headers["Location"]).json == asset
        fetched = editor.get(f"{made.headers['Location']}/original")
        assert fetched.data == data
        assert fetched.headers["Content-Disposition"].startswith("attachment; ")
        assert fetched.headers["Cache-Control"] == "private, no-store"


def test_a_known_content_is_one_asset_and_need_not_be_sent(editor: FlaskClient, settings: Settings) -> None:
    data = picture()
    sha256 = hashlib.sha256(data).hexdigest()
    assert editor.get(f"/api/v1/assets?sha256={sha256}").json["data"] == []
    first = send(editor, data, sha256=sha256, credit="Ines Okafor").json
    [known] = editor.get(f"/api/v1/assets?sha256={sha256}").json["data"]
    again = send(editor, data, "another name.jpg", credit="Somebody else")
    assert again.status_code == 200
    assert (
        again.json == {**known, "renditions": [], "file": None, "tracks": [], "on_demand": first["on_demand"]} == first
    )
    assert len(kept(settings)) == 1


def test_a_file_that_is_not_what_was_declared_is_refused(editor: FlaskClient, settings: Settings) -> None:
    refused = send(editor, picture(), sha256="0" * 64)
    assert refused.status_code == 422
    assert refused.json["errors"][0]["pointer"] == "/data/sha256"
    assert kept(settings) == []


def test_a_repeat_with_the_key_is_answered_again_and_another_file_with_it_is_refused(editor: FlaskClient) -> None:
    key = {"Idempotency-Key": "one"}
    first = send(editor, picture(), headers=key)
    again = send(editor, picture(), headers=key)
    assert again.status_code == first.status_code == 201
    assert again.headers["Idempotency-Replayed"] == "true"
    other = send(editor, picture(seed=2), headers=key)
    assert (other.status_code, other.json["code"]) == (422, "idempotency_key_reused")


def test_a_picture_is_turned_the_way_its_camera_says(editor: FlaskClient) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    made = send(editor, picture(width=90, height=60, exif=exif.tobytes())).json
    assert (made["width"], made["height"]) == (60, 90)


def test_the_credit_of_a_file_is_read_where_somebody_asks_for_it(editor: FlaskClient) -> None:
    exif = Image.Exif()
    exif[0x013B] = "Ines Okafor"
    asked = send(editor, picture(seed=3, exif=exif.tobytes()), reads_credit=True).json
    assert asked["credit"] == "Ines Okafor"
    unasked = send(editor, picture(seed=4, exif=exif.tobytes())).json
    assert unasked["credit"] == ""
    given = send(editor, picture(seed=5, exif=exif.tobytes()), reads_credit=True, credit="The Courier").json
    assert given["credit"] == "The Courier"


def test_the_point_that_a_crop_keeps_is_proposed_where_most_is_to_be_seen(editor: FlaskClient) -> None:
    plain = Image.new("RGB", (400, 300), "#445566")
    plain.paste(Image.effect_noise((100, 100), 90).convert("RGB"), (290, 190))
    made = send(editor, saved(plain, "png")).json
    assert made["is_focal_point_set"] is False
    assert min(made["focal_point"]) > 0.5
    path, tag = f"/api/v1/assets/{made['id']}", {"If-Match": '"1"'}
    moved = editor.patch(path, json={"focal_point": [0.1, 0.9]}, headers=tag).json
    assert (moved["focal_point"], moved["is_focal_point_set"]) == ([0.1, 0.9], True)
    back = editor.patch(path, json={"focal_point": None}, headers={"If-Match": '"2"'}).json
    assert (back["focal_point"], back["is_focal_point_set"]) == (made["focal_point"], False)


def test_what_is_known_of_an_asset_is_changed_by_a_patch(editor: FlaskClient) -> None:
    said = {
        "alt": {"en": "A tram on a hill", "zh-cn": "山上的电车"},
        "captions": {"en": "Line 6."},
        "licence": "CC BY 4.0",
    }
    made = send(editor, picture(), **said, use_until="2030-01-01T00:00:00+05:00").json
    assert made["alt"] == {"en": "A tram on a hill", "zh-CN": "山上的电车"}
    assert (made["use_until"], made["is_expired"]) == ("2029-12-31T19:00:00Z", False)
    path = f"/api/v1/assets/{made['id']}"
    changed = editor.patch(path, json={"alt": {"en": None, "kk": "Трамвай"}}, headers={"If-Match": '"1"'})
    assert changed.json["alt"] == {"zh-CN": "山上的电车", "kk": "Трамвай"}
    assert changed.headers["ETag"] == '"2"'
    nothing = editor.patch(path, json={"licence": "CC BY 4.0"}, headers={"If-Match": '"2"'})
    assert nothing.headers["ETag"] == '"2"'
    stale = editor.patch(path, json={"credit": "X"}, headers={"If-Match": '"1"'})
    assert (stale.status_code, stale.json["etag"]) == (412, '"2"')
    wrong: list[dict[str, Any]] = [
        {"alt": {"xx-": "y"}}, {"focal_point": [0.5]}, {"focal_point": [0.5, 1.5]}, {"focal_point": [True, 0]},
        {"name": ""}, {"name": None}, {"colour": "#000000"}, {"use_until": "soon"},
    ]  # fmt: skip
    for patch in wrong:
        assert editor.patch(path, json=patch, headers={"If-Match": '"2"'}).status_code == 422, patch


def test_assets_are_listed_and_found(editor: FlaskClient) -> None:
    for seed, (name, until) in enumerate((("tram.jpg", "2020-01-01T00:00:00Z"), ("quay.jpg", None)), 10):
        assert send(editor, picture(seed=seed), name, use_until=until).status_code == 201
    listed = editor.get("/api/v1/assets?limit=1&count=exact").json
    assert [one["name"] for one in listed["data"]] == ["quay.jpg"]
    assert listed["meta"]["count"] == 2
    following = editor.get(f"/api/v1/assets?limit=1&cursor={listed['page']['next_cursor']}").json
    assert [one["name"] for one in following["data"]] == ["tram.jpg"]
    for query, names in (("q=QUAY", ["quay.jpg"]), ("rights=expired", ["tram.jpg"]), ("rights=limited", []),
                         ("kind=image", ["quay.jpg", "tram.jpg"])):  # fmt: skip
        assert [one["name"] for one in editor.get(f"/api/v1/assets?{query}").json["data"]] == names, query
    for wrong in ("sha256=x", "rights=none", "kind=tram", "colour=red"):
        assert editor.get(f"/api/v1/assets?{wrong}").status_code == 400, wrong


def test_what_somebody_else_sent_is_changed_only_with_the_right_to(client_as: Clients) -> None:
    author, editor = client_as("author"), client_as("editor")
    mine = send(author, picture()).json["id"]
    others = send(editor, picture(seed=2)).json["id"]
    first = {"If-Match": '"1"'}
    assert author.patch(f"/api/v1/assets/{others}", json={"credit": "x"}, headers=first).status_code == 403
    assert author.delete(f"/api/v1/assets/{others}", headers=first).status_code == 403
    assert editor.patch(f"/api/v1/assets/{mine}", json={"credit": "x"}, headers=first).status_code == 200
    assert author.delete(f"/api/v1/assets/{mine}", headers={"If-Match": '"2"'}).status_code == 204
    assert author.get(f"/api/v1/assets/{mine}").status_code == 404


def test_a_deleted_file_goes_when_it_is_certain_that_nobody_sent_it_again(
    editor: FlaskClient, settings: Settings, database: Database
) -> None:
    store = LocalStore(settings.media_home)
    made = send(editor, picture()).json
    assert tidy(database, store, seconds=-1) == 0
    assert editor.delete(f"/api/v1/assets/{made['id']}", headers={"If-Match": '"1"'}).status_code == 204
    assert tidy(database, store) == 0
    assert store.has(ORIGINALS, made["sha256"])
    assert tidy(database, store, seconds=-1) == 1
    assert kept(settings) == []
    assert send(editor, picture()).status_code == 201


def test_what_came_in_half_is_nowhere_and_is_tidied_away(
    editor: FlaskClient, settings: Settings, database: Database
) -> None:
    whole = picture()
    body = b'--x\r\nContent-Disposition: form-data; name="file"; filename="a.jpg"\r\n\r\n' + whole
    for cut in (0, 10, 60, 90, len(body) // 2, len(body)):
        answer = editor.post("/api/v1/assets", data=body[:cut], content_type="multipart/form-data; boundary=x")
        assert answer.status_code in (400, 422), (cut, answer.data)
    assert kept(settings) == []
    assert editor.get("/api/v1/assets").json["data"] == []
    left = settings.media_home / "incoming" / "left-by-a-crash.part"
    left.write_bytes(whole[:100])
    store = LocalStore(settings.media_home)
    store.put(ORIGINALS, hashlib.sha256(whole).hexdigest(), Path(_copy(left, whole)))
    assert tidy(database, store) == 0
    assert tidy(database, store, seconds=-1) == 2
    assert kept(settings) == []


def _copy(beside: Path, data: bytes) -> str:
    path = beside.with_name("whole.part")
    path.write_bytes(data)
    return str(path)


@pytest.mark.both_databases
def test_no_more_is_kept_than_fits(settings: Settings, database: Database, client_as: Clients, app: Any) -> None:
    """Row S78: of twenty that come at once and of which one fits, one is kept."""
    store = LocalStore(settings.media_home)

    def keep(seed: int) -> str:
        data = seed.to_bytes(2, "big") * 500
        received = Received("a", hashlib.sha256(data).hexdigest(), 1_000, "image/png", 9, 9, (0.5, 0.5), "#000000", "x")
        settings.media_home.joinpath(f"{seed}.part").write_bytes(data)
        store.put(ORIGINALS, received.sha256, settings.media_home / f"{seed}.part")
        try:
            with database.transaction() as session:
                add_asset(session, system("test"), store, NewAsset(received), now(), quota_bytes=1_999)
        except NoRoom as refused:
            return refused.code
        return "kept"

    settings.media_home.mkdir(parents=True)
    with ThreadPoolExecutor(20) as pool:
        answers = list(pool.map(keep, range(20)))
    assert sorted(answers) == ["kept", *["quota_reached"] * 19]
    app.extensions["copydesk"] = replace(
        app.extensions["copydesk"], settings=replace(settings, media_quota_bytes=1_001)
    )
    refused = send(client_as("editor"), picture())
    assert (refused.status_code, refused.json["code"]) == (507, "quota_reached")


@pytest.mark.both_databases
def test_the_same_content_sent_many_times_at_once_is_one_asset(
    settings: Settings, client_as: Clients, app: Any, database: Database
) -> None:
    token = client_as("editor").environ_base["HTTP_AUTHORIZATION"]

    def post(_turn: int) -> tuple[int, str]:
        client = app.test_client()
        client.environ_base["HTTP_AUTHORIZATION"] = token
        made = send(client, picture(seed=77))
        return made.status_code, made.json["id"]

    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(post, range(4)))
    assert len({asset_id for _, asset_id in answers}) == 1
    assert [status for status, _ in answers].count(201) == 1
    with database.reading() as session:
        assert session.scalar(select(func.count()).select_from(Asset)) == 1


def test_a_disk_that_is_nearly_full_takes_texts_and_no_files(settings: Settings, client_as: Clients, app: Any) -> None:
    editor = client_as("editor")
    parts = app.extensions["copydesk"]
    app.extensions["copydesk"] = replace(parts, settings=replace(settings, media_reserve_bytes=2**50))
    refused = send(editor, picture())
    assert (refused.status_code, refused.json["code"]) == (507, "no_room")
    assert "Retry-After" in refused.headers
    assert editor.post("/api/v1/articles", json={"title": "Still saved", "locale": "en"}).status_code == 201
    assert kept(settings) == []
    app.extensions["copydesk"] = parts
    assert send(editor, picture()).status_code == 201


def test_a_file_beyond_the_limit_is_refused_and_not_kept(settings: Settings, client_as: Clients, app: Any) -> None:
    parts = app.extensions["copydesk"]
    data = picture()
    app.extensions["copydesk"] = replace(parts, settings=replace(settings, media_limit_bytes=len(data) - 1))
    editor = client_as("editor")
    assert send(editor, data).status_code == 413
    assert send(editor, data + bytes(300_000)).status_code == 413
    assert kept(settings) == []
    app.extensions["copydesk"] = replace(parts, settings=replace(settings, media_limit_bytes=len(data)))
    assert send(editor, data).status_code == 201

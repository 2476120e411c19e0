"""Another file in the place of an asset's: what names it stays, readers never meet a broken picture, and nobody
replaces what is not theirs."""

import hashlib
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import func, select

from cms.audit.models import AuditEntry
from cms.content.changes.models import Change
from cms.events.models import Letter
from cms.media.rendering import forget_retired
from cms.media.replacements.rules import has_same_shape
from cms.media.storing import ORIGINALS, RENDITIONS, LocalStore
from cms.media.tidying import tidy
from cms.platform.clock import now
from cms.platform.db import Database
from cms.settings import Settings
from tests.draining import drain
from tests.media.drawing import form, picture, send
from tests.media.test_articles import made, publish
from tests.media.test_hostile_files import part, sized_jpeg

FEW = "natural=60,100;square@1:1=50"
FIRST = {"If-Match": '"1"'}


@pytest.fixture
def settings(settings: Settings) -> Settings:
    return replace(settings, media_presets=FEW)


def put(client: FlaskClient, asset_id: str, data: bytes, revision: int = 1, **said: Any) -> Any:
    headers = {"If-Match": f'"{revision}"'}
    return client.put(f"/api/v1/assets/{asset_id}/file", headers=headers, **form(data, **said))


def test_a_replaced_picture_keeps_its_place_and_readers_always_get_one(
    app: Flask, editor: FlaskClient, settings: Settings, database: Database
) -> None:
    old, new = picture(), picture("png", 200, 100, seed=2)
    asset = send(editor, old, credit="Ines Okafor", focal_point=[0.1, 0.9]).json
    article = made(editor, f"![Boats](asset:{asset['id']})").json
    assert publish(editor, article).status_code == 200
    drain(settings, database)
    readers, address = app.test_client(), f"/content/v1/articles/{article['id']}"
    before = readers.get(address).json["images"][0]
    replaced = put(editor, asset["id"], new, sha256=hashlib.sha256(new).hexdigest())
    assert replaced.status_code == 200, replaced.data
    told = replaced.json
    assert (told["id"], told["media_type"], told["width"], told["height"], told["credit"], told["byte_count"]) == (
        asset["id"], "image/png", 200, 100, "Ines Okafor", len(new),
    )  # fmt: skip
    assert (told["revision"], replaced.headers["ETag"]) == (2, '"2"')
    assert told["is_focal_point_set"] is False, "the point was of a picture of another shape"
    assert editor.get(f"/api/v1/assets/{asset['id']}/original").data == new
    # Until a worker has made the new ones, what readers have been told of is still there.
    assert readers.get(address).json["images"][0]["srcset"] == before["srcset"]
    assert {readers.get(file["url"]).status_code for file in before["srcset"]} == {200}
    with database.reading() as session:
        last = session.scalar(select(func.max(Change.number)))
    drain(settings, database)
    with database.reading() as session:
        heard = session.scalars(select(Change).where(Change.number > last))
        assert len(list(heard)) == 1, "apps that follow hear of it once, when all is made"
    after = readers.get(address).json
    shown = after["images"][0]
    assert [(file["width"], file["height"]) for file in shown["srcset"][::3]] == [(60, 30), (100, 50)]
    assert (shown["width"], shown["height"]) == (200, 100)
    assert {file["url"] for file in shown["srcset"]} & {file["url"] for file in before["srcset"]} == set()
    assert shown["srcset"][-1]["url"] in after["body"]["html"]
    assert 'width="100" height="50"' in after["body"]["html"]
    # Pages that are cached name the old ones for a day; then they go, and with them the old file.
    assert {readers.get(file["url"]).status_code for file in (*before["srcset"], *shown["srcset"])} == {200}
    store, gone = LocalStore(settings.media_home), before["srcset"][0]["url"].split("/")[2].partition(".")[0]
    with database.transaction() as session:
        forget_retired(session, now() + timedelta(hours=25))
    assert store.has(ORIGINALS, asset["sha256"])
    tidy(database, store, seconds=-1)
    assert not store.has(ORIGINALS, asset["sha256"])
    assert not store.has(RENDITIONS, gone)
    assert store.has(ORIGINALS, told["sha256"])
    assert {readers.get(file["url"]).status_code for file in shown["srcset"]} == {200}


def test_who_replaced_what_is_told_and_noted(editor: FlaskClient, settings: Settings, database: Database) -> None:
    asset = send(editor, picture()).json
    path = f"/api/v1/assets/{asset['id']}"
    assert editor.get(f"{path}/replacements").json == {"data": []}
    assert put(editor, asset["id"], picture(seed=2)).status_code == 200
    assert put(editor, asset["id"], picture("webp", seed=3), 2).status_code == 200
    # Going back is a replacement like any other; the same file again is none.
    last = put(editor, asset["id"], picture(), 3)
    assert (last.status_code, last.headers["ETag"]) == (200, '"4"')
    same = put(editor, asset["id"], picture(), 4)
    assert (same.status_code, same.headers["ETag"]) == (200, '"4"')
    told = editor.get(f"{path}/replacements").json["data"]
    assert [(one["revision"], one["media_type"]) for one in told] == [
        (4, "image/webp"), (3, "image/jpeg"), (2, "image/jpeg"),
    ]  # fmt: skip
    assert told[-1]["sha256"] == asset["sha256"]
    assert {one["replaced_by"]["kind"] for one in told} == {"service"}
    with database.reading() as session:
        letters = list(session.scalars(select(Letter).where(Letter.type == "asset.replaced").order_by(Letter.number)))
        assert [letter.data["previous_sha256"] for letter in letters] == [one["sha256"] for one in reversed(told)]
        notes = list(session.scalars(select(AuditEntry).where(AuditEntry.action == "asset.replaced")))
        assert [note.changes for note in notes] == [["file"]] * 3
    assert editor.delete(path, headers={"If-Match": '"4"'}).status_code == 204
    drain(settings, database)


def test_the_point_of_a_crop_stays_where_it_means_the_same_place(editor: FlaskClient) -> None:
    asset = send(editor, picture(), focal_point=[0.1, 0.9]).json
    larger = put(editor, asset["id"], picture(width=241, height=160, seed=2)).json
    assert (larger["focal_point"], larger["is_focal_point_set"]) == ([0.1, 0.9], True)
    other = put(editor, asset["id"], picture(width=120, height=120, seed=3), 2).json
    assert other["is_focal_point_set"] is False
    assert has_same_shape((None, None), (3, 2)) is has_same_shape((3, 2), (None, None)) is False
    assert has_same_shape((3_000, 2_000), (2_000, 3_000)) is False


def test_what_cannot_take_the_place_is_refused_and_leaves_all_as_it_was(
    editor: FlaskClient, settings: Settings
) -> None:
    asset, other = send(editor, picture()).json, send(editor, picture(seed=2)).json
    known = put(editor, asset["id"], picture(seed=2))
    assert (known.status_code, known.json["code"], known.json["asset_id"]) == (409, "content_known", other["id"])
    for name, data, status in (
        ("a file that is none", b"no picture", 415), ("SVG", b"<svg onload='alert(1)'/>", 415),
        ("HTML", b"<!doctype html><script>alert(1)</script>", 415),
        ("half a picture", picture(seed=3)[:500], 422),
    ):  # fmt: skip
        assert put(editor, asset["id"], data).status_code == status, name
    wrong = put(editor, asset["id"], picture(seed=3), sha256="0" * 64)
    assert (wrong.status_code, wrong.json["errors"][0]["pointer"]) == (422, "/data/sha256")
    assert put(editor, asset["id"], picture(seed=3), credit="x").status_code == 422, "texts are changed by a patch"
    stale = put(editor, asset["id"], picture(seed=3), 7)
    assert (stale.status_code, stale.json["etag"]) == (412, '"1"')
    bare = editor.put(f"/api/v1/assets/{asset['id']}/file", **form(picture(seed=3)))
    assert bare.status_code == 428
    assert editor.get(f"/api/v1/assets/{asset['id']}").json["sha256"] == asset["sha256"]
    files = [path for path in settings.media_home.rglob("*") if path.is_file()]
    assert sorted(path.name for path in files) == sorted((asset["sha256"], other["sha256"]))


def test_hostile_files_and_forms_are_refused_in_the_place_of_another_too(
    app: Any, editor: FlaskClient, settings: Settings
) -> None:
    """Rows S70 and S77 on the second way in, which is the same code: one of each kind."""
    asset = send(editor, picture()).json
    path, usual, end = f"/api/v1/assets/{asset['id']}/file", "multipart/form-data; boundary=x", b"--x--\r\n"
    file = part("file", picture(seed=9), filename="a.jpg")
    answers = {
        name: editor.put(path, data=body, content_type=content_type, headers=FIRST)
        for name, body, content_type in (
            ("a bomb", part("file", sized_jpeg(65_500, 65_500), filename="a.jpg") + end, usual),
            ("no end", file, usual), ("no parts", end, usual), ("two files", file + file + end, usual),
            ("an empty file", part("file", b"", filename="a.jpg") + end, usual),
            ("another part", file + part("colour", b"red") + end, usual),
            ("data that is no JSON", file + part("data", b"{") + end, usual),
            ("data that says more than it may", file + part("data", b'{"credit": "x"}') + end, usual),
            ("no boundary", file + end, "multipart/form-data"), ("JSON", b"{}", "application/json"),
            ("a picture alone", picture(seed=9), "image/jpeg"), ("no type", file + end, ""),
        )
    }  # fmt: skip
    assert {name: got.status_code for name, got in answers.items() if got.status_code not in (400, 413, 415, 422)} == {}
    parts = app.extensions["copydesk"]
    app.extensions["copydesk"] = replace(parts, settings=replace(settings, media_quota_bytes=asset["byte_count"] + 9))
    beyond = put(editor, asset["id"], picture(width=300, height=300, seed=4))
    assert (beyond.status_code, beyond.json["code"]) == (507, "quota_reached")
    app.extensions["copydesk"] = replace(parts, settings=replace(settings, media_reserve_bytes=2**50))
    full = put(editor, asset["id"], picture(seed=4))
    assert (full.status_code, full.json["code"]) == (507, "no_room")
    app.extensions["copydesk"] = parts
    assert editor.get(f"/api/v1/assets/{asset['id']}").json["revision"] == 1


def test_nobody_replaces_what_is_not_theirs(
    client_as: Callable[[str], FlaskClient], app: Flask, settings: Settings, database: Database
) -> None:
    """Row S76: by the id, by the digest, by another method, by a field of the form, and in the place of what is
    gone."""
    author, editor, viewer = client_as("author"), client_as("editor"), client_as("viewer")
    others, mine = send(editor, picture()).json, send(author, picture(seed=2)).json
    path, other = f"/api/v1/assets/{others['id']}/file", picture(seed=3)
    nobody, unknown = app.test_client(), "01890a5d-ac96-774b-bcce-b302099a8057"
    asked = {
        "no credential": nobody.put(path, headers=FIRST, **form(other)),
        "a viewer": viewer.put(path, headers=FIRST, **form(other)),
        "an author": author.put(path, headers=FIRST, **form(other)),
        "an author with a revision that is none": author.put(path, headers={"If-Match": '"9"'}, **form(other)),
        "an author with any revision": author.put(path, headers={"If-Match": "*"}, **form(other)),
        "without a file": author.put(path, headers=FIRST),
        "with what is no form": author.put(path, headers=FIRST, data=other, content_type="image/jpeg"),
        "with the id of the other in the form": author.put(
            f"/api/v1/assets/{mine['id']}/file", headers=FIRST, **form(other, id=others["id"])
        ),
        "with the asset of the other as its own": author.post("/api/v1/assets", **form(other, id=others["id"])),
        "by POST": author.post(path, headers=FIRST, **form(other)),
        "by PATCH": author.patch(path, headers=FIRST, **form(other)),
        "by PUT of the asset": author.put(f"/api/v1/assets/{others['id']}", headers=FIRST, **form(other)),
        "by PUT of the original": author.put(f"/api/v1/assets/{others['id']}/original", headers=FIRST, **form(other)),
        "by a method in a header": author.post(path, headers={**FIRST, "X-HTTP-Method-Override": "PUT"}, **form(other)),
        "by a method in the query": author.post(f"{path}?_method=PUT", headers=FIRST, **form(other)),
        "an id that is none": author.put(f"/api/v1/assets/{unknown}/file", headers=FIRST, **form(other)),
        "a path for an id": author.put(f"/api/v1/assets/..%2f{others['id']}/file", headers=FIRST, **form(other)),
        "the id in capitals": author.put(f"/api/v1/assets/{others['id'].upper()}/file", headers=FIRST, **form(other)),
        "the id with braces": author.put(f"/api/v1/assets/{{{others['id']}}}/file", headers=FIRST, **form(other)),
        "the id without dashes": author.put(
            f"/api/v1/assets/{others['id'].replace('-', '')}/file", headers=FIRST, **form(other)
        ),
        "the number for the id": author.put(f"/api/v1/assets/{others['number']}/file", headers=FIRST, **form(other)),
        "the digest for the id": author.put(f"/api/v1/assets/{others['sha256']}/file", headers=FIRST, **form(other)),
        "through the public prefix": author.put(f"/media/{others['sha256']}.jpg", headers=FIRST, **form(other)),
        "the same bytes as the other has": author.put(
            f"/api/v1/assets/{mine['id']}/file", headers=FIRST, **form(picture())
        ),
    }
    assert {name: got.status_code for name, got in asked.items() if not 400 <= got.status_code < 500} == {}
    assert asked["an author"].status_code == asked["an author with a revision that is none"].status_code == 403
    assert asked["an author"].json["missing_permission"] == "assets:write_any"
    assert asked["an id that is none"].status_code == 404
    unchanged = editor.get(f"/api/v1/assets/{others['id']}").json
    assert (unchanged["sha256"], unchanged["revision"]) == (others["sha256"], 1)
    kept = {path.name for path in settings.media_home.rglob("*") if path.is_file()}
    assert kept == {others["sha256"], mine["sha256"]}, "nothing of what was refused is kept"
    assert author.put(f"/api/v1/assets/{mine['id']}/file", headers=FIRST, **form(other)).status_code == 200
    assert editor.delete(f"/api/v1/assets/{mine['id']}", headers={"If-Match": '"2"'}).status_code == 204
    assert put(author, mine["id"], picture(seed=5), 2).status_code == 404, "what is gone is not taken over"
    drain(settings, database)

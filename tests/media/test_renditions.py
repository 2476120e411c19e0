"""Renditions: made by a worker, of nothing but pixels, and given out by addresses that never mean anything else."""

import io
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from PIL import Image, PngImagePlugin

from cms.app import create_app
from cms.media.rendering import forget_retired, order_renditions
from cms.media.storing import RENDITIONS, LocalStore
from cms.media.tidying import tidy
from cms.platform.actor import system
from cms.platform.clock import now
from cms.platform.db import Database
from cms.settings import Settings
from tests.draining import drain
from tests.media.drawing import picture, saved, send

CANARY = "canary-91cc"
FEW = "natural=60,100;square@1:1=50"


@pytest.fixture
def settings(settings: Settings) -> Settings:
    return replace(settings, media_presets=FEW)


@pytest.fixture
def open_app(settings: Settings) -> Iterator[Flask]:
    """An application that gives every rendition to everybody."""
    app = create_app(replace(settings, media_public="always"))
    yield app
    app.extensions["copydesk"].database.dispose()
    app.extensions["copydesk"].index.close()


def whole(client: FlaskClient, asset: dict[str, Any]) -> dict[str, Any]:
    """An asset as it is now."""
    found: dict[str, Any] = client.get(f"/api/v1/assets/{asset['id']}").json
    return found


def test_a_worker_makes_every_size_in_three_formats_of_pixels_alone(
    editor: FlaskClient, settings: Settings, database: Database
) -> None:
    exif = Image.Exif()
    exif[0x010E], exif[0x013B] = CANARY, CANARY
    exif.get_ifd(0x8825)[1] = "N"
    texts = PngImagePlugin.PngInfo()
    texts.add_itxt("XML:com.adobe.xmp", f"<x>{CANARY}</x>")
    drawn = Image.open(io.BytesIO(picture("png", seed=9))).convert("RGBA")
    drawn.putalpha(Image.linear_gradient("L").resize(drawn.size))
    sent = [
        send(editor, picture("jpeg", exif=exif.tobytes(), comment=CANARY.encode())).json,
        send(editor, saved(drawn, "png", pnginfo=texts, icc_profile=CANARY.encode()) + CANARY.encode()).json,
    ]
    assert [one["renditions"] for one in sent] == [[], []]
    drain(settings, database)
    for one, last in zip(sent, ("image/jpeg", "image/png"), strict=True):
        made = whole(editor, one)["renditions"]
        assert [(file["preset"], file["width"], file["height"]) for file in made[::3]] == [
            ("natural", 60, 40), ("natural", 100, 67), ("square", 50, 50),
        ]  # fmt: skip
        for file in made:
            got = editor.get(file["preview_url"], headers={"Authorization": ""})
            assert got.status_code == 200, got.data
            assert got.headers["Content-Type"] == file["media_type"]
            assert CANARY.encode() not in got.data
            shown = Image.open(io.BytesIO(got.data))
            assert shown.size == (file["width"], file["height"])
            assert shown.get_format_mimetype() == file["media_type"]
            assert not {"exif", "xmp", "icc_profile", "comment", "XML:com.adobe.xmp"} & shown.info.keys()
            assert len(got.data) == file["byte_count"]
        assert [file["media_type"] for file in made[:3]] == ["image/avif", "image/webp", last]
        assert whole(editor, one)["preview_url"] is not None


def test_a_crop_follows_the_point_and_the_old_one_is_given_out_a_day_longer(
    editor: FlaskClient, settings: Settings, database: Database
) -> None:
    drawn = Image.new("RGB", (300, 100), "red")
    drawn.paste("blue", (200, 0, 300, 100))
    asset = send(editor, saved(drawn, "png"), focal_point=[0.1, 0.5]).json
    drain(settings, database)

    def middle(file: dict[str, Any]) -> tuple[int, ...]:
        shown = Image.open(io.BytesIO(editor.get(file["preview_url"]).data)).convert("RGB")
        return tuple(round(part / 255) for part in shown.getpixel((25, 25)))  # type: ignore[union-attr]  # in RGB

    before = whole(editor, asset)["renditions"][-1]
    assert middle(before) == (1, 0, 0)
    moved = editor.patch(f"/api/v1/assets/{asset['id']}", json={"focal_point": [0.9, 0.5]}, headers={"If-Match": '"1"'})
    assert moved.status_code == 200
    drain(settings, database)
    after = whole(editor, asset)["renditions"][-1]
    assert middle(after) == (0, 0, 1)
    assert after["url"] != before["url"]
    assert editor.get(before["preview_url"]).status_code == 200
    with database.transaction() as session:
        assert forget_retired(session, now() + timedelta(hours=23)) == 0
        assert forget_retired(session, now() + timedelta(hours=25)) == 9
    assert editor.get(before["preview_url"]).status_code == 404
    kept = LocalStore(settings.media_home)
    assert kept.has(RENDITIONS, before["url"].split("/")[2].partition(".")[0])
    tidy(database, kept, seconds=-1)
    assert not kept.has(RENDITIONS, before["url"].split("/")[2].partition(".")[0])
    assert editor.get(after["preview_url"]).status_code == 200


def test_other_presets_make_every_picture_anew_and_the_same_make_none(
    editor: FlaskClient, settings: Settings, database: Database
) -> None:
    asset = send(editor, picture()).json
    drain(settings, database)
    before = whole(editor, asset)["renditions"]

    def order(presets: str) -> int:
        with database.transaction() as session:
            return order_renditions(session, system("test"), presets, now())

    assert order(FEW) == 0
    assert order("tall@2:3=40") == 1
    assert order("tall@2:3=40") == 0, "it is ordered already"
    drain(replace(settings, media_presets="tall@2:3=40"), database)
    made = whole(editor, asset)["renditions"]
    assert {(file["preset"], file["width"], file["height"]) for file in made} == {("tall", 40, 60)}
    assert before
    editor.patch(f"/api/v1/assets/{asset['id']}", json={"credit": "x"}, headers={"If-Match": '"1"'})
    drain(replace(settings, media_presets="tall@2:3=40"), database)
    assert whole(editor, asset)["renditions"] == made


def test_a_rendition_is_given_out_for_good_in_whole_or_in_part(
    editor: FlaskClient, settings: Settings, database: Database, open_app: Flask
) -> None:
    asset = send(editor, picture()).json
    drain(settings, database)
    file = whole(editor, asset)["renditions"][0]
    client = open_app.test_client()
    got = client.get(file["url"])
    data = got.data
    assert got.headers["Cache-Control"] == "public, max-age=31536000, immutable"
    assert got.headers["X-Content-Type-Options"] == "nosniff"
    assert got.headers["Cross-Origin-Resource-Policy"] == "cross-origin"
    assert got.headers["Content-Security-Policy"].startswith("default-src 'none'")
    assert got.headers["Surrogate-Key"] == f"asset-{asset['id']}"
    assert "Set-Cookie" not in got.headers
    tag = got.headers["ETag"]
    head = client.head(file["url"])
    assert (head.status_code, head.data, head.headers["Content-Length"]) == (200, b"", str(len(data)))
    for listed in (tag, f"W/{tag}", f'"x", {tag}', "*"):
        known = client.get(file["url"], headers={"If-None-Match": listed})
        assert (known.status_code, known.data, known.headers["ETag"]) == (304, b"", tag)
    last = len(data) - 1
    for asked, start, end in (("0-9", 0, 9), ("10-", 10, last), ("-7", last - 6, last), (f"5-{last + 99}", 5, last),
                              (f"-{last + 99}", 0, last), ("0-0", 0, 0)):  # fmt: skip
        part = client.get(file["url"], headers={"Range": f"bytes={asked}"})
        assert (part.status_code, part.data) == (206, data[start : end + 1]), asked
        assert part.headers["Content-Range"] == f"bytes {start}-{end}/{len(data)}"
    for asked in (f"{last + 1}-", f"{last + 1}-{last + 9}", "-0"):
        beyond = client.get(file["url"], headers={"Range": f"bytes={asked}"})
        assert (beyond.status_code, beyond.headers["Content-Range"]) == (416, f"bytes */{len(data)}")
        assert beyond.mimetype == "application/problem+json"
    for asked in ("bytes=9-5", "bytes=a-b", "bytes=0-1,3-4", "lines=0-1", "bytes=-", "bytes", "bytes=0-1 "):
        assert client.get(file["url"], headers={"Range": asked}).data == data, asked
    changed = client.get(file["url"], headers={"Range": "bytes=0-1", "If-Range": '"other"'})
    assert (changed.status_code, changed.data) == (200, data)
    same = client.get(file["url"], headers={"Range": "bytes=0-1", "If-Range": tag})
    assert same.status_code == 206


def test_a_rendition_that_no_published_article_shows_needs_a_signature_that_holds(
    editor: FlaskClient, settings: Settings, database: Database, app: Flask
) -> None:
    asset = send(editor, picture()).json
    drain(settings, database)
    first, second = whole(editor, asset)["renditions"][:2]
    anonymous = app.test_client()
    assert anonymous.get(first["url"]).status_code == 404
    signed = first["preview_url"]
    got = anonymous.get(signed)
    assert (got.status_code, got.headers["Cache-Control"]) == (200, "private, max-age=3600")
    query = signed.partition("?")[2]
    path, until = signed.partition("?")[0], query.partition("&")[0].partition("=")[2]
    wrong = [
        f"{second['url']}?{query}", f"{path}?until={int(until) + 1}{query[len('until=') + len(until):]}",
        signed[:-1] + ("0" if signed[-1] != "0" else "1"), f"{signed}&x=1", f"{path}?until={until}",
        f"{path}?signature=&until=", f"{signed}&signature=0",
        signed.replace(".avif", ".jpg"), signed.replace(".avif", ".AVIF"), signed.replace("/media/", "/media//"),
    ]  # fmt: skip
    assert [one for one in wrong if anonymous.get(one).status_code not in (400, 404)] == []


def test_paths_that_lead_elsewhere_lead_nowhere(
    editor: FlaskClient, settings: Settings, database: Database, open_app: Flask, tmp_path: Path
) -> None:
    """Row S79."""
    asset = send(editor, picture()).json
    drain(settings, database)
    file = whole(editor, asset)["renditions"][0]
    client = open_app.test_client()
    (settings.home / "secret.txt").write_text(CANARY, "utf-8")
    ups = ("../", "..\\", "%2e%2e/", "%2e%2e%2f", "..%2f", "%252e%252e%252f", "..%252f", "%c0%ae%c0%ae/", "....//",
           "..;/", ".%00./", "%uff0e%uff0e/", "..%c1%9c", "%2e%2e%5c")  # fmt: skip
    paths = [f"/media/{up * depth}{target}" for up in ups for depth in (1, 3)
             for target in ("secret.txt", "etc/passwd", "copydesk.db")]  # fmt: skip
    name = file["url"].removeprefix("/media/")
    paths += ["/media", "/media/", "/media//etc/passwd", "/media/.", "/media/..", f"/media/{name}/", f"/media/x/{name}",
              f"/media/./{name}", f"/media/{name}%00", f"/media/{name}%00.jpg", f"/media/{name}.jpg",
              f"/media/{name[:-1]}",
              f"/media/{name.upper()}", f"/media/originals/{asset['sha256'][:2]}/{asset['sha256']}",
              f"/media/{asset['sha256']}.jpg", "/media/CON.jpg", "/media/file:///etc/passwd", "/media/~root/x",
              f"/media/{'0' * 64}.avif", f"/media/{'g' * 64}.avif", f"/media/{'a' * 5_000}.avif", "/media/%ff%fe.jpg",
              f"/media/renditions/{name[:2]}/{name.partition('.')[0]}"]  # fmt: skip
    answers = {path: client.get(path) for path in paths}
    assert {path: got.status_code for path, got in answers.items() if got.status_code != 404} == {}
    assert not any(CANARY.encode() in got.data for got in answers.values())
    assert len(paths) >= 100
    place = LocalStore(settings.media_home).path(RENDITIONS, name.partition(".")[0])
    assert client.get(file["url"]).status_code == 200
    place.unlink()
    place.symlink_to(settings.home / "secret.txt")
    assert client.get(file["url"]).status_code == 404
    place.unlink()
    place.parent.rename(tmp_path / "moved")
    place.parent.symlink_to(tmp_path / "moved")
    (tmp_path / "moved" / place.name).write_text(CANARY, "utf-8")
    assert client.get(file["url"]).status_code == 404


def test_a_front_server_is_told_where_the_file_is(editor: FlaskClient, settings: Settings, database: Database) -> None:
    asset = send(editor, picture()).json
    drain(settings, database)
    file = whole(editor, asset)["renditions"][0]
    app = create_app(replace(settings, media_public="always", media_accel_prefix="/inside"))
    try:
        got = app.test_client().get(file["url"])
    finally:
        app.extensions["copydesk"].database.dispose()
        app.extensions["copydesk"].index.close()
    name = file["url"].removeprefix("/media/").partition(".")[0]
    assert (got.status_code, got.data) == (200, b"")
    assert got.headers["X-Accel-Redirect"] == f"/inside/renditions/{name[:2]}/{name}"
    assert (settings.media_home / got.headers["X-Accel-Redirect"].removeprefix("/inside/")).is_file()

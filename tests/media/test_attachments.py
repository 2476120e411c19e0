"""Documents, sounds, videos and texts: what is taken, how readers get it, how an article names it."""

import hashlib
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from flask import Flask
from flask.testing import FlaskClient

from cms.app import create_app
from cms.media.commands import media
from cms.media.examining import Broken, examined
from cms.media.rules import format_of
from cms.media.storing import ONE_PIECE_BYTES, ORIGINALS, RENDITIONS, LocalStore
from cms.media.tidying import tidy
from cms.operations.backed_files import missing_in
from cms.platform.db import Database
from cms.platform.text.forms import ATTRIBUTE
from cms.platform.text.markdown import pieces
from cms.settings import Settings
from tests.draining import drain
from tests.media.drawing import picture, send
from tests.media.sounding import VTT, box, element, mp3, mp4, ogg, pdf, wav, webm
from tests.media.test_articles import made, publish
from tests.media.test_hostile_files import NAMES
from tests.media.test_replacing import put

NOBODY = "01890a5d-ac96-774b-bcce-b302099a8057"
FILES = {
    "pdf": (pdf(), "application/pdf", "document"), "mp3": (mp3(), "audio/mpeg", "audio"),
    "mp3 with a tag": (mp3(tag=bytes(300)), "audio/mpeg", "audio"), "m4a": (mp4(b"soun"), "audio/mp4", "audio"),
    "m4a by its brand": (mp4(b"soun", brand=b"M4A "), "audio/mp4", "audio"), "ogg": (ogg(), "audio/ogg", "audio"),
    "wav": (wav(), "audio/wav", "audio"), "mp4": (mp4(b"soun", b"vide"), "video/mp4", "video"),
    "webm": (webm(), "video/webm", "video"), "vtt": (VTT, "text/vtt", "text"),
}  # fmt: skip


@pytest.fixture
def settings(settings: Settings) -> Settings:
    return replace(settings, media_presets="natural=60,100")


def test_each_kind_is_taken_for_what_it_is_and_readers_get_it_as_a_file_to_save(
    app: Flask, editor: FlaskClient, settings: Settings, database: Database
) -> None:
    nobody = app.test_client()
    for name, (data, media_type, kind) in FILES.items():
        sent = send(editor, data, "minutes.exe", credit="Ines Okafor")
        assert sent.status_code == 201, (name, sent.data)
        asset = sent.json
        assert (asset["media_type"], asset["kind"], asset["width"], asset["renditions"]) == (media_type, kind, None, [])
        assert asset["sha256"] == hashlib.sha256(data).hexdigest()
        file = asset["file"]
        assert nobody.get(file["url"]).status_code == 404, "no published article names it"
        got = nobody.get(file["preview_url"])
        assert (got.status_code, got.headers["Content-Type"]) == (200, media_type)
        assert got.headers["Content-Disposition"].startswith('attachment; filename="minutes.exe.')
        assert got.headers["Content-Security-Policy"].startswith("sandbox; default-src 'none'")
        assert got.headers["X-Content-Type-Options"] == "nosniff"
        assert got.headers["Cross-Origin-Resource-Policy"] == "cross-origin"
        assert int(got.headers["Content-Length"]) == file["byte_count"] == len(got.data)
        if kind != "text":
            assert got.data == data
            part = nobody.get(file["preview_url"], headers={"Range": "bytes=2-5"})
            assert (part.status_code, part.data) == (206, data[2:6])
    assert [one["kind"] for one in editor.get("/api/v1/assets?kind=video").json["data"]] == ["video", "video"]
    drain(settings, database)
    store = LocalStore(settings.media_home)
    assert tidy(database, store, seconds=-1) == 0
    assert CliRunner().invoke(media, ["verify"], obj=settings).exit_code == 0
    assert missing_in(store, settings.database_url) == [], "a backup finds each where it is"


def test_a_long_file_goes_out_in_pieces_and_a_longer_one_than_may_be_is_refused(
    app: Any, editor: FlaskClient, settings: Settings
) -> None:
    data = wav(bytes(range(256)) * (3 * ONE_PIECE_BYTES // 256))
    file = send(editor, data).json["file"]
    nobody = app.test_client()
    assert nobody.get(file["preview_url"]).data == data
    part = nobody.get(file["preview_url"], headers={"Range": f"bytes=1000-{2 * ONE_PIECE_BYTES}"})
    assert (part.status_code, part.data) == (206, data[1_000 : 2 * ONE_PIECE_BYTES + 1])
    assert nobody.head(file["preview_url"]).headers["Content-Length"] == str(len(data))
    parts = app.extensions["copydesk"]
    limits = replace(settings, media_limit_bytes=2_000, media_attachment_limit_bytes=4_000)
    app.extensions["copydesk"] = replace(parts, settings=limits)
    for sent, status in ((wav(bytes(3_000)), 201), (wav(bytes(5_000)), 413), (picture("png", seed=8), 201),
                         (picture(width=400, height=400, seed=8, quality=95), 413),
                         (VTT + b"\nNOTE " + b"x" * 4_000, 413)):  # fmt: skip
        answer = send(editor, sent)
        assert answer.status_code == status, len(sent)
        assert status == 201 or "000 bytes here" in answer.json["detail"]


def broken() -> dict[str, bytes]:
    """Files that begin like something that is taken, and are not."""
    sound, film = mp4(b"soun"), webm()
    return {
        "a PDF without an end": pdf()[:-8], "a PDF that is HTML": b"%PDF-1.7\n<script>alert(1)</script>",
        "a PDF of another year": b"%PDF-3.0\n", "half a PDF": pdf()[:60],
        "an MP3 of one kind of noise": b"\xff\xfb\x90\x00" + b"\x5a" * 3_000, "an ID3 tag alone": mp3(0, tag=bytes(99)),
        "an ID3 tag that is too long": mp3(4, tag=bytes(99)).replace(b"\0\0\0\x63", b"\x7f\x7f\x7f\x7f", 1),
        "an ID3 tag of a version that is none": b"ID3\x09" + mp3(tag=bytes(99))[4:],
        "an ID3 tag with HTML behind it": mp3(0, tag=bytes(9)) + b"<html><script>alert(1)</script>",
        "an MP3 that ends within a frame": mp3()[: 417 * 2 + 90], "an MP3 of no rate": b"\xff\xfb\x9c\x00" + bytes(900),
        "an MP3 of no bitrate": b"\xff\xfb\x00\x00" + bytes(900),
        "an MP3 of two kinds": mp3(1) + b"\xff\xfb\x94" + bytes(800),
        "an MP3 of a bitrate that is none": b"\xff\xfb\xf0\x00" + bytes(900), "two bytes of MP3": b"\xff\xfb",
        "a WAV without sound": wav(b""), "a WAV of another kind": wav(kind=85), "a WAV that is cut": wav()[:-20],
        "a WAV with a part that is too long": wav().replace(b"data", b"data\xff\xff\xff\xff"),
        "the head of a WAV": b"RIFF\x24\0\0\0WAVEfmt " + bytes(40), "a WAV that is all head": wav()[:12],
        "an Ogg of video": ogg(b"\x80theora"), "an Ogg of nothing": ogg(b"<script>"), "half a page of Ogg": ogg()[:30],
        "one page of Ogg": ogg()[:47], "an Ogg that goes on": ogg()[:5] + b"\0" + ogg()[6:],
        "four bytes of Ogg": b"OggS",
        "the head of an MP4": sound[:24], "an MP4 without a track": mp4(), "an MP4 of hints": mp4(b"hint"),
        "an MP4 without data": sound[: sound.index(b"mdat") - 4], "an MP4 that is cut": sound[:-7],
        "an MP4 with more behind it": sound + b"<html>",
        "a box longer than its file": sound + box(b"free", b"")[:4] + b"x",
        "a box of no length": sound + struct_box(2), "boxes without end": sound + box(b"free") * 20_001,
        "a box of 2^63 bytes": sound + b"\0\0\0\1free" + b"\x7f" + b"\xff" * 7,
        "an MP4 nested deep": mp4() [:24] + nested(400) + box(b"mdat", b"x"),
        "a WebM of another type": webm(doc_type=b"matroska"), "a WebM of sound": webm(kind=2), "half a WebM": film[:30],
        "a WebM that is cut": film[:-9], "a WebM without a track": film[: film.index(b"\x16\x54\xae\x6b")],
        "EBML alone": element(0x1A45DFA3, element(0x4282, b"webm")), "a number without end": b"\x1aE\xdf\xa3\0\0\0\0",
        "a length without end": b"\x1aE\xdf\xa3\x01" + b"\xff" * 3,
        "EBML and HTML": b"\x1aE\xdf\xa3\x80<script>alert(1)</script>",
        "a WebVTT without a cue": b"WEBVTT\n", "a WebVTT of UTF-16": b"WEBVTT\n\n\xff\xfe0\x000\x00",
    }  # fmt: skip


def struct_box(length: int) -> bytes:
    return length.to_bytes(4, "big") + b"free"


def nested(depth: int) -> bytes:
    inner = b""
    for _ in range(depth):
        inner = box(b"moov", inner)
    return inner


def test_what_only_begins_like_a_file_of_a_kind_is_refused(
    editor: FlaskClient, tmp_path: Path, settings: Settings
) -> None:
    cases, taken, kinds = broken(), {}, set()
    for name, data in cases.items():
        kind = format_of(data[:64])
        if kind is None or kind.kind == "text":
            continue
        (tmp_path / "file").write_bytes(data)
        kinds.add(kind.name)
        try:
            taken[name] = examined(tmp_path / "file", kind).name
        except Broken:
            continue
    assert taken == {}
    assert len(cases) >= 40
    assert kinds == {"pdf", "mp3", "ogg", "wav", "mp4", "webm"}
    for name in ("a PDF that is HTML", "an MP3 of one kind of noise", "an MP4 that is cut", "a WebVTT of UTF-16"):
        refused = send(editor, cases[name], "report.pdf")
        assert refused.status_code == 422, name
        assert (refused.json["errors"][0]["pointer"], refused.json["errors"][0]["code"]) == ("/file", "undecodable")
    for data in (b"<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>", b"<?xml version='1.0'?><svg/>",
                 b" %PDF-1.7\n" + pdf(), b"x" + VTT, b"WEBVTTX\n\n", b"webvtt\n\n",
                 cases["a PDF of another year"]):  # fmt: skip
        assert send(editor, data, "report.pdf").status_code == 415, data[:20]
    assert [path for path in settings.media_home.rglob("*") if path.is_file()] == []


def test_the_name_of_a_download_says_nothing_but_a_name(editor: FlaskClient, app: Flask) -> None:
    """Row S75, in the header that readers get."""
    asset, nobody, wrong = send(editor, pdf()).json, app.test_client(), []
    asked = 0
    more = ("a\u0301b", "\U0001f600", "“x”", "naïve.pdf.exe", "=cmd|' /C calc'!A0", "x.pdf.pdf", "%", "a%20b", "½")
    names = [one for one in (*NAMES, *more) if one.isprintable() and one.strip() and len(one) <= 160]
    for revision, name in enumerate(names, 1):
        changed = editor.patch(
            f"/api/v1/assets/{asset['id']}", json={"name": name}, headers={"If-Match": f'"{revision}"'}
        )
        assert changed.status_code == 200, (name, changed.data)
        header = nobody.get(asset["file"]["preview_url"]).headers["Content-Disposition"]
        asked += 1
        plain = header.split("; filename*=")[0].removeprefix('attachment; filename="').removesuffix('"')
        is_safe = header.isascii() and header.isprintable() and header.count('"') == 2 and plain.endswith(".pdf")
        if not is_safe or set(plain) & set('/\\;:<>|"%') or plain.startswith((".", "-")):
            wrong.append((name, header))
    assert wrong == []
    assert asked >= 40


def test_a_link_to_an_asset_that_is_none_is_refused_and_a_hostile_one_leads_nowhere(
    app: Flask, editor: FlaskClient
) -> None:
    report = send(editor, pdf(), '"><script>alert(1)</script>.pdf').json["id"]
    for body in (f"[x](asset:{NOBODY})", "[x](asset:report)", f"[x](<asset:{NOBODY}>)",
                 f'<a href="asset:{NOBODY}">x</a>',
                 f"[x][1]\n\n[1]: asset:{NOBODY}", f"[x](asset:{report}.pdf)", f"[x](asset:{report}?a)",
                 f"[x](asset:{report.upper()})"):  # fmt: skip
        refused = made(editor, body)
        assert (refused.status_code, refused.json["errors"][0]["code"]) == (422, "unknown_asset"), body
    hostile = f'[x](asset:{report} "&quot; onclick=&quot;alert(1)")\n\n![" onerror="alert(1)](asset:{report})'
    article = made(editor, hostile).json
    assert publish(editor, article).status_code == 200
    html = app.test_client().get(f"/content/v1/articles/{article['id']}").json["body"]["html"]
    assert html.count("<a ") == 2
    assert "<script" not in html
    names = {name for _, _, told, _ in pieces(html) for name, _ in ATTRIBUTE.findall(told)}
    assert names == {"href", "type", "title", "rel"}
    assert "".join(text or f"<{slash}{tag}{told}>" for slash, tag, told, text in pieces(html)) == html


def test_another_document_takes_the_place_of_one(
    app: Flask, editor: FlaskClient, settings: Settings, database: Database
) -> None:
    report = send(editor, pdf()).json
    article = made(editor, f"[Report](asset:{report['id']})").json
    publish(editor, article)
    drain(settings, database)
    later = put(editor, report["id"], pdf("A second one"))
    assert later.status_code == 200, later.data
    assert put(editor, report["id"], picture(), 2).json["errors"][0]["code"] == "other_kind"
    readers = app.test_client()
    assert readers.get(later.json["file"]["url"]).data == pdf("A second one")
    drain(settings, database)
    assert later.json["file"]["url"] in readers.get(f"/content/v1/articles/{article['id']}").json["body"]["html"]
    store = LocalStore(settings.media_home)
    tidy(database, store, seconds=-1)
    assert readers.get(report["file"]["url"]).data == pdf(), "pages that are cached name it for a day"
    assert store.has(ORIGINALS, report["sha256"])
    assert not store.has(RENDITIONS, report["sha256"])


def test_a_front_server_is_told_where_a_sound_is(editor: FlaskClient, settings: Settings) -> None:
    file = send(editor, mp3()).json["file"]
    app = create_app(replace(settings, media_accel_prefix="/inside"))
    got = app.test_client().get(file["preview_url"])
    app.extensions["copydesk"].database.dispose()
    app.extensions["copydesk"].index.close()
    name = file["url"].removeprefix("/media/").partition(".")[0]
    assert got.headers["X-Accel-Redirect"] == f"/inside/originals/{name[:2]}/{name}"
    assert (settings.media_home / "originals" / name[:2] / name).is_file()

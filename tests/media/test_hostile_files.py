"""Rows S70 to S75 and S77: files and forms that are made to hurt. Each is refused, or made into a harmless picture."""

import io
import json
import struct
import subprocess
import sys
import time
import zlib
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

from flask.testing import FlaskClient
from PIL import Image, PngImagePlugin

from cms.media.darkroom.asking import develop
from cms.media.rules import disposition, format_of, label
from cms.settings import Settings
from tests.media.drawing import picture, saved, send

CANARY = "canary-7f3a"
GIF_SCRIPT = b"GIF89a/*" + bytes(10) + b"*/=1;alert('" + CANARY.encode() + b"')//"


def chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def png(width: int, height: int, *chunks: bytes, depth: int = 8, colours: int = 2, data: bytes = b"") -> bytes:
    head = struct.pack(">IIBBBBB", width & 0xFFFFFFFF, height & 0xFFFFFFFF, depth, colours, 0, 0, 0)
    body = b"".join(chunks) + chunk(b"IDAT", zlib.compress(data)) + chunk(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + body


def sized_jpeg(width: int, height: int) -> bytes:
    data = bytearray(picture())
    at = next(data.index(mark) for mark in (b"\xff\xc0\x00\x11", b"\xff\xc2\x00\x11") if mark in data)
    data[at + 5 : at + 9] = struct.pack(">HH", height, width)
    return bytes(data)


def sized_gif(width: int, height: int) -> bytes:
    data = bytearray(picture("gif"))
    data[6:10] = struct.pack("<HH", width, height)
    at = data.index(b"\x2c\x00\x00\x00\x00")
    data[at + 5 : at + 9] = struct.pack("<HH", width, height)
    return bytes(data)


def damaged() -> Iterator[tuple[str, bytes, str]]:
    """Row S70: name, bytes, and the format that they begin like. None of them can be a picture."""
    rows = b"\0" * (20_000 // 8 + 1) * 20_000
    yield "a bomb of one bit", png(20_000, 20_000, depth=1, colours=0, data=rows), "png"
    for width, height in ((65_535, 65_535), (2**31 - 1, 1), (1, 2**31 - 1), (2**32 - 1, 2**32 - 1), (0, 0), (0, 9),
                          (9, 0), (40_000, 1_001), (30_001, 1)):  # fmt: skip
        yield f"IHDR {width}x{height}", png(width, height), "png"
    for width, height in ((65_500, 65_500), (65_535, 1_000), (0, 10), (10, 0), (8_000, 8_000)):
        yield f"JPEG {width}x{height}", sized_jpeg(width, height), "jpeg"
    for width, height in ((65_535, 65_535), (8_000, 8_000)):
        yield f"GIF {width}x{height}", sized_gif(width, height), "gif"
    text = chunk(b"zTXt", b"k\0\0" + zlib.compress(bytes(32 << 20)))
    yield "zTXt of 32 MiB", png(8, 8, text, data=(b"\0" + bytes(24)) * 8), "png"
    yield "PNG without pixels", png(8, 8), "png"
    yield "PNG of a colour type that is none", png(8, 8, colours=5, data=bytes(400)), "png"
    yield "PNG of a depth that is none", png(8, 8, depth=3, data=bytes(400)), "png"
    yield "PNG with a wrong sum", picture("png")[:-20] + bytes(20), "png"
    yield "PNG that is all signature", b"\x89PNG\r\n\x1a\n", "png"
    for kind in ("jpeg", "png", "webp", "gif", "avif"):
        whole = picture(kind)
        for share in (0.1, 0.4):
            yield f"{share:.0%} of a {kind}", whole[: int(len(whole) * share)], kind
        yield f"the head of a {kind} and noise", whole[:16] + b"\x5a" * 4_000, kind
    yield "WebP of a size that it has not", b"RIFF" + struct.pack("<I", 2**32 - 1) + b"WEBPVP8 " + bytes(40), "webp"
    yield "AVIF without a picture", b"\0\0\0\x18ftypavif\0\0\0\0avifmif1" + bytes(100), "avif"
    yield "HTML behind the head of a PNG", b"\x89PNG\r\n\x1a\n<html><script>alert(1)</script>", "png"
    yield "a script that begins like a GIF", GIF_SCRIPT, "gif"


def test_damaged_pictures_and_bombs_are_refused_and_take_no_time(tmp_path: Path) -> None:
    cases = list(damaged())
    asked = []
    for number, (name, data, kind) in enumerate(cases):
        assert format_of(data[:64]).name == kind, name  # type: ignore[union-attr]  # all begin like something taken
        path = tmp_path / str(number)
        path.write_bytes(data)
        asked.append([str(path), kind])
    program = [sys.executable, "-m", "tests.media.many"]
    ended = subprocess.run(program, input=json.dumps(asked).encode(), stdout=subprocess.PIPE, check=True)
    told = list(zip((name for name, _, _ in cases), json.loads(ended.stdout), strict=True))
    assert [(name, said) for name, (said, _) in told if said in ("whole", "ended") or said.startswith("surprise")] == []
    assert len(told) >= 40
    seconds, slowest = max((took, name) for name, (_, took) in told)
    print(f"{len(told)} damaged pictures, the slowest {slowest!r} in {seconds:.2f} s")


def test_a_damaged_picture_is_refused_for_people_and_nothing_of_it_is_kept(
    editor: FlaskClient, settings: Settings
) -> None:
    kinds = {name: data for name, data, _ in damaged()}
    for name in ("a bomb of one bit", "JPEG 65500x65500", "zTXt of 32 MiB", "40% of a avif"):
        refused = send(editor, kinds[name], "picture.png")
        assert refused.status_code == 422, (name, refused.data)
        [error] = refused.json["errors"]
        assert (error["pointer"], error["code"]) == ("/file", "undecodable")
        assert "Traceback" not in error["detail"]
    assert [path for path in settings.media_home.rglob("*") if path.is_file()] == []
    assert send(editor, picture()).status_code == 201


def test_the_program_that_opens_pictures_has_little_memory_and_time(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_bytes(saved(Image.new("RGB", (3_000, 2_000)), "png"))
    order = {"do": "look", "path": str(path), "format": "png"}
    assert develop(order)["width"] == 3_000
    assert "memory" in develop({**order, "memory_bytes": 40 << 20})["refused"]
    assert "time" in develop({**order, "cpu_seconds": 0})["refused"]
    assert "longer" in develop(order, seconds=0.01)["refused"]


def test_what_is_no_picture_of_the_kinds_taken_is_refused_by_its_content(
    editor: FlaskClient, settings: Settings
) -> None:
    """Rows S71, S73 and S74: named .png, and sent as one."""
    drawn = Image.new("RGB", (20, 10), "red")
    others = {kind: saved(drawn, kind) for kind in
              ("tiff", "bmp", "ico", "icns", "tga", "pcx", "ppm", "dds", "sgi", "jpeg2000", "eps")}  # fmt: skip
    others |= {
        "svg": b"<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>",
        "svg with a head": b"<?xml version='1.0'?><!DOCTYPE svg><svg><script>alert(1)</script></svg>",
        "html": b"<!doctype html><script>alert(1)</script>", "html with spaces": b"\n\n  <html>",
        "html behind a BOM": b"\xef\xbb\xbf<html>", "php": b"<?php system($_GET['c']);",
        "psd": b"8BPS\0\x01" + bytes(60), "fli": bytes(4) + b"\x11\xaf" + bytes(120), "blp": b"BLP2" + bytes(100),
        "xcf": b"gimp xcf file" + bytes(40), "wmf": b"\xd7\xcd\xc6\x9a" + bytes(40), "postscript": b"%!PS-Adobe-3.0\n",
        "zip": b"PK\x03\x04" + bytes(60), "gzip": b"\x1f\x8b\x08" + bytes(60), "elf": b"\x7fELF" + bytes(60),
        "windows program": b"MZ" + bytes(60), "shell script": b"#!/bin/sh\nid\n", "nothing but zeros": bytes(500),
        "one byte": b"x", "text": b"a picture, honestly", "a GIF of another year": b"GIF88a" + picture("gif")[6:],
        "a PNG after a space": b" " + picture("png"), "a JPEG after a line": b"\n" + picture(),
        "quicktime": b"\0\0\0\x14ftypqt  \0\0\0\0qt  " + bytes(40),
        "heic": b"\0\0\0\x18ftypheic\0\0\0\0mif1heic" + bytes(40),
        "flac": b"fLaC" + bytes(60), "midi": b"MThd\0\0\0\x06" + bytes(40),
        "avi": b"RIFF\x24\0\0\0AVI LIST" + bytes(40),
        "swf": b"FWS\x09" + bytes(40), "font": b"wOF2" + bytes(60), "json": b'{"a": 1}',
    }  # fmt: skip
    taken = {name: answer.status_code for name, data in others.items()
             if (answer := send(editor, data, "picture.png")).status_code != 415}  # fmt: skip
    assert taken == {}
    assert len(others) >= 40
    assert [path for path in settings.media_home.rglob("*") if path.is_file()] == []


NAMES = (
    "../../etc/passwd", "..\\..\\windows\\win.ini", "%2e%2e%2f%2e%2e%2fx.jpg", "/etc/passwd", "C:\\x.jpg",
    "\\\\host\\x", "a\x00.jpg", "n" * 5_000 + ".jpg", "CON", "con.jpg", "NUL.png", "LPT1", ".htaccess", "..", ".",
    "", " ", "-rf", "--help", "~root", "photo\u202egpj.exe", "a\r\nSet-Cookie: x=1", "a\nb", "a\tb", "a;b",
    'a"b.jpg', "a'b", "a%00b",    "a%0d%0ab", "x.php.jpg", "x.jpg.php", "x.svg", "x.html", "<script>.jpg", "&lt;b&gt;",
    "电车.jpg", "трамвай.jpg",
    "\u200b\u200b",
    "\ufeffx.jpg", "\ud7ff", "a" * 300, "x/../../y.png", "x\\..\\y.png", "file:///etc/passwd", "http://evil.example/x.jpg",
    "$(id).jpg", "`id`", "|id", "*", "?", "a:b", "\x7f", "\u2028x",
)  # fmt: skip


def test_the_name_of_a_file_is_a_label_and_nothing_else(editor: FlaskClient, settings: Settings) -> None:
    """Row S75."""
    assert len(NAMES) >= 40
    made = send(editor, picture(), "../../x\u202egpj.exe").json
    assert made["name"] == "xgpj.exe"
    for name in NAMES:
        shown = label(name)
        assert 1 <= len(shown) <= 160, name
        assert shown.isprintable(), name
        assert not shown.startswith((".", "-", "~", "/", "\\")), name
        assert "/" not in shown, name
        assert "\\" not in shown, name
        header = disposition(shown, "jpg")
        header.encode("ascii")
        assert header.isprintable()
        assert header.count('"') == 2
        assert '.jpg"; filename*=UTF-8' in header
    [path] = [path for path in settings.media_home.rglob("*") if path.is_file()]
    assert path.name == made["sha256"]


def part(name: str, data: bytes, *, filename: str | None = None, boundary: str = "x") -> bytes:
    named = f'; filename="{filename}"' if filename is not None else ""
    return f'--{boundary}\r\nContent-Disposition: form-data; name="{name}"{named}\r\n\r\n'.encode() + data + b"\r\n"


def forms() -> Iterator[tuple[str, bytes, str]]:
    """Row S77: name, body, Content-Type."""
    usual, end = "multipart/form-data; boundary=x", b"--x--\r\n"
    file = part("file", picture(), filename="a.jpg")
    yield "no parts", end, usual
    yield "an empty body", b"", usual
    yield "100,000 parts", part("a", b"b") * 100_000 + end, usual
    yield "100,000 files", part("a", b"b", filename="c") * 100_000 + end, usual
    yield "no end", file, usual
    yield "no end after a part of data", file + part("data", b"{}"), usual
    yield "a field of 50 MiB of CR", part("data", b"\r" + bytes(50 << 20)) + end, usual
    yield "a file of 50 MiB of CR", part("file", b"\r" * (50 << 20), filename="a") + end, usual
    yield "10 MiB of boundaries that are none", part("file", b"\r\n--xy" * 1_600_000, filename="a") + end, usual
    yield "a preamble of 5 MiB", bytes(5 << 20) + file + end, usual
    yield "an epilogue of 5 MiB", file + end + bytes(5 << 20), usual
    yield "a header of 5 MiB", b"--x\r\nX: " + b"a" * (5 << 20) + b"\r\n\r\n", usual
    yield "100,000 headers", b"--x\r\n" + b"X: a\r\n" * 100_000 + b"\r\n", usual
    yield "a file without a name", b"--x\r\nContent-Disposition: form-data; filename=a\r\n\r\nb\r\n" + end, usual
    yield "a part without a disposition", b"--x\r\nX: y\r\n\r\nb\r\n" + end, usual
    yield "a part without headers", b"--x\r\n\r\nb\r\n" + end, usual
    yield "two files of one name", file + file + end, usual
    yield "two parts of data", file + part("data", b"{}") + part("data", b"{}") + end, usual
    yield "another part", file + part("colour", b"red") + end, usual
    yield "another file", part("image", picture(), filename="a.jpg") + end, usual
    yield "an empty file", part("file", b"", filename="a.jpg") + end, usual
    yield "data alone", part("data", b"{}") + end, usual
    yield "data that is no JSON", file + part("data", b"{") + end, usual
    yield "data that is a list", file + part("data", b"[]") + end, usual
    yield "data with a member twice", file + part("data", b'{"name": "a", "name": "b"}') + end, usual
    yield "data with an unknown member", file + part("data", b'{"colour": "red"}') + end, usual
    yield "data nested deep", file + part("data", b"[" * 60_000) + end, usual
    yield "data that is not UTF-8", file + part("data", b'{"name": "\xff"}') + end, usual
    yield "data with NUL", file + part("data", b'{"name": "a\\u0000"}') + end, usual
    yield "data of a megabyte", file + part("data", b'{"name": "' + b"a" * (1 << 20) + b'"}') + end, usual
    inner = part("file", picture(), filename="a.jpg", boundary="y") + b"--y--\r\n"
    yield "a form in a form", part("files", inner) + end, usual
    yield "a header that is not UTF-8", b'--x\r\nContent-Disposition: form-data; name="\xff"\r\n\r\nb\r\n' + end, usual
    yield "no boundary", file + end, "multipart/form-data"
    yield "an empty boundary", file + end, 'multipart/form-data; boundary=""'
    yield "another boundary", file + end, "multipart/form-data; boundary=z"
    yield "a boundary of 5,000", file + end, "multipart/form-data; boundary=" + "x" * 5_000
    yield "a boundary beyond ASCII", file + end, "multipart/form-data; boundary=\u00ff"
    yield "multipart/mixed", file + end, "multipart/mixed; boundary=x"
    yield "a picture alone", picture(), "image/jpeg"
    yield "JSON", b"{}", "application/json"
    yield "no type", file + end, ""
    yield "a form of the other kind", b"file=a", "application/x-www-form-urlencoded"


def test_forms_that_are_made_to_hurt_are_refused_at_once(app: Any, editor: FlaskClient, settings: Settings) -> None:
    # So that the form is read, and not only its length.
    parts = app.extensions["copydesk"]
    app.extensions["copydesk"] = replace(parts, settings=replace(settings, media_limit_bytes=200 << 20))
    wrong, slowest, count = [], (0.0, ""), 0
    for name, body, content_type in forms():
        began = time.process_time()
        answer = editor.post("/api/v1/assets", data=io.BytesIO(body), content_type=content_type)
        slowest, count = max(slowest, (time.process_time() - began, name)), count + 1
        if answer.status_code not in (400, 413, 415, 422) or answer.mimetype != "application/problem+json":
            wrong.append((name, answer.status_code, answer.data[:200]))
    assert wrong == []
    assert count >= 40
    assert [path for path in settings.media_home.rglob("*") if path.is_file()] == []
    print(f"{count} forms, the slowest {slowest[1]!r} in {slowest[0]:.2f} s of processor time")


def test_a_picture_may_carry_what_it_likes(editor: FlaskClient) -> None:
    """Texts and what stands behind a picture do not keep it from being taken; readers get none of it."""
    texts = PngImagePlugin.PngInfo()
    texts.add_text("Comment", f"<script>{CANARY}</script>")
    drawn = Image.new("RGB", (30, 20), "teal")
    for data in (saved(drawn, "png", pnginfo=texts), saved(drawn, "jpeg", comment=CANARY.encode()),
                 saved(drawn, "png") + f"<html>{CANARY}</html>".encode()):  # fmt: skip
        made: Any = send(editor, data)
        assert made.status_code == 201
        assert CANARY not in made.get_data(as_text=True)

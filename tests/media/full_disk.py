"""The product on a small disk of its own that becomes full, for real; a program, started by `test_full_disk.py`.

Its arguments are a folder and a migrated SQLite file to copy. Writes as JSON what was answered, step by step. Where the
system lets it have no disk of its own, as some containers do, files have a largest size instead, which the system
refuses in the same places with another number of error; those steps are done in any case.
"""

import ctypes
import hashlib
import json
import os
import resource
import shutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

from flask import Flask
from PIL import Image

from cms.app import create_app
from cms.identity.tokens import issue_token
from cms.platform.actor import system
from cms.platform.clock import now
from cms.platform.db import Database
from cms.settings import Settings
from tests.draining import Drain
from tests.media.drawing import saved, send
from workers.work import make_work

MIB = 1 << 20
DISK_BYTES, RESERVE_BYTES = 14 * MIB, 6 * MIB
# A file of noise cannot be made smaller, so each has about 2.4 MB.
SIDE = 900
# More rounds than a delivery has attempts, however far apart these are.
ROUNDS = 50
NEW_MOUNTS, NEW_USER = 0x20000, 0x10000000
PRIVATE = 0x4000 | 0x40000


def have_small_disk(folder: Path) -> bool:
    """Mount a small disk there, which nobody else sees and which goes with this process; False where that cannot be."""
    libc = ctypes.CDLL(None, use_errno=True)
    user, group = os.getuid(), os.getgid()
    if user != 0 or libc.unshare(NEW_MOUNTS) != 0:
        if libc.unshare(NEW_MOUNTS | NEW_USER) != 0:
            return False
        for name, text in (("setgroups", "deny"), ("uid_map", f"0 {user} 1"), ("gid_map", f"0 {group} 1")):
            Path(f"/proc/self/{name}").write_text(text)
    libc.mount(b"none", b"/", None, PRIVATE, None)
    return bool(libc.mount(b"none", bytes(folder), b"tmpfs", 0, f"size={DISK_BYTES}".encode()) == 0)


def noise() -> bytes:
    """A picture that is unlike all others."""
    return saved(Image.frombytes("RGB", (SIDE, SIDE), os.urandom(3 * SIDE * SIDE)), "png")


@contextmanager
def filled(folder: Path, left_bytes: int) -> Iterator[None]:
    """The disk with so much left, until the end."""
    ballast = folder / "ballast"
    with ballast.open("wb", buffering=0) as file:
        try:
            while True:
                file.write(bytes(MIB))
        except OSError:
            file.truncate(max(0, file.tell() - left_bytes))
    try:
        yield
    finally:
        ballast.unlink()


@contextmanager
def limited() -> Iterator[None]:
    """No file of this process may be larger than a part of a picture, until the end."""
    usual = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (MIB, usual[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, usual)


class Steps:
    """What is done, one after the other, and what was answered."""

    def __init__(self, home: Path, app: Flask, settings: Settings) -> None:
        self.home, self.app, self.settings = home, app, settings
        database: Database = app.extensions["copydesk"].database
        with database.transaction() as session:
            made = issue_token(
                session, system("test"), name="e", role="editor", lifetime=timedelta(hours=1), now=now()
            )  # fmt: skip
        self.client = app.test_client()
        self.client.environ_base["HTTP_AUTHORIZATION"] = f"Bearer {made}"
        self.work = make_work(settings)
        self.drain = Drain(self.work)

    def reserve(self, byte_count: int) -> None:
        """Let so much stay free for texts from now on."""
        parts = self.app.extensions["copydesk"]
        settings = replace(parts.settings, media_reserve_bytes=byte_count)
        self.app.extensions["copydesk"] = replace(parts, settings=settings)

    def upload(self) -> list[Any]:
        """Send a picture. Shape: status, code, whether a time to come back was named"""
        answer = send(self.client, noise(), "noise.png")
        return [answer.status_code, (answer.json or {}).get("code", ""), "Retry-After" in answer.headers]

    def text(self) -> int:
        """Save a text."""
        body = {"title": "Still saved", "locale": "en", "body": "It left at noon. " * 100}
        return self.client.post("/api/v1/articles", json=body).status_code

    def half_made(self) -> list[str]:
        """Files that are on the way, and files whose names are not the digests of their bytes."""
        kept = [path for path in (self.home / "media").rglob("*") if path.is_file()]
        return sorted(path.name for path in kept if hashlib.sha256(path.read_bytes()).hexdigest() != path.name)

    def renditions(self) -> dict[str, int]:
        """One round of relay and workers. Shape: how many deliveries of renditions are in each state"""
        self.drain.step()
        return {state: self.drain.count(state) for state in ("open", "dead")}


def on_small_disk(steps: Steps) -> dict[str, Any]:
    """Fill the disk by uploads, then to the last byte; then make room."""
    told: dict[str, Any] = {"uploads": []}
    while len(told["uploads"]) < 40 and (not told["uploads"] or told["uploads"][-1][0] == 201):
        told["uploads"].append(steps.upload())
    told["texts beside the reserve"] = [steps.text() for _ in range(5)]
    told["half made"] = steps.half_made()
    steps.reserve(0)
    with filled(steps.home, 700_000):
        told["upload on a full disk"] = steps.upload()
        told["text beside it"] = steps.text()
        told["half made on a full disk"] = steps.half_made()
        told["renditions on a full disk"] = [steps.renditions() for _ in range(ROUNDS)][-1]
    told["upload with room again"] = steps.upload()
    told["text with room again"] = steps.text()
    return told


def with_small_files(steps: Steps) -> dict[str, Any]:
    """Let the system refuse the rest of each file."""
    steps.reserve(0)
    with limited():
        told = {"upload beyond the largest file": steps.upload(), "half made beyond it": steps.half_made()}
    return {**told, "upload without a largest file": steps.upload()}


def main(folder: Path, template: Path) -> dict[str, Any]:
    """Everything."""
    is_mounted = have_small_disk(folder)
    home = folder / "home"
    home.mkdir()
    shutil.copy(template, home / "copydesk.db")
    settings = Settings(
        home=home, secret_key="a secret for the tests 0123456789 abcdefgh", redis_url="redis://127.0.0.1:1/0",
        allow_unsafe_database=True, limit_writes="0", media_reserve_bytes=RESERVE_BYTES, media_presets="natural=100",
        log_level="error",
    )  # fmt: skip
    steps = Steps(home, create_app(settings), settings)
    if not is_mounted:
        return {"disk": False, **with_small_files(steps)}
    told = on_small_disk(steps)
    # What was kept leaves less than the reserve; when somebody makes room, all that waits is made by itself.
    for asset in steps.client.get("/api/v1/assets?limit=100").json["data"][1:]:
        steps.client.delete(f"/api/v1/assets/{asset['id']}", headers={"If-Match": '"1"'})
        (home / "media" / "originals" / asset["sha256"][:2] / asset["sha256"]).unlink()
    told["renditions with room again"] = [steps.renditions() for _ in range(ROUNDS)][-1]
    [asset] = steps.client.get("/api/v1/assets?limit=100").json["data"]
    told["has a rendition"] = asset["preview_url"] is not None
    return {"disk": True, **told, **with_small_files(steps)}


if __name__ == "__main__":
    print(json.dumps(main(Path(sys.argv[1]), Path(sys.argv[2]))))

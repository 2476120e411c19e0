"""`copydesk media move`: there and back while the product runs, ended in the middle, with a damaged file."""

import hashlib
import os
import signal
from collections.abc import Callable
from dataclasses import fields, replace
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from cms.app import create_app
from cms.media.choosing import chosen_store, named_store
from cms.media.commands import media
from cms.media.models import Asset
from cms.media.storing import ORIGINALS, LocalStore, Store
from cms.media.tidying import tidy
from cms.platform.db import Database
from cms.settings import Settings
from tests.draining import drain
from tests.media.drawing import picture, send
from tests.media.keeping import keep_some
from tests.nursery import nursery
from tests.servers import Buckets, wait_until

FILES = 12


@pytest.fixture
def moving(in_bucket: Settings) -> Settings:
    """Settings of an installation whose files are to go from the folder into a bucket."""
    return replace(in_bucket, media_store_before="folder")


def run(settings: Settings, *words: str) -> Result:
    return CliRunner().invoke(media, ["move", "--to", settings.media_store, *words], obj=settings)


def test_files_go_into_a_bucket_and_back_and_readers_get_each_at_every_moment(
    settings: Settings, moving: Settings, app: Flask, editor: FlaskClient, database: Database
) -> None:
    settings = replace(settings, media_presets="natural=60")
    asset = send(editor, picture()).json
    drain(settings, database)
    running = create_app(replace(moving, media_public="always"))
    [file, *_] = editor.get(f"/api/v1/assets/{asset['id']}").json["renditions"]
    client = running.test_client()
    client.environ_base["HTTP_AUTHORIZATION"] = editor.environ_base["HTTP_AUTHORIZATION"]

    def is_seen() -> bool:
        addresses = (file["url"], f"/api/v1/assets/{asset['id']}/original")
        return all(client.get(one).status_code == client.head(one).status_code == 200 for one in addresses)

    try:
        assert is_seen(), "before anything is moved"
        assert send(client, picture(seed=2)).status_code == 201
        folder, bucket = named_store(settings, "folder"), named_store(moving, moving.media_store)
        new = hashlib.sha256(picture(seed=2)).hexdigest()
        assert bucket.has(ORIGINALS, new) and not folder.has(ORIGINALS, new), "what is new goes to the new store"
        kept = run(moving, "--keep")
        assert kept.exit_code == 0, kept.output
        assert "5 of 5 files are in s3://" in kept.output and "left in" in kept.output
        assert folder.has(ORIGINALS, asset["sha256"]) and bucket.has(ORIGINALS, asset["sha256"]) and is_seen()
        moved = run(moving)
        assert "5 of 5 files read back" in moved.output
        assert "each read back there and equal to its digest, and removed from" in moved.output
        assert list(folder.old(ORIGINALS, -2)) == [] and is_seen()
        verified = CliRunner().invoke(media, ["verify"], obj=replace(moving, media_store_before=""))
        assert (verified.exit_code, verified.output) == (0, "5 files, each as it was.\n")
        back = replace(moving, media_store="folder", media_store_before=moving.media_store)
        assert run(back).exit_code == 0
        assert list(bucket.old(ORIGINALS, -2)) == []
        assert CliRunner().invoke(media, ["verify"], obj=settings).exit_code == 0
        assert editor.get(f"/api/v1/assets/{asset['id']}/original").data == picture()
    finally:
        running.extensions["copydesk"].database.dispose()
        running.extensions["copydesk"].index.close()
    drain(settings, database)


@pytest.mark.slow
def test_a_move_that_is_killed_in_the_middle_goes_on_where_it_was(
    moving: Settings, database: Database, buckets: Buckets, tmp_path: Path
) -> None:
    digests = keep_some(database, LocalStore(moving.media_home), FILES)
    buckets.order("hold", "PUT", after=FILES // 2)
    names = [field.name for field in fields(moving) if getattr(moving, field.name) != field.default]
    environment = {f"COPYDESK_{name.upper()}": str(getattr(moving, name)) for name in names}
    environment["COPYDESK_ALLOW_UNSAFE_DATABASE"] = "1"
    words = ["media", "move", "--to", moving.media_store]
    killed = nursery().start("", words, {**os.environ, **environment}, tmp_path / "out", tmp_path / "err")
    bucket, folder = named_store(moving, moving.media_store), LocalStore(moving.media_home)

    def there() -> set[str]:
        return set(bucket.old(ORIGINALS, -2))

    wait_until(lambda: len(there()) == FILES // 2 and any(folder.incoming.iterdir()), what="half of the move")
    killed.send_signal(signal.SIGKILL)
    assert killed.wait() == -signal.SIGKILL
    buckets.order()
    assert len(there()) < FILES
    assert set(folder.old(ORIGINALS, -2)) == digests, "nothing was removed before all was copied and read back"
    both = chosen_store(moving)
    assert both.has_all(ORIGINALS, digests)
    buckets.order()
    done = run(moving)
    assert done.exit_code == 0, done.output
    counts = buckets.order()
    assert counts["PUT"] <= FILES // 2, "what was moved before is not sent again"
    assert there() == digests and list(folder.old(ORIGINALS, -2)) == []
    assert tidy(database, both, seconds=-2) == 1, "the copy that the kill left"


def test_a_damaged_or_missing_file_is_named_and_the_others_stay_where_they_are(
    moving: Settings, database: Database
) -> None:
    folder = LocalStore(moving.media_home)
    first, second, *others = sorted(keep_some(database, folder, 5))
    folder.path(ORIGINALS, first).write_bytes(b"other bytes")
    folder.remove(ORIGINALS, second)
    done = run(moving)
    assert done.exit_code == 1
    assert f"damaged: originals/{first[:2]}/{first} of asset" in done.output
    assert f"missing: originals/{second[:2]}/{second} of asset" in done.output
    assert "2 files are missing or damaged" in done.output
    bucket = named_store(moving, moving.media_store)
    assert not bucket.has(ORIGINALS, first)
    assert set(folder.old(ORIGINALS, -2)) == {first, *others}
    verified = CliRunner().invoke(media, ["verify"], obj=moving)
    assert verified.exit_code == 1 and "2 of 5 files" in verified.output
    # What is not what it was in the new store is brought there once more.
    spoilt = folder.incoming / "spoilt.part"
    spoilt.write_bytes(b"other bytes")
    bucket.put(ORIGINALS, others[0], spoilt)
    with database.transaction() as session:
        for asset in session.scalars(select(Asset).where(Asset.sha256.in_((first, second)))):
            session.delete(asset)
    assert run(moving).exit_code == 0
    assert b"".join(bucket.pieces(ORIGINALS, others[0])).startswith(b"file ")


def test_a_store_that_goes_away_ends_the_move_with_what_to_do(
    moving: Settings, database: Database, buckets: Buckets
) -> None:
    digests = keep_some(database, LocalStore(moving.media_home), 4)
    buckets.order("fail", "PUT", after=2)
    ended = run(moving)
    assert ended.exit_code == 1
    assert "SlowDown); see copydesk doctor. What was done is done; run this again" in ended.output
    assert chosen_store(moving).has_all(ORIGINALS, digests)
    buckets.order("refuse", "GET")
    assert "AccessDenied" in run(moving).output
    buckets.order()
    assert run(moving).exit_code == 0


def test_a_move_without_its_settings_says_which_are_needed(
    settings: Settings, in_bucket: Settings, moving: Settings, database: Database
) -> None:
    cases: tuple[tuple[Settings, str], ...] = (
        (settings, in_bucket.media_store), (in_bucket, in_bucket.media_store), (moving, "s3://another/media"),
    )  # fmt: skip
    for told, to in cases:
        refused = CliRunner().invoke(media, ["move", "--to", to], obj=told)
        assert refused.exit_code == 1
        assert f"COPYDESK_MEDIA_STORE={to}" in refused.output and "COPYDESK_MEDIA_STORE_BEFORE=" in refused.output


def test_a_file_that_moves_between_two_looks_is_found(moving: Settings, database: Database) -> None:
    [digest] = keep_some(database, LocalStore(moving.media_home), 1)
    both = chosen_store(moving)

    def moved_meanwhile(look: Callable[..., object]) -> Callable[..., object]:
        def first(*words: object) -> object:
            try:
                return look(*words)
            finally:
                # As another process does, after this one looked in vain.
                run(moving)

        return first

    object.__setattr__(both, "into", Racing(both.into, moved_meanwhile))  # type: ignore[attr-defined]  # a store of two
    assert b"".join(both.pieces(ORIGINALS, digest)).startswith(b"file 0")


class Racing:
    """A store in which something happens after the first look at a file."""

    def __init__(self, store: Store, after: Callable[[Callable[..., object]], Callable[..., object]]) -> None:
        self.store, self.after, self.looks = store, after, 0

    def __getattr__(self, name: str) -> object:
        self.looks += 1
        found = getattr(self.store, name)
        return self.after(found) if self.looks == 1 else found

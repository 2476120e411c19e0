"""What every store keeps to, be it a folder, a bucket, or both while files move from one to the other."""

import hashlib
import secrets
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from cms.environment import SettingsError
from cms.media.choosing import chosen_store
from cms.media.storing import AREAS, ORIGINALS, RENDITIONS, Store
from cms.settings import Settings
from tests.conftest import BUCKET_SECRET, SECRET

NONE = "0" * 64
LARGE = 9 << 20
Keep = Callable[[bytes], str]


@pytest.fixture(params=["folder", "bucket", "both"])
def store(request: pytest.FixtureRequest, settings: Settings) -> Store:
    """Each of them."""
    if request.param == "folder":
        return chosen_store(settings)
    bucket: Settings = request.getfixturevalue("in_bucket")
    return chosen_store(replace(bucket, media_store_before="folder") if request.param == "both" else bucket)


@pytest.fixture
def keep(store: Store) -> Keep:
    """A function that keeps these bytes among the originals."""

    def kept(data: bytes) -> str:
        store.incoming.mkdir(parents=True, exist_ok=True)
        source = store.incoming / f"{secrets.token_hex(4)}.part"
        source.write_bytes(data)
        digest = hashlib.sha256(data).hexdigest()
        store.put(ORIGINALS, digest, source)
        assert not source.exists()
        return digest

    return kept


def test_what_was_put_is_there_whole_and_in_any_part(store: Store, keep: Keep) -> None:
    data = bytes(range(256)) * 40
    for whole in (data, b"x", secrets.token_bytes(LARGE)):
        digest = keep(whole)
        assert b"".join(store.pieces(ORIGINALS, digest)) == whole
        assert store.has(ORIGINALS, digest) and not store.has(RENDITIONS, digest)
    small = hashlib.sha256(data).hexdigest()
    for start, count in ((0, 10), (5, 1), (10_230, 10), (0, len(data)), (100, None), (0, 0)):
        expected = data[start:] if count is None else data[start : start + count]
        assert b"".join(store.pieces(ORIGINALS, small, start, count)) == expected, (start, count)
    pieces = store.pieces(ORIGINALS, digest, 1, LARGE - 2)
    sizes = [len(piece) for piece in pieces]
    assert sum(sizes) == LARGE - 2
    assert max(sizes) < LARGE / 4, "a large file is never in memory whole"
    with store.at_hand(ORIGINALS, small) as path:
        assert path.read_bytes() == data
    assert [one for one in store.incoming.iterdir() if one.is_file()] == []


def test_what_is_not_there_is_said_at_once(store: Store, keep: Keep) -> None:
    digest = keep(b"x")
    with pytest.raises(FileNotFoundError):
        store.pieces(ORIGINALS, NONE)
    with pytest.raises(FileNotFoundError), store.at_hand(ORIGINALS, NONE):
        pass
    assert store.age(ORIGINALS, NONE) is None
    assert store.has_all(ORIGINALS, {digest}) and not store.has_all(ORIGINALS, {digest, NONE})
    store.remove(ORIGINALS, NONE)
    store.remove(ORIGINALS, digest)
    assert not store.has(ORIGINALS, digest)


def test_files_have_an_age_and_are_young_again_when_they_come_again(store: Store, keep: Keep) -> None:
    digest = keep(b"again")
    assert list(store.old(ORIGINALS, -2)) == [digest]
    assert list(store.old(ORIGINALS, 60)) == list(store.old(RENDITIONS, -2)) == []
    assert keep(b"again") == digest
    age = store.age(ORIGINALS, digest)
    # Stores tell whole seconds.
    assert age is not None and -2 < age < 60


def test_a_name_that_is_no_digest_leads_nowhere(store: Store) -> None:
    for name in ("", "..", "../" * 3 + "x", "A" * 64, "0" * 63, "0" * 64 + "/x", "%2e" * 30):
        for ask in (store.has, store.pieces, store.remove, store.age):
            with pytest.raises(AssertionError):
                ask(ORIGINALS, name)
    store.check()


def test_what_came_in_half_is_dropped(store: Store) -> None:
    store.incoming.mkdir(parents=True)
    (store.incoming / "left.part").write_bytes(b"half")
    (store.incoming / "folder").mkdir()
    assert store.drop_unfinished(3_600) == 0
    assert store.drop_unfinished(-1) == 2
    assert all(list(store.old(area, -2)) == [] for area in AREAS)


def test_settings_that_name_no_store_are_refused_and_a_secret_is_never_printed(tmp_path: Path) -> None:
    good = {
        "COPYDESK_MEDIA_STORE": "s3://pictures/site/media", "COPYDESK_MEDIA_STORE_ENDPOINT": "https://s3.example.org",
        "COPYDESK_MEDIA_STORE_KEY": "id", "COPYDESK_MEDIA_STORE_SECRET": BUCKET_SECRET,
    }  # fmt: skip
    told = Settings.from_environment(good)
    assert told.media_store_secret == BUCKET_SECRET
    keys = {"COPYDESK_SECRET_KEY": "9c5f1d7e3b8a4062f1e0d9c8b7a69584", "COPYDESK_PREVIOUS_SECRET_KEY": "0b" + SECRET}
    keys["COPYDESK_SMTP_URL"] = "smtp://desk:open-sesame@mail.example.org:25"
    printed = repr(Settings.from_environment({**good, **keys})) + str(chosen_store(told))
    assert not [one for one in (BUCKET_SECRET, *keys.values()) if one in printed]
    for name, text in (
        ("STORE", "s3://"), ("STORE", "s3://Pictures"), ("STORE", "s3://pictures/../x"), ("STORE", "/srv/pictures"),
        ("STORE", "gs://pictures"), ("STORE", "s3://pictures//x"), ("STORE_BEFORE", "elsewhere"),
        ("STORE_BEFORE", "s3://pictures/site/media/"), ("STORE_ENDPOINT", "s3.example.org"),
        ("STORE_ENDPOINT", "https://id:word@s3.example.org"), ("STORE_ENDPOINT", "ftp://s3.example.org"),
        ("STORE_REGION", "eu central"), ("STORE_SECRET", ""), ("ACCEL_PREFIX", "/inside"),
    ):  # fmt: skip
        with pytest.raises(SettingsError) as refused:
            Settings.from_environment({**good, f"COPYDESK_MEDIA_{name}": text})
        assert "COPYDESK_MEDIA_" in str(refused.value), name
        assert BUCKET_SECRET not in str(refused.value) and "word" not in str(refused.value)

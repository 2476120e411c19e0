"""Files in a backup: every one that a row of it names, or a plain word about which are not."""

import io
import json
import tarfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from click.testing import CliRunner
from flask.testing import FlaskClient

from cms.media.choosing import chosen_store
from cms.media.commands import media
from cms.media.storing import ORIGINALS, RENDITIONS, LocalStore, Store
from cms.media.tidying import tidy
from cms.operations.backup import BackupError, backup, restore, seal, verify
from cms.operations.commands import backup as backup_command
from cms.operations.commands import restore as restore_command
from cms.platform.db import Database
from cms.settings import Settings
from tests.media.drawing import picture, send
from tests.media.keeping import keep_some
from tests.media.sounding import VTT, pdf
from tests.media.test_replacing import put
from tests.operations.test_backup import NOON, empty, programs

__all__ = ["empty", "programs"]


def originals(store: Store) -> set[str]:
    return set(store.old(ORIGINALS, -2))


def verified(settings: Settings) -> str:
    return CliRunner().invoke(media, ["verify"], obj=settings).output


@pytest.mark.both_databases
def test_files_are_restored_with_the_rows_that_name_them(
    settings: Settings, empty: Settings, database: Database, tmp_path: Path
) -> None:
    store = chosen_store(settings)
    digests = keep_some(database, store, 5)
    told = CliRunner().invoke(backup_command, [str(tmp_path / "backup.tar.gz")], obj=settings)
    assert f"With 5 files of 1500 bytes from {settings.media_home}." in told.output
    # What came later, or lies there unnamed, is not in it.
    keep_some(database, store, 6)
    done = restore(empty, tmp_path / "backup.tar.gz", NOON)
    assert done.missing == []
    assert originals(chosen_store(empty)) == digests
    assert verified(empty) == "5 files, each as it was.\n"
    assert all(path.stat().st_mode & 0o77 == 0 for path in empty.media_home.rglob("*") if path.is_file())


def test_files_of_every_kind_are_in_a_backup_and_move(
    editor: FlaskClient, settings: Settings, in_bucket: Settings, empty: Settings, tmp_path: Path
) -> None:
    """A picture; a text as it came and as readers get it; a document, and the one that it took the place of."""
    assert send(editor, picture()).status_code == send(editor, VTT).status_code == 201
    report = send(editor, pdf()).json["id"]
    assert put(editor, report, pdf("A second one")).status_code == 200
    made = backup(settings, tmp_path / "backup.tar.gz", NOON)
    assert (made.files.count, made.files.wrong) == (5, [])
    assert restore(empty, made.path, NOON).missing == []
    assert verified(empty) == "5 files, each as it was.\n"
    moving = replace(in_bucket, home=empty.home, database_url=empty.database_url, media_store_before="folder")
    assert CliRunner().invoke(media, ["move", "--to", moving.media_store], obj=moving).exit_code == 0
    assert verified(replace(moving, media_store_before="")) == "5 files, each as it was.\n"
    assert list(chosen_store(empty).old(ORIGINALS, -2)) == list(chosen_store(empty).old(RENDITIONS, -2)) == []


def test_nothing_is_tidied_away_while_a_backup_is_made(settings: Settings, database: Database) -> None:
    store = LocalStore(settings.media_home)
    keep_some(database, store, 1)
    unnamed = store.incoming / "x"
    unnamed.write_bytes(b"x")
    store.put(ORIGINALS, "0" * 64, unnamed)
    with store.held(), store.held():
        assert tidy(database, LocalStore(settings.media_home), seconds=-1) == 0
        assert store.has(ORIGINALS, "0" * 64)
    assert tidy(database, store, seconds=-1) == 1


def rewritten(archive: Path, change: Callable[[str, bytes], tuple[str, bytes] | None]) -> None:
    """The archive with other members, sealed again as if it had been made so."""
    with tarfile.open(archive) as tar:
        members = [(one.name, tar.extractfile(one).read()) for one in tar]  # type: ignore[union-attr]  # all are files
    with tarfile.open(archive, "w:gz") as tar:
        for name, data in members:
            changed = change(name, data)
            if changed is not None:
                member = tarfile.TarInfo(changed[0])
                member.size = len(changed[1])
                tar.addfile(member, io.BytesIO(changed[1]))
    seal(archive)


def test_an_archive_whose_files_are_not_what_they_should_be_is_refused_before_anything_is_touched(
    settings: Settings, empty: Settings, database: Database, tmp_path: Path
) -> None:
    first = min(keep_some(database, chosen_store(settings), 3))
    whole = backup(settings, tmp_path / "whole.tar.gz", NOON).path.read_bytes()
    member = f"media/originals/{first}"

    def named(other: str) -> Callable[[str, bytes], tuple[str, bytes] | None]:
        return lambda name, data: (other if name == member else name, data)

    def counted(name: str, data: bytes) -> tuple[str, bytes]:
        if name != "manifest.json":
            return name, data
        told = json.loads(data)
        told["files"]["count"] += 1
        return name, json.dumps(told).encode()

    changes: dict[str, Callable[[str, bytes], tuple[str, bytes] | None]] = {
        "other bytes": lambda name, data: (name, data + b"!" if name == member else data),
        "one too few": lambda name, data: None if name == member else (name, data),
        "another count": counted,
        "another digest": named(f"media/originals/{'0' * 64}"),
        "outside": named(f"media/originals/../../{first}"),
        "another area": named(f"media/secrets/{first}"),
        "a folder more": named(f"media/originals/{first[:2]}/{first}"),
        "not normal": named(f"./media/originals/{first}"),
    }
    for what, change in changes.items():
        archive = tmp_path / "changed.tar.gz"
        archive.write_bytes(whole)
        rewritten(archive, change)
        with pytest.raises(BackupError):
            verify(archive)
        with pytest.raises(BackupError):
            restore(empty, archive, NOON)
        assert not empty.media_home.exists(), what
        assert not (empty.home / "copydesk.db").exists(), what


def test_a_file_that_is_missing_or_damaged_is_named_and_keeps_no_backup_from_being_made(
    settings: Settings, empty: Settings, database: Database, tmp_path: Path
) -> None:
    store = LocalStore(settings.media_home)
    lost, spoilt, *_ = sorted(keep_some(database, store, 4))
    store.remove(ORIGINALS, lost)
    store.path(ORIGINALS, spoilt).write_bytes(b"other bytes")
    archive = tmp_path / "backup.tar.gz"
    told = CliRunner().invoke(backup_command, [str(archive)], obj=settings)
    assert told.exit_code == 0
    assert f"WARNING: not in the backup, missing: originals/{lost[:2]}/{lost}" in told.output
    assert f"WARNING: not in the backup, damaged: originals/{spoilt[:2]}/{spoilt}" in told.output
    assert "With 2 files" in CliRunner().invoke(restore_command, [str(archive), "--verify"], obj=empty).output
    done = CliRunner().invoke(restore_command, [str(archive)], obj=empty)
    assert done.exit_code == 0, done.output
    assert "WARNING: 2 files are not in" in done.output and f"missing: originals/{lost[:2]}/{lost}" in done.output


def test_files_of_a_bucket_stay_there_and_a_restore_looks_for_them(
    in_bucket: Settings, empty: Settings, database: Database, tmp_path: Path
) -> None:
    bucket = chosen_store(in_bucket)
    digests = keep_some(database, bucket, 3)
    listed, whole = tmp_path / "listed.tar.gz", tmp_path / "whole.tar.gz"
    told = CliRunner().invoke(backup_command, [str(listed)], obj=in_bucket)
    assert f"Without the 3 files that belong to it. They stay in {bucket.name}" in told.output
    backup(in_bucket, whole, NOON, "all")
    bucket.remove(ORIGINALS, min(digests))
    told_of_bucket = {name: getattr(in_bucket, name) for name in vars(in_bucket) if name.startswith("media_store")}
    there = replace(empty, **told_of_bucket)
    done = CliRunner().invoke(restore_command, [str(listed)], obj=there)
    assert done.exit_code == 0
    assert f"WARNING: 1 file is not in {bucket.name}" in done.output and min(digests) in done.output
    # Into a folder, from an archive that holds them all.
    elsewhere = replace(empty, home=tmp_path / "third")
    assert restore(elsewhere, whole, NOON).missing == []
    assert originals(chosen_store(elsewhere)) == digests
    # And into a bucket.
    assert restore(replace(there, home=tmp_path / "fourth"), whole, NOON).missing == []
    assert originals(bucket) == digests


def test_without_files_where_somebody_wants_it_so(
    settings: Settings, empty: Settings, database: Database, tmp_path: Path
) -> None:
    keep_some(database, chosen_store(settings), 2)
    made = backup(settings, tmp_path / "backup.tar.gz", NOON, "none")
    assert (made.files.are_kept, made.files.count) == (False, 2)
    assert len(restore(empty, made.path, NOON).missing) == 2


def test_a_store_that_is_away_is_told_and_leaves_nothing(
    in_bucket: Settings, empty: Settings, database: Database, tmp_path: Path
) -> None:
    keep_some(database, chosen_store(in_bucket), 2)
    whole = backup(in_bucket, tmp_path / "whole.tar.gz", NOON, "all").path
    away = replace(in_bucket, media_store_endpoint="http://127.0.0.1:1")
    with pytest.raises(BackupError, match="does not answer as it should"):
        backup(away, tmp_path / "none.tar.gz", NOON, "all")
    assert not (tmp_path / "none.tar.gz").exists()
    told = {name: getattr(away, name) for name in vars(away) if name.startswith("media_store")}
    with pytest.raises(BackupError, match="the database was not touched"):
        restore(replace(empty, **told), whole, NOON)
    assert not (empty.home / "copydesk.db").exists()

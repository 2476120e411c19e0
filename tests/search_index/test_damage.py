"""Whatever happens to the files, a reader says "not now", a writer says "broken", and a rebuild mends it."""

import os
import shutil
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import pytest

from search_index.home import current_folder
from search_index.query import parse
from search_index.reader import IndexBroken, IndexUnavailable, Reader
from search_index.storage import ShelfStorage
from tests.search_index.conftest import Shelf, article
from tests.search_index.damaging import (
    cut,
    remove_folder,
    remove_home,
    remove_pointer,
    remove_segment,
    segment,
    spoil_pointer,
    spoil_table,
    table,
)


def put_a_file_in_place_of_the_folder(home: Path) -> None:
    folder = current_folder(home)
    shutil.rmtree(folder)
    folder.write_text("a file")


def put_a_file_in_place_of_the_home(home: Path) -> None:
    shutil.rmtree(home)
    home.write_text("a file")


def remove_table(home: Path) -> None:
    table(home).unlink()


def empty_table(home: Path) -> None:
    table(home).write_bytes(b"")


def cut_table(home: Path) -> None:
    cut(table(home), 0.6)


def empty_segment(home: Path) -> None:
    segment(home).write_bytes(b"")


def halve_segment(home: Path) -> None:
    cut(segment(home), 0.5)


def shorten_segment(home: Path) -> None:
    cut(segment(home), 0.98)


DAMAGES = [
    remove_home,
    remove_pointer,
    spoil_pointer,
    remove_folder,
    put_a_file_in_place_of_the_folder,
    put_a_file_in_place_of_the_home,
    remove_table,
    empty_table,
    cut_table,
    spoil_table,
    remove_segment,
    empty_segment,
    halve_segment,
    shorten_segment,
]


# What changes the bytes of a file that readers have open.
IN_PLACE = (empty_segment, halve_segment, shorten_segment)


@pytest.fixture
def filled(shelf: Shelf, monkeypatch: pytest.MonkeyPatch) -> Shelf:
    """An index whose reader and writer have it open, with a segment that is too large to be read whole."""
    monkeypatch.setattr("search_index.storage.SMALL", 20_000)
    shelf.put(article("large", "Ferry", " ".join(f"harbour word{number}" for number in range(2_000))))
    shelf.put(article("small", "Ferry"))
    assert len(shelf.find("ferry")) == 2
    shelf.reader.verify()
    return shelf


@pytest.mark.parametrize("damage", DAMAGES, ids=lambda damage: damage.__name__)
def test_damage_is_told_and_mended_by_a_rebuild(filled: Shelf, damage: Callable[[Path], None]) -> None:
    damage(filled.home)
    fresh = Reader(filled.home)
    for reader in (fresh, filled.reader):
        for ask in (reader.count, reader.indexed, reader.digests, reader.stats, reader.verify):
            with pytest.raises(IndexUnavailable):
                ask()
    if damage not in (remove_pointer, spoil_pointer):
        with pytest.raises(IndexUnavailable):
            fresh.search(parse("ferry"), limit=5)
    if damage not in IN_PLACE:
        assert len(filled.find("ferry")) == 2, "whoever had the files open goes on answering"
    for _ in range(2):
        with pytest.raises(IndexBroken):
            filled.put(article("new", "Ferry"))
    filled.fill(article("mended", "Ferry"))
    assert filled.find("ferry") == ["mended"]
    assert fresh.count() == 1
    filled.put(article("new", "Ferry"))
    assert set(filled.find("ferry")) == {"mended", "new"}
    fresh.close()


@pytest.mark.parametrize("damage", [one for one in DAMAGES if "home" not in one.__name__], ids=lambda one: one.__name__)
def test_searches_go_on_with_the_index_before_until_it_is_mended(
    shelf: Shelf, damage: Callable[[Path], None], open_files: Callable[[], set[str]]
) -> None:
    text = " ".join(f"harbour word{number}" for number in range(2_000))
    shelf.fill(article("old", "Ferry", text))
    shelf.fill(article("old", "Ferry", text), article("new", "Ferry"))
    damage(shelf.home)
    fresh = Reader(shelf.home)
    for _ in range(2):
        assert "old" in [hit.id for hit in fresh.search(parse("ferry"), limit=5).hits]
    assert "old" in fresh.complete("fer", locale=None, limit=5)[0]
    with pytest.raises(IndexUnavailable):
        fresh.count()
    shelf.fill(article("old", "Ferry", text), article("new", "Ferry"))
    assert {hit.id for hit in fresh.search(parse("ferry"), limit=5).hits} == {"old", "new"}
    assert fresh.count() == 2
    fresh.close()
    assert open_files() == set(), "what stood in is given back"


def test_bytes_that_were_set_to_zero_are_told_by_verifying(filled: Shelf) -> None:
    path = segment(filled.home)
    sound = path.read_bytes()
    for start in range(0, len(sound) - 64, len(sound) // 20):
        path.write_bytes(sound[:start] + bytes(64) + sound[start + 64 :])
        reader = Reader(filled.home)
        with pytest.raises(IndexUnavailable):
            reader.verify()
        for typed in ("ferry", "word7 harbour"):
            # Asking may go unpunished, but never ends in another error.
            with suppress(IndexUnavailable):
                reader.search(parse(typed), limit=5)
        reader.close()
    path.write_bytes(sound)
    filled.reader.verify()


def test_there_is_no_index_before_the_first_build(tmp_path: Path) -> None:
    shelf = Shelf(tmp_path / "nowhere" / "index")
    with pytest.raises(IndexUnavailable):
        shelf.find("ferry")
    with pytest.raises(IndexBroken):
        shelf.put(article("a", "Ferry"))
    assert not shelf.home.exists(), "asking makes nothing"
    shelf.fill(article("a", "Ferry"))
    assert shelf.find("ferry") == ["a"], "the first index is seen at once, however often readers look"
    shelf.close()


def test_folders_are_private_to_their_owner(shelf: Shelf) -> None:
    assert {path.stat().st_mode & 0o777 for path in (shelf.home, current_folder(shelf.home))} == {0o700}


def test_a_commit_is_on_the_disk_before_it_is_announced(shelf: Shelf, monkeypatch: pytest.MonkeyPatch) -> None:
    told: list[str] = []
    fsync, rename = os.fsync, os.rename

    def telling_fsync(file: int) -> None:
        told.append(str(Path(f"/proc/self/fd/{file}").readlink()))
        fsync(file)

    def telling_rename(old: str, new: str) -> None:
        told.append(f"announced {new}")
        rename(old, new)

    monkeypatch.setattr(os, "fsync", telling_fsync)
    monkeypatch.setattr(os, "rename", telling_rename)
    shelf.put(article("a", "Ferry"))
    announced = next(index for index, path in enumerate(told) if path.startswith("announced"))
    folder = str(current_folder(shelf.home))
    assert any(path.endswith(".seg") for path in told[:announced])
    assert any(".toc." in path for path in told[:announced])
    assert told[announced - 1] == told[announced + 1] == folder


def test_announcements_that_a_killed_writer_left_behind_are_removed(shelf: Shelf) -> None:
    folder = current_folder(shelf.home)
    left = folder / f"{table(shelf.home).name}.1234.5"
    left.write_bytes(b"half")
    lost = folder / f"{table(shelf.home).name.strip('_').split('_')[0]}_abcdefgh01234567.seg"
    lost.write_bytes(b"half")
    shelf.put(article("a", "Ferry"))
    assert not left.exists()
    assert not lost.exists()
    assert shelf.find("ferry") == ["a"]


def test_a_full_disk_is_no_damage(shelf: Shelf, monkeypatch: pytest.MonkeyPatch) -> None:
    shelf.put(article("a", "Ferry"))

    def full(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr(ShelfStorage, "rename_file", full)
        with pytest.raises(OSError, match="No space left"):
            shelf.put(article("b", "Ferry"))
    assert shelf.find("ferry") == ["a"]
    shelf.put(article("b", "Ferry"))
    assert set(shelf.find("ferry")) == {"a", "b"}

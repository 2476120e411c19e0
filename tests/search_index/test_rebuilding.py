"""A new index is built aside: nothing that happens meanwhile is lost, and a failure leaves the old one."""

import shutil
import threading
from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest

from search_index.document import IndexDocument
from search_index.generations import rebuild
from search_index.home import current_folder
from search_index.writer import Writer
from tests.search_index.conftest import Shelf, article


class Truth:
    """What the database holds, as a rebuild asks for it."""

    def __init__(self, *documents: IndexDocument) -> None:
        self.documents = {document.id: document for document in documents}

    def put(self, document: IndexDocument) -> None:
        """A publish."""
        self.documents[document.id] = document

    def all(self) -> list[IndexDocument]:
        """Everything."""
        return list(self.documents.values())

    def differences(self, indexed: Mapping[str, int]) -> tuple[Sequence[IndexDocument], Sequence[str]]:
        """What to put and what to remove."""
        put = [document for key, document in self.documents.items() if indexed.get(key) != document.revision]
        return put, [key for key in indexed if key not in self.documents]


def test_a_rebuild_catches_up_with_what_changed_while_it_ran(shelf: Shelf) -> None:
    truth = Truth(*(article(f"a{number}", "Ferry") for number in range(100)))

    def reading() -> list[IndexDocument]:
        read = truth.all()
        for number in range(40):
            truth.put(article(f"a{number}", "Harbour", revision=2))
        truth.put(article("late", "Ferry"))
        del truth.documents["a99"]
        return read

    assert rebuild(shelf.home, reading, truth.differences) == 100
    assert shelf.reader.indexed() == {key: document.revision for key, document in truth.documents.items()}
    assert len(shelf.find("harbour")) == 40


def test_a_change_without_a_new_revision_is_not_lost_to_a_rebuild(shelf: Shelf) -> None:
    truth = Truth(article("a", "Ferry"), article("b", "Ferry"), article("c", "Ferry"))
    shelf.fill(*truth.all())

    def reading() -> list[IndexDocument]:
        read = truth.all()
        truth.put(article("a", "Ferry", tags=(("sea", "Seafaring"),)))
        shelf.put(truth.documents["a"])
        del truth.documents["b"]
        shelf.remove("b")
        return read

    assert rebuild(shelf.home, reading, truth.differences) == 2
    assert shelf.find("seafaring") == ["a"]
    assert shelf.reader.indexed() == {"a": 1, "c": 1}


def test_writes_wait_for_the_swap_and_land_in_the_new_folder(shelf: Shelf) -> None:
    truth = Truth(article("a", "Ferry"))
    asked = 0
    other = Writer(shelf.home)
    thread = threading.Thread(target=lambda: other.apply([article("b", "Ferry")], ()))

    def differences(indexed: Mapping[str, int]) -> tuple[Sequence[IndexDocument], Sequence[str]]:
        nonlocal asked
        asked += 1
        if asked == 2:
            thread.start()
            thread.join(0.2)
            assert thread.is_alive(), "the last differences are asked for under the writer's lock"
        return truth.differences(indexed)

    before = current_folder(shelf.home)
    rebuild(shelf.home, truth.all, differences)
    thread.join(30)
    other.close()
    assert current_folder(shelf.home) != before
    assert shelf.reader.indexed() == {"a": 1, "b": 1}


def test_a_rebuild_that_fails_leaves_the_old_index(shelf: Shelf) -> None:
    shelf.fill(article("a", "Ferry"))
    before = sorted(path.name for path in shelf.home.iterdir())

    def failing() -> list[IndexDocument]:
        raise LookupError("the database went away")

    with pytest.raises(LookupError):
        rebuild(shelf.home, failing, lambda _: ([], []))
    assert sorted(path.name for path in shelf.home.iterdir()) == before
    assert shelf.find("ferry") == ["a"]
    shelf.put(article("b", "Ferry"))
    assert shelf.reader.count() == 2


def test_a_folder_that_was_deleted_is_never_built_again_under_its_name(shelf: Shelf) -> None:
    shelf.fill(article("a", "Ferry"))
    gone = current_folder(shelf.home)
    assert shelf.find("ferry") == ["a"]
    shutil.rmtree(gone)

    def reading() -> list[IndexDocument]:
        assert not gone.exists(), "who reads what is pointed to would see an index without articles"
        assert shelf.find("ferry") == ["a"]
        return [article("a", "Ferry")]

    assert rebuild(shelf.home, reading, lambda _: ([], [])) == 1
    assert current_folder(shelf.home) != gone


def test_old_folders_are_removed_but_for_the_one_before(shelf: Shelf) -> None:
    for _ in range(4):
        shelf.fill(article("a", "Ferry"))
        assert shelf.find("ferry") == ["a"]
    folders = sorted(path.name for path in shelf.home.glob("index-*"))
    assert len(folders) == 2
    assert current_folder(shelf.home).name == folders[-1]


def test_the_note_of_a_killed_rebuild_is_removed(shelf: Shelf) -> None:
    (shelf.home / "touched").write_text("gone\n", "utf-8")
    shelf.put(article("a", "Ferry"))
    assert not (shelf.home / "touched").exists()


@pytest.mark.slow
def test_more_documents_than_one_segment_holds_are_all_there(shelf: Shelf, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("search_index.writer.DOCUMENTS_PER_SEGMENT", 40)
    shelf.fill(*(article(f"a{number}", "Ferry", f"word{number} and 城市{number}") for number in range(201)))
    assert len(list(current_folder(shelf.home).glob("*.seg"))) == 6
    assert shelf.reader.count() == 201
    assert shelf.find("word200") == ["a200"]
    shelf.remove(*(f"a{number}" for number in range(0, 201, 2)))
    assert shelf.reader.count() == len(shelf.find("城市")) == 100


def test_an_article_that_is_told_twice_is_there_once(shelf: Shelf) -> None:
    assert rebuild(shelf.home, lambda: [article("a", "Ferry")] * 3, lambda _: ([], [])) == 1
    assert shelf.find("ferry") == ["a"]


def test_a_home_is_made_where_there_is_none(tmp_path: Path) -> None:
    home = tmp_path / "deep" / "index"
    assert rebuild(home, lambda: [article("a", "Ferry")], lambda _: ([], [])) == 1

"""A reader that stays open sees exactly what a fresh one sees, after every commit, whoever made it."""

import random
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from search_index.document import IndexDocument
from search_index.generations import rebuild
from search_index.home import current_folder
from search_index.query import parse
from search_index.reader import IndexUnavailable, Reader
from search_index.snapshot import TOC_NAME
from search_index.writer import Writer
from tests.search_index.conftest import Shelf, article

WORDS = ["harbour", "ferry", "ice", "rail", "strike", "coal", "wind", "城市交通", "公共", "市场"]
QUESTIONS = ["harbour", "rail strike", "-coal", "交通", '"ice rail"', "har*", "section:asia", "title:wind"]
STEPS = 65


def random_article(chance: random.Random, key: str, revision: int) -> IndexDocument:
    words = chance.choices(WORDS, k=chance.randint(3, 30))
    path = chance.choice([("world",), ("world", "asia"), ("business",)])
    return article(key, words[0], " ".join(words), revision=revision, section_path=path)


def seen_by(reader: Reader) -> list[object]:
    pages = [reader.search(parse(text), limit=50) for text in QUESTIONS]
    return [reader.indexed(), reader.count(), pages]


@pytest.mark.slow
@pytest.mark.parametrize("seed", [1, 2])
def test_a_long_lived_reader_equals_a_fresh_one_after_every_update(shelf: Shelf, seed: int) -> None:
    chance = random.Random(seed)
    truth: dict[str, int] = {}
    tables = set()
    for step in range(1, STEPS + 1):
        put = {f"a{chance.randrange(30)}": step for _ in range(chance.choice([0, 1, 1, 1, 2, 9]))}
        gone = {f"a{chance.randrange(30)}" for _ in range(chance.choice([0, 0, 1, 3]))}
        shelf.writer.apply([random_article(chance, key, revision) for key, revision in put.items()], gone)
        truth = {key: revision for key, revision in {**truth, **put}.items() if key not in gone}
        fresh = Reader(shelf.home)
        assert shelf.reader.indexed() == truth
        assert seen_by(shelf.reader) == seen_by(fresh)
        fresh.close()
        tables.add(frozenset(path.stem for path in current_folder(shelf.home).glob("*.seg")))
    counts = [len(segments) for segments in tables]
    print(f"{STEPS} updates, at most {max(counts)} segments")
    assert 4 < max(counts) < 24


def test_an_older_revision_does_not_come_back_and_an_equal_one_is_put_again(shelf: Shelf) -> None:
    shelf.put(article("a", "Ferry", revision=3))
    shelf.put(article("a", "Stale", revision=2))
    assert shelf.find("ferry") == ["a"]
    assert shelf.find("stale") == []
    shelf.put(article("a", "Ferry", tags=(("sea", "Seafaring"),), revision=3))
    assert shelf.find("seafaring") == ["a"]
    assert shelf.reader.count() == 1
    shelf.put(article("b", "Older", revision=1), article("b", "Newer", revision=2), article("b", "Old", revision=1))
    assert shelf.find("newer") == ["b"]
    assert shelf.reader.indexed() == {"a": 3, "b": 2}


def test_what_is_put_and_removed_is_removed_and_removing_nothing_commits_nothing(shelf: Shelf) -> None:
    shelf.put(article("a", "Ferry"))
    before = generation(shelf.home)
    shelf.writer.apply([], ["nobody"])
    shelf.writer.apply([article("a", "Ferry", revision=0)], [])
    shelf.writer.apply([], [])
    assert generation(shelf.home) == before
    shelf.writer.apply([article("a", "Ferry", revision=5)], ["a"])
    assert shelf.reader.indexed() == {}


@pytest.mark.slow
def test_segments_are_joined_and_stay_few(shelf: Shelf) -> None:
    for number in range(80):
        shelf.put(article(f"a{number}", "Ferry"))
    assert len(list(current_folder(shelf.home).glob("*.seg"))) <= 15
    shelf.remove(*(f"a{number}" for number in range(80)))
    for number in range(10):
        shelf.put(article("b", "Ferry", revision=number))
    assert shelf.reader.indexed() == {"b": 9}
    assert len(list(current_folder(shelf.home).glob("*.seg"))) <= 10


def test_files_are_given_back_when_nobody_needs_them(
    shelf: Shelf, open_files: Callable[[], set[str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("search_index.storage.SMALL", 1_000)
    long_text = " ".join(f"word{number}" for number in range(100))
    for revision in range(12):
        shelf.put(article("a", "Ferry", long_text, revision=revision), article("b", "Ferry", long_text))
        assert shelf.find("ferry")
    shelf.put(article("a", "Ferry", revision=20))
    assert shelf.find("ferry")
    held = open_files()
    assert 1 <= len(held) <= 20
    assert not [name for name in held if name.endswith("(deleted)")]
    shelf.close()
    assert open_files() == set()
    assert shelf.find("ferry"), "a reader that was closed opens again when it is asked"


def test_a_snapshot_in_use_outlives_the_commits_after_it(shelf: Shelf) -> None:
    shelf.put(article("a", "Ferry"))
    with shelf.reader._held() as snapshot:
        for revision in range(2, 30):
            shelf.put(article("a", "Harbour", revision=revision))
            assert shelf.find("harbour") == ["a"]
        assert snapshot.indexed() == {"a": 1}
    assert shelf.find("ferry") == []


@pytest.mark.parametrize("is_removed_first", [False, True])
def test_a_reader_follows_a_new_generation_and_a_folder_built_again(shelf: Shelf, is_removed_first: bool) -> None:
    shelf.put(article("a", "Ferry"))
    assert shelf.find("ferry") == ["a"]
    if is_removed_first:
        shutil.rmtree(shelf.home)
        with pytest.raises(IndexUnavailable):
            shelf.reader.count()
        assert shelf.find("ferry") == ["a"], "what is open goes on being searched"
    shelf.fill(article("b", "Ferry"))
    assert shelf.find("ferry") == ["b"]
    shelf.put(article("c", "Ferry"))
    assert set(shelf.find("ferry")) == {"b", "c"}


@pytest.mark.slow
def test_threads_search_while_a_writer_writes_and_a_rebuild_swaps(tmp_path: Path) -> None:
    home = tmp_path / "index"
    rebuild(home, lambda: [article(f"a{number}", "Ferry") for number in range(50)], lambda _: ([], []))
    reader, writer, is_over = Reader(home), Writer(home), threading.Event()
    trouble: list[BaseException] = []
    counts: list[int] = []

    def search() -> None:
        try:
            while not is_over.is_set():
                query = parse('ferry -"no such" har*').narrowed({"locale": "en", "section": "world"})
                page = reader.search(query, limit=100)
                counts.append(len(page.hits))
        except BaseException as error:  # noqa: BLE001  # whatever a thread dies of is told by the test
            trouble.append(error)

    threads = [threading.Thread(target=search) for _ in range(4)]
    for thread in threads:
        thread.start()
    for revision in range(2, 25):
        writer.apply([article(f"a{number}", "Ferry", revision=revision) for number in range(3)], ())
        if revision % 10 == 0:
            everything = [article(f"a{number}", "Ferry", revision=revision) for number in range(50)]
            rebuild(home, lambda everything=everything: everything, lambda _: ([], []))
    is_over.set()
    for thread in threads:
        thread.join(30)
    reader.close()
    writer.close()
    print(f"{len(counts)} searches")
    assert trouble == []
    assert set(counts) == {50}


@pytest.mark.slow
def test_the_commit_of_another_process_is_seen(shelf: Shelf, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("search_index.reader.LOOKING_SECONDS", 0.1)
    program = """if True:
        import sys
        from pathlib import Path
        from search_index.writer import Writer
        from tests.search_index.conftest import article
        Writer(Path(sys.argv[1])).apply([article("other", "Ferry")], ())
    """
    assert shelf.find("ferry") == []
    subprocess.run([sys.executable, "-c", program, str(shelf.home)], check=True, timeout=60)
    until = time.monotonic() + 10
    while not shelf.find("ferry") and time.monotonic() < until:
        time.sleep(0.01)
    assert shelf.find("ferry") == ["other"]


def test_only_the_reader_that_looks_opens_anything(shelf: Shelf, monkeypatch: pytest.MonkeyPatch) -> None:
    shelf.put(article("a", "Ferry"))
    assert shelf.find("ferry") == ["a"]
    monkeypatch.setattr("search_index.reader.LOOKING_SECONDS", 3600.0)
    assert shelf.find("ferry") == ["a"]
    shelf.put(replace(article("b", "Ferry")))
    assert shelf.find("ferry") == ["a"], "until it looks again, a reader costs no system call and stays as it is"


def generation(home: Path) -> int:
    names = (TOC_NAME.match(path.name) for path in current_folder(home).iterdir())
    return max(int(match[1]) for match in names if match)

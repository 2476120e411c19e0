"""Whatever differs from what it is made from is found and repaired: documents, reading times, related lists, index."""

import os
import threading
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from flask.testing import FlaskClient
from sqlalchemy import delete, update

from cms.content.models import Document, RelatedEntry
from cms.platform.clock import now
from cms.platform.db import Database
from cms.settings import Settings
from search_index import reader as reader_module
from search_index.damage import IndexBroken
from search_index.document import IndexDocument
from search_index.engine import Progress
from search_index.home import current_folder
from search_index.reader import Reader
from search_index.shelf import Shelf
from search_index.writer import FolderWriter
from tests.draining import drain
from tests.newsroom.making import act, draft
from tests.search_index.damaging import (
    remove_folder,
    remove_home,
    remove_pointer,
    remove_segment,
    segment,
    spoil_pointer,
    spoil_table,
)
from workers.commands.reindex import left, reindex
from workers.commands.verify import verify
from workers.examining import Examining
from workers.handlers.indexing import check_index, rebuild_index
from workers.verifying import Verified
from workers.verifying import verify as verified
from workers.watching import IndexWatch
from workers.work import make_work

PARTS = ("documents", "reading times", "related lists", "search index")


@pytest.fixture
def live(editor: FlaskClient, settings: Settings, database: Database) -> list[str]:
    """Four published articles, with everything that follows from it."""
    ids = []
    for number in range(4):
        body = f"The harbour opened and the ferry number {number} sailed. " * 30
        made = draft(editor, title=f"Ferry {number}", body=body, tags=["sea"])
        assert act(editor, "publish", made["id"], 1).status_code == 200
        ids.append(made["id"])
    drain(settings, database)
    run(settings)
    return ids


def run(settings: Settings) -> list[Verified]:
    work = make_work(settings)
    try:
        return list(verified(work))
    finally:
        work.close()


def forget_reading_time(database: Database, ids: Sequence[str], _home: Path) -> None:
    with database.transaction() as session:
        session.execute(update(Document).where(Document.article_id == ids[0]).values(reading_time=None))


def spoil_reading_time(database: Database, ids: Sequence[str], _home: Path) -> None:
    with database.transaction() as session:
        session.execute(update(Document).where(Document.article_id == ids[0]).values(reading_time={"minutes": 99}))


def lose_a_list(database: Database, ids: Sequence[str], _home: Path) -> None:
    with database.transaction() as session:
        session.execute(delete(RelatedEntry).where(RelatedEntry.article_id == ids[0]))


def lose_a_document(database: Database, ids: Sequence[str], _home: Path) -> None:
    with database.transaction() as session:
        session.execute(delete(Document).where(Document.article_id == ids[0]))


def forget_in_the_index(_database: Database, ids: Sequence[str], home: Path) -> None:
    writer = Shelf(home).writer()
    writer.apply([], [ids[0]])
    writer.close()


def say_something_else_in_the_index(_database: Database, ids: Sequence[str], home: Path) -> None:
    reader, writer = Shelf(home).reader(), Shelf(home).writer()
    wrong = replace(_document(ids[0]), revision=reader.indexed()[ids[0]])
    writer.apply([wrong, replace(wrong, id=ids[0].replace("-", "")[::-1])], [])
    reader.close()
    writer.close()


def _document(key: str) -> IndexDocument:
    from_other = {"locale": "en", "title": "Gossip", "dek": "", "summary": (), "text": "", "section_path": ()}
    other: dict[str, Any] = {**from_other, "section_name": "", "tags": (), "people": ()}
    return IndexDocument(id=key, revision=1, published_at=now(), **other)


WRONGS: list[tuple[Callable[[Database, Sequence[str], Path], None], str]] = [
    (forget_reading_time, "reading times"), (spoil_reading_time, "reading times"), (lose_a_list, "related lists"),
    (lose_a_document, "documents"), (forget_in_the_index, "search index"),
    (say_something_else_in_the_index, "search index"),
]  # fmt: skip


def test_what_differs_is_found_and_repaired(
    client: FlaskClient, settings: Settings, database: Database, live: list[str]
) -> None:
    assert [(one.part, one.compared, one.differing) for one in run(settings)] == [(part, 4, 0) for part in PARTS]
    before = client.get(f"/content/v1/articles/{live[0]}").json
    assert before["reading_time"]
    assert before["related"]
    for wrong, part in WRONGS:
        wrong(database, live, settings.index_home)
        told = CliRunner().invoke(verify, ["--check"], obj=settings)
        assert (told.exit_code, f"{part}: 4, nothing" in told.output) == (1, False), f"{wrong.__name__}: {told.output}"
        assert CliRunner().invoke(verify, ["--check"], obj=settings).output == told.output, wrong.__name__
        repaired = {one.part for one in run(settings) if one.differing}
        assert part in repaired, wrong.__name__
        drain(settings, database)
        assert all(one.differing == 0 for one in run(settings)), wrong.__name__
        after = client.get(f"/content/v1/articles/{live[0]}").json
        assert (after["reading_time"], after["related"]) == (before["reading_time"], before["related"]), wrong.__name__
        assert len(client.get("/content/v1/search?q=ferry").json["data"]) == 4, wrong.__name__
        assert client.get("/content/v1/search?q=gossip").json["data"] == [], wrong.__name__


def test_the_command_says_what_it_compared(settings: Settings, database: Database, live: list[str]) -> None:
    said = CliRunner().invoke(verify, [], obj=settings)
    assert said.exit_code == 0, said.output
    assert said.output.splitlines() == [f"{part}: 4, nothing differs" for part in PARTS]
    only_compared = CliRunner().invoke(verify, ["--check"], obj=settings)
    assert (only_compared.exit_code, only_compared.output) == (0, said.output)
    forget_in_the_index(database, live, settings.index_home)
    assert "search index: 1 of 4 repaired" in CliRunner().invoke(verify, [], obj=settings).output


def cut_segment(home: Path) -> None:
    os.truncate(segment(home), segment(home).stat().st_size // 2)


def zero_in_a_segment(home: Path) -> None:
    content = segment(home).read_bytes()
    segment(home).write_bytes(content[:100] + bytes(64) + content[164:])


DAMAGES = (
    remove_home, remove_pointer, spoil_pointer, remove_folder, spoil_table, remove_segment, cut_segment,
    zero_in_a_segment,
)  # fmt: skip


def test_damage_is_healed_while_searches_go_on(
    client: FlaskClient, settings: Settings, database: Database, live: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reader_module, "LOOKING_SECONDS", 0.0)
    home = settings.index_home
    watch = IndexWatch(make_work(settings))
    for damage in DAMAGES:
        assert len(client.get("/content/v1/search?q=ferry").json["data"]) == 4
        damage(home)
        answers: list[int] = []
        stop = threading.Event()

        def ask(answers: list[int] = answers, stop: threading.Event = stop) -> None:
            while not stop.is_set():
                answer = client.get("/content/v1/search?q=ferry")
                answers.append(len(answer.json["data"]) if answer.status_code == 200 else -answer.status_code)

        asking = threading.Thread(target=ask)
        asking.start()
        if damage is zero_in_a_segment:
            assert watch.check() == 4, damage.__name__
        else:
            assert watch.look(), damage.__name__
        stop.set()
        asking.join(30)
        assert set(answers) <= {4}, damage.__name__
        reader = Reader(home)
        reader.verify()
        assert reader.indexed().keys() == set(live), damage.__name__
        reader.close()
        assert watch.check() == 0, damage.__name__
    watch.close()


def test_a_check_that_cannot_be_made_ends_nothing(settings: Settings, database: Database, live: list[str]) -> None:
    nowhere = Database("sqlite+pysqlite:////nowhere/at/all.db", is_durable=False)
    watch = IndexWatch(replace(make_work(settings), database=nowhere))
    assert watch.check() == 0
    watch.close()


def test_a_new_index_that_lost_something_is_not_swapped_in(
    settings: Settings, database: Database, live: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    before = current_folder(settings.index_home)
    fill = FolderWriter.fill
    wrongs: dict[str, Callable[[IndexDocument], IndexDocument | None]] = {
        "missing": lambda document: None if document.id == live[0] else document,
        "other contents": lambda document: replace(document, title="Gossip", text=""),
    }
    for said, change in wrongs.items():

        def losing(writer: FolderWriter, documents: Any, change: Any = change) -> None:
            fill(writer, [one for one in map(change, documents) if one is not None])

        monkeypatch.setattr(FolderWriter, "fill", losing)
        with pytest.raises(IndexBroken, match=said):
            rebuild_index(database, settings.index_home)
        told = CliRunner().invoke(reindex, [], obj=settings)
        assert (told.exit_code, "the old index stays in use" in told.output) == (1, True)
        assert current_folder(settings.index_home) == before
    monkeypatch.setattr(FolderWriter, "fill", fill)
    assert rebuild_index(database, settings.index_home) == 4
    assert not before.exists() or current_folder(settings.index_home) != before


def test_canaries_are_few_and_spread_over_all_articles(database: Database) -> None:
    examining = Examining(database)
    documents = [replace(_document(f"id{number}"), title=f"Ferry {number}") for number in range(1_000)]
    assert len(list(examining.noted(lambda: documents))) == 1_000
    chosen = [int(key.removeprefix("id")) for key, _ in examining._canaries]
    assert 20 <= len(chosen) < 40
    assert chosen == sorted(chosen)
    assert chosen[-1] > 900


def test_a_rebuild_says_how_far_it_is_and_how_long_it_may_take(
    settings: Settings, database: Database, live: list[str]
) -> None:
    told = CliRunner().invoke(reindex, [], obj=settings)
    assert told.exit_code == 0, told.output
    assert "4 of 4 articles\n" in told.output
    assert told.output.endswith("4 articles are in the new index.\n")
    assert left(Progress(200, 1_000), 2.0) == ", about 8 s left"
    assert left(Progress(0, 0), 2.0) == left(Progress(7, 7), 2.0) == ""


def test_a_check_of_a_sound_index_changes_nothing(settings: Settings, database: Database, live: list[str]) -> None:
    work = make_work(settings)
    before = sorted(path.name for path in current_folder(settings.index_home).iterdir())
    assert check_index(work) == 0
    assert sorted(path.name for path in current_folder(settings.index_home).iterdir()) == before
    work.close()

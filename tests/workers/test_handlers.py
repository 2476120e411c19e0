"""The handlers on both databases: each reads the present state, may run twice, and closes with its effect."""

import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select

from cms.content.models import Document
from cms.content.publishing import put_document, withdraw_document
from cms.events.catalogue import ArticlePublished, ArticleUnpublished, Event
from cms.events.models import Delivery
from cms.events.outbox import record
from cms.events.subscriptions import BY_NAME
from cms.platform.actor import system
from cms.platform.clock import now
from cms.platform.db import Database
from cms.platform.keys import load_keys
from cms.settings import Settings
from search_index.generations import rebuild
from search_index.reader import IndexUnavailable, Reader
from search_index.writer import Writer
from tests.content.making import article
from tests.draining import Drain, drain
from tests.newsroom.making import act, draft, patch
from workers.attempts import Hearing, attempt
from workers.handlers import indexing, related
from workers.heard import HANDLERS, HEARINGS
from workers.leases import LeaseKeeper
from workers.refusing import Refusals
from workers.work import Attempt, Work


@dataclass
class Bench:
    """One worker's parts, and tasks handed to it one by one."""

    work: Work
    refusals: Refusals

    def receive(self, number: int, hearing: Hearing | None = None) -> str:
        """Work on the task of one delivery; gives the outcome."""
        subscription = self.delivery(number).subscription
        return attempt(self.work, LeaseKeeper(self.work), self.refusals, hearing or HEARINGS[subscription], number)

    def delivery(self, number: int) -> Delivery:
        with self.work.database.reading() as session:
            return session.get_one(Delivery, number)

    def drop(self, *events: Event) -> dict[tuple[str, str], int]:
        """Record events; gives the deliveries by subject and subscription."""
        with self.work.database.transaction() as session:
            letters = [record(session, event, actor=system("test"), now=now()) for event in events]
            dropped = select(Delivery).where(Delivery.letter_id.in_([letter.id for letter in letters]))
            return {(one.subject, one.subscription): one.number for one in session.scalars(dropped)}

    def put(self, story: Any) -> None:
        with self.work.database.transaction() as session:
            put_document(session, story, now())

    def withdraw(self, article_id: str) -> None:
        with self.work.database.transaction() as session:
            withdraw_document(session, article_id, now())

    def states(self) -> list[str]:
        with self.work.database.reading() as session:
            return list(session.scalars(select(Delivery.state).order_by(Delivery.number)))

    def indexed(self) -> dict[str, int]:
        reader = Reader(self.work.settings.index_home)
        try:
            return reader.indexed()
        finally:
            reader.close()


@pytest.fixture
def bench(settings: Settings, database: Database) -> Iterator[Bench]:
    """A worker on the test's database."""
    work = Work(settings, database, load_keys(settings), Writer(settings.index_home))
    yield Bench(work, Refusals())
    work.index.close()


def make_home(bench: Bench) -> None:
    """An empty index, so that nothing has to be built anew."""
    rebuild(bench.work.settings.index_home, list, lambda _indexed: ([], []))


def published(story: Any) -> ArticlePublished:
    return ArticlePublished(subject=story.article_id, revision=story.revision, is_first=True)


def test_every_subscription_has_a_handler_and_every_handler_a_subscription() -> None:
    assert set(HANDLERS) == set(HEARINGS) == set(BY_NAME)


@pytest.mark.both_databases
def test_a_publish_is_followed_by_reading_time_search_and_related(
    editor: FlaskClient, settings: Settings, database: Database
) -> None:
    words = "The tram climbs Lock Hill in four minutes. " * 40
    first, second = (draft(editor, title=f"Lock Hill tram {n}", body=words, tags=["tram"])["id"] for n in (1, 2))
    for article_id in (first, second):
        assert act(editor, "publish", article_id, 1).status_code == 200
        assert editor.get(f"/content/v1/articles/{article_id}").json["reading_time"] is None
    outcomes = drain(settings, database)
    assert set(outcomes) <= {"done", "closed"}
    shown = editor.get(f"/content/v1/articles/{first}").json
    assert shown["reading_time"]["words"] == 320
    assert [one["id"] for one in shown["related"]] == [second]
    reader = Reader(settings.index_home)
    assert set(reader.indexed()) == {first, second}
    reader.close()
    assert act(editor, "unpublish", second, 2).status_code == 200
    assert patch(editor, first, 2, body="Short.").status_code == 200
    assert act(editor, "publish", first, 3).status_code == 200
    drain(settings, database)
    shown = editor.get(f"/content/v1/articles/{first}").json
    assert (shown["reading_time"]["words"], shown["related"]) == (1, [])


@pytest.mark.both_databases
def test_a_task_that_comes_twice_takes_effect_once(bench: Bench) -> None:
    story = article(1)
    bench.put(story)
    numbers = bench.drop(published(story))
    for number in numbers.values():
        assert bench.receive(number) == "done"
        assert bench.receive(number) == "closed"
    assert [bench.delivery(number).attempts for number in numbers.values()] == [1] * len(numbers)
    assert bench.refusals.counts == {}


@pytest.mark.both_databases
def test_one_attempt_takes_all_untried_deliveries_of_the_index_together(bench: Bench) -> None:
    stories = [article(number) for number in range(60)]
    for story in stories:
        bench.put(story)
    numbers = bench.drop(*(published(story) for story in stories))
    make_home(bench)
    search = [number for (_, name), number in sorted(numbers.items(), key=lambda item: item[1]) if name == "search"]
    assert bench.receive(search[30]) == "done"
    done = {number for number in search if bench.delivery(number).state == "done"}
    assert len(done) == indexing.AT_ONCE
    assert search[30] in done
    assert len(bench.indexed()) == indexing.AT_ONCE
    rest = next(number for number in search if number not in done)
    assert bench.receive(rest) == "done"
    assert bench.indexed() == {story.article_id: 1 for story in stories}


@pytest.mark.both_databases
def test_one_bad_article_takes_no_other_with_it(bench: Bench) -> None:
    stories = [article(number) for number in range(5)]
    for story in stories:
        bench.put(story)
    numbers = bench.drop(*(published(story) for story in stories))
    make_home(bench)
    bad = stories[2].article_id

    def handle(work: Work, given: Attempt) -> None:
        if bad in {owed.subject for owed in given.owed}:
            raise ValueError("this one cannot be indexed")
        indexing.handle(work, given)

    fragile = replace(HEARINGS["search"], handle=handle)
    search = {subject: number for (subject, name), number in numbers.items() if name == "search"}
    assert bench.receive(search[stories[0].article_id], fragile) == "failed"
    assert {bench.delivery(number).attempts for number in search.values()} == {1}
    later = replace(bench, work=replace(bench.work, clock=lambda: now().replace(year=2027)))
    outcomes = {subject: later.receive(number, fragile) for subject, number in search.items()}
    assert outcomes == {story.article_id: "failed" if story.article_id == bad else "done" for story in stories}
    assert set(bench.indexed()) == set(search) - {bad}


@pytest.mark.both_databases
def test_what_was_overtaken_is_superseded_and_the_present_state_counts(bench: Bench) -> None:
    story = article(1)
    bench.put(story)
    old = bench.drop(published(story))
    newer = replace(story, revision=3, text="word " * 500)
    bench.put(newer)
    new = bench.drop(published(newer))
    key = (story.article_id, "search")
    assert bench.receive(new[key]) == "done"
    states = {number: bench.delivery(number).state for number in (old[key], new[key])}
    assert states == {old[key]: "superseded", new[key]: "done"}
    assert bench.indexed() == {story.article_id: 3}
    bench.withdraw(story.article_id)
    gone = bench.drop(ArticleUnpublished(subject=story.article_id, revision=4))
    for name in ("reading_time", "related"):
        assert bench.receive(new[(story.article_id, name)]) == "done"
    assert bench.delivery(new[(story.article_id, "reading_time")]).state == "superseded"
    assert bench.receive(gone[key]) == "done"
    assert bench.delivery(gone[key]).state == "done"
    assert bench.indexed() == {}


def test_an_article_that_changes_while_it_is_indexed_is_indexed_as_it_is_in_the_end(bench: Bench) -> None:
    story = article(1)
    bench.put(story)
    numbers = bench.drop(published(story))
    changes: list[Callable[[], None]] = [
        lambda: bench.put(replace(story, revision=2, title="Second")),
        lambda: bench.withdraw(story.article_id),
        lambda: bench.put(replace(story, revision=5, title="Fifth")),
    ]

    class Overtaken:
        """A writer that lets the article change between the read and the write."""

        def apply(self, documents: Any, removed: Any) -> None:
            if changes:
                changes.pop(0)()
            bench.work.index.apply(documents, removed)

    slow = replace(bench, work=replace(bench.work, index=Overtaken()))  # type: ignore[arg-type]  # as much of it as is used
    assert slow.receive(numbers[(story.article_id, "search")]) == "done"
    assert bench.indexed() == {story.article_id: 5}
    assert bench.delivery(numbers[(story.article_id, "search")]).state == "superseded"


def test_a_worker_that_starts_makes_the_index_agree_with_the_database(bench: Bench) -> None:
    stories = [article(number) for number in range(5)]
    for story in stories[1:]:
        bench.put(story)
    assert indexing.bring_up_to_date(bench.work) == 4
    assert indexing.bring_up_to_date(bench.work) == 0
    bench.put(stories[0])
    bench.put(replace(stories[1], revision=2))
    bench.withdraw(stories[2].article_id)
    assert indexing.bring_up_to_date(bench.work) == 3
    assert bench.indexed() == {story.article_id: 1 for story in (stories[0], *stories[3:])} | {stories[1].article_id: 2}


def remove_all(home: Path) -> None:
    shutil.rmtree(home)


def replace_by_file(home: Path) -> None:
    shutil.rmtree(home)
    home.write_text("no index")


def cut_segments(home: Path) -> None:
    for path in home.glob("index-*/*.seg"):
        path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


def remove_pointer(home: Path) -> None:
    (home / "CURRENT").unlink()


def damage_pointer(home: Path) -> None:
    (home / "CURRENT").write_bytes(b"\xff\x00")


def empty_folders(home: Path) -> None:
    for path in home.glob("index-*/*"):
        path.unlink()


@pytest.mark.parametrize(
    "damage", [remove_all, replace_by_file, cut_segments, remove_pointer, damage_pointer, empty_folders]
)
def test_a_damaged_index_is_built_anew_with_the_next_publish(bench: Bench, damage: Callable[[Path], None]) -> None:
    stories = [article(number) for number in range(4)]
    for story in stories:
        bench.put(story)
    numbers = bench.drop(published(stories[0]))
    assert bench.receive(numbers[(stories[0].article_id, "search")]) == "done"
    damage(bench.work.settings.index_home)
    numbers = bench.drop(published(stories[1]))
    assert bench.receive(numbers[(stories[1].article_id, "search")]) == "done"
    assert bench.indexed() == {story.article_id: 1 for story in stories}


@pytest.mark.both_databases
def test_a_rebuild_gives_what_is_published_and_nothing_else(bench: Bench) -> None:
    with pytest.raises(IndexUnavailable):
        bench.indexed()
    stories = [article(number) for number in range(30)]
    for story in stories:
        bench.put(story)
    assert indexing.rebuild_index(bench.work.database, bench.work.settings.index_home) == 30
    bench.withdraw(stories[0].article_id)
    bench.put(replace(stories[1], revision=7))
    assert indexing.rebuild_index(bench.work.database, bench.work.settings.index_home) == 29
    assert bench.indexed() == {story.article_id: 1 for story in stories[2:]} | {stories[1].article_id: 7}


def test_the_sweep_may_be_broken_off_and_run_again(bench: Bench, settings: Settings, database: Database) -> None:
    for number in range(6):
        bench.put(article(number, tags=("rail",), text="the signal box on the old line " * (number + 1)))
    broken = replace(bench.work, database=Broken(database, commits=2))
    with pytest.raises(OSError, match="broken off"):
        related.handle_sweep(broken, Attempt("related_sweep", ()))
    related.sweep_related(database, now())
    before = bodies(database)
    assert any(b'"why"' in body for body in before)
    related.sweep_related(database, now())
    assert bodies(database) == before


class Broken:
    """A database whose commits fail after some."""

    def __init__(self, database: Database, commits: int) -> None:
        self.database = database
        self.left = commits

    def __getattr__(self, name: str) -> Any:
        if name == "transaction":
            self.left -= 1
            if self.left < 0:
                raise OSError("broken off")
        return getattr(self.database, name)


def bodies(database: Database) -> list[bytes]:
    with database.reading() as session:
        return list(session.scalars(select(Document.body).order_by(Document.number)))


def test_a_database_that_is_away_costs_no_attempt_and_raises_nothing(bench: Bench, tmp_path: Path) -> None:
    story = article(1)
    bench.put(story)
    numbers = bench.drop(published(story))
    number = numbers[(story.article_id, "related")]
    away = Database(f"sqlite+pysqlite:///{tmp_path / 'nowhere' / 'copydesk.db'}", is_durable=False)
    cut_off = replace(bench.work, database=away)
    assert attempt(cut_off, LeaseKeeper(cut_off), bench.refusals, HEARINGS["related"], number) == "away"
    away.dispose()
    assert bench.delivery(number).attempts == 0
    assert bench.receive(number) == "done"


def test_a_drain_tells_of_dead_letters(bench: Bench) -> None:
    story = article(1)
    bench.put(story)
    bench.drop(published(story))

    def refuse(_work: Work, _attempt: Attempt) -> None:
        raise ValueError("never")

    hearings = {**HEARINGS, "related": replace(HEARINGS["related"], handle=refuse)}
    with pytest.raises(Exception, match="1 deliveries are dead"):
        Drain(bench.work, hearings=hearings).run()
    assert set(bench.states()) == {"dead", "done"} and bench.states().count("dead") == 1


def test_the_thread_of_a_keeper_that_was_dropped_ends(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("workers.leases.PROLONGED_EVERY_SECONDS", 0.01)
    keeper = LeaseKeeper(bench.work)
    with keeper.keeping([], 60):
        thread = keeper.thread
    assert thread is not None
    thread.join(0.1)
    assert thread.is_alive()
    del keeper
    thread.join(30)
    assert not thread.is_alive()

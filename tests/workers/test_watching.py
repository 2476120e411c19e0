"""The watch over the index: what was deleted or damaged grows back although nothing is published."""

import shutil
from dataclasses import replace
from pathlib import Path

import pytest
import structlog
from structlog.testing import capture_logs

from cms.content.publishing import put_document
from cms.platform.clock import now
from cms.platform.db import Database
from cms.settings import Settings
from search_index.reader import IndexUnavailable, Reader
from tests.content.making import article
from tests.product import product
from tests.servers import Broker, wait_until
from tests.workers.test_commands import indexed, publish
from workers.handlers import indexing
from workers.handlers.indexing import bring_up_to_date
from workers.watching import IndexWatch
from workers.work import make_work


def count(settings: Settings) -> int:
    reader = Reader(settings.index_home)
    try:
        return reader.count()
    finally:
        reader.close()


def put(database: Database, number: int) -> None:
    with database.transaction() as session:
        put_document(session, article(number), now())


def look_until(watch: IndexWatch, settings: Settings, articles: int) -> None:
    """Look until the index holds so many: a reader goes on for a tenth of a second with what it has open."""
    wait_until(lambda: watch.look() and is_there(settings, articles), what=f"an index of {articles}")


def is_there(settings: Settings, articles: int) -> bool:
    try:
        return count(settings) == articles
    except IndexUnavailable:
        return False


def test_an_index_that_is_deleted_or_damaged_grows_back_while_nothing_is_published(
    settings: Settings, database: Database
) -> None:
    put(database, 1)
    watch = IndexWatch(make_work(settings))
    assert watch.look()
    assert count(settings) == 1
    put(database, 2)
    assert watch.look()
    assert count(settings) == 1, "what is there is left to the deliveries"
    shutil.rmtree(settings.index_home)
    look_until(watch, settings, 2)
    (settings.index_home / "CURRENT").write_text("nonsense")
    look_until(watch, settings, 2)
    watch.close()


def test_a_watch_lives_on_while_the_index_cannot_be_built(
    settings: Settings, database: Database, tmp_path: Path
) -> None:
    put(database, 1)
    database.dispose()
    away = tmp_path / "away"
    work = replace(make_work(settings), database=Database(f"sqlite+pysqlite:///{away}/copy.db", is_durable=False))
    watch = IndexWatch(work)
    assert not watch.look()
    assert not watch.look()
    away.mkdir()
    shutil.copy(tmp_path / "copydesk.db", away / "copy.db")
    assert watch.look()
    assert count(settings) == 1
    watch.close()


def test_a_fresh_home_is_no_reason_to_warn(
    settings: Settings, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    # A logger that was used before keeps what it was set up with, and would not be heard here.
    monkeypatch.setattr(indexing, "log", structlog.get_logger("copydesk.worker"))
    work = make_work(settings)
    with capture_logs() as said:
        bring_up_to_date(work)
    work.close()
    assert [(line["event"], line["log_level"]) for line in said] == [
        ("index_is_rebuilt", "info"),
        ("index_was_rebuilt", "info"),
    ]


@pytest.mark.slow
def test_a_quiet_site_gets_its_search_back_after_its_index_was_deleted(tmp_path: Path, broker: Broker) -> None:
    with product(tmp_path / "home", "api", "relay", "worker-search", redis_url=broker.url) as running:
        token = running.copydesk("token", "issue", "--role", "editor", "--quiet").strip()
        ids = publish(running, token, 2)
        wait_until(lambda: indexed(running.home) == set(ids), seconds=40, what="the index")
        # The worker may be putting a file in there; what is renamed first is gone at once for everybody.
        (running.home / "index").rename(running.home / "index-of-before")
        shutil.rmtree(running.home / "index-of-before", ignore_errors=True)
        wait_until(lambda: indexed(running.home) == set(ids), seconds=20, what="the index, again")
        wait_until(lambda: running.ask("GET", "/content/v1/search?q=the")[0] == 200, what="the search")

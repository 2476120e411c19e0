"""`copydesk doctor` and /readyz: a healthy product raises no alarm, and each planted fault is found with its mend."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import text, update

from cms.content.models import Document
from cms.events.models import Delivery, Letter
from cms.media.choosing import chosen_store
from cms.operations.api.health import CHECK, METRICS
from cms.operations.commands import doctor
from cms.operations.doctor import Finding, examine
from cms.operations.health import HealthCheck
from cms.platform.clock import now
from cms.platform.db import Database
from cms.settings import Settings
from tests.conftest import BUCKET_SECRET
from tests.draining import drain
from tests.mail.receiving import post_office
from tests.media.keeping import keep_some
from tests.newsroom.making import act, draft
from tests.servers import Broker, Buckets

AWAY = "redis://127.0.0.1:1/0"


@pytest.fixture
def published(editor: FlaskClient, settings: Settings, database: Database) -> str:
    """One published article whose consequences have all come true; its id."""
    article = draft(editor)["id"]
    assert act(editor, "publish", article, 1).status_code == 200
    drain(settings, database)
    return str(article)


def wrong(settings: Settings) -> dict[str, Finding]:
    """What doctor finds wrong, by part, leaving out broker and mail where the test has none, and the API's port."""
    found = {finding.part: finding for finding in examine(settings, now()) if not finding.is_well}
    found.pop("api", None)
    if settings.redis_url == AWAY:
        found.pop("broker")
    if not settings.smtp_url:
        found.pop("mail")
    return found


def test_a_healthy_product_raises_no_alarm(published: str, settings: Settings, broker: Broker) -> None:
    with post_office() as office:
        healthy = replace(settings, redis_url=broker.url, smtp_url=office.url)
        assert wrong(healthy) == {}


def test_parts_that_do_not_answer_are_named_with_what_to_do(published: str, settings: Settings) -> None:
    done = CliRunner().invoke(doctor, obj=replace(settings, smtp_url="smtp://127.0.0.1:1", port=1))
    assert done.exit_code == 1
    assert "WRONG  broker: does not answer; nothing is lost" in done.output
    assert "WRONG  mail: 127.0.0.1:1 does not answer" in done.output
    assert "WRONG  api: http://127.0.0.1:1 does not answer" in done.output
    assert done.output.count("→") == 3


def make_late(database: Database) -> None:
    with database.transaction() as session:
        session.execute(update(Delivery).values(state="open"))
        session.execute(update(Letter).values(occurred_at=now() - timedelta(minutes=5)))


def bury(database: Database) -> None:
    with database.transaction() as session:
        session.execute(update(Delivery).where(Delivery.subscription == "related").values(state="dead"))


def go_back_a_step(database: Database) -> None:
    with database.transaction() as session:
        session.execute(text("UPDATE alembic_version SET version_num = '0000'"))


def move_on(database: Database) -> None:
    with database.transaction() as session:
        session.execute(update(Document).values(revision=Document.revision + 1))


@pytest.mark.leaves_work
@pytest.mark.parametrize(
    ("plant", "mends"),
    [
        (make_late, {"workers": "copydesk relay"}),
        (bury, {"dead letters": "retry"}),
        (go_back_a_step, {"migrations": "copydesk migrate"}),
        (move_on, {"documents": "copydesk rebuild", "search index": "copydesk reindex"}),
    ],
)
def test_a_fault_in_the_database_is_found(
    published: str, settings: Settings, database: Database, plant: Callable[[Database], None], mends: dict[str, str]
) -> None:
    plant(database)
    found = wrong(settings)
    assert found.keys() == mends.keys()
    for part, mend in mends.items():
        assert mend in found[part].mend


@pytest.mark.parametrize("fault", ["away", "refuse", "open", "no bucket", "none"])
def test_a_store_that_cannot_be_used_is_named_with_what_to_do_and_no_secret(
    in_bucket: Settings, buckets: Buckets, fault: str
) -> None:
    settings = replace(in_bucket, database_url="sqlite:////nowhere/copydesk.db")
    expected = {
        "away": "does not answer as it should (no answer)", "refuse": "refuses what Copydesk does there (AccessDenied)",
        "open": "lets everybody read its files", "no bucket": "there is no such bucket", "none": "",
    }[fault]  # fmt: skip
    if fault == "away":
        settings = replace(settings, media_store_endpoint="http://127.0.0.1:1")
    elif fault == "no bucket":
        settings = replace(settings, media_store="s3://nobody-made-this")
    elif fault != "none":
        buckets.order(fault)
    told = CliRunner().invoke(doctor, obj=settings).output
    assert BUCKET_SECRET not in told
    if expected:
        assert "WRONG  files: s3://" in told and expected in told
        assert "check COPYDESK_MEDIA_STORE" in told
    else:
        assert f"ok     files: {settings.media_store} can be read and written" in told


def test_entries_of_the_audit_trail_that_nobody_seals_are_found(published: str, settings: Settings) -> None:
    later = {finding.part: finding for finding in examine(settings, now() + timedelta(minutes=5))}
    assert "copydesk relay" in later["audit trail"].mend
    assert "audit trail" not in wrong(settings)


def test_files_that_are_somewhere_else_since_a_setting_was_changed_are_found(
    settings: Settings, in_bucket: Settings, database: Database
) -> None:
    keep_some(database, chosen_store(settings), 1)
    assert "files" not in wrong(settings)
    assert "COPYDESK_MEDIA_STORE_BEFORE" in wrong(in_bucket)["files"].mend
    assert "files" not in wrong(replace(in_bucket, media_store_before="folder"))


def segments(home: Path) -> list[Path]:
    files = [path for path in home.rglob("*") if path.is_file() and path.stat().st_size > 200]
    assert files
    return files


def test_a_lost_index_is_found(published: str, settings: Settings) -> None:
    for path in sorted(settings.index_home.rglob("*"), reverse=True):
        path.unlink() if path.is_file() else path.rmdir()
    assert "reindex" in wrong(settings)["search index"].mend


def test_bytes_that_turned_to_zero_are_found(published: str, settings: Settings) -> None:
    for path in segments(settings.index_home):
        data = bytearray(path.read_bytes())
        middle = len(data) // 2
        data[middle : middle + 64] = bytes(64)
        path.write_bytes(data)
    assert "reindex" in wrong(settings)["search index"].mend


@pytest.mark.leaves_work
def test_a_damaged_database_is_found(published: str, settings: Settings, database: Database, tmp_path: Path) -> None:
    with database.writer.connect() as connection:
        connection.exec_driver_sql("COMMIT")
        connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
        connection.exec_driver_sql("BEGIN")
    database.dispose()
    path = tmp_path / "copydesk.db"
    data = bytearray(path.read_bytes())
    page = int.from_bytes(data[16:18], "big")
    # Every second page but the first is overwritten, so indexes and tables no longer agree.
    for start in range(page * 9, len(data) - page, page * 2):
        data[start : start + page] = bytes(page)
    path.write_bytes(data)
    assert "restore" in wrong(settings)["database"].mend


def test_a_key_that_is_too_short_is_found(published: str, settings: Settings) -> None:
    keyless = replace(settings, secret_key="")
    (settings.home / "keys").mkdir(parents=True)
    (settings.home / "keys" / "secret").write_text("short")
    assert "backup" in wrong(keyless)["keys"].mend


def test_a_disk_without_room_for_files_is_found(published: str, settings: Settings) -> None:
    assert "pictures" in wrong(replace(settings, media_reserve_bytes=2**50))["disk"].mend


def test_a_home_that_is_not_there_is_found(published: str, settings: Settings, tmp_path: Path) -> None:
    assert "COPYDESK_HOME" in wrong(replace(settings, home=tmp_path / "nowhere"))["home"].mend


def test_looking_at_an_empty_home_leaves_it_empty(tmp_path: Path) -> None:
    home = tmp_path / "empty"
    home.mkdir()
    found = wrong(Settings(home=home, redis_url=AWAY))
    assert list(found) == ["keys", "database"]
    assert "there is no key" in found["keys"].detail
    assert "copydesk up" in found["database"].mend
    assert list(home.iterdir()) == []


@pytest.mark.parametrize(
    ("url", "detail"),
    [
        ("smtp://localhost:70000", "out of range"),
        ("smtp://localhost:25a", "25a"),
        ("carrier-pigeon://localhost", "a mail server is named smtp://host"),
        ("smtp+starttls://127.0.0.1", "127.0.0.1:587 "),
        ("smtps://127.0.0.1", "127.0.0.1:465 "),
    ],
)
def test_the_mail_server_is_looked_for_where_letters_are_sent_to(
    published: str, settings: Settings, url: str, detail: str
) -> None:
    found = {finding.part: finding for finding in examine(replace(settings, smtp_url=url), now())}
    assert detail in found["mail"].detail


@pytest.mark.leaves_work
def test_readiness_names_what_is_degraded_and_goes_red_only_without_the_tables(
    published: str, app: Flask, client: FlaskClient, settings: Settings, database: Database
) -> None:
    assert client.get("/readyz").json == {"status": "ok", "degraded": []}

    def ask(settings: Settings = settings) -> tuple[bool, tuple[str, ...]]:
        parts = app.extensions["copydesk"]
        found = HealthCheck(settings, parts.database, parts.index).now(now())
        return found.is_ready, found.degraded

    assert ask(replace(settings, media_reserve_bytes=2**50)) == (True, ("disk",)), "files are refused for room"
    bury(database)
    assert ask() == (True, ("dead_letters",))
    make_late(database)
    assert ask() == (True, ("workers",))
    go_back_a_step(database)
    is_ready, degraded = ask()
    assert not is_ready
    assert "migrations" in degraded[0]


def test_metrics_count_the_work_and_name_no_reader(published: str, client: FlaskClient, database: Database) -> None:
    bury(database)
    text_of = client.get("/metrics").get_data(as_text=True)
    assert 'copydesk_deliveries{state="dead",subscription="related"} 1.0' in text_of
    assert "copydesk_published_articles 1.0" in text_of
    assert "copydesk_indexed_articles 1.0" in text_of
    assert "@" not in text_of


@pytest.mark.parametrize(("path", "name"), [("/metrics", METRICS), ("/readyz", CHECK)])
def test_who_asks_often_costs_the_database_nothing(
    published: str, app: Flask, client: FlaskClient, database: Database, path: str, name: str
) -> None:
    first = client.get(path).get_data()
    kept = app.extensions[name]
    kept.ticks = lambda: kept.until - 0.01
    bury(database)
    assert client.get(path).get_data() == first
    kept.ticks = lambda: kept.until
    assert client.get(path).get_data() != first

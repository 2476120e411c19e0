"""Backup and restore: consistent while writing, and a damaged archive is refused before anything is touched."""

import hashlib
import os
import sqlite3
import tarfile
import threading
from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from alembic import command as alembic
from click.testing import CliRunner
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import create_engine, func, select

from cms.app import create_app
from cms.audit.heads import head_file
from cms.audit.models import AuditEntry
from cms.events.models import Letter
from cms.migrations.running import configuration
from cms.newsroom.models import Article, Revision
from cms.operations.backup import BackupError, backup, restore, seal, verify
from cms.operations.commands import restore as restore_command
from cms.operations.dumps import dump, fill
from cms.operations.reviving import Ended, end_credentials
from cms.platform.db import Database
from cms.platform.keys import load_keys, rotate, secret_path
from cms.settings import Settings
from tests.access.desk import Desk
from tests.audit.trail import Trail
from tests.identity.making import ANN, OTHER_PHRASE, Office
from tests.servers import PostgreSQL

NOON = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)


@pytest.fixture(autouse=True)
def programs(database_kind: str, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """pg_dump and pg_restore of the server's own version come first on the PATH."""
    if database_kind == "postgresql":
        server: PostgreSQL = request.getfixturevalue("postgresql_server")
        monkeypatch.setenv("PATH", f"{server.bin}{os.pathsep}{os.environ['PATH']}")


@pytest.fixture
def empty(settings: Settings, database_kind: str, request: pytest.FixtureRequest, tmp_path: Path) -> Settings:
    """Settings of a second, empty installation."""
    if database_kind == "sqlite":
        return replace(settings, home=tmp_path / "second", database_url="")
    server: PostgreSQL = request.getfixturevalue("postgresql_server")
    name = f"restored_{os.getpid()}_{abs(hash(tmp_path)) % 100_000}"
    server.execute(f"CREATE DATABASE {name}")
    request.addfinalizer(lambda: server.execute(f"DROP DATABASE {name} WITH (FORCE)"))
    return replace(settings, home=tmp_path / "second", database_url=server.url(name))


def counts(settings: Settings) -> tuple[int, int, int]:
    database = Database(settings.database, is_durable=True)
    with database.reading() as session:
        found = tuple(
            session.scalar(select(func.count()).select_from(table)) or 0 for table in (Article, Revision, Letter)
        )
    database.dispose()
    return found  # type: ignore[return-value]  # three tables, three numbers


@pytest.mark.both_databases
def test_what_is_restored_equals_what_was_backed_up(
    editor: FlaskClient, settings: Settings, empty: Settings, tmp_path: Path
) -> None:
    for number in range(5):
        assert editor.post("/api/v1/articles", json={"title": f"Story {number}", "locale": "en"}).status_code == 201
    archive = tmp_path / "backup.tar.gz"
    made = backup(settings, archive, NOON)
    assert made.size_bytes == archive.stat().st_size
    assert archive.stat().st_mode & 0o777 == 0o600
    assert verify(archive)["parts"]
    restore(empty, archive, NOON)
    assert counts(empty) == counts(settings) == (5, 5, 5)


@pytest.mark.both_databases
@pytest.mark.parametrize("keep_tokens", [False, True])
def test_what_was_ended_after_the_backup_does_not_come_back_to_life(
    app: Flask, settings: Settings, empty: Settings, tmp_path: Path, keep_tokens: bool
) -> None:
    office = Office(app)
    ann = office.make()
    session = office.token()
    gone, kept, rotated = (
        office.ask("POST", "/tokens", {"name": name, "role": "viewer"}, token=session).json
        for name in ("gone", "kept", "rotated")
    )
    path = f"/tokens/{rotated['id']}/rotate"
    office.ask("POST", path, {"overlap_minutes": 600}, token=session)
    invited = office.ask("POST", "/staff/invitations", {"email": "eve@example.org", "name": "Eve"}, token=session).json
    asked = office.ask("POST", "/staff/codes", {"email": ANN}).json["code_id"]
    reader = Desk(app, office.database).reader()[2]
    article = office.ask("POST", "/articles", {"title": "Quay", "locale": "en"}, token=session).json["id"]
    link = office.ask("POST", f"/articles/{article}/previews", token=session).json
    archive = tmp_path / "backup.tar.gz"
    backup(settings, archive, NOON)
    assert office.ask("DELETE", f"/articles/{article}/previews/{link['id']}", token=session).status_code == 204
    # After the backup a token and a session are ended, which the backup does not know.
    assert office.ask("DELETE", f"/tokens/{gone['id']}", token=session).status_code == 204
    assert office.ask("DELETE", f"/staff/invitations/{invited['id']}", token=session).status_code == 204
    assert office.ask("DELETE", "/sessions", token=session).status_code == 204
    done = restore(empty, archive, office.now, keep_tokens=keep_tokens)
    assert (done.ended.sessions, done.ended.tokens, done.ended.codes) == (2, 0 if keep_tokens else 3, 2)

    revived = create_app(empty)
    other = Office(revived)
    assert other.ask("GET", "/sessions", token=session).status_code == 401
    headers = {"Authorization": f"Bearer {reader}"}
    assert revived.test_client().get("/readers/v1/me", headers=headers).status_code == 401
    look = f"/preview/v1/articles/{article}?token={link['token']}"
    assert (done.ended.previews, revived.test_client().get(look).status_code) == (1, 410)
    works = [other.ask("GET", "/articles", token=one["token"]).status_code for one in (gone, kept, rotated)]
    # The text that a rotation had replaced ends in any case.
    assert works == ([200, 200, 401] if keep_tokens else [401] * 3)
    body = {"code": office.code("staff_invitation", invited["id"], "eve@example.org"), "password": OTHER_PHRASE}
    assert other.ask("POST", f"/staff/invitations/{invited['id']}/accept", body).status_code == 400
    body = {"code_id": asked, "code": office.code("staff_password", asked), "new_password": OTHER_PHRASE}
    assert other.ask("POST", "/staff/password", body).status_code == 400
    entry = next(one for one in other.rows(AuditEntry) if one.action == "backup.restored")
    assert (entry.actor_kind, entry.actor_id, entry.at) == ("system", "command line", office.now)
    assert entry.subject_id == f"sha256:{hashlib.sha256(archive.read_bytes()).hexdigest()}"
    assert entry.changes == ["sessions", *([] if keep_tokens else ["tokens"]), "codes", "preview links"]
    # Whoever has an account signs in and goes on.
    assert other.ask("GET", f"/staff/{ann}", token=other.token()).status_code == 200
    revived.extensions["copydesk"].database.dispose()
    revived.extensions["copydesk"].index.close()


def test_the_command_says_what_was_ended_and_what_to_look_at(
    editor: FlaskClient, settings: Settings, empty: Settings, tmp_path: Path
) -> None:
    archive = tmp_path / "backup.tar.gz"
    backup(settings, archive, NOON)
    told = CliRunner().invoke(restore_command, [str(archive)], obj=empty)
    assert told.exit_code == 0
    assert "Ended: 0 sessions, 1 tokens, 0 open codes" in told.output
    assert "copydesk token issue" in told.output and "GET /api/v1/staff" in told.output
    other = replace(empty, home=tmp_path / "third")
    kept = CliRunner().invoke(restore_command, [str(archive), "--keep-tokens"], obj=other)
    assert "Ended: 0 sessions, 0 tokens" in kept.output and "copydesk token revoke" in kept.output


@pytest.mark.parametrize("step", ["0001", "0003"])
def test_a_database_of_an_older_program_is_restored_and_its_tokens_are_ended(tmp_path: Path, step: str) -> None:
    url = f"sqlite+pysqlite:///{tmp_path / 'older.db'}"
    older = create_engine(url)
    with older.begin() as connection:
        alembic.upgrade(configuration(connection), step)
    older.dispose()
    assert end_credentials(url, "0" * 64, NOON, keep_tokens=False) == Ended(0, 0, 0)
    with closing(sqlite3.connect(tmp_path / "older.db")) as file:
        assert file.execute("SELECT action FROM audit_entries").fetchall() == [("backup.restored",)]


@pytest.mark.both_databases
def test_a_backup_while_writing_is_consistent(
    editor: FlaskClient, client_as: Callable[[str], FlaskClient], settings: Settings, empty: Settings, tmp_path: Path
) -> None:
    over = threading.Event()

    def write() -> None:
        while not over.is_set():
            editor.post("/api/v1/articles", json={"title": "On and on", "locale": "en"})

    writer = threading.Thread(target=write)
    writer.start()
    try:
        for _ in range(3):
            (tmp_path / "busy.tar.gz").unlink(missing_ok=True)
            backup(settings, tmp_path / "busy.tar.gz", NOON)
    finally:
        over.set()
        writer.join()
    restore(empty, tmp_path / "busy.tar.gz", NOON)
    articles, revisions, letters = counts(empty)
    assert articles == revisions == letters


def test_each_flipped_byte_is_noticed(editor: FlaskClient, settings: Settings, empty: Settings, tmp_path: Path) -> None:
    editor.post("/api/v1/articles", json={"title": "Story", "locale": "en"})
    archive = tmp_path / "backup.tar.gz"
    backup(settings, archive, NOON)
    whole = archive.read_bytes()
    for place in range(40, len(whole) - 16, max(1, len(whole) // 25)):
        archive.write_bytes(whole[:place] + bytes([whole[place] ^ 0x10]) + whole[place + 1 :])
        with pytest.raises(BackupError):
            restore(empty, archive, NOON)
        assert not (empty.home / "copydesk.db").exists()
    archive.write_bytes(whole)
    restore(empty, archive, NOON)


def test_nothing_is_overwritten(editor: FlaskClient, settings: Settings, empty: Settings, tmp_path: Path) -> None:
    archive = tmp_path / "backup.tar.gz"
    backup(settings, archive, NOON)
    with pytest.raises(BackupError, match="there already"):
        backup(settings, archive, NOON)
    restore(empty, archive, NOON)
    with pytest.raises(BackupError, match="there already"):
        restore(empty, archive, NOON)


@pytest.mark.parametrize("name", ["../outside", "/etc/passwd", "keys/../../x", "extra"])
def test_an_archive_with_other_members_is_refused(empty: Settings, tmp_path: Path, name: str) -> None:
    archive = tmp_path / "evil.tar.gz"
    (tmp_path / "x").write_text("x")
    with tarfile.open(archive, "w:gz") as tar:
        tar.add(tmp_path / "x", name)
    seal(archive)
    with pytest.raises(BackupError, match="no backup of Copydesk holds"):
        restore(empty, archive, NOON)
    assert not (tmp_path / "outside").exists()


def test_another_installations_key_is_refused(
    editor: FlaskClient, settings: Settings, empty: Settings, tmp_path: Path
) -> None:
    archive = tmp_path / "backup.tar.gz"
    backup(settings, archive, NOON)
    with pytest.raises(BackupError, match="SECRET_KEY"):
        restore(replace(empty, secret_key="another secret 9876543210 zyxwvut"), archive, NOON)


def test_keys_of_before_and_of_the_audit_trail_are_carried(settings: Settings, empty: Settings, tmp_path: Path) -> None:
    here, there = replace(settings, secret_key=""), replace(empty, secret_key="")
    load_keys(here)
    database = Database(here.database, is_durable=True)
    for _ in range(3):
        trail = Trail(here, database)
        trail.write(2)
        trail.seal()
        rotate(secret_path(here), 0, is_forced=True)
    database.dispose()
    backup(here, tmp_path / "backup.tar.gz", NOON)
    head_file(there.home).parent.mkdir(parents=True)
    head_file(there.home).write_text("of what was here before")
    restore(there, tmp_path / "backup.tar.gz", NOON)
    assert secret_path(there).read_bytes() == secret_path(here).read_bytes()
    assert (load_keys(there).secret, load_keys(there).previous) == (load_keys(here).secret, load_keys(here).previous)
    restored = Database(there.database, is_durable=True)
    found = Trail(there, restored).verify()
    restored.dispose()
    assert (found.problem, found.count) == ("", 6)
    assert (there.home / "keys" / "audit").stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize(
    ("secret", "previous", "is_accepted"),
    [("new", "made with", True), ("made with", "", True), ("new", "", False), ("new", "something else", False)],
)
def test_a_backup_from_before_a_rotation_is_restored_where_the_key_is_still_known(
    settings: Settings, empty: Settings, tmp_path: Path, secret: str, previous: str, is_accepted: bool
) -> None:
    long = "{} 0123456789 abcdefghijklmnopqrstuvwxyz"
    backup(replace(settings, secret_key=long.format("made with")), tmp_path / "backup.tar.gz", NOON)
    told = replace(empty, secret_key=long.format(secret), previous_secret_key=long.format(previous) if previous else "")
    if is_accepted:
        restore(told, tmp_path / "backup.tar.gz", NOON)
    else:
        with pytest.raises(BackupError, match="SECRET_KEY"):
            restore(told, tmp_path / "backup.tar.gz", NOON)


def test_what_a_removed_database_left_beside_it_is_not_played_into_the_restored_one(
    editor: FlaskClient, settings: Settings, empty: Settings, tmp_path: Path
) -> None:
    editor.post("/api/v1/articles", json={"title": "Story", "locale": "en"})
    archive = tmp_path / "backup.tar.gz"
    backup(settings, archive, NOON)
    empty.home.mkdir()
    removed = empty.home / "copydesk.db"
    with closing(sqlite3.connect(removed)) as old:
        old.execute("PRAGMA journal_mode=WAL")
        old.execute("CREATE TABLE stale AS SELECT randomblob(9000) AS filling")
        old.commit()
        left = {path: path.read_bytes() for path in empty.home.glob("copydesk.db-*")}
    assert {path.name for path in left} == {"copydesk.db-wal", "copydesk.db-shm"}
    removed.unlink()
    for path, data in left.items():
        path.write_bytes(data)
    restore(empty, archive, NOON)
    with closing(sqlite3.connect(removed)) as restored:
        assert restored.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        assert restored.execute("SELECT name FROM sqlite_master WHERE name = 'stale'").fetchall() == []
    assert counts(empty) == counts(settings) == (1, 1, 1)


@pytest.mark.both_databases
def test_a_refused_restore_changes_nothing_and_a_later_one_puts_the_key(
    settings: Settings, empty: Settings, database_kind: str, tmp_path: Path
) -> None:
    keyless = replace(empty, secret_key="")
    archive = tmp_path / "backup.tar.gz"
    backup(settings, archive, NOON)
    filled = replace(keyless, database_url=settings.database_url)
    before = counts(filled)
    with pytest.raises(BackupError, match="there already"):
        restore(filled, archive, NOON)
    assert counts(filled) == before
    assert list(keyless.home.iterdir()) == []
    restore(keyless, archive, NOON)
    secret = keyless.home / "keys" / "secret"
    assert secret.read_text() == settings.secret_key
    assert secret.stat().st_mode & 0o777 == 0o600
    assert load_keys(keyless).secret == settings.secret_key.encode()


def test_a_home_without_a_key_is_not_given_one_by_a_backup(settings: Settings, tmp_path: Path) -> None:
    keyless = replace(settings, secret_key="")
    with pytest.raises(BackupError, match="there is no key"):
        backup(keyless, tmp_path / "backup.tar.gz", NOON)
    assert not keyless.home.exists()
    load_keys(keyless)
    assert verify(backup(keyless, tmp_path / "backup.tar.gz", NOON).path)


@pytest.mark.parametrize(("act", "program"), [(dump, "pg_dump"), (fill, "pg_restore")])
def test_the_password_is_not_among_the_arguments_that_every_user_can_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, act: Callable[[Settings, Path], None], program: str
) -> None:
    seen, given = tmp_path / "seen", tmp_path / "given"
    stand_in = tmp_path / program
    stand_in.write_text(f'#!/bin/sh\nprintf "%s\\n" "$@" > {seen}\nprintenv PGPASSWORD > {given}\n')
    stand_in.chmod(0o700)
    monkeypatch.setenv("PATH", f"{tmp_path}{os.pathsep}{os.environ['PATH']}")
    url = "postgresql://my%20desk:open%20sesame%40%2F@db.example.org:5433/news?sslmode=require"
    act(Settings(home=tmp_path, database_url=url), tmp_path / "snapshot")
    assert "sesame" not in seen.read_text()
    assert "postgresql://my%20desk@db.example.org:5433/news?sslmode=require" in seen.read_text()
    assert given.read_text() == "open sesame@/\n"

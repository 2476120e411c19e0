"""`copydesk keys` as an operator meets it."""

import os
from dataclasses import replace
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from sqlalchemy import select, update

from cms.app import create_app
from cms.audit.models import AuditEntry
from cms.newsroom.previews.models import PreviewLink
from cms.newsroom.previews.tokens import read_ticket
from cms.operations.key_commands import keys
from cms.platform.clock import now
from cms.platform.db import Database
from cms.platform.keys import load_keys, secret_path
from cms.settings import Settings
from tests.access.desk import Desk
from tests.newsroom.previewing import share


@pytest.fixture
def told(settings: Settings) -> Settings:
    """Settings that keep their secret in the home's file."""
    return replace(settings, secret_key="")


def run(settings: Settings, *words: str) -> Result:
    return CliRunner().invoke(keys, list(words), obj=settings)


def actions(database: Database) -> list[tuple[str, str]]:
    with database.reading() as session:
        return [(entry.action, entry.subject_id) for entry in session.scalars(select(AuditEntry))]


def test_rotating_puts_a_new_key_in_place_and_notes_it(told: Settings, database: Database) -> None:
    before = load_keys(told).secret
    done = run(told, "rotate")
    assert done.exit_code == 0, done.output
    made = load_keys(told)
    assert made.previous == before
    [(action, name)] = actions(database)
    assert action == "keys.rotated"
    assert name in done.output
    shown = run(told, "list").output
    assert name in shown
    assert "previous" in shown
    for secret in (made.secret.decode(), before.decode()):
        assert secret not in done.output + shown + str(actions(database))
    # What the key before sealed can be verified for good: its key for this one purpose is written down.
    assert (told.home / "keys" / "audit").stat().st_mode & 0o777 == 0o600


def test_rotating_twice_in_three_days_has_to_be_meant(told: Settings, database: Database) -> None:
    assert run(told, "rotate").exit_code == 1
    assert "no key at" in run(told, "list").output
    load_keys(told)
    assert run(told, "rotate").exit_code == 0
    again = run(told, "rotate")
    assert again.exit_code == 1
    assert "--force" in again.output
    assert run(told, "rotate", "--force").exit_code == 0
    ended = run(told, "rotate", "--without-overlap")
    assert ended.exit_code == 0
    assert "have ended" in ended.output
    assert load_keys(told).previous is None
    assert [action for action, _ in actions(database)] == ["keys.rotated", "keys.rotated", "keys.replaced"]


def test_a_rotation_that_would_end_preview_links_has_to_be_meant(told: Settings, database: Database) -> None:
    app = create_app(told)
    desk = Desk(app, database)
    link = share(desk.client(desk.token("editor")), desk.article(section=None).article.id)
    assert run(told, "rotate").exit_code == 0
    assert read_ticket(load_keys(told), link["article_id"], link["token"]) is not None
    # The last rotation is long ago, and a link opens longer than a code.
    os.utime(secret_path(told), (0, 0))
    refused = run(told, "rotate")
    assert (refused.exit_code, "1 preview links that still open" in refused.output) == (1, True)
    with database.transaction() as session:
        session.execute(update(PreviewLink).values(revoked_at=now()))
    assert run(told, "rotate").exit_code == 0, "nobody misses a link that was withdrawn"
    assert read_ticket(load_keys(told), link["article_id"], link["token"]) is None
    app.extensions["copydesk"].database.dispose()
    app.extensions["copydesk"].index.close()


def test_a_file_of_production_is_rotated_too(told: Settings, database: Database, tmp_path: Path) -> None:
    path = tmp_path / "run" / "secret"
    path.parent.mkdir()
    path.write_text("a key that came with the machine, 0123456789\n")
    production = replace(told, env="production", secret_key_file=str(path))
    production.check()
    assert run(production, "rotate").exit_code == 0
    production.check()
    assert load_keys(production).previous == b"a key that came with the machine, 0123456789"
    assert secret_path(production) == path


def test_a_key_of_the_environment_is_not_ours_to_change(settings: Settings, database: Database) -> None:
    done = run(settings, "rotate")
    assert done.exit_code == 1
    assert "COPYDESK_PREVIOUS_SECRET_KEY" in done.output
    assert actions(database) == []


def test_nothing_is_rotated_without_its_note(told: Settings, tmp_path: Path) -> None:
    nowhere = replace(told, database_url=f"sqlite+pysqlite:///{tmp_path}/none/none.db")
    before = load_keys(nowhere).secret
    done = run(nowhere, "rotate")
    assert done.exit_code == 1
    assert load_keys(nowhere).secret == before

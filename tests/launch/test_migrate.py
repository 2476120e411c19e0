"""`copydesk migrate`: tables, keys, and a first administrator's token exactly once."""

import stat
from dataclasses import replace
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from sqlalchemy import select

from cms.identity.models import ApiToken
from cms.identity.rules import digest
from cms.launch.migrate import migrate
from cms.platform.db import Database
from cms.platform.migration_step import current_step, head_step
from cms.settings import Settings


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(home=tmp_path / "home")


def run(settings: Settings, *words: str) -> Result:
    return CliRunner().invoke(migrate, words, obj=settings)


def test_the_first_token_is_given_once_and_opens_everything(settings: Settings) -> None:
    first = run(settings, "--first-token")
    assert first.exit_code == 0
    token = first.output.strip()
    again = run(settings, "--first-token")
    assert (again.exit_code, again.output) == (0, "")
    database = Database(settings.database, is_durable=True)
    with database.reading() as session:
        assert current_step(session.connection()) == head_step()
        assert session.execute(select(ApiToken.digest, ApiToken.role)).all() == [(digest(token), "administrator")]
    database.dispose()
    assert stat.S_IMODE(settings.home.stat().st_mode) == 0o700
    assert stat.S_IMODE((settings.home / "keys" / "secret").stat().st_mode) == 0o600


def test_no_token_is_made_unless_it_is_asked_for(settings: Settings) -> None:
    assert run(settings).output == ""
    assert run(settings, "--first-token").output.startswith("cpd_")


def test_a_database_that_does_not_answer_is_one_line(settings: Settings) -> None:
    away = replace(settings, database_url="postgresql://somebody:a-password@127.0.0.1:1/none")
    refused = run(away, "--first-token")
    assert refused.exit_code == 1
    assert refused.output.count("\n") == 1
    assert "COPYDESK_DATABASE_URL" in refused.output
    assert "a-password" not in refused.output

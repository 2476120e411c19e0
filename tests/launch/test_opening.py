"""Commands where no product is: one line that says so, and nothing is made."""

from dataclasses import replace
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from cms.identity.commands import token
from cms.identity.staff.commands import staff
from cms.launch.demo import demo
from cms.launch.sample.command import sample
from cms.newsroom.commands import rebuild
from cms.operations.audit_commands import audit
from cms.operations.key_commands import keys
from cms.platform.db import Database
from cms.platform.opening import existing_database
from cms.settings import Settings
from workers.commands.reindex import reindex
from workers.commands.relay import relay
from workers.commands.worker import worker

COMMANDS: tuple[tuple[click.Command, tuple[str, ...]], ...] = (
    (token, ("issue", "--role", "editor")),
    (token, ("list",)),
    (token, ("revoke", "none")),
    (staff, ("invite", "--email", "ada@example.org", "--name", "Ada", "--role", "editor")),
    (audit, ("export",)),
    (keys, ("rotate",)),
    (demo, ()),
    (sample, ()),
    (rebuild, ()),
    (reindex, ()),
    (relay, ()),
    (worker, ("--queues", "search")),
)
NAMES = [" ".join([command.name or "", *words[:1]]) for command, words in COMMANDS]
# The relay and the workers wait until the tables are there, so that the parts can start in any order.
WANTING_TABLES = [pair for pair in COMMANDS if pair[0] not in (relay, worker)]


@pytest.mark.parametrize(("command", "words"), COMMANDS, ids=NAMES)
def test_where_there_is_no_product_a_command_says_so_in_one_line_and_makes_nothing(
    command: click.Command, words: tuple[str, ...], tmp_path: Path
) -> None:
    home = tmp_path / "nothing"
    told = CliRunner().invoke(command, words, obj=Settings(home=home))
    assert told.exit_code == 1
    assert told.output == (f"Error: there is no Copydesk at {home}; set COPYDESK_HOME, or start one with copydesk up\n")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(("command", "words"), WANTING_TABLES, ids=NAMES[: len(WANTING_TABLES)])
def test_where_the_tables_were_never_made_a_command_says_what_makes_them(
    command: click.Command, words: tuple[str, ...], tmp_path: Path
) -> None:
    (tmp_path / "copydesk.db").touch()
    told = CliRunner().invoke(command, words, obj=Settings(home=tmp_path))
    assert told.exit_code == 1
    assert told.output.startswith("Error: the database has no tables, and this program needs ")
    assert told.output.endswith("; run copydesk migrate\n")


@pytest.mark.both_databases
def test_a_database_of_an_older_program_is_named_and_a_present_one_is_opened(
    settings: Settings, database: Database
) -> None:
    existing_database(settings, is_durable=True).dispose()
    with database.writer.begin() as connection:
        connection.exec_driver_sql("UPDATE alembic_version SET version_num = '0001'")
    with pytest.raises(click.ClickException, match=r"stands at step 0001.*run copydesk migrate"):
        existing_database(settings, is_durable=True)


def test_a_server_that_does_not_answer_and_a_file_that_is_elsewhere_are_named_by_their_variable(
    settings: Settings, tmp_path: Path
) -> None:
    away = replace(settings, database_url="postgresql://desk@127.0.0.1:1/desk")
    with pytest.raises(click.ClickException, match="see COPYDESK_DATABASE_URL") as told:
        existing_database(away, is_durable=True)
    assert "\n" not in told.value.message
    with pytest.raises(click.ClickException, match="set COPYDESK_DATABASE_URL"):
        existing_database(replace(settings, database_url=f"sqlite:///{tmp_path}/other.db"), is_durable=True)
    assert not (tmp_path / "other.db").exists()

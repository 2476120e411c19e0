"""`copydesk token` on the command line, and tokens of the tables before places came."""

from datetime import timedelta
from pathlib import Path

import pytest
from alembic import command
from click.testing import CliRunner, Result
from sqlalchemy import bindparam, text

from cms.identity.commands import token as token_command
from cms.identity.queries import grants_of_token, token_and_role
from cms.identity.rules import ROLES, digest, is_well_formed, new_token
from cms.migrations.running import configuration, upgrade
from cms.platform.clock import now
from cms.platform.db import Database, Instant, id_column
from cms.platform.ids import new_id
from cms.settings import Settings
from tests.access.desk import Desk

OLD_TOKEN = text(
    "INSERT INTO api_tokens (id, name, hint, digest, role, created_at, expires_at) "
    "VALUES (:id, 'old', 'cpd_pat_abcd', :digest, 'editor', :at, :until)"
).bindparams(bindparam("id", type_=id_column()), bindparam("at", type_=Instant), bindparam("until", type_=Instant))


def run(settings: Settings, *arguments: str) -> Result:
    return CliRunner().invoke(token_command, arguments, obj=settings)


def test_a_token_is_issued_listed_and_revoked(settings: Settings, desk: Desk) -> None:
    issued = run(settings, "issue", "--role", "editor", "--locale", "kk", "--address", "10.0.0.0/8", "--quiet")
    assert issued.exit_code == 0
    made = issued.output.strip()
    assert is_well_formed(made)
    row = desk.row(made)
    assert (row.role, row.locale, row.networks) == ("editor", "kk", ["10.0.0.0/8"])
    assert desk.client(made).get("/api/v1/articles").status_code == 200
    listed = run(settings, "list").output
    assert row.id in listed
    assert row.hint in listed
    assert made not in listed
    assert run(settings, "revoke", row.id).output == "Revoked.\n"
    assert desk.client(made).get("/api/v1/articles").status_code == 401
    assert "revoked" in run(settings, "list").output


def test_a_token_of_single_permissions_may_do_no_more(settings: Settings, desk: Desk) -> None:
    made = run(settings, "issue", "--scope", "taxonomy:read", "--scope", "audit:read", "--quiet").output.strip()
    client = desk.client(made)
    assert client.get("/api/v1/tags").status_code == client.get("/api/v1/audit").status_code == 200
    assert client.get("/api/v1/articles").status_code == 403


@pytest.mark.parametrize(
    "arguments",
    [
        ("issue",),
        ("issue", "--role", "king"),
        ("issue", "--role", "editor", "--scope", "audit:read"),
        ("issue", "--scope", "articles:explode"),
        ("issue", "--role", "editor", "--address", "localhost"),
        ("issue", "--role", "editor", "--address", "192.0.2.1/24"),
        ("issue", "--role", "editor", "--minutes", "0"),
        ("revoke", "01890a5d-ac96-774b-bcce-b302099a8057"),
        ("revoke", "nobody"),
    ],
)
def test_what_makes_no_sense_is_refused_in_one_line(settings: Settings, arguments: tuple[str, ...]) -> None:
    result = run(settings, *arguments)
    assert result.exit_code in (1, 2)
    assert "Traceback" not in result.output
    assert not isinstance(result.exception, AssertionError | KeyError)


def test_tokens_of_before_keep_working_as_they_were(tmp_path: Path) -> None:
    database, made, at = Database(f"sqlite+pysqlite:///{tmp_path / 'old.db'}", is_durable=False), new_token(), now()
    with database.writer.connect() as connection:
        command.upgrade(configuration(connection), "0001")
        values = {"id": new_id(), "digest": digest(made), "at": at, "until": at + timedelta(days=1)}
        connection.execute(OLD_TOKEN, values)
        connection.commit()
    upgrade(database)
    found = token_and_role(database.direct, digest(made))
    database.dispose()
    assert found is not None
    [grant] = grants_of_token(*found)
    assert (grant.permissions, grant.section_path, grant.locale) == (ROLES["editor"], "", "")
    assert found[0].networks is None
    assert found[0].previous_digest is None

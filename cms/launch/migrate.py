"""`copydesk migrate`: the database at the head of its migrations, keys made, and a first administrator's token."""

from datetime import timedelta

import click
from sqlalchemy.exc import OperationalError

from cms.identity.issuing import FIRST_START
from cms.identity.rules import DEFAULT_DAYS
from cms.identity.staff.queries import has_administrator
from cms.identity.tokens import has_tokens, issue_token
from cms.migrations.running import upgrade
from cms.newsroom.typing_articles import TypesRefused, reload_types
from cms.platform.actor import system
from cms.platform.clock import now
from cms.platform.db import Database
from cms.platform.keys import load_keys
from cms.settings import Settings


@click.command()
@click.option(
    "--first-token",
    is_flag=True,
    help="Print an administrator's token when there was never one, nor an administrator.",
)
@click.pass_obj
def migrate(settings: Settings, first_token: bool) -> None:
    """Bring the database to the newest tables; safe to run at every start and by several machines at once."""
    settings.home.mkdir(mode=0o700, parents=True, exist_ok=True)
    load_keys(settings)
    database = Database(settings.database, is_durable=True)
    try:
        upgrade(database)
        _put_types_in_force(database, settings)
        token = first_administrator(database) if first_token else None
    except OperationalError as error:
        reason = str(error.orig).strip().partition("\n")[0]
        raise click.ClickException(f"the database does not answer, see COPYDESK_DATABASE_URL: {reason}") from None
    finally:
        database.dispose()
    if token is not None:
        click.echo(token)


def _put_types_in_force(database: Database, settings: Settings) -> None:
    # Where no folder is, nobody means to say anything about types: those in force may come from another machine.
    if not settings.types_folder.is_dir():
        return
    try:
        reload_types(database, settings.types_folder, system("start"), now())
    except TypesRefused as refusal:
        click.echo(f"The article types stay as they were; nothing has changed:\n{refusal}", err=True)


def first_administrator(database: Database) -> str | None:
    """A token for the first administrator, or None when any token was ever issued or an administrator is there.

    It lives 90 days and ends when the first administrator has joined by an invitation.
    """
    with database.transaction() as session:
        if has_tokens(session) or has_administrator(session):
            return None
        return issue_token(
            session,
            FIRST_START,
            name="first administrator",
            role="administrator",
            lifetime=timedelta(days=DEFAULT_DAYS),
            now=now(),
        )

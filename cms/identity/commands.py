"""`copydesk token`: issuing tokens from the command line, where the operator already has the database."""

from datetime import timedelta

import click

from cms.identity.rules import DEFAULT_DAYS, ROLES
from cms.identity.tokens import issue_token
from cms.platform.actor import system
from cms.platform.clock import now
from cms.platform.db import Database
from cms.settings import Settings


@click.group()
def token() -> None:
    """API tokens."""


@token.command()
@click.option("--role", type=click.Choice(sorted(ROLES)), required=True, help="What the token may do.")
@click.option("--name", default="issued on the command line", show_default=True, help="What it is for.")
@click.option(
    "--minutes",
    type=click.IntRange(1, 525_600),
    default=DEFAULT_DAYS * 24 * 60,
    show_default=True,
    help="How long it lives.",
)
@click.option("--quiet", is_flag=True, help="Print the token and nothing else.")
@click.pass_obj
def issue(settings: Settings, role: str, name: str, minutes: int, quiet: bool) -> None:
    """Make a token and print it once."""
    database = Database(settings.database, is_durable=True)
    with database.transaction() as session:
        text = issue_token(
            session, system("command line"), name=name, role=role, lifetime=timedelta(minutes=minutes), now=now()
        )
    database.dispose()
    if not quiet:
        click.echo(f"A token for {role}, valid for {minutes} minutes. It is shown only now:")
    click.echo(text)

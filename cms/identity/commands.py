"""`copydesk token`: issuing, listing and revoking tokens where the operator already has the database."""

from datetime import timedelta

import click

from cms.identity import issuing, queries, rules
from cms.identity.rules import DEFAULT_DAYS, MOST_NETWORKS, PERMISSIONS, NewToken
from cms.platform.actor import system
from cms.platform.clock import now, rfc3339
from cms.platform.errors import Problem
from cms.platform.opening import existing_database
from cms.settings import Settings

OPERATOR = system("command line")
LISTED_AT_ONCE = 100


@click.group()
def token() -> None:
    """API tokens."""


@token.command()
@click.option("--role", default="", help="What the token may do: a role, built in or custom.")
@click.option(
    "--scope", "scopes", multiple=True, type=click.Choice(sorted(PERMISSIONS)), help="A permission; instead of a role."
)
@click.option("--locale", default="", help="The only language that it may touch, spelled as in the articles.")
@click.option("--address", "addresses", multiple=True, help="An address or network that it may come from.")
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
def issue(
    settings: Settings,
    role: str,
    scopes: tuple[str, ...],
    locale: str,
    addresses: tuple[str, ...],
    name: str,
    minutes: int,
    quiet: bool,
) -> None:
    """Make a token and print it once."""
    if bool(role) == bool(scopes):
        raise click.UsageError("Give either --role or --scope.")
    command = NewToken(
        name=name[: rules.LONGEST_TOKEN_NAME],
        role=role,
        permissions=frozenset(scopes),
        locale=locale,
        networks=_networks(addresses),
        lifetime=timedelta(minutes=minutes),
    )
    database = existing_database(settings, is_durable=True)
    try:
        with database.transaction() as session:
            _, text = issuing.issue(session, OPERATOR, command, now())
    except Problem as problem:
        raise click.ClickException("; ".join(error.detail for error in problem.errors) or problem.detail) from None
    finally:
        database.dispose()
    if not quiet:
        what = role or ", ".join(sorted(scopes))
        click.echo(f"A token for {what}, valid for {minutes} minutes. It is shown only now:")
    click.echo(text)


@token.command(name="list")
@click.pass_obj
def list_tokens(settings: Settings) -> None:
    """Show which tokens there are, newest first; never a token itself."""
    database, at = existing_database(settings, is_durable=False), now()
    after: tuple[int] | None = None
    with database.reading() as session:
        while rows := queries.tokens(session, limit=LISTED_AT_ONCE, after=after, is_backwards=False):
            after = (rows[-1].number,)
            for row in rows:
                state = "revoked" if row.revoked_at else "expired" if row.expires_at <= at else "active "
                used = rfc3339(row.last_used_at) if row.last_used_at else "never"
                what = row.role or ",".join(row.permissions or ())
                click.echo(
                    f"{row.id}  {row.hint}…  {state}  until {rfc3339(row.expires_at)}  used {used}  {what}  {row.name}"
                )
    database.dispose()


@token.command()
@click.argument("token_id")
@click.pass_obj
def revoke(settings: Settings, token_id: str) -> None:
    """End the token with this id; the next request that brings it is refused."""
    database = existing_database(settings, is_durable=True)
    try:
        with database.transaction() as session:
            issuing.revoke(session, OPERATOR, token_id, now())
    except Problem as problem:
        raise click.ClickException(problem.detail) from None
    finally:
        database.dispose()
    click.echo("Revoked.")


def _networks(texts: tuple[str, ...]) -> tuple[str, ...]:
    if len(texts) > MOST_NETWORKS:
        raise click.UsageError(f"At most {MOST_NETWORKS} addresses.")
    found = []
    for text in texts:
        network = rules.network_of(text)
        if network is None:
            raise click.UsageError(f"{text!r} is no address or network such as 192.0.2.0/24.")
        found.append(network)
    return tuple(found)

"""`copydesk audit`: verifying the audit trail, and writing it out."""

import sys
from datetime import UTC, datetime, timedelta

import click
import orjson
from sqlalchemy.exc import SQLAlchemyError

from cms.audit.keyring import AuditKeys
from cms.audit.verifying import verify as verify_trail
from cms.operations.audit_reading import audit_data, matching, pages
from cms.platform.clock import now
from cms.platform.keys import existing_keys
from cms.platform.opening import existing_database
from cms.settings import Settings

SEALED_WITHIN = timedelta(minutes=1)


@click.group()
def audit() -> None:
    """The audit trail: who did what, sealed so that later changes show."""


@audit.command()
@click.pass_obj
def verify(settings: Settings) -> None:
    """Check every entry against its seal.

    Names the first that was changed, removed, moved or put in, and gives the exit status 1 then.
    """
    try:
        keys = AuditKeys(settings.home, existing_keys(settings))
    except OSError as error:
        raise click.ClickException(str(error)) from None
    database = existing_database(settings, is_durable=True)
    try:
        found = verify_trail(database, settings.home, keys)
    except SQLAlchemyError as error:
        raise click.ClickException(f"the database does not answer: {type(error).__name__}") from None
    finally:
        database.dispose()
    for remark in found.remarks:
        click.echo(remark)
    if found.unsealed_since is not None and now() - found.unsealed_since > SEALED_WITHIN:
        click.echo(
            f"entries wait for their seal since {found.unsealed_since:%Y-%m-%d %H:%M:%S} UTC: does the relay run?"
        )
    if found.problem:
        click.echo(f"WRONG: {found.problem}")
        click.echo(f"{found.count} entries before it fit their seals.")
        click.get_current_context().exit(1)
    click.echo(f"ok: {found.count} entries fit their seals, {found.first} to {found.last}")


@audit.command()
@click.option("--from", "since", type=click.DateTime(), help="From this instant on, UTC.")
@click.option("--to", "until", type=click.DateTime(), help="Before this instant, UTC.")
@click.pass_obj
def export(settings: Settings, since: datetime | None, until: datetime | None) -> None:
    """Write the trail to standard output, oldest first, one JSON object a line, each with its seal."""
    database = existing_database(settings, is_durable=True)
    conditions = matching(
        {
            "since": since.replace(tzinfo=UTC) if since else None,
            "until": until.replace(tzinfo=UTC) if until else None,
        }
    )
    try:
        for page in pages(database, conditions):
            sys.stdout.buffer.write(
                b"".join(orjson.dumps(audit_data(entry), option=orjson.OPT_UTC_Z) + b"\n" for entry in page)
            )
    finally:
        database.dispose()

"""Opening the database for a command of an operator: one that is there, with the tables that this program needs.

To open a file of SQLite that is not there would make one, and whoever only stood in the wrong folder would have it.
"""

from pathlib import Path

import click
from sqlalchemy import make_url
from sqlalchemy.exc import DBAPIError

from cms.platform.db import Database
from cms.platform.migration_step import current_step, head_step
from cms.settings import Settings


def existing_database(settings: Settings, *, is_durable: bool) -> Database:
    """The database of this installation; whoever asks disposes of it.

    Raises: click.ClickException, in one line, when it is not there, does not answer or is not migrated.
    """
    refuse_missing_file(settings)
    database = Database(settings.database, is_durable=is_durable, site_name=settings.site_name)
    try:
        with database.reading() as session:
            step = current_step(session.connection())
    except DBAPIError as error:
        database.dispose()
        reason = str(error.orig).strip().partition("\n")[0]
        raise click.ClickException(f"the database does not answer, see COPYDESK_DATABASE_URL: {reason}") from None
    if step != head_step():
        database.dispose()
        found = f"stands at step {step}" if step else "has no tables"
        raise click.ClickException(f"the database {found}, and this program needs {head_step()}; run copydesk migrate")
    return database


def refuse_missing_file(settings: Settings) -> None:
    """Refuse where the database would be a file that is not there. Raises: click.ClickException."""
    url = make_url(settings.database)
    if url.get_backend_name() != "sqlite" or Path(str(url.database)).exists():
        return
    place = f"database at {url.database}" if settings.database_url else f"Copydesk at {settings.home.absolute()}"
    name = "COPYDESK_DATABASE_URL" if settings.database_url else "COPYDESK_HOME"
    raise click.ClickException(f"there is no {place}; set {name}, or start one with copydesk up")

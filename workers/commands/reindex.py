"""`copydesk reindex`: a new search index, swapped in."""

import click

from cms.platform.logs import configure_logs
from cms.platform.opening import existing_database
from cms.settings import Settings
from workers.handlers.indexing import rebuild_index


@click.command()
@click.pass_obj
def reindex(settings: Settings) -> None:
    """Build the search index anew beside the old one, then swap; reads and publishes go on meanwhile."""
    configure_logs(settings.log_level)
    database = existing_database(settings, is_durable=False)
    count = rebuild_index(database, settings.index_home)
    database.dispose()
    click.echo(f"{count} articles are in the new index.")

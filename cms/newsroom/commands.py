"""Commands of the newsroom: rebuild."""

import click

from cms.newsroom.rebuilding import rebuild_documents
from cms.platform.actor import system
from cms.platform.clock import now
from cms.platform.logs import configure_logs
from cms.platform.opening import existing_database
from cms.settings import Settings


@click.command()
@click.pass_obj
def rebuild(settings: Settings) -> None:
    """Put together anew what readers see, from the published revisions; reads and publishes go on meanwhile."""
    configure_logs(settings.log_level)
    database = existing_database(settings, is_durable=False)
    put, withdrawn = rebuild_documents(database, system("rebuild"), now)
    database.dispose()
    click.echo(f"{put} articles are put together anew, {withdrawn} that are not published were taken away.")
    click.echo("Reading times, related articles and search follow, as after a publish.")

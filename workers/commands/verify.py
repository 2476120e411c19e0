"""`copydesk verify`: what readers see compared with what it is made from, and repaired."""

import click

from cms.platform.logs import configure_logs
from cms.platform.opening import existing_database
from cms.settings import Settings
from workers.verifying import verify as verified
from workers.work import make_work


@click.command()
@click.pass_obj
def verify(settings: Settings) -> None:
    """Compare documents, reading times, related lists and the search index with what they are made from, and repair
    what differs; reads and publishes go on meanwhile."""
    configure_logs(settings.log_level)
    existing_database(settings, is_durable=False).dispose()
    work = make_work(settings)
    try:
        for one in verified(work):
            said = f"{one.repaired} of {one.compared} repaired" if one.repaired else f"{one.compared}, nothing differs"
            click.echo(f"{one.part}: {said}")
    finally:
        work.close()

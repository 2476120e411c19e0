"""`copydesk verify`: what readers see compared with what it is made from, and repaired or only told."""

import sys

import click

from cms.platform.logs import configure_logs
from cms.platform.opening import existing_database
from cms.settings import Settings
from workers.verifying import verify as verified
from workers.work import make_work


@click.command()
@click.option("--check", "is_only_compared", is_flag=True, help="Change nothing; end with 1 where something differs.")
@click.pass_obj
def verify(settings: Settings, is_only_compared: bool) -> None:
    """Compare documents, reading times, related lists and the search index with what they are made from, and repair
    what differs; reads and publishes go on meanwhile."""
    configure_logs(settings.log_level)
    existing_database(settings, is_durable=False).dispose()
    work = make_work(settings)
    done = "differ" if is_only_compared else "repaired"
    differing = 0
    try:
        for one in verified(work, is_repairing=not is_only_compared):
            differing += one.differing
            said = f"{one.differing} of {one.compared} {done}" if one.differing else f"{one.compared}, nothing differs"
            click.echo(f"{one.part}: {said}")
    finally:
        work.close()
    if is_only_compared and differing:
        sys.exit(1)

"""`copydesk reindex`: a new search index, swapped in."""

import time

import click

from cms.platform.logs import configure_logs
from cms.platform.opening import existing_database
from cms.settings import Settings
from search_index.damage import IndexBroken
from search_index.engine import Progress
from workers.handlers.indexing import rebuild_index

TOLD_EVERY_SECONDS = 1.0


class Telling:
    """Says how far a rebuild is, at most once a second, and how long the rest may take at the pace so far."""

    def __init__(self) -> None:
        self._began = self._told_at = time.monotonic()

    def tell(self, progress: Progress) -> None:
        """Say it on the error stream, so that the output stays one line."""
        now = time.monotonic()
        if now - self._told_at >= TOLD_EVERY_SECONDS or progress.done == progress.total:
            self._told_at = now
            click.echo(f"{progress.done} of {progress.total} articles{left(progress, now - self._began)}", err=True)


def left(progress: Progress, seconds: float) -> str:
    """An estimate of what is left. Formula: time so far / done · (total - done)"""
    if progress.done in (0, progress.total):
        return ""
    return f", about {seconds / progress.done * (progress.total - progress.done):.0f} s left"


@click.command()
@click.pass_obj
def reindex(settings: Settings) -> None:
    """Build the search index anew beside the old one, compare it with the database, then swap; reads and publishes go
    on meanwhile."""
    configure_logs(settings.log_level)
    database = existing_database(settings, is_durable=False)
    try:
        count = rebuild_index(database, settings.index_home, Telling().tell)
    except IndexBroken as error:
        raise click.ClickException(f"{error}; the old index stays in use") from None
    finally:
        database.dispose()
    click.echo(f"{count} articles are in the new index.")

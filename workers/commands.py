"""Commands of the hands: relay, worker, reindex."""

import signal
from functools import partial
from typing import Any

import click
import structlog
from sqlalchemy.exc import SQLAlchemyError

from cms.events.deliveries import describe
from cms.events.subscriptions import QUEUES
from cms.platform.bell import Bell
from cms.platform.db import Database
from cms.platform.logs import configure_logs
from cms.platform.opening import existing_database, refuse_missing_file
from cms.settings import Settings
from search_index.writer import IndexBroken
from workers.app import make_celery, serve
from workers.due import Chores
from workers.handlers.indexing import bring_up_to_date, rebuild_index
from workers.heard import HEARINGS
from workers.living import give_sign
from workers.relay import Relay, Sender
from workers.watching import watch_index
from workers.work import LETTERS_AT_ONCE, make_work

log = structlog.get_logger("copydesk.worker")
SEARCH = "search"
MAIL = "mail"


@click.command()
@click.pass_obj
def relay(settings: Settings) -> None:
    """Send a task for each open delivery, until stopped. Several may run at once."""
    refuse_missing_file(settings)
    configure_logs(settings.log_level)
    database = Database(settings.database, is_durable=False, pool_size=1)
    bell = Bell(settings.bell_url)
    chores = Chores(settings, database)
    running = Relay(database, Sender(make_celery(settings)), bell, chores)
    running.beat = partial(give_sign, settings.home, "relay")

    def stop(_signal: int, _frame: Any) -> None:
        running.is_stopping = True

    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, stop)
    running.run()
    chores.close()
    bell.close()
    database.dispose()


@click.command()
@click.option("--queues", default=",".join(QUEUES), show_default=True, help="The queues to work on, with commas.")
@click.option(
    "--pool",
    type=click.Choice(["threads", "prefork", "solo"]),
    default="threads",
    show_default=True,
    help="threads needs little memory; prefork uses several processors and can end a task that takes too long.",
)
@click.option("--concurrency", type=click.IntRange(1, 64), default=4, show_default=True, help="Tasks at once.")
@click.pass_obj
def worker(settings: Settings, queues: str, pool: str, concurrency: int) -> None:
    """Work on what the relay sends, until stopped. The queue `search` wants one process of its own."""
    named = {name.strip() for name in queues.split(",") if name.strip()}
    if not named or named - set(QUEUES):
        raise click.BadParameter(f"choose from {', '.join(QUEUES)}", param_hint="--queues")
    refuse_missing_file(settings)
    configure_logs(settings.log_level)
    if named == {SEARCH}:
        # One attempt takes all that waits; more at once would only wait for each other's commit of the index.
        concurrency = 1
    beside = None
    if SEARCH in named:
        _prepare_index(settings)
        beside = partial(watch_index, settings)
    # A slow mail server must not hold up what other queues ask for; with no other queue, it may have every thread.
    letters_at_once = concurrency if named == {MAIL} else LETTERS_AT_ONCE
    app = make_celery(settings, HEARINGS, letters_at_once)
    status = serve(app, settings, queues=named, pool=pool, concurrency=concurrency, beside=beside)
    click.get_current_context().exit(status)


@click.command()
@click.pass_obj
def reindex(settings: Settings) -> None:
    """Build the search index anew beside the old one, then swap; reads and publishes go on meanwhile."""
    configure_logs(settings.log_level)
    database = existing_database(settings, is_durable=False)
    count = rebuild_index(database, settings.index_home)
    database.dispose()
    click.echo(f"{count} articles are in the new index.")


def _prepare_index(settings: Settings) -> None:
    work = make_work(settings)
    try:
        differing = bring_up_to_date(work)
        log.info("index_is_up_to_date", differing=differing)
    except (SQLAlchemyError, OSError, IndexBroken) as error:
        # The next publish tries again, and says what is wrong in its receipt.
        log.warning("index_not_looked_at", error=describe(error))
    finally:
        work.close()

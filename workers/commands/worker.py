"""`copydesk worker`: works on what the relay sends."""

from functools import partial

import click
import structlog
from sqlalchemy.exc import SQLAlchemyError

from cms.events.deliveries import describe
from cms.events.subscriptions import QUEUES
from cms.platform.logs import configure_logs
from cms.platform.opening import refuse_missing_file
from cms.settings import Settings
from search_index.damage import IndexBroken
from workers.app import make_celery
from workers.handlers.indexing import bring_up_to_date
from workers.heard import HEARINGS
from workers.serving import serve
from workers.watching import watch_index
from workers.work import LETTERS_AT_ONCE, make_work

log = structlog.get_logger("copydesk.worker")
SEARCH = "search"
LETTERS = ({"mail"}, {"bulk"})


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
    letters_at_once = concurrency if named in LETTERS else LETTERS_AT_ONCE
    app = make_celery(settings, HEARINGS, letters_at_once)
    status = serve(app, settings, queues=named, pool=pool, concurrency=concurrency, beside=beside)
    click.get_current_context().exit(status)


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

"""`copydesk relay`: sends tasks for open deliveries, and does what is due."""

import signal
from functools import partial
from typing import Any

import click

from cms.platform.bell import Bell
from cms.platform.db import Database
from cms.platform.logs import configure_logs
from cms.platform.opening import refuse_missing_file
from cms.settings import Settings
from workers.broker import sending_app
from workers.due import Chores
from workers.living import give_sign
from workers.relay import Relay, Sender


@click.command()
@click.pass_obj
def relay(settings: Settings) -> None:
    """Send tasks for the open deliveries, until stopped. Several may run at once."""
    refuse_missing_file(settings)
    configure_logs(settings.log_level)
    database = Database(settings.database, is_durable=False, pool_size=1, site_name=settings.site_name)
    bell = Bell(settings.bell_url)
    chores = Chores(settings, database)
    running = Relay(database, Sender(sending_app(settings)), bell, chores)
    running.beat = partial(give_sign, settings.home, "relay")

    def stop(_signal: int, _frame: Any) -> None:
        running.is_stopping = True

    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, stop)
    running.run()
    chores.close()
    bell.close()
    database.dispose()

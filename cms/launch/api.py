"""`copydesk api`: the HTTP server with its processes and threads (ADR 4)."""

import importlib
import multiprocessing
import os
import signal
import threading
from collections.abc import Callable
from typing import Any

import click
import structlog
from granian.constants import HTTPModes, Interfaces
from granian.log import LogLevels
from granian.server import Server
from sqlalchemy import make_url
from sqlalchemy.exc import SQLAlchemyError

from cms.launch import leading
from cms.launch.claiming import Refused, check_port
from cms.launch.lifeline import die_with
from cms.launch.loading import APPLICATION, load_application, share_what_is_loaded
from cms.launch.starting import CAN_FORK
from cms.platform.errors import Unavailable
from cms.platform.logs import configure_logs
from cms.settings import Settings

log = structlog.get_logger("copydesk.api")
FACTORY = "create_app_from_environment"
STOP_SECONDS = 8
# The server's own lines go the way of all others instead of to standard output in a form of their own.
SERVER_LOGS = {"loggers": {"_granian": {"handlers": [], "propagate": True}}, "handlers": {}, "formatters": {}}


@click.command()
@click.pass_obj
def api(settings: Settings) -> None:
    """Serve HTTP. Starts on a database that is not migrated too, and then says so at /readyz."""
    try:
        check_port(settings.host, settings.port, "COPYDESK_PORT")
    except Refused as error:
        raise click.ClickException(str(error)) from None
    settings.home.mkdir(mode=0o700, parents=True, exist_ok=True)
    load_application(settings)
    share_what_is_loaded()
    configure_logs(settings.log_level)
    if CAN_FORK:
        multiprocessing.set_start_method("fork", force=True)
    # A read of PostgreSQL waits for another process, and others are answered meanwhile.
    one_leads = leading.IS_POSSIBLE and make_url(settings.database).get_backend_name() == "sqlite"
    server = Server(
        APPLICATION,
        address=settings.host,
        port=settings.port,
        interface=Interfaces.WSGI,
        http=HTTPModes.http1,
        websockets=False,
        workers=settings.api_processes,
        blocking_threads=settings.api_threads,
        log_level=LogLevels.error,
        log_dictconfig=SERVER_LOGS,
        respawn_failed_workers=True,
        workers_kill_timeout=STOP_SECONDS,
    )
    server.serve(target_loader=Worker(os.getpid(), one_leads=one_leads), wrap_loader=False)


class Worker:
    """What each server process calls first: it makes the application, and ends with the process that started it.

    `one_leads` says that one thread takes requests while the others rest.
    """

    def __init__(self, parent: int, *, one_leads: bool) -> None:
        self.parent, self.one_leads = parent, one_leads

    def __call__(self) -> Any:
        """The application of this process."""
        # The handlers that came with the fork serve the parent; until the server sets its own, the usual ones hold.
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, signal.SIG_DFL)
        # Not asked politely: a parent that ends as it should waits for this process, and one that was killed leaves
        # nobody to wait for it, while it would go on holding the port.
        die_with(self.parent, signal.SIGKILL)
        module = importlib.import_module(APPLICATION)
        try:
            application = getattr(module, FACTORY)()
        except (SQLAlchemyError, Unavailable) as error:
            log.error("application_not_made", error=str(error).partition("\n")[0])
            # Whoever watches over this command starts it again; what was wrong may be over by then.
            raise SystemExit(1) from None
        at_the_first_signal(lambda: module.end_streams(application))
        if self.one_leads:
            leading.let_one_lead(application.extensions[module.AT_ONCE])
        return application


def at_the_first_signal(act: Callable[[], None]) -> None:
    """Do something as soon as this process is told to stop, whoever handles the signal. Call it in the main thread.

    The server sets its own handlers after this and waits for every answer that is under way; a stream of changes would
    make it wait until it is killed. So Python itself is asked to write the number of each signal into a pipe.
    """
    reading, writing = os.pipe()
    os.set_blocking(writing, False)
    signal.set_wakeup_fd(writing, warn_on_full_buffer=False)

    def wait() -> None:
        os.read(reading, 1)
        act()

    threading.Thread(target=wait, name="first-signal", daemon=True).start()

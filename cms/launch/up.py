"""`copydesk up`: the whole product on this machine under one command.

It puts parts together and waits for them; how they are started, watched and ended is the supervisor's affair.
Each is a process of its own that runs one command; where the system can, it is forked from this one, which has loaded
what all of them need and never uses it (ADR 15).
"""

import http.client
import os
import shutil
import sys
import time
from collections.abc import Callable
from functools import partial
from importlib.metadata import version
from pathlib import Path
from typing import cast
from urllib.parse import urlsplit

import click

from cms.launch import broker
from cms.launch.claiming import Refused, check_port, claim_home
from cms.launch.loading import load_application, share_what_is_loaded
from cms.launch.reader import Beside, addresses, beside
from cms.launch.starting import CAN_FORK
from cms.launch.supervisor import Child, Part, PartFailed, Stopped, Supervisor
from cms.launch.transcript import Transcript
from cms.settings import Settings

PROBE_SECONDS = 2.0
HINT_AFTER_SECONDS = 30.0
# A search commit takes a processor for itself, and a person waits for a code: neither stands behind anything else.
WORKERS = {"worker": "bulk,derive", "worker-search": "search", "worker-mail": "mail"}
LOADED = ("migrate", "api", "relay", "worker", "mailbox", "reader")
STOP_ORDER = (("reader",), ("relay",), ("api",), tuple(WORKERS), ("mailbox",), ("broker",))


@click.command()
@click.option("--no-sample", is_flag=True, help="Start with an empty newsroom.")
@click.option("--no-reader", is_flag=True, help="Leave out the reader's page.")
@click.option("--end-with-parent", is_flag=True, help="Stop when the program that called this one is gone.")
@click.pass_obj
def up(settings: Settings, no_sample: bool, no_reader: bool, end_with_parent: bool) -> None:
    """Start everything: broker, database, API, workers, relay, mailbox, reader's page, at first a sample newsroom."""
    began = time.monotonic()
    home = settings.home.absolute()
    try:
        with claim_home(home) as lock:
            _check_ports(settings)
            reader = beside(settings, not no_reader)
            parts = _parts(settings, reader)
            transcript = Transcript(is_verbose=settings.log_level == "debug")
            supervisor = Supervisor(
                transcript,
                environment=_environment(settings, reader),
                shared=(lock,),
                stop_order=STOP_ORDER,
                parent=os.getppid() if end_with_parent else 0,
            )
            has_sample = settings.is_development and not no_sample
            _run(settings, supervisor, parts, reader, began, has_sample=has_sample)
    except Stopped:
        return
    except (Refused, broker.NoBroker, PartFailed) as error:
        raise click.ClickException(str(error)) from None


def _environment(settings: Settings, reader: Beside) -> dict[str, str]:
    """The environment of all parts."""
    given = {**os.environ, "COPYDESK_HOME": str(settings.home.absolute()), "PYTHONUNBUFFERED": "1"}
    return {**given, **(addresses(settings) if reader.is_started else {})}


def _run(
    settings: Settings,
    supervisor: Supervisor,
    parts: dict[str, Part],
    reader: Beside,
    began: float,
    *,
    has_sample: bool,
) -> None:
    """Start everything and stay until the end. The first token is made only once, so it is shown whatever happens."""
    is_shown = False
    try:
        with supervisor:
            token = _make_tables(settings, supervisor, parts)
            _start_the_rest(settings, supervisor, parts)
            supervisor.transcript.plain(_welcome(settings, reader, time.monotonic() - began, token))
            is_shown = True
            if has_sample:
                # What it prints is left out: the token should stay the last that a newcomer sees.
                supervisor.start(_part("sample", "sample", "--if-empty", is_kept=False, is_captured=True))
            supervisor.run()
    finally:
        if not is_shown and "migrate" in supervisor.children:
            for line in _lines_of_lost_start(supervisor.children["migrate"]):
                supervisor.transcript.plain(line)


def _check_ports(settings: Settings) -> None:
    check_port(settings.host, settings.port, "COPYDESK_PORT")
    if not settings.smtp_url:
        check_port(settings.mailbox_host, settings.mailbox_page_port, "COPYDESK_MAILBOX_PORT")
        check_port(settings.mailbox_host, settings.mailbox_mail_port, "COPYDESK_MAILBOX_SMTP_PORT")


def _parts(settings: Settings, reader: Beside) -> dict[str, Part]:
    parts = {
        "migrate": _part("migrate", "migrate", "--first-token", is_kept=False, is_captured=True),
        "api": _part("api", "api"),
        "relay": _part("relay", "relay"),
    }
    for name, queues in WORKERS.items():
        parts[name] = _part(name, "worker", "--queues", queues, stop_seconds=20)
    if not settings.smtp_url:
        parts["mailbox"] = _part("mailbox", "mailbox")
    if reader.is_started:
        parts["reader"] = _part("reader", "reader")
    if not settings.redis_url:
        command = broker.command(settings)
        parts["broker"] = Part("broker", command, knows_lifeline=False, mend=lambda: _mend_broker(settings))
    return parts


def _part(name: str, *words: str, stop_seconds: float = 10, is_kept: bool = True, is_captured: bool = False) -> Part:
    return Part(name, *_start_of(words), stop_seconds=stop_seconds, is_kept=is_kept, is_captured=is_captured)


def _start_of(words: tuple[str, ...]) -> tuple[tuple[str, ...], Callable[[], object] | None]:
    """What starts one of our commands. Shape: a command line, and what to run in a fork where there are forks."""
    if CAN_FORK:
        program = click.get_current_context().find_root().command
        return ("copydesk", *words), partial(program.main, args=words, prog_name="copydesk")
    script = Path(sys.executable).with_name("copydesk")
    python = [str(script)] if script.exists() else ["-m", "cms.cli"]
    return (sys.executable, *python, *words), None


def _load_what_is_forked(settings: Settings) -> None:
    """Load the commands that live long, and the application; no connection is opened and no thread begins."""
    group = click.get_current_context().find_root()
    load_application(settings)
    for name in LOADED:
        cast(click.Group, group.command).get_command(group, name)
    share_what_is_loaded()


def _mend_broker(settings: Settings) -> str | None:
    aside = broker.set_aside(settings)
    return f"the broker's data did not let it start and are now in {aside}; nothing is lost" if aside else None


def _make_tables(settings: Settings, supervisor: Supervisor, parts: dict[str, Part]) -> str:
    """Start what needs no tables while they are made. Shape: the first administrator's token, or nothing."""
    if "broker" in parts:
        supervisor.start(parts["broker"])
    if CAN_FORK:
        _load_what_is_forked(settings)
    for name in ("migrate", "api"):
        supervisor.start(parts[name])
    if "broker" in parts:
        supervisor.wait_for(lambda: broker.answers(settings.broker_socket), pause_seconds=0.02)
    # The other parts work on the tables, and on two processors they would only delay those that make them.
    return supervisor.finish("migrate").strip()


def _start_the_rest(settings: Settings, supervisor: Supervisor, parts: dict[str, Part]) -> None:
    """Start the other parts and wait until the API can serve."""
    for name in ("mailbox", "relay", *WORKERS, "reader"):
        if name in parts:
            supervisor.start(parts[name])
    hint_at = time.monotonic() + HINT_AFTER_SECONDS
    while not _is_ready(settings):
        supervisor.pause(0.05)
        if time.monotonic() > hint_at:
            hint_at = float("inf")
            supervisor.transcript.say("not ready yet; copydesk doctor, in another terminal, says what is wrong")


def _is_ready(settings: Settings) -> bool:
    asker = http.client.HTTPConnection(urlsplit(settings.local_url).netloc, timeout=PROBE_SECONDS)
    try:
        asker.request("GET", "/readyz")
        return asker.getresponse().status == 200
    except (OSError, http.client.HTTPException):
        return False
    finally:
        asker.close()


def _welcome(settings: Settings, reader: Beside, seconds: float, token: str) -> str:
    site = settings.public_url
    rows = [("the site, as readers see it", settings.reader_url if reader.is_started else reader.why_not)]
    rows += [("the API, to try in the browser", f"{site}/docs"), ("newest articles", f"{site}/content/v1/articles"),
            ("a search", f"{site}/content/v1/search?q=tram")]  # fmt: skip
    if not settings.smtp_url:
        rows.append(("letters to readers", settings.mailbox_url))
    rows.append(("a walk through the main job", _typed(settings, "demo")))
    if not token:
        rows.append(("a token for the API", _typed(settings, "token issue --role administrator")))
    lines = ["", f"Copydesk {version('copydesk')} is ready after {seconds:.1f} s; Ctrl-C stops it. "
             f"Data is in {settings.home.absolute()}.", ""]  # fmt: skip
    lines += [f"  {label:<32}{place}" for label, place in rows if place]
    return "\n".join([*lines, *_token_lines(token), ""])


def _typed(settings: Settings, words: str) -> str:
    """A command as it can be typed where this one was."""
    script = Path(sys.argv[0]).absolute()
    program = "copydesk"
    if script.name == program and shutil.which(program) != str(script):
        here = Path.cwd()
        program = str(script.relative_to(here)) if script.is_relative_to(here) else str(script)
    port = f"COPYDESK_PORT={settings.port} " if settings.port != Settings.port else ""
    return f"{port}{program} {words}"


def _lines_of_lost_start(migrate: Child) -> list[str]:
    """What to say of the first token when the start came to nothing."""
    if migrate.exit_status is not None and migrate.exit_status >= 0:
        return _token_lines(migrate.printed.strip())
    # It was ended in its work, perhaps between making the token and printing it.
    return ["If this was a first start, make its token with: copydesk token issue --role administrator"]


def _token_lines(token: str) -> list[str]:
    return ["", "The first administrator's token, shown only now:", "", f"  {token}"] if token else []

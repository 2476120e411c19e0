"""`copydesk mailbox`: runs the local mailbox, or prints what it caught."""

import signal
import threading

import click

from cms.launch.mailbox.letters import UNSEEN, CaughtLetter, Letters
from cms.launch.mailbox.receiving import running
from cms.platform.logs import configure_logs
from cms.settings import Settings


@click.group(invoke_without_command=True)
@click.pass_context
def mailbox(context: click.Context) -> None:
    """Catch outgoing mail and show it on a page; `show` prints it."""
    if context.invoked_subcommand is None:
        _serve(context.obj)


@mailbox.command()
@click.option("--last", is_flag=True, help="Print the newest letter only.")
@click.pass_obj
def show(settings: Settings, last: bool) -> None:
    """Print the letters that were caught, oldest first."""
    letters = Letters(settings.home / "mailbox")
    names = letters.names()[:1] if last else reversed(letters.names())
    found = [letter for name in names if (letter := letters.read(name)) is not None]
    if not found:
        raise click.ClickException("the mailbox holds no letter; letters come here when COPYDESK_SMTP_URL is empty")
    click.echo("\n\n".join(_printed(letter) for letter in found))


def _serve(settings: Settings) -> None:
    configure_logs(settings.log_level)
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    try:
        with running(settings):
            stop.wait()
    except OSError as error:
        ports = f"{settings.mailbox_page_port} and {settings.mailbox_mail_port}"
        raise click.ClickException(
            f"the mailbox cannot use {settings.mailbox_host}, ports {ports}: {error.strerror or error}"
        ) from None


def _printed(letter: CaughtLetter) -> str:
    head = f"To: {', '.join(letter.to)}\nAt: {letter.received_at}\nSubject: {letter.subject}"
    return f"{head}\n\n{UNSEEN.sub('�', letter.text.strip())}"

"""Taking letters by SMTP and running the mailbox: one listener for mail, one for the page."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import structlog
from aiosmtpd.controller import Controller

from cms.launch.mailbox.letters import Letters
from cms.launch.mailbox.page import PageServer
from cms.platform.clock import now
from cms.settings import Settings

LARGEST_LETTER_BYTES = 5 * 1024 * 1024
IDLE_SECONDS = 60

log = structlog.get_logger("copydesk.mailbox")


class Catcher:
    """Keeps every letter, whomever it is for. aiosmtpd calls it by its own names."""

    def __init__(self, letters: Letters) -> None:
        self.letters = letters

    async def handle_DATA(self, _server: Any, _session: Any, envelope: Any) -> str:  # noqa: N802  # aiosmtpd's name
        """Keep one letter, then acknowledge it."""
        try:
            name = self.letters.put(envelope.content, sender=envelope.mail_from, to=envelope.rcpt_tos, now=now())
        except OSError as error:
            log.error("letter_not_kept", error=type(error).__name__)
            return "451 The letter could not be kept; try again later"
        log.info("letter_caught", letter=name)
        return "250 Kept"


@contextmanager
def running(settings: Settings) -> Iterator[Letters]:
    """The mailbox at work until the `with` is left. Raises: OSError when an address or port cannot be used."""
    letters = Letters(settings.home / "mailbox")
    page = PageServer((settings.mailbox_host, settings.mailbox_page_port), letters, settings.mailbox_host)
    thread = threading.Thread(target=page.serve_forever, name="mailbox-page", daemon=True)
    listener = Controller(
        Catcher(letters),
        hostname=settings.mailbox_host,
        port=settings.mailbox_mail_port,
        data_size_limit=LARGEST_LETTER_BYTES,
        enable_SMTPUTF8=True,
        ident="Copydesk mailbox",
        timeout=IDLE_SECONDS,
    )
    try:
        listener.start()
        thread.start()
        yield letters
    finally:
        listener.stop(no_assert=True)
        if thread.ident is not None:
            page.shutdown()
        page.server_close()

"""Handing a letter to the mail server, and reading its answer: taken, not now, or never."""

import contextlib
import ipaddress
import re
import smtplib
import socket
import ssl
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from email.message import EmailMessage
from urllib.parse import unquote, urlsplit

from cms.mail.rules import says_no_mailbox

TIMEOUT_SECONDS = 15
# The library's timeout is that of one answer, and a server may speak slowly for hours. Less than a letter's lease.
DEADLINE_SECONDS = 45
# Source: RFC 2034, section 4.
ENHANCED = re.compile(r"([245]\.[0-9]{1,3}\.[0-9]{1,3})(?:\s|\Z)")
PORTS = {"smtp": 25, "smtps": 465, "smtp+starttls": 587}


class NotNow(Exception):
    """The letter may be taken later: the server is away, busy, or does not know us. The text names stage and number."""


class Never(Exception):
    """The server will not take this letter. The text names stage and numbers, and no address.

    `is_no_mailbox` where it said that the recipient is not there, so that another letter would fare no better.
    """

    def __init__(self, text: str, *, is_no_mailbox: bool = False) -> None:
        super().__init__(text)
        self.is_no_mailbox = is_no_mailbox


@dataclass(frozen=True)
class MailServer:
    """Where letters go, and how."""

    scheme: str
    host: str
    port: int
    user: str = ""
    password: str = field(default="", repr=False)

    @classmethod
    def from_url(cls, url: str) -> "MailServer":
        """Read `smtp://`, `smtps://` or `smtp+starttls://`; credentials stand before the host. Raises: ValueError."""
        parts = urlsplit(url)
        if parts.scheme not in PORTS or not parts.hostname:
            raise ValueError("a mail server is named smtp://host, smtps://host or smtp+starttls://host")
        return cls(
            parts.scheme,
            parts.hostname,
            parts.port or PORTS[parts.scheme],
            unquote(parts.username or ""),
            unquote(parts.password or ""),
        )


def send(server: MailServer, message: EmailMessage, *, own_name: str) -> None:
    """Hand a letter to the server, for the one address in its To. `own_name` is how we greet.

    When the connection is lost after the letter's end and before the answer, nobody knows; that counts as not now, so
    the letter may be sent twice, each time with the same Message-ID. Raises: NotNow, also when everything together,
    looking up the server's name included, takes more than 45 s; Never.
    """
    errand = _Errand(server, message, own_name)
    # A thread of its own, because neither the look-up of a name nor a slow dialogue can be ended from within.
    threading.Thread(target=errand.run, name="letter", daemon=True).start()
    errand.wait(DEADLINE_SECONDS)


class _Errand:
    """One walk to the mail server, which is called off at its deadline."""

    def __init__(self, server: MailServer, message: EmailMessage, own_name: str) -> None:
        self._server, self._message, self._own_name = server, message, own_name
        self._lock = threading.Lock()
        self._is_over = threading.Event()
        self._connection: smtplib.SMTP | None = None
        self._problem: Exception | None = None

    def run(self) -> None:
        """Greet, hand over, say good-bye; whoever waits need not wait for the last."""
        try:
            self._go()
            self._end(None)
        except Exception as error:  # noqa: BLE001  # whatever it is, whoever waits is to have it
            self._end(error)
        if self._connection is not None:
            # What the server says to our good-bye changes nothing.
            with contextlib.suppress(smtplib.SMTPException, OSError):
                self._connection.quit()
            self._connection.close()

    def wait(self, seconds: float) -> None:
        """Wait until the letter was taken, at most so long. Raises: what went wrong."""
        self._is_over.wait(seconds)
        is_late = self._end(NotNow("deadline"))
        sock: socket.socket | None = getattr(self._connection, "sock", None)
        if is_late and sock is not None:
            # Whoever reads or writes there hears of it at once.
            with contextlib.suppress(OSError):
                sock.shutdown(socket.SHUT_RDWR)
        if self._problem is not None:
            raise self._problem

    def _end(self, problem: Exception | None) -> bool:
        with self._lock:
            is_first = not self._is_over.is_set()
            if is_first:
                self._problem = problem
                self._is_over.set()
        return is_first

    def _go(self) -> None:
        sender = self._message["From"].addresses[0].addr_spec
        [recipient] = [address.addr_spec for address in self._message["To"].addresses]
        connection = _connect(self._server, self._own_name)
        with self._lock:
            self._connection = connection
            is_late = self._is_over.is_set()
        if not is_late:
            _greet(connection, self._server)
            _hand_over(connection, self._message, sender, recipient)


def greeting_name(host: str | None) -> str:
    """How to name ourselves to a mail server: a host's name, or an address in the brackets that RFC 5321 asks for."""
    try:
        address = ipaddress.ip_address(host or "127.0.0.1")
    except ValueError:
        return str(host)
    return f"[{'IPv6:' if address.version == 6 else ''}{address}]"


@contextlib.contextmanager
def _before_the_letter() -> Iterator[None]:
    # Whatever goes wrong before a letter is offered says nothing about the letter: a refused login is the
    # operator's to mend, and the letter can wait for it.
    try:
        yield
    except smtplib.SMTPResponseException as error:
        raise NotNow(f"greeting: {error.smtp_code}") from None
    except (smtplib.SMTPException, OSError) as error:
        raise NotNow(f"greeting: {type(error).__name__}") from None


def _connect(server: MailServer, own_name: str) -> smtplib.SMTP:
    with _before_the_letter():
        if server.scheme == "smtps":
            context = ssl.create_default_context()
            return smtplib.SMTP_SSL(server.host, server.port, own_name, timeout=TIMEOUT_SECONDS, context=context)
        return smtplib.SMTP(server.host, server.port, own_name, timeout=TIMEOUT_SECONDS)


def _greet(connection: smtplib.SMTP, server: MailServer) -> None:
    with _before_the_letter():
        if server.scheme == "smtp+starttls":
            connection.starttls(context=ssl.create_default_context())
        if server.user:
            connection.login(server.user, server.password)


def _hand_over(connection: smtplib.SMTP, message: EmailMessage, sender: str, recipient: str) -> None:
    try:
        connection.send_message(message, sender, [recipient])
    except smtplib.SMTPRecipientsRefused as error:
        raise _refusal("recipient", *next(iter(error.recipients.values()))) from None
    except smtplib.SMTPSenderRefused as error:
        raise _refusal("sender", error.smtp_code, error.smtp_error) from None
    except smtplib.SMTPResponseException as error:
        raise _refusal("letter", error.smtp_code, error.smtp_error) from None
    except (smtplib.SMTPException, OSError) as error:
        raise NotNow(f"letter: {type(error).__name__}") from None


def _refusal(stage: str, code: int, words: bytes | str) -> NotNow | Never:
    # 421 and 4yz are for now, 5yz for good. Source: RFC 5321, section 4.2.1. Of the words only the enhanced code stays.
    text = words.decode("latin-1") if isinstance(words, bytes) else words
    enhanced = found[1] if (found := ENHANCED.match(text)) else ""
    answer = f"{stage}: {code} {enhanced}".rstrip()
    if not 500 <= code <= 599:
        return NotNow(answer)
    return Never(answer, is_no_mailbox=stage == "recipient" and says_no_mailbox(code, enhanced))

"""Handing a letter to the mail server, and reading its answer: taken, not now, or never."""

import contextlib
import ipaddress
import smtplib
import ssl
from dataclasses import dataclass, field
from email.message import EmailMessage
from urllib.parse import unquote, urlsplit

TIMEOUT_SECONDS = 15
PORTS = {"smtp": 25, "smtps": 465, "smtp+starttls": 587}


class NotNow(Exception):
    """The letter may be taken later: the server is away, busy, or does not know us. The text names stage and number."""


class Never(Exception):
    """The server will not take this letter. The text names stage and number, and no address."""


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
    the letter may be sent twice, each time with the same Message-ID. Raises: NotNow, Never.
    """
    sender = message["From"].addresses[0].addr_spec
    [recipient] = [address.addr_spec for address in message["To"].addresses]
    connection = _greet(server, own_name)
    try:
        _hand_over(connection, message, sender, recipient)
    finally:
        # What the server says to our good-bye changes nothing.
        with contextlib.suppress(smtplib.SMTPException, OSError):
            connection.quit()
        connection.close()


def greeting_name(host: str | None) -> str:
    """How to name ourselves to a mail server: a host's name, or an address in the brackets that RFC 5321 asks for."""
    try:
        address = ipaddress.ip_address(host or "127.0.0.1")
    except ValueError:
        return str(host)
    return f"[{'IPv6:' if address.version == 6 else ''}{address}]"


def _greet(server: MailServer, own_name: str) -> smtplib.SMTP:
    # Whatever goes wrong before a letter is offered says nothing about the letter: a refused login is the
    # operator's to mend, and the letter can wait for it.
    connection: smtplib.SMTP | None = None
    try:
        if server.scheme == "smtps":
            context = ssl.create_default_context()
            connection = smtplib.SMTP_SSL(server.host, server.port, own_name, timeout=TIMEOUT_SECONDS, context=context)
        else:
            connection = smtplib.SMTP(server.host, server.port, own_name, timeout=TIMEOUT_SECONDS)
        if server.scheme == "smtp+starttls":
            connection.starttls(context=ssl.create_default_context())
        if server.user:
            connection.login(server.user, server.password)
    except smtplib.SMTPResponseException as error:
        _drop(connection)
        raise NotNow(f"greeting: {error.smtp_code}") from None
    except (smtplib.SMTPException, OSError) as error:
        _drop(connection)
        raise NotNow(f"greeting: {type(error).__name__}") from None
    return connection


def _drop(connection: smtplib.SMTP | None) -> None:
    if connection is not None:
        connection.close()


def _hand_over(connection: smtplib.SMTP, message: EmailMessage, sender: str, recipient: str) -> None:
    try:
        connection.send_message(message, sender, [recipient])
    except smtplib.SMTPRecipientsRefused as error:
        raise _refusal("recipient", next(iter(error.recipients.values()))[0]) from None
    except smtplib.SMTPSenderRefused as error:
        raise _refusal("sender", error.smtp_code) from None
    except smtplib.SMTPResponseException as error:
        raise _refusal("letter", error.smtp_code) from None
    except (smtplib.SMTPException, OSError) as error:
        raise NotNow(f"letter: {type(error).__name__}") from None


def _refusal(stage: str, code: int) -> NotNow | Never:
    # 421 and 4yz are for now, 5yz for good. Source: RFC 5321, section 4.2.1.
    return Never(f"{stage}: {code}") if 500 <= code <= 599 else NotNow(f"{stage}: {code}")

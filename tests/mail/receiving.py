"""A real mail server for the tests, with moods: it takes letters, puts them off, refuses them, or hangs up."""

import asyncio
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import Any

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult, LoginPassword

from tests.servers import free_port


@dataclass
class PostOffice:
    """What came, and how the server is minded. A mood is an SMTP answer by stage, or `drop`."""

    port: int
    moods: dict[str, str] = field(default_factory=dict)
    arrived: list[tuple[str, list[str], bytes]] = field(default_factory=list)
    unseen: int = 0
    greeted_as: list[str] = field(default_factory=list)
    logins: list[tuple[bytes, bytes]] = field(default_factory=list)
    lines: list[Any] = field(default_factory=list)
    talks: list[Any] = field(default_factory=list)

    @property
    def url(self) -> str:
        """Its address for the settings."""
        return f"smtp://127.0.0.1:{self.port}"

    @property
    def came(self) -> list[tuple[str, list[str], bytes]]:
        """Sender, recipients and content of each letter. Whoever looks has seen them: see `post_office`."""
        self.unseen = 0
        return list(self.arrived)

    def letters(self) -> list[EmailMessage]:
        """What was taken, hung up on or put off after it was read, as messages."""
        return [message_from_bytes(content, policy=policy.default) for _, _, content in self.came]

    async def hang_up(self) -> None:
        """Close the connections that are still open, which the library leaves to the garbage collector."""
        for line in [*self.lines, *(one.transport for one in self.talks if one.transport is not None)]:
            line.abort()
        # An end over TLS takes one turn of the loop for each layer.
        for _ in range(5):
            await asyncio.sleep(0)

    async def handle_EHLO(self, server: Any, session: Any, _envelope: Any, hostname: str, responses: Any) -> Any:  # noqa: N802  # aiosmtpd's name
        """Note who greets."""
        self.greeted_as.append(hostname)
        self.lines.append(server.transport)
        session.host_name = hostname
        return responses

    async def handle_MAIL(self, _server: Any, _session: Any, envelope: Any, address: str, options: Any) -> str:  # noqa: N802  # aiosmtpd's name
        """Answer to the sender; a server that is `slow` answers it after a while."""
        if "slow" in self.moods:
            await asyncio.sleep(float(self.moods["slow"]))
        envelope.mail_from = address
        envelope.mail_options.extend(options)
        return self.moods.get("sender", "250 OK")

    async def handle_RCPT(self, _server: Any, _session: Any, envelope: Any, address: str, options: Any) -> str:  # noqa: N802  # aiosmtpd's name
        """Answer to the recipient."""
        answer = self.moods.get("recipient", "250 OK")
        if answer.startswith("250"):
            envelope.rcpt_tos.append(address)
        return answer

    async def handle_DATA(self, server: Any, _session: Any, envelope: Any) -> str:  # noqa: N802  # aiosmtpd's name
        """Answer to the letter itself, after its last dot."""
        answer = self.moods.get("letter", "250 OK")
        self.arrived.append((envelope.mail_from, list(envelope.rcpt_tos), envelope.content))
        self.unseen += answer.startswith("250")
        if answer == "drop":
            server.transport.abort()
        return answer

    def authenticate(self, _server: Any, _session: Any, _envelope: Any, _mechanism: str, data: Any) -> AuthResult:
        """Let in whoever knows the word."""
        assert isinstance(data, LoginPassword)
        self.logins.append((data.login, data.password))
        return AuthResult(success=data.password == b"open sesame / 100%", handled=False)


class Desk(Controller):
    """Knows every connection, also one on which nobody said a word."""

    def factory(self) -> Any:
        """The protocol of one connection."""
        talk = super().factory()
        self.handler.talks.append(talk)
        return talk


@contextmanager
def post_office(
    *, implicit_tls: ssl.SSLContext | None = None, starttls: ssl.SSLContext | None = None, **moods: str
) -> Iterator[PostOffice]:
    """A running server. It fails the test when it took a letter that the test never looked at: nobody expected that."""
    office = PostOffice(free_port(), dict(moods))
    controller = Desk(
        office,
        hostname="127.0.0.1",
        port=office.port,
        enable_SMTPUTF8=True,
        authenticator=office.authenticate,
        auth_require_tls=False,
        ssl_context=implicit_tls,
        tls_context=starttls,
        require_starttls=starttls is not None,
    )
    controller.start()
    try:
        yield office
    finally:
        asyncio.run_coroutine_threadsafe(office.hang_up(), controller.loop).result(10)
        controller.stop()
    assert office.unseen == 0, f"{office.unseen} letters came that nobody looked at"

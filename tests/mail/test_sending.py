"""Handing letters to a real mail server: who takes what, and what its answers mean."""

import smtplib
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from email.message import EmailMessage
from typing import Any

import pytest

from cms.mail import sending
from cms.mail.sending import MailServer, Never, NotNow, greeting_name, send
from tests.mail.receiving import post_office
from tests.mail.test_composing import letter
from tests.servers import free_port


def hand_over(url: str, message: EmailMessage | None = None) -> None:
    send(MailServer.from_url(url), message or letter(), own_name="post.example")


def test_a_letter_arrives_whole_for_one_recipient() -> None:
    with post_office() as office:
        hand_over(office.url, letter(locale="zh-CN"))
        assert len(office.came) == 1
    [(sender, recipients, content)] = office.came
    assert (sender, recipients) == ("desk@post.example", ["ann@example.org"])
    assert office.greeted_as == ["post.example"]
    assert content.isascii()
    assert max(len(line) for line in content.splitlines()) <= 998
    assert "120 456" in office.letters()[0].get_body(("plain",)).get_content()  # type: ignore[union-attr]  # it has one


@pytest.mark.parametrize(
    ("moods", "answer", "text"),
    [
        ({"letter": "451 busy, try ann@example.org later"}, NotNow, "letter: 451"),
        ({"letter": "452 full"}, NotNow, "letter: 452"),
        ({"letter": "554 no"}, Never, "letter: 554"),
        ({"letter": "drop"}, NotNow, "letter: SMTPServerDisconnected"),
        ({"recipient": "450 greylisted"}, NotNow, "recipient: 450"),
        ({"recipient": "550 no ann@example.org here"}, Never, "recipient: 550"),
        ({"recipient": "421 bye"}, NotNow, "recipient: 421"),
        ({"sender": "553 not you"}, Never, "sender: 553"),
        ({"sender": "451 wait"}, NotNow, "sender: 451"),
    ],
)
def test_what_the_server_says_decides_between_later_and_never(
    moods: dict[str, str], answer: type[Exception], text: str
) -> None:
    with post_office(**moods) as office, pytest.raises(answer) as refused:
        hand_over(office.url)
    assert str(refused.value) == text


def test_a_letter_that_nobody_looks_at_fails_its_test() -> None:
    with pytest.raises(AssertionError, match="1 letters came that nobody looked at"), post_office() as office:
        assert office.came == []
        hand_over(office.url)


def test_a_server_that_is_away_or_speaks_another_language_is_not_now() -> None:
    with pytest.raises(NotNow, match="greeting: ConnectionRefusedError"):
        hand_over(f"smtp://127.0.0.1:{free_port()}")
    with pytest.raises(NotNow, match="greeting"), post_office() as office:
        hand_over(office.url.replace("smtp:", "smtps:"))
    with pytest.raises(NotNow, match="greeting: SMTPNotSupportedError"), post_office() as office:
        hand_over(office.url.replace("smtp:", "smtp+starttls:"))
    assert office.came == []


def test_credentials_come_from_the_url_and_a_wrong_one_is_not_the_letters_fault() -> None:
    with post_office() as office:
        hand_over(office.url.replace("//", "//ann%40post:open%20sesame%20%2F%20100%25@"))
        with pytest.raises(NotNow, match="greeting: 535"):
            hand_over(office.url.replace("//", "//ann:wrong@"))
    assert office.logins[0] == (b"ann@post", b"open sesame / 100%")
    assert len(office.came) == 1


def test_a_rude_good_bye_changes_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    def hang_up(self: smtplib.SMTP) -> Any:
        self.close()
        raise smtplib.SMTPServerDisconnected("gone")

    monkeypatch.setattr(smtplib.SMTP, "quit", hang_up)
    with post_office() as office:
        hand_over(office.url)
        assert len(office.came) == 1


@contextmanager
def babbler() -> Iterator[tuple[str, threading.Event]]:
    """A server that greets and then goes on answering one word, a line at a time, until the client hangs up."""
    hung_up = threading.Event()

    def talk() -> None:
        connection, _ = listener.accept()
        with connection:
            connection.sendall(b"220 hello\r\n")
            connection.recv(100)
            try:
                while True:
                    connection.sendall(b"250-and another thing\r\n")
                    pause.wait(0.02)
            except OSError:
                hung_up.set()

    pause = threading.Event()
    with socket.create_server(("127.0.0.1", 0)) as listener:
        talker = threading.Thread(target=talk)
        talker.start()
        yield f"smtp://127.0.0.1:{listener.getsockname()[1]}", hung_up
        talker.join(20)


def test_a_server_that_never_stops_talking_is_left_at_the_deadline(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sending, "DEADLINE_SECONDS", 0.3)
    with babbler() as (url, hung_up):
        with pytest.raises(NotNow, match="deadline"):
            hand_over(url)
        assert hung_up.wait(10)


def test_a_name_that_nobody_looks_up_is_left_at_the_deadline_and_nothing_is_sent_later(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    looked_up, resolve = threading.Event(), socket.getaddrinfo

    def look_up_slowly(*given: Any, **named: Any) -> Any:
        looked_up.wait(20)
        return resolve(*given, **named)

    monkeypatch.setattr(sending, "DEADLINE_SECONDS", 0.1)
    with post_office() as office:
        monkeypatch.setattr(socket, "getaddrinfo", look_up_slowly)
        with pytest.raises(NotNow, match="deadline"):
            hand_over(office.url)
        [late] = [thread for thread in threading.enumerate() if thread.name == "letter"]
        looked_up.set()
        late.join(10)
        assert not late.is_alive()
    assert office.came == []


@pytest.mark.parametrize(
    ("url", "server"),
    [
        ("smtp://mail.example", MailServer("smtp", "mail.example", 25)),
        ("smtps://u:p%40w@mail.example", MailServer("smtps", "mail.example", 465, "u", "p@w")),
        ("smtp+starttls://mail.example:2525", MailServer("smtp+starttls", "mail.example", 2525)),
        ("smtp://[::1]:26", MailServer("smtp", "::1", 26)),
    ],
)
def test_a_server_is_read_from_its_url(url: str, server: MailServer) -> None:
    assert MailServer.from_url(url) == server
    assert "p@w" not in repr(server)


@pytest.mark.parametrize("url", ["", "mail.example", "http://mail.example", "smtp://", "smtp:mail"])
def test_what_names_no_mail_server_is_refused(url: str) -> None:
    with pytest.raises(ValueError, match="a mail server is named"):
        MailServer.from_url(url)


@pytest.mark.parametrize(
    ("host", "name"),
    [("cms.example", "cms.example"), ("127.0.0.1", "[127.0.0.1]"), ("::1", "[IPv6:::1]"), (None, "[127.0.0.1]")],
)
def test_we_greet_by_a_name_or_a_bracketed_address(host: str | None, name: str) -> None:
    assert greeting_name(host) == name

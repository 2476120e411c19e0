"""The local mailbox: what is sent to it is kept, shown safely, and stays on the machine."""

import json
import smtplib
import socket
import struct
import subprocess
import urllib.error
import urllib.request
from collections.abc import Iterator
from datetime import timedelta
from email.message import EmailMessage
from functools import partialmethod
from pathlib import Path

import pytest
from click.testing import CliRunner

from cms.launch.mailbox.command import mailbox
from cms.launch.mailbox.letters import KEPT, Letters
from cms.launch.mailbox.page import PageServer
from cms.launch.mailbox.receiving import running
from cms.platform.clock import now
from cms.settings import Settings
from tests.product import COPYDESK, product
from tests.servers import free_port, wait_until


@pytest.fixture
def home(tmp_path: Path) -> Settings:
    return Settings(home=tmp_path / "home", mailbox_port=free_port(), mailbox_smtp_port=free_port())


@pytest.fixture
def open_mailbox(home: Settings, monkeypatch: pytest.MonkeyPatch) -> Iterator[Letters]:
    # How long the page's server listens between two looks at whether it is to end.
    monkeypatch.setattr(PageServer, "serve_forever", partialmethod(PageServer.serve_forever, 0.02))
    with running(home) as letters:
        yield letters


def letter(to: str = "reader@example.org", subject: str = "Your code", text: str = "123 456\n") -> EmailMessage:
    message = EmailMessage()
    message["From"], message["To"], message["Subject"] = "desk@example.org", to, subject
    message.set_content(text)
    message.add_alternative(f"<p>{text}</p>", subtype="html")
    return message


def send(home: Settings, message: EmailMessage, *to: str) -> None:
    with smtplib.SMTP("127.0.0.1", home.mailbox_mail_port, timeout=10) as server:
        server.send_message(message, to_addrs=list(to) or None)


def get(home: Settings, path: str, host: str = "") -> tuple[int, str, dict[str, str]]:
    request = urllib.request.Request(f"http://127.0.0.1:{home.mailbox_page_port}{path}")
    if host:
        request.add_header("Host", host)
    try:
        with urllib.request.urlopen(request, timeout=10) as answer:
            return answer.status, answer.read().decode(), dict(answer.headers)
    except urllib.error.HTTPError as error:
        return error.code, error.read().decode(), dict(error.headers)


def test_a_letter_is_caught_with_both_parts_and_its_envelope(home: Settings, open_mailbox: Letters) -> None:
    assert json.loads(get(home, "/messages.json")[1]) == {"data": []}
    send(home, letter(subject="验证码"), "one@example.org", "two@example.org")
    send(home, letter(text="second\n"))
    entries = json.loads(get(home, "/messages.json")[1])["data"]
    assert [entry["to"] for entry in entries] == [["reader@example.org"], ["one@example.org", "two@example.org"]]
    assert entries[1]["subject"] == "验证码"
    assert (entries[1]["text"], entries[1]["html"]) == ("123 456\n", "<p>123 456\n</p>\n")
    assert (open_mailbox.folder.stat().st_mode & 0o777, len(open_mailbox.names())) == (0o700, 2)


def test_the_page_shows_a_hostile_letter_as_text(home: Settings, open_mailbox: Letters) -> None:
    attack = "</pre><script>alert(1)</script><img src=x onerror=alert(2)>"
    send(home, letter(subject=attack, text=attack))
    status, body, headers = get(home, "/")
    assert status == 200
    assert "<script" not in body and "<img" not in body
    assert "&lt;script&gt;alert(1)" in body
    assert headers["Content-Security-Policy"].startswith("default-src 'none'; style-src 'sha256-")
    part = get(home, f"/letters/{open_mailbox.names()[0]}.html")
    assert part[2]["Content-Security-Policy"].startswith("sandbox; default-src 'none'")
    assert part[2]["X-Content-Type-Options"] == "nosniff"


def test_the_source_of_a_letter_can_be_read_and_nothing_beside_it(home: Settings, open_mailbox: Letters) -> None:
    send(home, letter())
    (home.home / "secret.eml").write_text("not a letter")
    (open_mailbox.folder / "other.eml").write_text("not a letter")
    status, body, headers = get(home, f"/letters/{open_mailbox.names()[0]}.eml")
    assert (status, headers["Content-Type"]) == (200, "text/plain; charset=utf-8")
    assert "Delivered-To: reader@example.org" in body
    for path in ("/letters/../secret.eml", "/letters/%2e%2e/secret.eml", "/letters/other.eml", "/letters/x.html", "/x"):
        assert get(home, path)[0] == 404, path


@pytest.mark.parametrize("host", ["evil.example", "localhost.evil.example", "127.0.0.1.evil.example", "evil:8025"])
def test_a_name_from_the_web_that_points_here_is_refused(home: Settings, open_mailbox: Letters, host: str) -> None:
    send(home, letter())
    status, body, _ = get(home, "/messages.json", host)
    assert status == 421
    assert "123" not in body
    assert get(home, "/messages.json", f"localhost:{home.mailbox_page_port}")[0] == 200


def test_a_browser_that_goes_away_in_the_middle_is_not_news(
    home: Settings, open_mailbox: Letters, capfd: pytest.CaptureFixture[str]
) -> None:
    for _ in range(40):
        send(home, letter(text="a long letter " * 5_000))
    for _ in range(5):
        with socket.create_connection(("127.0.0.1", home.mailbox_page_port), timeout=10) as browser:
            browser.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            browser.sendall(b"GET /messages.json HTTP/1.1\r\nHost: localhost\r\n\r\n")
            browser.recv(1)
    assert get(home, "/")[0] == 200
    assert capfd.readouterr().err == ""


def test_the_oldest_letters_go_when_there_are_too_many(tmp_path: Path) -> None:
    letters, began = Letters(tmp_path / "mailbox"), now()
    ids = [
        letters.put(b"Subject: x\r\n\r\n", sender="a@b", to=["c@d"], now=began + timedelta(seconds=second))
        for second in range(KEPT + 3)
    ]
    assert letters.names() == ids[:2:-1]


def test_show_prints_letters_without_control_characters(home: Settings, open_mailbox: Letters) -> None:
    send(home, letter(subject="First"))
    send(home, letter(subject="Second", text="777 888 \x1b[31mred\x1b[0m \u202eback\n"))
    last = CliRunner().invoke(mailbox, ["show", "--last"], obj=home)
    assert last.exit_code == 0
    assert "Subject: Second" in last.output and "First" not in last.output
    assert "777 888" in last.output and "\x1b" not in last.output and "\u202e" not in last.output
    everything = CliRunner().invoke(mailbox, ["show"], obj=home).output
    assert everything.index("First") < everything.index("Second")


def test_show_says_when_there_is_nothing(home: Settings) -> None:
    shown = CliRunner().invoke(mailbox, ["show", "--last"], obj=home)
    assert shown.exit_code == 1
    assert "holds no letter" in shown.output


def test_a_broken_charset_is_shown_as_far_as_it_goes(home: Settings, open_mailbox: Letters) -> None:
    raw = b"Subject: x\r\nContent-Type: text/plain; charset=klingon\r\n\r\nNuq neH 123 456\r\n"
    with smtplib.SMTP("127.0.0.1", home.mailbox_mail_port, timeout=10) as server:
        server.sendmail("a@example.org", ["b@example.org"], raw)
    assert "Nuq neH 123 456" in json.loads(get(home, "/messages.json")[1])["data"][0]["text"]


@pytest.mark.slow
def test_the_command_serves_until_it_is_told_to_stop(tmp_path: Path) -> None:
    with product(tmp_path / "home", "mailbox", is_forked=False) as running_product:
        environment = running_product.environment
        page = int(environment["COPYDESK_MAILBOX_PORT"])
        settings = Settings(
            home=running_product.home,
            mailbox_port=page,
            mailbox_smtp_port=int(environment["COPYDESK_MAILBOX_SMTP_PORT"]),
        )

        def answers() -> bool:
            try:
                return get(settings, "/messages.json")[0] == 200
            except OSError:
                return False

        wait_until(answers, what="the mailbox's page")
        send(settings, letter())
        assert "123 456" in running_product.copydesk("mailbox", "show", "--last")
        second = subprocess.run(
            [COPYDESK, "mailbox"], env=environment, capture_output=True, text=True, timeout=30, check=False
        )
        assert second.returncode == 1
        assert len(second.stderr.splitlines()) == 1
        assert str(page) in second.stderr
        process = running_product.running["mailbox"]
        process.terminate()
        assert process.wait(20) == 0

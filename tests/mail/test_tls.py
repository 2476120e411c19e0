"""Letters over TLS, from the first byte and by STARTTLS: a server is asked who it is before it hears anything."""

import shutil
import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

from cms.mail.sending import NotNow
from tests.mail.certificates import authority, server_context
from tests.mail.receiving import PostOffice, post_office
from tests.mail.test_sending import hand_over

WAYS = {"implicit_tls": "smtps", "starttls": "smtp+starttls"}
LOGIN = "ann%40post:open%20sesame%20%2F%20100%25@"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the certificates of this module are."""
    return tmp_path_factory.mktemp("certificates")


@pytest.fixture(scope="module")
def known(folder: Path) -> Path:
    """The authority that this machine trusts."""
    if shutil.which("openssl") is None:
        pytest.skip("openssl is missing")
    return authority(folder, "known")


@pytest.fixture(autouse=True)
def trusting(need: Callable[[bool, str], None], monkeypatch: pytest.MonkeyPatch, known: Path) -> None:
    """This machine trusts one authority and no other, as an operator would say it."""
    need(shutil.which("openssl") is not None, "openssl")
    monkeypatch.setenv("SSL_CERT_FILE", str(known))
    monkeypatch.setenv("SSL_CERT_DIR", str(known.parent / "none"))


def url(office: PostOffice, way: str) -> str:
    return f"{WAYS[way]}://{LOGIN}localhost:{office.port}"


def test_a_server_whose_certificate_is_right_gets_letter_and_password(folder: Path, known: Path) -> None:
    context = server_context(folder, known, "localhost")
    for way in WAYS:
        with post_office(**{way: context}) as office:
            hand_over(url(office, way))
            assert len(office.came) == 1
            assert office.logins == [(b"ann@post", b"open sesame / 100%")]


@contextmanager
def stranger(way: str, context: ssl.SSLContext) -> Iterator[tuple[str, list[bytes]]]:
    """A server that nobody should trust; gives its address, and what it is told once TLS stands."""
    told: list[bytes] = []

    def serve() -> None:
        connection, _ = listener.accept()
        with connection, suppress(OSError):
            if way == "starttls":
                for answer in (b"220 hello\r\n", b"250-here\r\n250 STARTTLS\r\n", b"220 go on\r\n"):
                    connection.sendall(answer)
                    if not answer.startswith(b"220 go"):
                        connection.recv(1000)
            with context.wrap_socket(connection, server_side=True) as secured:
                secured.sendall(b"220 hello\r\n")
                told.append(secured.recv(1000))

    with socket.create_server(("127.0.0.1", 0)) as listener:
        server = threading.Thread(target=serve)
        server.start()
        yield f"{WAYS[way]}://{LOGIN}localhost:{listener.getsockname()[1]}", told
        server.join(10)


def test_a_server_that_shows_another_name_or_is_vouched_for_by_nobody_hears_nothing(folder: Path, known: Path) -> None:
    unknown = authority(folder, "unknown")
    for signer, shown in ((known, "mail.example"), (unknown, "localhost")):
        context = server_context(folder, signer, shown)
        for way in WAYS:
            with (
                stranger(way, context) as (address, told),
                pytest.raises(NotNow, match="greeting: SSLCertVerificationError"),
            ):
                hand_over(address)
            assert not any(told), (way, shown)


def test_a_server_that_offers_no_tls_is_not_spoken_to_in_the_clear(folder: Path) -> None:
    with post_office() as office:
        for way in WAYS:
            with pytest.raises(NotNow, match="greeting"):
                hand_over(url(office, way))
    assert (office.came, office.logins) == ([], [])

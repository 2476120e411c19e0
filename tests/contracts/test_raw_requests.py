"""Rows S90, S93 and S98 on the wire: what no test client sends, against the real HTTP server."""

import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.product import Product, product

pytestmark = pytest.mark.slow
HOST = b"Host: cms.example.org"


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Product]:
    home: Path = tmp_path_factory.mktemp("raw") / "home"
    with product(home, "api", redis_url="redis://127.0.0.1:1/0", hosts="cms.example.org,127.0.0.1") as made:
        yield made


def send(running: Product, first: bytes, *lines: bytes) -> tuple[int, bytes]:
    """Status and whole answer of one request that is written as given."""
    request = b"\r\n".join([first, *lines, b"Connection: close", b"", b""])
    with socket.create_connection(("127.0.0.1", running.port), 10) as connection:
        connection.settimeout(10)
        connection.sendall(request)
        answer = b"".join(iter(lambda: connection.recv(65536), b""))
    return int(answer.split(b" ", 2)[1]), answer


@pytest.mark.parametrize(
    ("first", "lines", "status"),
    [
        (b"GET /livez HTTP/1.1", [HOST], 200),
        (b"GET /livez HTTP/1.1", [b"host: CMS.EXAMPLE.ORG:80"], 200),
        (b"GET /livez HTTP/1.1", [b"Host: evil.example"], 400),
        (b"GET /livez HTTP/1.1", [], 400),
        (b"GET /livez HTTP/1.0", [], 400),
        (b"GET /livez HTTP/1.1", [b"Host:"], 400),
        (b"GET /livez HTTP/1.1", [HOST, b"Host: evil.example"], 400),
        (b"GET /livez HTTP/1.1", [b"Host: evil.example", HOST], 400),
        (b"GET /livez HTTP/1.1", [HOST, HOST], 400),
        (b"GET /livez HTTP/1.1", [b"Host: cms.example.org@evil.example"], 400),
        (b"GET /livez HTTP/1.1", [b"Host : cms.example.org"], 400),
        (b"GET /livez HTTP/1.1", [HOST, b"X-Forwarded-Host: evil.example"], 200),
        # The absolute form is to be accepted (RFC 9112, 3.2.2). What counts is the Host; the address names nothing.
        (b"GET http://cms.example.org/livez HTTP/1.1", [HOST], 200),
        (b"GET http://evil.example/livez HTTP/1.1", [b"Host: evil.example"], 400),
        (b"GET http://evil.example/livez HTTP/1.1", [], 400),
        (b"GET http://cms.example.org@evil.example/livez HTTP/1.1", [b"Host: evil.example"], 400),
        (b"TRACE /livez HTTP/1.1", [HOST, b"Cookie: canary-7f3"], 501),
        (b"CONNECT evil.example:443 HTTP/1.1", [HOST], 501),
        (b"get /livez HTTP/1.1", [HOST], 501),
        (b"FOO /livez HTTP/1.1", [HOST], 501),
        (b"POST /livez HTTP/1.1", [HOST, b"Content-Length: 0", b"X-HTTP-Method-Override: GET"], 405),
        (b"GET * HTTP/1.1", [HOST], 404),
        (b"GET //evil.example/.. HTTP/1.1", [HOST], 404),
        (b"GET /\\evil.example HTTP/1.1", [HOST], 404),
    ],
)  # fmt: skip
def test_a_request_line_and_its_host(running: Product, first: bytes, lines: list[bytes], status: int) -> None:
    found, answer = send(running, first, *lines)
    assert found == status, answer
    assert b"evil" not in answer
    assert b"canary" not in answer
    assert b"granian" not in answer.lower()
    assert b"location:" not in answer.lower()


def test_head_has_the_headers_of_get_on_the_wire_and_no_body(running: Product) -> None:
    for path in (b"/openapi.json", b"/content/v1/articles", b"/docs", b"/none"):
        _, get = send(running, b"GET " + path + b" HTTP/1.1", HOST)
        _, head = send(running, b"HEAD " + path + b" HTTP/1.1", HOST)
        headers, _, body = get.partition(b"\r\n\r\n")
        assert body
        assert head.endswith(b"\r\n\r\n")
        assert steady(head) == steady(headers)


def steady(head: bytes) -> set[bytes]:
    """The lines that do not differ from request to request."""
    lines = head.strip().split(b"\r\n")[1:]
    return {line for line in lines if not line.lower().startswith((b"date:", b"x-request-id:"))}

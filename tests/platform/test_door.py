"""The door: request ids, the asker's address, the headers that every answer owes."""

import ipaddress

import pytest
from flask.testing import FlaskClient

from cms.platform.http.door import client_address

PROXIES = (ipaddress.ip_network("10.0.0.0/8"), ipaddress.ip_network("::1/128"))


@pytest.mark.parametrize(
    ("peer", "forwarded", "expected"),
    [
        ("203.0.113.9", "", "203.0.113.9"),
        ("203.0.113.9", "198.51.100.7", "203.0.113.9"),
        ("10.0.0.1", "198.51.100.7", "198.51.100.7"),
        ("10.0.0.1", "1.1.1.1, 198.51.100.7", "198.51.100.7"),
        ("10.0.0.1", "198.51.100.7, 10.0.0.2", "198.51.100.7"),
        ("10.0.0.1", "spoofed, 10.0.0.2", "10.0.0.2"),
        ("10.0.0.1", "nonsense", "10.0.0.1"),
        ("10.0.0.1", "", "10.0.0.1"),
        ("::1", "2001:db8::5", "2001:db8::5"),
        ("::ffff:10.0.0.1", "198.51.100.7", "198.51.100.7"),
        ("::ffff:203.0.113.9", "198.51.100.7", "203.0.113.9"),
        ("10.0.0.1", "::ffff:198.51.100.7", "198.51.100.7"),
        ("10.0.0.1", "198.51.100.7:4711", "198.51.100.7"),
        ("10.0.0.1", "198.51.100.7:4711, 10.0.0.2:80", "198.51.100.7"),
        ("10.0.0.1", "[2001:db8::5]:4711", "2001:db8::5"),
        ("10.0.0.1", "[2001:db8::5]", "2001:db8::5"),
        ("10.0.0.1", "198.51.100.7:port", "10.0.0.1"),
        ("10.0.0.1", "[198.51.100.7", "10.0.0.1"),
        ("a socket", "198.51.100.7", "a socket"),
    ],
)
def test_a_forwarded_address_counts_only_from_a_configured_proxy(peer: str, forwarded: str, expected: str) -> None:
    environ = {"REMOTE_ADDR": peer, "HTTP_X_FORWARDED_FOR": forwarded}
    assert client_address(environ, PROXIES) == expected


def test_without_configured_proxies_nothing_forwarded_counts() -> None:
    assert client_address({"REMOTE_ADDR": "10.0.0.1", "HTTP_X_FORWARDED_FOR": "1.2.3.4"}, ()) == "10.0.0.1"


@pytest.mark.parametrize(
    "path", ["/livez", "/nothing", "/api/v1/articles", "/content/v1/articles", "/docs", "/openapi.json"]
)
def test_every_answer_has_the_headers_that_it_owes(client: FlaskClient, path: str) -> None:
    answer = client.get(path)
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert "frame-ancestors 'none'" in answer.headers["Content-Security-Policy"]
    assert answer.headers["Referrer-Policy"] == "no-referrer"
    assert answer.headers["Cache-Control"]
    assert "Set-Cookie" not in answer.headers
    assert answer.headers["Server"] == "copydesk"


def test_a_request_id_is_taken_over_when_it_is_one(client: FlaskClient) -> None:
    assert client.get("/livez", headers={"X-Request-Id": "desk-4711-abc"}).headers["X-Request-Id"] == "desk-4711-abc"


@pytest.mark.parametrize(
    "given", ["short", "x" * 65, "has space inside", 'quo"te-quote', "semi;colon;semi", "../../../etc"]
)
def test_anything_else_gets_a_fresh_request_id(client: FlaskClient, given: str) -> None:
    assert client.get("/livez", headers={"X-Request-Id": given}).headers["X-Request-Id"] != given

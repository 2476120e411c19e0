"""Bodies that are too large, or that nobody reads: refused as problems, and nothing happens."""

import io
import socket
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from cms.settings import Settings
from tests.newsroom.making import act, counts, draft
from tests.product import product

JSON = "application/json"


@pytest.mark.parametrize("over", [0, 1, 70_000])
def test_a_body_without_a_length_is_measured_while_it_is_read(
    editor: FlaskClient, settings: Settings, over: int
) -> None:
    body = b'{"title": "x", "locale": "en"}'
    sent = body + b" " * (settings.body_limit_bytes - len(body) + over)
    answer = editor.post(
        "/api/v1/articles",
        input_stream=io.BytesIO(sent),
        content_type=JSON,
        headers={"Transfer-Encoding": "chunked"},
        environ_overrides={"wsgi.input_terminated": True},
    )
    assert answer.status_code == (413 if over else 201), answer.json
    assert answer.json.get("code") == ("too_large" if over else None)


@pytest.mark.parametrize(
    ("options", "status"),
    [
        ({"data": b"x", "content_type": "text/plain"}, 415),
        ({"data": b"x"}, 415),
        ({"data": b"<x/>", "content_type": "application/xml"}, 415),
        ({"data": b"{", "content_type": JSON}, 400),
        ({"json": {"force": True}}, 422),
        ({"json": {}}, 200),
        ({}, 200),
    ],
)
def test_a_route_that_reads_no_body_refuses_one(
    editor: FlaskClient, database: Any, options: dict[str, Any], status: int
) -> None:
    made = draft(editor)
    act(editor, "publish", made["id"], 1)
    before = counts(database)
    answer = act(editor, "unpublish", made["id"], 2, **options)
    assert answer.status_code == status, answer.json
    assert (counts(database) == before) is (status != 200)


def test_every_route_that_changes_something_reads_or_refuses_a_body(app: Flask, administrator: FlaskClient) -> None:
    tried = 0
    for rule in app.url_map.iter_rules():
        declared = getattr(app.view_functions[rule.endpoint], "__endpoint__", None)
        methods = (rule.methods or set()) & {"POST", "PUT", "PATCH", "DELETE"}
        if declared is None or declared.body is not None or rule.rule.startswith("/readers/"):
            assert not methods or declared is not None, rule
            continue
        path = rule.build(dict.fromkeys(rule.arguments, 1 if "int:" in rule.rule else "x"))[1] if methods else ""
        for method in methods:
            answer = administrator.open(path, method=method, data=b"x", headers={"If-Match": '"1"'})
            # A token is told first that a person has to sign in for this.
            refusal = (403, "session_needed") if declared.needs_session else (415, "unsupported_media_type")
            assert (answer.status_code, answer.json["code"]) == refusal, rule
            tried += 1
    assert tried >= 4


@pytest.mark.slow
def test_over_a_real_connection(tmp_path: Path) -> None:
    with product(tmp_path / "home", "api", redis_url="redis://127.0.0.1:1/0") as running:
        token = running.copydesk("token", "issue", "--role", "editor", "--quiet").strip()
        status, answer, headers = running.ask("GET", "/content/v1/search?q=" + "x" * 60_000)
        assert (status, answer["status"]) == (422, 422)
        assert headers["Content-Type"] == "application/problem+json"
        assert headers["X-Request-Id"] == answer["request_id"]
        # The HTTP server parses no longer address than 65,534 bytes and answers by itself.
        status, answer, _ = running.ask("GET", "/content/v1/search?q=" + "x" * 100_000)
        assert (status, answer) == (414, None)
        for size, expected in ((2_000, b"422"), (1_100_000, b"413")):
            assert chunked(running.port, token, size).split(b" ")[1] == expected
        assert running.ask("GET", "/livez")[0] == 200


def chunked(port: int, token: str, size: int) -> bytes:
    """POST an object of about this size in chunks, without saying how long it is. The head of the answer."""
    with socket.create_connection(("127.0.0.1", port), timeout=20) as connection:
        head = f"POST /api/v1/articles HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer {token}\r\n"
        connection.sendall(f"{head}Content-Type: {JSON}\r\nTransfer-Encoding: chunked\r\n\r\n".encode())
        body = b'{"title": 1' + b" " * size + b"}"
        connection.sendall(
            b"".join(f"{len(part):x}\r\n".encode() + part + b"\r\n" for part in (body[:500], body[500:]))
        )
        connection.sendall(b"0\r\n\r\n")
        return connection.recv(100)

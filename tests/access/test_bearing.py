"""API tokens as requests bring them: mistyped, leaked, from elsewhere; and when one was last used (S21)."""

from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from flask.testing import FlaskClient
from sqlalchemy import event, text
from werkzeug.test import TestResponse

from cms.identity.rules import PREFIX
from cms.platform.clock import now
from cms.platform.db import Database
from tests.access.desk import Desk


@contextmanager
def statements(desk: Desk) -> Iterator[list[str]]:
    """What the application sends to its database meanwhile, and every connection that it takes."""
    seen: list[str] = []
    database: Database = desk.app.extensions["copydesk"].database
    hooks = [
        (engine, name, hook)
        for engine in {database.writer, database.reader}
        for name, hook in (
            ("before_cursor_execute", lambda _connection, _cursor, statement, *_rest: seen.append(statement)),
            ("checkout", lambda *_arguments: seen.append("a connection was taken")),
        )
    ]
    for engine, name, hook in hooks:
        event.listen(engine, name, hook)
    yield seen
    for engine, name, hook in hooks:
        event.remove(engine, name, hook)


def test_a_typing_mistake_is_refused_without_the_database(desk: Desk) -> None:
    token = desk.token("administrator")
    swapped = token[:20] + token[21] + token[20] + token[22:]
    wrong = [
        token[:-1] + ("0" if token[-1] != "0" else "1"), token[:-1], token + "0", token.lower(), token.swapcase(),
        token.replace(PREFIX, "ghp_"), token.replace(PREFIX, PREFIX.upper()), PREFIX, PREFIX + "0" * 36, "null",
        "administrator", "é" * 44, token.replace(token[12], "é", 1), "a" * 5_000, f"{token} {token}", f'"{token}"',
        "eyJhbGciOiJub25lIn0.eyJyb2xlIjoiYWRtaW5pc3RyYXRvciJ9.", "../../dev/null",
        swapped if swapped != token else token[:-2],
    ]  # fmt: skip
    with statements(desk) as sent:
        for text_sent in wrong:
            answer = desk.client(None).get(
                "/api/v1/articles", headers={"Authorization": f"Bearer {text_sent}".encode().decode("latin-1")}
            )
            assert answer.status_code == 401, text_sent
            assert answer.json["code"] == "unauthenticated"
    assert sent == []
    with statements(desk) as sent:
        assert desk.client(token).get("/api/v1/articles").status_code == 200
    assert sent


NAMES = ("token", "access_token", "api_key", "apikey", "key", "auth", "bearer", "Authorization")


def test_a_token_that_leaked_into_a_url_body_or_cookie_opens_nothing(desk: Desk) -> None:
    token = desk.token("administrator")
    with statements(desk) as sent:
        for name in NAMES:
            for answer in leaked(desk.client(None), name, token):
                assert answer.status_code == 401, name
                assert token not in answer.get_data(as_text=True)
    assert sent == []


def leaked(client: FlaskClient, name: str, token: str) -> tuple[TestResponse, ...]:
    """The answers to requests that bring a token where none is looked for."""
    path = "/api/v1/articles"
    return (
        client.get(f"{path}?{name}={token}"),
        client.post(path, json={name: token, "title": "x", "locale": "en"}),
        client.post(path, data={name: token}),
        client.get(path, headers={"Cookie": f"{name}={token}"}),
        client.get(path, headers={"X-Api-Key": token}),
        client.get(path, headers={"Authorization": f"Token {token}"}),
        client.get(path, headers={"Authorization": token}),
    )


def test_the_cookie_of_a_session_carries_no_token(desk: Desk) -> None:
    token = desk.token("administrator")
    answer = desk.client(None).get("/api/v1/articles", headers={"Cookie": f"copydesk={token}"})
    assert answer.status_code == 401


def test_a_token_works_only_from_its_networks(desk: Desk) -> None:
    token = desk.token("viewer", networks=("192.0.2.0/24", "2001:db8::/32"))
    for address, status in (
        ("192.0.2.9", 200), ("::ffff:192.0.2.9", 200), ("2001:db8::1", 200), ("192.0.3.9", 401), ("2001:db9::1", 401),
        ("127.0.0.1", 401), ("", 401),
    ):  # fmt: skip
        client = desk.client(token)
        client.environ_base["REMOTE_ADDR"] = address
        answer = client.get("/api/v1/articles", headers={"X-Forwarded-For": "192.0.2.9", "X-Real-IP": "192.0.2.9"})
        assert answer.status_code == status, address
    unknown = desk.client(None).get("/api/v1/articles", headers={"Authorization": f"Bearer {mistyped(token)}"})
    own = {"request_id": "", "instance": ""}
    assert unknown.json | own == answer.json | own


def mistyped(token: str) -> str:
    """A token of the right form that nobody was given."""
    return token[:-1] + ("0" if token[-1] != "0" else "1")


def test_the_last_use_is_noted_once_a_minute(desk: Desk) -> None:
    clock = desk.clock(now())
    token = desk.token("viewer")
    client = desk.client(token)
    assert desk.row(token).last_used_at is None
    client.get("/api/v1/articles")
    first = desk.row(token).last_used_at
    assert first == clock.at
    clock.wait(seconds=59)
    with statements(desk) as sent:
        client.get("/api/v1/articles")
    assert not any(statement.startswith("UPDATE") for statement in sent)
    assert desk.row(token).last_used_at == first
    clock.wait(seconds=1)
    client.get("/api/v1/articles")
    assert desk.row(token).last_used_at == clock.at


def test_a_request_does_not_fail_when_its_use_cannot_be_noted(
    desk: Desk, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("cms.platform.sqlite_connections.BUSY_TIMEOUT_MS", 50)
    token = desk.token("viewer")
    with database.transaction() as session:
        session.execute(text("SELECT 1"))
        assert desk.client(token).get("/api/v1/articles").status_code == 200
    assert desk.row(token).last_used_at is None

"""Row S93: a Host that is not ours is refused where the settings list ours, and no address is ever made from one."""

import re
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from cms.app import create_app
from cms.environment import SettingsError
from cms.mail.models import OutgoingLetter
from cms.platform.db import Database
from cms.settings import Settings
from tests.contracts.asking import PUBLIC

OURS = ("cms.example.org", "127.0.0.1", "[::1]")
ACCEPTED = (
    "cms.example.org", "CMS.Example.ORG", "cms.example.org:443", "cms.example.org:8000", "127.0.0.1", "127.0.0.1:8000",
    "[::1]", "[::1]:8000",
)  # fmt: skip
# Well-formed, and of somebody else.
FOREIGN = (
    "evil.example", "evil.example:443", "cms.example.org.evil.example", "evil.cms.example.org", "example.org",
    "xcms.example.org", "cms-example.org", "cms.example.orgx", "localhost", "localhost:8000", "127.0.0.2", "0.0.0.0",
    "10.0.0.1", "169.254.169.254", "[::2]", "[::ffff:127.0.0.1]", "2130706433", "0x7f000001", "127.1", "017700000001",
    "xn--cms-example-org", "www.cms.example.org",
)  # fmt: skip
# No host at all, or two; refused whatever the settings list.
BROKEN = (
    "", " ", "cms.example.org,evil.example", "cms.example.org, evil.example", "evil.example,cms.example.org",
    "cms.example.org@evil.example", "evil@cms.example.org", "user:password@cms.example.org", "cms.example.org/",
    "cms.example.org/evil", "cms.example.org?x", "cms.example.org#x", "http://cms.example.org", "//cms.example.org",
    "cms.example.org:", "cms.example.org:x", "cms.example.org:80:80", "cms.example.org:999999", "cms.example.org:-1",
    "cms.example.org.", ".cms.example.org", "cms.example.org evil", "cms.example.org;evil", "cms.example.org%00",
    "cms.example.org\\evil", "*", "*.example.org", "[::1", "::1", "[cms.example.org]", "<script>", "'cms.example.org'",
    '"cms.example.org"', "cms.example.org|evil", "${host}", "{{host}}", "cms.example.org:80@evil.example",
)  # fmt: skip
ECHOING = ("X-Forwarded-Host", "X-Host", "X-Forwarded-Server", "X-Original-Host", "X-HTTP-Host-Override", "Forwarded")


@pytest.fixture
def listed(settings: Settings) -> Iterator[FlaskClient]:
    app = create_app(replace(settings, hosts=OURS))
    yield app.test_client()
    app.extensions["copydesk"].database.dispose()
    app.extensions["copydesk"].index.close()


@pytest.mark.parametrize("host", ACCEPTED)
def test_a_listed_host_is_served_on_any_port(listed: FlaskClient, host: str) -> None:
    assert ask(listed, host).status_code == 200


@pytest.mark.parametrize("host", FOREIGN)
def test_a_host_that_is_not_listed_is_refused_and_without_a_list_it_is_served(
    listed: FlaskClient, client: FlaskClient, host: str
) -> None:
    for path in ("/livez", "/content/v1/articles", "/api/v1/tags", "/none"):
        answer = ask(listed, host, path)
        assert (answer.status_code, answer.json["code"]) == (400, "bad_request"), path
        assert answer.mimetype == "application/problem+json"
        assert host.encode() not in answer.data
    assert ask(client, host).status_code == 200


@pytest.mark.parametrize("host", BROKEN)
def test_what_is_no_host_is_refused_with_a_list_and_without(
    listed: FlaskClient, client: FlaskClient, host: str
) -> None:
    for one in (listed, client):
        answer = ask(one, host)
        assert (answer.status_code, answer.json["code"]) == (400, "bad_request")


def test_only_http_1_0_may_leave_the_host_out(listed: FlaskClient, client: FlaskClient) -> None:
    assert ask(client, None, protocol="HTTP/1.0").status_code == 200
    assert ask(client, None).status_code == 400
    assert ask(listed, None, protocol="HTTP/1.0").status_code == 400


@pytest.mark.parametrize("host", ["evil.example", "evil.example:8000", "EVIL.example"])
def test_no_address_in_any_answer_or_letter_holds_the_host_that_was_given(
    app: Flask, administrator: FlaskClient, database: Database, host: str
) -> None:
    headers = dict.fromkeys(ECHOING, host) | {"Forwarded": f"host={host};proto=https"}
    sent: list[Any] = []

    def send(method: str, path: str, body: Any = None) -> Any:
        sent.append(ask(administrator, host, path, method, body, headers))
        return sent[-1]

    for number in range(3):
        assert send("POST", "/api/v1/tags", {"name": f"Tag {number}"}).status_code == 201
    made = send("POST", "/api/v1/articles", {"title": "A tram climbs", "locale": "en", "body": "It climbs."})
    assert made.headers["Location"].startswith("/api/v1/articles/")
    published = administrator.post(
        f"{made.headers['Location']}/publish", headers={**headers, "Host": host, "If-Match": '"1"'}
    )
    sent.append(published)
    assert "Location" in published.headers
    listing = send("GET", "/api/v1/tags?limit=1")
    assert re.fullmatch(r'<http://127\.0\.0\.1:8000/api/v1/tags\?.*>; rel="next"', listing.headers["Link"])
    for path in (*PUBLIC, "/docs", "/openapi.json", "/none", "/docs/problems", "/content/v1/articles?limit=x"):
        send("GET", path)
    account = {"email": "ann@example.org", "password": "lamps along the old quay", "locale": "en"}
    assert send("POST", "/readers/v1/accounts", account).status_code == 202
    assert len(sent) > 14
    for answer in sent:
        assert b"evil" not in answer.data.lower()
        assert "evil" not in str(answer.headers).lower()
    with database.reading() as session:
        letters = session.query(OutgoingLetter).all()
    assert letters
    assert not any("evil" in str(vars(letter)).lower() for letter in letters)


@pytest.mark.parametrize(
    "value", ["*", "https://cms.example.org", "cms.example.org:443", "CMS.example.org", "a b", "."]
)
def test_a_list_that_no_host_can_match_is_refused_at_the_start(value: str) -> None:
    with pytest.raises(SettingsError, match="COPYDESK_HOSTS"):
        Settings.from_environment({"COPYDESK_HOSTS": value})


def test_the_list_is_read_from_the_environment() -> None:
    assert Settings.from_environment({"COPYDESK_HOSTS": "cms.example.org, [::1],"}).hosts == (
        "cms.example.org",
        "[::1]",
    )


def ask(
    client: FlaskClient,
    host: str | None,
    path: str = "/livez",
    method: str = "GET",
    body: Any = None,
    headers: dict[str, str] | None = None,
    protocol: str = "HTTP/1.1",
) -> Any:
    """One request with a Host, or without one."""
    environ = {"HTTP_HOST": host or "", "SERVER_PROTOCOL": protocol}
    options = {"json": body} if body is not None else {}
    return client.open(path, method=method, headers=headers or {}, environ_overrides=environ, **options)

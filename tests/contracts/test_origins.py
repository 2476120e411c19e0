"""Row S94: pages of listed origins may read answers, pages of all others may not, and never with cookies."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from flask.testing import FlaskClient

from cms.app import create_app
from cms.environment import SettingsError
from cms.settings import Settings
from tests.contracts.asking import PAGES, PUBLIC

OURS = ("https://www.example.org", "http://localhost:3000")
OTHERS = (
    "null", "", "*", "https://evil.example", "http://www.example.org", "https://www.example.org.evil.example",
    "https://evilwww.example.org", "https://xwww.example.org", "https://example.org", "https://a.www.example.org",
    "https://www.example.org:443", "https://www.example.org:8443", "https://www.example.org/",
    "https://www.example.org/x",
    "https://WWW.example.org", "HTTPS://www.example.org", "https://www.example.org.", "https://www-example.org",
    "https://wwwxexample.org", "https://www.example.orgx", "https://www.example.org@evil.example",
    "https://evil@www.example.org", "https://www.example.org%00.evil.example",
    "https://www.example.org, https://evil.example",
    "https://evil.example, https://www.example.org", "https://www.example.org https://evil.example",
    "//www.example.org",
    "www.example.org", "https:www.example.org", "https:///www.example.org", "ftp://www.example.org",
    "file://", "chrome-extension://www.example.org", "http://localhost", "http://localhost:3001",
    "https://localhost:3000",
    "http://localhost:30000", "http://127.0.0.1:3000", "http://localhost:3000.evil.example",
    "http://localhost.evil:3000",
    " https://www.example.org", "https://www.example.org ", "https://www.example.org\\evil",
    "https://www.example.org#x",
    "https://www.example.org?x", "data:", "about:blank", "undefined",
)  # fmt: skip
PRIVATE = ("/api/v1/tags", "/api/v1/articles", "/readers/v1/codes")
FORBIDDEN = ("Access-Control-Allow-Credentials", "Access-Control-Allow-Private-Network", "Timing-Allow-Origin")


@pytest.fixture
def listed(settings: Settings) -> Iterator[FlaskClient]:
    app = create_app(replace(settings, allowed_origins=OURS))
    yield app.test_client()
    app.extensions["copydesk"].database.dispose()
    app.extensions["copydesk"].index.close()


@pytest.mark.parametrize("origin", OURS)
def test_a_page_of_a_listed_origin_may_read_every_answer(listed: FlaskClient, origin: str) -> None:
    for path in (*PUBLIC, *PAGES, *PRIVATE, "/none"):
        answer = listed.get(path, headers={"Origin": origin, "Cookie": "copydesk=x"})
        assert answer.headers.getlist("Access-Control-Allow-Origin") == [origin], path
        assert "RateLimit" in answer.headers["Access-Control-Expose-Headers"]
        assert "Origin" in answer.vary, path
        assert not any(name in answer.headers for name in FORBIDDEN), path


@pytest.mark.parametrize("origin", OURS)
def test_a_page_of_a_listed_origin_may_ask_beforehand_without_a_token(listed: FlaskClient, origin: str) -> None:
    for path in (*PUBLIC, *PRIVATE, "/api/v1/articles/x"):
        answer = preflight(listed, origin, path, "PATCH", Access_Control_Request_Private_Network="true")
        assert (answer.status_code, answer.data) == (204, b""), path
        assert answer.headers["Access-Control-Allow-Origin"] == origin
        assert "PATCH" in answer.headers["Access-Control-Allow-Methods"]
        assert {"Authorization", "If-Match", "Idempotency-Key", "Content-Type"} <= set(
            answer.headers["Access-Control-Allow-Headers"].split(", ")
        )
        assert "*" not in str(answer.headers)
        assert answer.cache_control.no_store
        assert not any(name in answer.headers for name in FORBIDDEN), path


@pytest.mark.parametrize("origin", OTHERS)
def test_a_page_of_any_other_origin_may_not(listed: FlaskClient, client: FlaskClient, origin: str) -> None:
    for one in (listed, client):
        for path in ("/content/v1/articles", "/livez", "/api/v1/tags"):
            asked, read = preflight(one, origin, path, "GET"), one.get(path, headers={"Origin": origin})
            for answer in (asked, read):
                assert not any(name.startswith("Access-Control") for name in dict(answer.headers)), path
                assert ("Origin" in answer.vary) == (one is listed)
                assert not any(name in answer.headers for name in FORBIDDEN)


@pytest.mark.parametrize("origin", OURS)
def test_without_a_list_no_origin_is_allowed(client: FlaskClient, origin: str) -> None:
    for path in (*PUBLIC, *PRIVATE):
        for answer in (client.get(path, headers={"Origin": origin}), preflight(client, origin, path, "GET")):
            assert not any(name.startswith("Access-Control") for name in dict(answer.headers)), path
            assert "Origin" not in answer.vary


def test_caches_tell_answers_apart_even_when_no_origin_was_sent(listed: FlaskClient) -> None:
    plain = listed.get("/content/v1/articles")
    assert plain.headers["Vary"] == "Accept-Encoding, Origin"
    again = listed.get("/content/v1/articles", headers={"If-None-Match": plain.headers["ETag"], "Origin": OURS[0]})
    assert (again.status_code, again.headers["Access-Control-Allow-Origin"]) == (304, OURS[0])


def test_asking_beforehand_lets_nothing_happen(listed: FlaskClient) -> None:
    assert preflight(listed, OURS[0], "/api/v1/tags", "POST").status_code == 204
    assert listed.post("/api/v1/tags", json={"name": "x"}, headers={"Origin": OURS[0]}).status_code == 401
    assert listed.options("/api/v1/tags", headers={"Origin": OURS[0]}).status_code == 401


@pytest.mark.parametrize(
    "value",
    [
        "*", "null", "www.example.org", "https://www.example.org/", "https://*.example.org", "https://WWW.example.org",
        "ftp://www.example.org", "https://www.example.org:443", "http://www.example.org:80", "https://a@b.org",
        "https://www.example.org https://b.org", "https://", "https://www.example.org:port", "https://a.org,*",
    ],
)  # fmt: skip
def test_an_origin_that_no_browser_sends_is_refused_at_the_start(value: str) -> None:
    with pytest.raises(SettingsError, match="COPYDESK_ALLOWED_ORIGINS"):
        Settings.from_environment({"COPYDESK_ALLOWED_ORIGINS": value})


def test_origins_are_read_from_the_environment() -> None:
    told = Settings.from_environment({"COPYDESK_ALLOWED_ORIGINS": ", ".join(OURS)})
    assert told.allowed_origins == OURS


def preflight(client: FlaskClient, origin: str, path: str, method: str, **headers: str) -> Any:
    """What a browser asks before it sends a request that no form could send."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    asked = {
        "Origin": origin,
        "Access-Control-Request-Method": method,
        "Access-Control-Request-Headers": "authorization",
    }
    return client.options(path, headers={**asked, **named})

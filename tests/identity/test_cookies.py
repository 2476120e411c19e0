"""Sessions by cookie, row S95: another site cannot use them, and no GET changes anything."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from structlog.testing import capture_logs

from cms.app import create_app
from cms.settings import Settings
from tests.identity.making import ANN, OTHER_PHRASE, PHRASE, Office

OURS = "http://127.0.0.1:8000"
FOREIGN = (
    "http://evil.example", "null", "", "http://127.0.0.1", "http://127.0.0.1:80", "http://127.0.0.1:8000.evil.example",
    "https://127.0.0.1:8000", "http://localhost:8000", "http://127.0.0.1:8000/", "HTTP://127.0.0.1:8000 ",
    "//127.0.0.1:8000", "http://evil@127.0.0.1:8000",
)  # fmt: skip
CHANGES: tuple[tuple[str, str, Any], ...] = (
    ("POST", "/tags", {"name": "Rails"}),
    ("POST", "/sections", {"name": "City"}),
    ("POST", "/staff/invitations", {"email": "eve@example.org", "name": "Eve"}),
    ("POST", "/sessions/reauthenticate", {"password": PHRASE}),
    ("POST", "/staff/me/password", {"current_password": PHRASE, "new_password": OTHER_PHRASE}),
    ("POST", "/articles", {"title": "x", "locale": "en"}),
    ("PATCH", "/articles/01a21432-d818-7389-8d25-eb3df015d13c", {"title": "y"}),
    ("DELETE", "/articles/01a21432-d818-7389-8d25-eb3df015d13c", None),
    ("DELETE", "/sessions/01a21432-d818-7389-8d25-eb3df015d13c", None),
    ("DELETE", "/sessions", None),
)
FORMS = ("application/x-www-form-urlencoded", "multipart/form-data; boundary=x", "text/plain", "Text/Plain; charset=x")


class Browser:
    """A browser's session: its cookie, its CSRF token, and what it would send."""

    def __init__(self, office: Office) -> None:
        self.office = office
        self.answer = office.sign_in(kind="cookie")
        assert self.answer.status_code == 201, self.answer.json
        self.cookie = self.answer.headers["Set-Cookie"].partition(";")[0]
        self.csrf = self.answer.json["csrf_token"]

    def ask(self, method: str, path: str, body: Any = None, **headers: str) -> Any:
        """What a page of ours sends; `headers` replace or, when empty, take away."""
        sent = {"Cookie": self.cookie, "Origin": OURS, "X_CSRF_Token": self.csrf, **headers}
        return self.office.ask(method, path, body, **{name: value for name, value in sent.items() if value != "-"})


@pytest.fixture
def browser(office: Office) -> Browser:
    office.make()
    return Browser(office)


def test_a_cookie_is_kept_from_scripts_and_other_sites_and_no_token_is_in_the_answer(browser: Browser) -> None:
    parts = browser.answer.headers["Set-Cookie"].split("; ")
    assert parts[0].startswith("copydesk=cpd_ses_")
    assert parts[1:] == ["Path=/", "Max-Age=86400", "HttpOnly", "SameSite=Lax"]
    assert set(browser.answer.json) == {"id", "csrf_token", "expires_at"}
    assert browser.cookie.partition("=")[2] not in browser.answer.text


def test_over_https_the_cookie_is_bound_to_this_host(settings: Settings) -> None:
    app = create_app(replace(settings, base_url="https://desk.example.org"))
    office = Office(app)
    office.make()
    browser = Browser(office)
    name, *parts = browser.answer.headers["Set-Cookie"].split("; ")
    assert name.startswith("__Host-copydesk=") and "Secure" in parts and "Path=/" in parts
    assert not any(part.startswith("Domain") for part in parts)
    assert browser.ask("GET", "/sessions/current").status_code == 200
    assert browser.ask("POST", "/tags", {"name": "Rails"}, Origin="https://desk.example.org").status_code == 201
    assert browser.ask("POST", "/tags", {"name": "Hills"}, Origin="http://desk.example.org").status_code == 403
    plain = browser.cookie.replace("__Host-copydesk", "copydesk")
    assert browser.ask("GET", "/sessions/current", Cookie=plain).status_code == 401
    app.extensions["copydesk"].database.dispose()
    app.extensions["copydesk"].index.close()


def test_over_plain_http_on_another_host_there_is_no_cookie(settings: Settings) -> None:
    app = create_app(replace(settings, base_url="http://desk.example.org"))
    office = Office(app)
    office.make()
    answer = office.sign_in(kind="cookie")
    assert (answer.status_code, answer.json["code"]) == (422, "https_needed")
    assert "Set-Cookie" not in answer.headers
    assert office.sign_in().status_code == 201
    app.extensions["copydesk"].database.dispose()
    app.extensions["copydesk"].index.close()


def test_a_page_of_ours_reads_and_changes(browser: Browser) -> None:
    assert browser.ask("GET", "/articles", Origin="-", X_CSRF_Token="-").status_code == 200
    current = browser.ask("GET", "/sessions/current", Origin="-", X_CSRF_Token="-").json
    assert current["csrf_token"] == browser.csrf and current["kind"] == "cookie"
    assert browser.ask("POST", "/tags", {"name": "Rails"}).status_code == 201
    gone = browser.ask("DELETE", f"/sessions/{current['id']}")
    assert gone.status_code == 204
    assert "Max-Age=0" in gone.headers["Set-Cookie"] and gone.headers["Set-Cookie"].startswith("copydesk=;")
    assert browser.ask("GET", "/sessions/current").status_code == 401


@pytest.mark.parametrize(("method", "path", "body"), CHANGES)
def test_a_change_without_the_csrf_token_or_an_origin_is_refused(
    browser: Browser, method: str, path: str, body: Any
) -> None:
    other = Browser(browser.office).csrf
    before = tables(browser.office)
    for headers in (
        {"X_CSRF_Token": "-"},
        {"X_CSRF_Token": ""},
        {"X_CSRF_Token": other},
        {"X_CSRF_Token": browser.csrf[:-1]},
        {"X_CSRF_Token": browser.csrf.upper()},
        {"X_CSRF_Token": "é"},
        {"Origin": "-"},
        {"Origin": "http://evil.example"},
        {"Origin": "-", "Referer": OURS + "/"},
    ):
        answer = browser.ask(method, path, body, **headers)
        assert (answer.status_code, answer.json["code"]) == (403, "csrf"), headers
    assert tables(browser.office) == before


@pytest.mark.parametrize("origin", FOREIGN)
def test_a_page_of_another_origin_changes_nothing_and_signs_nobody_in(browser: Browser, origin: str) -> None:
    answer = browser.ask("POST", "/tags", {"name": "Rails"}, Origin=origin)
    assert (answer.status_code, answer.json["code"]) == (403, "csrf")
    body = {"email": ANN, "password": PHRASE, "kind": "cookie"}
    refused = browser.office.ask("POST", "/sessions", body, client=browser.office.fresh_client(), Origin=origin)
    assert (refused.status_code, "Set-Cookie" in refused.headers) == (403, False)


@pytest.mark.parametrize("content_type", FORMS)
@pytest.mark.parametrize("path", ["/tags", "/articles", "/sessions/reauthenticate"])
def test_a_form_is_refused_even_with_everything_else_right(browser: Browser, content_type: str, path: str) -> None:
    answer = browser.office.client.post(
        f"/api/v1{path}", data=b'{"name": "Rails", "title": "x", "locale": "en"}', content_type=content_type,
        headers={"Cookie": browser.cookie, "Origin": OURS, "X-CSRF-Token": browser.csrf},
    )  # fmt: skip
    assert (answer.status_code, answer.json["code"]) == (403, "csrf")


def test_with_an_authorization_header_the_cookie_does_not_count(browser: Browser) -> None:
    token = browser.office.token()
    assert (
        browser.ask("POST", "/tags", {"name": "Rails"}, X_CSRF_Token="-", Authorization=f"Bearer {token}").status_code
        == 201
    )
    assert browser.ask("GET", "/articles", Authorization="Bearer nonsense").status_code == 401


def test_a_token_of_a_service_in_a_cookie_is_refused(browser: Browser) -> None:
    issued = browser.ask("POST", "/tokens", {"name": "a script", "role": "viewer"}).json["token"]
    answer = browser.ask("GET", "/articles", Cookie=f"copydesk={issued}")
    assert answer.status_code == 401


def test_no_get_changes_anything(browser: Browser) -> None:
    office = browser.office
    office.app.extensions["copydesk"].settings.home.mkdir(parents=True)
    browser.ask("POST", "/sections", {"name": "City", "slug": "city"})
    article = browser.ask("POST", "/articles", {"title": "A tram", "locale": "en", "section": "city"}).json
    before = tables(office)
    seen = 0
    for path in paths(office, {"article_id": article["id"], "slug": "city", "staff_id": office.user().id}):
        for method in ("GET", "HEAD"):
            answer = office.client.open(path, method=method, headers={"Cookie": browser.cookie})
            assert answer.status_code < 500 or answer.json["code"] == "unavailable", path
            seen += answer.status_code == 200
    assert seen >= 30
    assert tables(office) == before


def paths(office: Office, known: dict[str, str]) -> Iterator[str]:
    """The address of every route that answers GET, with things that exist where there are some."""
    for rule in office.app.url_map.iter_rules():
        if "GET" in (rule.methods or ()):
            values = {name: known.get(name, 1 if f"int:{name}" in rule.rule else "x") for name in rule.arguments}
            yield rule.build(values)[1]


def tables(office: Office) -> str:
    """All that the database holds, but counters of limits, which count refusals too."""
    with office.database.writer.connect() as connection:
        raw = connection.connection.driver_connection
        assert raw is not None
        lines = raw.iterdump()
        return "\n".join(line for line in lines if "limit_quotas" not in line)


def test_each_refused_change_leaves_a_line_that_names_the_session_and_no_secret(browser: Browser) -> None:
    refused: list[Any] = []
    with capture_logs() as lines:
        refused.append(browser.ask("POST", "/tags", {"name": "Rails"}, X_CSRF_Token="-"))
        refused.append(browser.ask("POST", "/tags", {"name": "Rails"}, Origin="http://evil.example"))
        refused.append(browser.ask("POST", "/tags", X_CSRF_Token="wrong", Content_Type="text/plain"))
    told = [line for line in lines if line["event"] == "access_refused"]
    assert [answer.status_code for answer in refused] == [403] * 3
    for line, answer in zip(told, refused, strict=True):
        assert line["because"] == "csrf"
        assert line["credential"] == f"session:{browser.answer.json['id']}"
        assert line["actor"] == f"staff:{browser.office.user().id}"
        assert (line["client_address"], line["request_id"]) == ("192.0.2.1", answer.headers["X-Request-Id"])
    for secret in (browser.cookie.partition("=")[2], browser.csrf, PHRASE, ANN):
        assert secret not in str(lines)

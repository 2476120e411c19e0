"""Rows S90 and S91: the headers that every answer owes, and what caches may keep."""

from dataclasses import replace

import pytest
from flask import Flask
from flask.testing import FlaskClient

from cms.app import create_app
from cms.content.publishing import put_document
from cms.platform.db import Database
from cms.platform.http.door import STAY_WITH_TLS
from cms.settings import Settings
from tests.content.making import DAY_ONE, article
from tests.contracts.asking import PAGES, PUBLIC, requests

COOKIES = ("copydesk=x", "__Host-copydesk=x", "session=abc; theme=dark", "a=1; a=2", "=;;", "copydesk=" + "x" * 500)
# What a shared cache does not look at when it decides whose answer this is.
UNKEYED = (
    *({"Cookie": cookie} for cookie in COOKIES),
    {"Authorization": "Bearer nonsense"}, {"Authorization": "Basic YTpi"}, {"X-Forwarded-Host": "evil.example"},
    {"X-Forwarded-Proto": "https"}, {"X-Forwarded-Prefix": "/evil"}, {"X-Forwarded-Port": "1"},
    {"X-Forwarded-For": "10.0.0.1"}, {"X-Forwarded-Scheme": "nothttps"}, {"X-Original-URL": "/livez"},
    {"X-Rewrite-URL": "/livez"}, {"X-Original-Host": "evil.example"}, {"X-Host": "evil.example"},
    {"Forwarded": "host=evil.example;proto=https"}, {"X-HTTP-Method-Override": "DELETE"}, {"X-HTTP-Method": "PUT"},
    {"X-Method-Override": "POST"}, {"Accept-Language": "kk"}, {"Accept": "text/html"}, {"User-Agent": "evil.example"},
    {"Referer": "https://evil.example/"}, {"Origin": "https://evil.example"}, {"Origin": "null"},
    {"X-CSRF-Token": "x"}, {"Range": "bytes=0-1"}, {"TE": "trailers"}, {"Max-Forwards": "0"}, {"Via": "1.1 evil"},
    {"Accept-Charset": "utf-16"}, {"Upgrade": "h2c"}, {"Prefer": "return=minimal"},
    {"Front-End-Https": "on"}, {"X-Wap-Profile": "http://evil.example/"}, {"Idempotency-Key": "one"},
    {"Save-Data": "on"}, {"DNT": "1"},
)  # fmt: skip


def test_every_answer_of_every_route_owes_the_same_headers(
    app: Flask, client: FlaskClient, administrator: FlaskClient
) -> None:
    seen: set[int] = set()
    for method, rule, path in [*requests(app), ("GET", "/", "/none"), ("FOO", "/", "/livez"), ("PUT", "/", "/livez")]:
        for who in (client, administrator):
            answer = who.open(path, method=method)
            seen.add(answer.status_code)
            headers = answer.headers
            assert headers.getlist("X-Content-Type-Options") == ["nosniff"], rule
            assert headers.getlist("Referrer-Policy") == ["no-referrer"], rule
            assert headers.getlist("X-Frame-Options") == ["DENY"], rule
            assert headers.getlist("Server") == ["copydesk"], rule
            assert len(headers.getlist("X-Request-Id")) == 1, rule
            [policy] = headers.getlist("Content-Security-Policy")
            assert "default-src 'none'" in policy and "frame-ancestors 'none'" in policy, rule
            assert len(headers.getlist("Cache-Control")) == 1, rule
            if answer.data:
                # JSON has no parameter for the character set and is UTF-8 always (RFC 8259); text says it.
                is_text = answer.mimetype.startswith("text/")
                assert ("charset=utf-8" in headers["Content-Type"]) == is_text, rule
            assert "Set-Cookie" not in headers and "X-Powered-By" not in headers, rule
            assert "Strict-Transport-Security" not in headers, rule
    assert {200, 400, 401, 404, 405, 501} <= seen


def test_where_the_site_has_tls_every_answer_asks_to_stay_with_it(settings: Settings) -> None:
    app = create_app(replace(settings, base_url="https://cms.example.org"))
    for path in ("/livez", "/none", "/api/v1/tags", "/content/v1/articles", "/docs"):
        assert app.test_client().get(path).headers[STAY_WITH_TLS[0]] == "max-age=31536000", path
    app.extensions["copydesk"].database.dispose()
    app.extensions["copydesk"].index.close()


def test_private_answers_are_never_stored_and_public_ones_say_for_how_long(
    app: Flask, client: FlaskClient, administrator: FlaskClient
) -> None:
    for method, rule, path in requests(app):
        for who in (client, administrator):
            answer = who.open(path, method=method)
            control = answer.cache_control
            if rule.startswith(("/api/", "/readers/")) or answer.status_code >= 400:
                assert control.no_store and not control.public, (method, rule)
            elif rule.startswith(("/content/", "/docs", "/openapi", "/feeds/", "/sitemaps/")):
                assert control.public and control.max_age, (method, rule)
            else:
                assert control.no_store, rule


@pytest.mark.parametrize("headers", UNKEYED, ids=lambda headers: ": ".join(next(iter(headers.items())))[:60])
def test_whatever_else_a_request_holds_a_public_answer_is_the_same(
    client: FlaskClient, database: Database, headers: dict[str, str]
) -> None:
    with database.transaction() as session:
        put_document(session, article(1), DAY_ONE)
    for path in (*PUBLIC, "/content/v1/articles/en/story-1"):
        plain, other = client.get(path), client.get(path, headers=headers)
        assert plain.status_code == 200
        assert (other.status_code, other.data) == (200, plain.data), path
        assert not {"X-Request-Id"} ^ {
            name for name in dict(plain.headers) if plain.headers[name] != other.headers.get(name)
        }, path
        assert set(dict(plain.headers)) == set(dict(other.headers)), path
        assert "Set-Cookie" not in other.headers, path
        assert other.headers.get("Vary") == ("Accept-Encoding" if other.cache_control.public else None), path


@pytest.mark.parametrize("cookie", COOKIES)
def test_a_cookie_that_is_none_of_ours_brings_none_and_opens_nothing(client: FlaskClient, cookie: str) -> None:
    for path in (*PUBLIC, *PAGES, "/api/v1/tags"):
        answer = client.get(path, headers={"Cookie": cookie})
        assert "Set-Cookie" not in answer.headers, path
        assert (answer.status_code == 401) == path.startswith("/api/"), path


@pytest.mark.parametrize(
    "ending", ["/x.css", "/x.js", ".css", ";x.css", "%2fx.css", "/..%2fx.png", "%00.css", "%0a.css"]
)
def test_a_private_path_cannot_be_dressed_up_as_a_file_for_a_cache(administrator: FlaskClient, ending: str) -> None:
    for path in ("/api/v1/tags", "/api/v1/tokens", "/api/v1/audit", "/api/v1/staff"):
        answer = administrator.get(path + ending)
        assert answer.status_code == 404, path + ending
        assert answer.cache_control.no_store

"""Rows S97 and S98: no answer sends anybody elsewhere, and a method is what stands in the request line."""

from itertools import product

import pytest
from flask import Flask
from flask.testing import FlaskClient

from tests.contracts.asking import PAGES, PUBLIC, requests

UNKNOWN = (
    "TRACE", "CONNECT", "TRACK", "DEBUG", "PROPFIND", "PROPPATCH", "MKCOL", "COPY", "MOVE", "LOCK", "UNLOCK", "SEARCH",
    "REPORT", "MKACTIVITY", "CHECKOUT", "MERGE", "M-SEARCH", "NOTIFY", "SUBSCRIBE", "UNSUBSCRIBE", "PURGE",
    "BAN", "LINK",
    "UNLINK", "REBIND", "ACL", "QUERY", "PRI", "FOO", "get", "Get", "post", "head", "GETS", "GET1", "XGET", "G\u0415T",
    "DELETE1", "*", "-", "_METHOD", "PATCHED",
)  # fmt: skip
OVERRIDES = ("X-HTTP-Method-Override", "X-HTTP-Method", "X-Method-Override", "_method", "X-Original-Method")
# What somebody might put where a service expects an address of its own.
TARGETS = (
    "//evil.example", "///evil.example", "////evil.example", "/\\evil.example", "\\\\evil.example", "\\/evil.example",
    "/%2fevil.example", "/%5cevil.example", "/%09/evil.example", "/.evil.example", "https:evil.example",
    "https:/evil.example", "https://evil.example", "http://evil.example", "HTTPS://evil.example",
    "//evil.example/%2e%2e",
    "//evil.example/..", "/..//evil.example", "/.//evil.example", "//evil.example@127.0.0.1",
    "//127.0.0.1@evil.example",
    "https://127.0.0.1:8000@evil.example", "https://127.0.0.1.evil.example", "javascript:alert(1)", "data:text/html,x",
    "//evil%E3%80%82example", "//%E3%80%82evil.example", "/%0d%0aLocation:%20https://evil.example",
    "//[::1]", "//0x7f.1",
    "/docs//evil.example", "/docs/../..//evil.example", ";//evil.example", "?//evil.example", "#//evil.example",
    ".evil.example", "@evil.example", "https://evil.example/livez", "/livez/", "/docs/", "/content/v1/articles/",
    "/api/v1/tags/", "//livez", "/content//v1/articles", "/content/v1//articles", "%2F%2Fevil.example",
    "//evil.example/%2f..",
)  # fmt: skip
NAMES = ("next", "return_to", "url", "redirect", "redirect_uri", "continue", "dest", "r", "goto", "target")


def test_no_path_and_no_parameter_sends_anybody_elsewhere(client: FlaskClient, administrator: FlaskClient) -> None:
    assert len(set(TARGETS)) >= 40
    for target, who in product(TARGETS, (client, administrator)):
        path = target if target.startswith("/") else f"/{target}"
        answers = [who.get(path), who.get(f"/docs{path}"), who.open("/livez" + path, method="POST")]
        for name in NAMES:
            for place in ("/livez", "/docs", "/content/v1/articles", "/api/v1/tags"):
                answers.append(who.get(place, query_string={name: target}))
        for answer in answers:
            assert answer.status_code not in (300, 301, 302, 303, 305, 306, 307, 308), target
            assert "Location" not in answer.headers and "Refresh" not in answer.headers, target
            assert b"http-equiv" not in answer.data.lower(), target


def test_no_route_redirects_whoever_asks_and_however_the_path_ends(
    app: Flask, client: FlaskClient, administrator: FlaskClient
) -> None:
    tried = 0
    for method, rule, path in requests(app):
        for who in (client, administrator):
            for twin in (path, path + "/", "/" + path, path.upper(), path.replace("/", "//")):
                answer = who.open(twin, method=method)
                tried += 1
                assert not 300 <= answer.status_code < 400, (method, rule, twin)
    assert tried > 300


def test_a_method_that_nobody_knows_is_refused_everywhere(client: FlaskClient, administrator: FlaskClient) -> None:
    assert len(set(UNKNOWN)) >= 40
    for method, who in product(UNKNOWN, (client, administrator)):
        for path in ("/livez", "/content/v1/articles", "/api/v1/tags", "/readers/v1/codes", "/none", "*"):
            answer = who.open(
                path,
                environ_overrides={"REQUEST_METHOD": method},
                headers={"X-Canary": "canary-7f3"},
                json={"name": "x"},
            )
            assert (answer.status_code, answer.json["code"]) == (501, "not_implemented"), (method, path)
            assert b"canary-7f3" not in answer.data, (method, path)


def test_a_known_method_that_a_route_does_not_take_names_those_that_it_takes(
    app: Flask, administrator: FlaskClient
) -> None:
    refused = 0
    for path in {path for _method, _rule, path in requests(app)}:
        taken = set(app.url_map.bind("localhost").allowed_methods(path))
        for method in {"GET", "POST", "PUT", "PATCH", "DELETE"} - taken:
            answer = administrator.open(path, method=method)
            refused += 1
            assert answer.status_code == 405, (method, path)
            assert set(answer.headers["Allow"].split(", ")) == taken, (method, path)
    assert refused > 60


def test_head_answers_with_the_headers_of_get_and_nothing_else(app: Flask, administrator: FlaskClient) -> None:
    asked = 0
    for method, rule, path in requests(app):
        if method != "GET" or rule == "/metrics":
            continue
        get, head = administrator.get(path), administrator.head(path)
        assert head.data == b"", rule
        assert head.status_code == get.status_code, rule
        differing = {name for name, value in get.headers if head.headers.get(name) != value}
        # Two requests are two ids, and two of what is counted leave less of the quota.
        assert differing <= {"X-Request-Id", "RateLimit"}, rule
        asked += 1
    assert asked > 30


@pytest.mark.parametrize("header", OVERRIDES)
@pytest.mark.parametrize("method", ["DELETE", "PUT", "PATCH", "POST", "GET", "TRACE", "delete", "X"])
def test_no_header_and_no_parameter_makes_another_method_of_it(
    administrator: FlaskClient, header: str, method: str
) -> None:
    made = administrator.post("/api/v1/articles", json={"title": "A tram", "locale": "en", "body": "It climbs."})
    path = made.headers["Location"]
    read = administrator.get(path, headers={header: method, "If-Match": '"1"'})
    assert (read.status_code, read.json["title"]) == (200, "A tram")
    assert administrator.get(f"{path}?{header}={method}").status_code in (200, 400)
    assert administrator.post("/livez", headers={header: "GET"}).status_code == 405
    assert administrator.get(path).json["revision"] == 1
    assert all(administrator.get(page, headers={header: method}).status_code == 200 for page in (*PUBLIC, PAGES[0]))

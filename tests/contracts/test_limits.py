"""Which requests are limited, what every answer says of it, and what a client sees at the end of its quota."""

import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import text

from cms.app import create_app
from cms.environment import SettingsError
from cms.identity.credentials import verifier
from cms.identity.staff.schemas import Given
from cms.identity.tokens import issue_token
from cms.platform.actor import system
from cms.platform.db import Database
from cms.platform.http.endpoint import limit_of
from cms.settings import Settings, rate_of
from search_index.generations import rebuild
from tests.access.desk import Desk
from tests.contracts.asking import requests
from tests.servers import Broker

BEGAN = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
FREE = ("X-Forwarded-For", "X-Real-IP", "Forwarded", "True-Client-IP", "X-Client-IP", "User-Agent", "X-Api-Key")


class Counter:
    """An application with small limits and a clock that stands still until the test moves it."""

    def __init__(self, settings: Settings) -> None:
        self.now = BEGAN
        told = replace(settings, limit_writes="5/60", limit_search="4/60", limit_sign_in="3/60", limit_codes="2/3600")
        self.app: Flask = create_app(told)
        parts = self.app.extensions["copydesk"]
        self.database: Database = parts.database
        check = verifier(self.database, lambda: self.now)
        self.app.extensions["copydesk"] = replace(parts, clock=lambda: self.now, verify_token=check)

    def token(self) -> str:
        with self.database.transaction() as session:
            return issue_token(
                session, system("test"), name="desk", role="editor", lifetime=timedelta(days=1), now=self.now
            )

    def ask(self, method: str, path: str, *, token: str = "", client: str = "192.0.2.1", **options: Any) -> Any:
        headers = {**options.pop("headers", {}), **({"Authorization": f"Bearer {token}"} if token else {})}
        return self.app.test_client(use_cookies=False).open(
            path, method=method, headers=headers, environ_overrides={"REMOTE_ADDR": client}, **options
        )

    @property
    def lasting(self) -> dict[str, datetime]:
        """What makes a session live at the instant at which the clock stands."""
        return {
            "created_at": self.now,
            "last_seen_at": self.now,
            "proven_at": self.now,
            "expires_at": self.now + timedelta(days=1),
        }

    def tag(self, token: str, name: str, **options: Any) -> Any:
        return self.ask("POST", "/api/v1/tags", token=token, json={"name": name}, **options)


# What reads and still costs enough to be counted: searches, lists that search with `q`, a comparison of two texts.
SEARCHES = {
    "/content/v1/search", "/content/v1/search/completions", "/api/v1/articles", "/api/v1/sections", "/api/v1/tags",
    "/api/v1/people", "/api/v1/sources", "/api/v1/assets",
    "/api/v1/articles/<article_id>/revisions/<int:first>..<int:second>",
}  # fmt: skip
LOOKS = {"/preview/v1/articles/<uuid:article_id>", "/preview/v1/articles/<uuid:article_id>/page"}
PART = re.compile(r"<(?:\w+:)?(\w+)>")


@pytest.fixture
def counter(settings: Settings) -> Iterator[Counter]:
    made = Counter(settings)
    yield made
    made.database.dispose()
    made.app.extensions["copydesk"].index.close()


def test_every_change_is_limited_and_so_are_searches_and_nothing_else(app: Flask) -> None:
    names: dict[str, set[str]] = {}
    for method, rule, path in requests(app):
        endpoint = next(one.endpoint for one in app.url_map.iter_rules() if one.rule == rule and method in one.methods)
        declared = getattr(app.view_functions[endpoint], "__endpoint__", None)
        limit = limit_of(declared, method) if declared else None
        if method != "GET":
            assert limit is not None, f"{method} {path} may be sent without end"
        if limit is not None:
            names.setdefault(limit.name, set()).add(f"{method} {rule}")
    assert names["search"] == {f"GET {rule}" for rule in SEARCHES}
    assert names["reader-sign-ins"] == {"POST /readers/v1/sessions"}
    assert names["sign-ins"] == {"POST /api/v1/sessions"}
    assert names["codes"] == {f"POST /readers/v1/{name}" for name in ("accounts", "codes", "me/email")}
    assert names["staff-codes"] == {"POST /api/v1/staff/codes"}
    assert all(rule.split()[1].startswith(("/api/v1/", "/readers/v1/")) for rule in names["writes"])
    for name, rules in names.items():
        assert name in ("search", "previews") or not any(rule.startswith("GET") for rule in rules)
    assert names["previews"] == {f"GET {rule}" for rule in LOOKS}


def test_the_document_names_every_limit(client: FlaskClient, app: Flask) -> None:
    document = client.get("/openapi.json").json
    limited = 0
    for path, operations in document["paths"].items():
        for method, operation in operations.items():
            answers = operation["responses"]
            is_limited = method != "get" or path in {PART.sub(r"{\1}", rule) for rule in (*SEARCHES, *LOOKS)}
            assert ("429" in answers) == is_limited, (method, path)
            if is_limited:
                limited += 1
                assert set(answers["429"]["headers"]) == {"RateLimit-Policy", "RateLimit", "Retry-After"}
                success = next(answer for status, answer in answers.items() if status < "300")
                assert set(success["headers"]) == {"RateLimit-Policy", "RateLimit"}
    assert limited > 30
    assert {"RateLimit-Policy", "RateLimit", "Retry-After"} <= set(document["components"]["headers"])


@pytest.mark.parametrize("has_broker", [True, False])
def test_a_token_may_write_so_often_and_is_told_what_is_left(
    settings: Settings, broker: Broker, has_broker: bool
) -> None:
    counter = Counter(replace(settings, redis_url=broker.url) if has_broker else settings)
    mine, other = counter.token(), counter.token()
    answers = [counter.tag(mine, f"tag {number}", client=f"192.0.2.{number}") for number in range(7)]
    assert [answer.status_code for answer in answers] == [201] * 5 + [429] * 2
    assert {answer.headers["RateLimit-Policy"] for answer in answers} == {'"writes";q=5;w=60'}
    assert [answer.headers["RateLimit"] for answer in answers] == [
        '"writes";r=4;t=12', '"writes";r=3;t=24', '"writes";r=2;t=36', '"writes";r=1;t=48', '"writes";r=0;t=60',
        '"writes";r=0;t=60', '"writes";r=0;t=60',
    ]  # fmt: skip
    assert [answer.headers.get("Retry-After") for answer in answers] == [None] * 5 + ["12"] * 2
    refused = answers[-1]
    assert refused.mimetype == "application/problem+json"
    assert (refused.json["code"], refused.headers["Cache-Control"]) == ("too_many_requests", "private, no-store")
    assert counter.tag(other, "another token").status_code == 201
    assert counter.ask("GET", "/api/v1/tags", token=mine).status_code == 200
    counter.now += timedelta(seconds=11)
    assert counter.tag(mine, "too soon").status_code == 429
    counter.now += timedelta(seconds=1)
    assert counter.tag(mine, "soon enough").status_code == 201
    assert counter.tag(mine, "too many again").status_code == 429
    with counter.database.reading() as session:
        assert session.scalar(text("SELECT count(*) FROM limit_quotas")) == (0 if has_broker else 2)
    counter.database.dispose()
    counter.app.extensions["copydesk"].index.close()


def test_a_colleague_who_signs_in_again_gets_no_other_quota(counter: Counter) -> None:
    desk = Desk(counter.app, counter.database)
    user, other = desk.colleague(Given("editor")), desk.colleague(Given("editor"))
    mine = [desk.signed_in(user, **counter.lasting)[1] for _ in range(3)]
    statuses = [counter.tag(mine[number % 3], f"tag {number}").status_code for number in range(7)]
    assert statuses == [201] * 5 + [429] * 2
    assert counter.tag(desk.signed_in(other, **counter.lasting)[1], "another colleague").status_code == 201
    assert counter.tag(counter.token(), "a token").status_code == 201


def test_a_list_that_is_searched_counts_as_a_search_and_a_list_does_not(counter: Counter) -> None:
    token = counter.token()
    statuses = [counter.ask("GET", "/api/v1/articles?q=tram", token=token).status_code for _ in range(5)]
    assert statuses == [200] * 4 + [429]
    assert counter.ask("GET", "/content/v1/search?q=tram").status_code == 429
    plain = counter.ask("GET", "/api/v1/articles", token=token)
    assert plain.status_code == 200
    assert "RateLimit" not in plain.headers


def test_what_was_refused_for_other_reasons_says_what_is_left_too(counter: Counter) -> None:
    token = counter.token()
    counter.tag(token, "Rails")
    conflict = counter.ask("POST", "/api/v1/sections", token=token, json={"name": "City", "slug": "x", "parent": "no"})
    assert conflict.status_code in (404, 422)
    assert conflict.headers["RateLimit"] == '"writes";r=3;t=24'
    unread = counter.ask("POST", "/api/v1/tags", token=token, data=b"{", content_type="application/json")
    assert unread.status_code == 400
    assert "RateLimit" not in unread.headers


def test_nobody_gets_another_quota_by_what_a_request_can_choose(counter: Counter) -> None:
    token = counter.token()
    writes, searches = [], []
    for number in range(9):
        headers = {FREE[number % len(FREE)]: f"10.1.1.{number}", "Idempotency-Key": f"key {number}"}
        writes.append(counter.tag(token, f"tag {number}", headers=headers).status_code)
        query = ("tram", "TRAM", "a b", "%74ram")[number % 4]
        searches.append(counter.ask("GET", f"/content/v1/search?q={query}", headers=headers).status_code)
    assert writes == [201] * 5 + [429] * 4
    assert [status == 429 for status in searches] == [False] * 4 + [True] * 5


def test_searches_are_counted_by_network_and_shared_caches_learn_nothing_of_one_client(counter: Counter) -> None:
    clients = ("2001:db8:1:2::1", "2001:db8:1:2::2", "2001:db8:1:2:ffff::1", "2001:db8:1:2:0:1::1", "2001:db8:1:2::9")
    statuses = [counter.ask("GET", "/content/v1/search?q=tram", client=client).status_code for client in clients]
    assert [status == 429 for status in statuses] == [False] * 4 + [True]
    refused = counter.ask("GET", "/content/v1/search?q=tram", client=clients[0])
    assert refused.headers["RateLimit"] == '"search";r=0;t=60'
    assert counter.ask("GET", "/content/v1/search?q=tram", client="2001:db8:1:3::1").status_code != 429
    assert counter.ask("GET", "/content/v1/articles", client=clients[0]).status_code == 200


def test_a_cacheable_search_names_the_policy_alone(counter: Counter, settings: Settings) -> None:
    rebuild(settings.index_home, lambda: (), lambda _indexed: ((), ()))
    answer = counter.ask("GET", "/content/v1/search?q=tram")
    assert (answer.status_code, answer.cache_control.public) == (200, True)
    assert answer.headers["RateLimit-Policy"] == '"search";q=4;w=60'
    assert "RateLimit" not in answer.headers


def test_sign_in_and_codes_hold_without_a_broker_and_never_fail_open(counter: Counter) -> None:
    sign_in = {"email": "ann@example.org", "password": "not the right one at all"}
    code = {"purpose": "verify_email", "email": "ann@example.org"}
    answers = [counter.ask("POST", "/api/v1/sessions", json=sign_in) for _ in range(4)]
    assert [answer.status_code for answer in answers] == [401, 401, 401, 429]
    assert answers[0].headers["RateLimit"] == '"sign-ins";r=2;t=20'
    for path, body in (("/readers/v1/codes", code), ("/api/v1/staff/codes", {"email": "ann@example.org"})):
        answers = [counter.ask("POST", path, json=body) for _ in range(3)]
        assert [answer.status_code for answer in answers] == [202, 202, 429]
        assert answers[-1].headers["Retry-After"] == "1800"
    with counter.database.transaction() as session:
        session.execute(text("DROP TABLE limit_quotas"))
    for path, body in (("/api/v1/sessions", sign_in), ("/readers/v1/codes", code)):
        answer = counter.ask("POST", path, json=body, client="198.51.100.1")
        assert answer.status_code in (500, 503), answer.data
    assert counter.ask("GET", "/content/v1/search?q=tram").status_code in (200, 503)


def test_a_limit_that_is_off_counts_nothing_and_says_nothing(editor: FlaskClient, database: Database) -> None:
    answer = editor.post("/api/v1/tags", json={"name": "Rails"})
    assert answer.status_code == 201
    assert "RateLimit" not in answer.headers
    with database.reading() as session:
        assert session.scalar(text("SELECT count(*) FROM limit_quotas")) == 0


@pytest.mark.parametrize("name", ["LIMIT_WRITES", "LIMIT_SEARCH", "LIMIT_SIGN_IN", "LIMIT_CODES"])
@pytest.mark.parametrize(
    "value", ["-1", "x", "10", "10/", "/60", "0/60", "10/0", "10/60/1", "1e3/60", "10 / 60", "٣/60", "9999999/1"]
)
def test_a_limit_that_means_nothing_is_refused_at_the_start(name: str, value: str) -> None:
    with pytest.raises(SettingsError, match=f"COPYDESK_{name}"):
        Settings.from_environment({f"COPYDESK_{name}": value})


@pytest.mark.parametrize("name", ["LIMIT_SIGN_IN", "LIMIT_CODES"])
def test_sign_in_and_codes_cannot_be_switched_off(name: str) -> None:
    with pytest.raises(SettingsError, match="cannot be switched off"):
        Settings.from_environment({f"COPYDESK_{name}": "0"})


def test_writes_and_searches_can_be_switched_off() -> None:
    told = Settings.from_environment({"COPYDESK_LIMIT_WRITES": "0", "COPYDESK_LIMIT_SEARCH": "7/30"})
    assert rate_of(told.limit_writes) is None
    assert rate_of(told.limit_search) == (7, 30)

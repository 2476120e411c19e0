"""What readers send and get is in no shared cache: every route below `/readers`, every method, whatever is answered."""

from typing import Any
from urllib.parse import urlsplit

from flask import Flask
from flask.testing import FlaskClient
from werkzeug.routing import Rule

from cms.identity.passwords import HASHER
from cms.identity.sessions import Client
from cms.migrations.tables import metadata
from cms.platform.actor import system
from cms.platform.clock import now
from cms.platform.db import Database
from cms.platform.ids import new_id
from cms.readers.models import Account
from cms.readers.sessions import open_session
from tests.readers.shelves import published

NOBODY = "01890a5d-ac96-774b-bcce-b302099a8057"
PHRASE = "lamps along the old quay"
AHEAD, FORM = {"Sec-Purpose": "prefetch"}, "application/x-www-form-urlencoded"
# What would let a cache keep an answer, or name it to one.
TELLS_A_CACHE = (
    "Surrogate-Key",
    "Cache-Tag",
    "Surrogate-Control",
    "CDN-Cache-Control",
    "Expires",
    "Last-Modified",
    "Age",
)


def signed_in(database: Database, password_hash: str) -> dict[str, str]:
    """Headers of a reader with a fresh session."""
    at = now()
    account = Account(
        id=new_id(), email=f"{new_id()}@example.org", password_hash=password_hash, display_name="Canary", locale="en",
        created_at=at, verified_at=at,
    )  # fmt: skip
    with database.transaction() as session:
        session.add(account)
        session.flush()
        _, token = open_session(session, system("test"), account, Client("192.0.2.1", "a browser"), at)
    return {"Authorization": f"Bearer {token}"}


def path_of(rule: Rule) -> str:
    """A path that a rule matches."""
    return "".join(text if is_plain else NOBODY for is_plain, text in _parts(rule))


def _parts(rule: Rule) -> list[tuple[bool, str]]:
    pieces = [piece.partition(">") for piece in rule.rule.split("<")]
    return [(True, pieces[0][0])] + [part for _, _, text in pieces[1:] for part in ((False, ""), (True, text))]


def keepable(answer: Any) -> list[str]:
    """What is wrong with an answer that no cache may keep."""
    control = answer.headers.get("Cache-Control")
    wrong = [f"Cache-Control: {control}"] if control != "private, no-store" else []
    return wrong + [name for name in TELLS_A_CACHE if name in answer.headers] + ["5xx"] * (answer.status_code >= 500)


def test_no_answer_to_a_reader_is_ever_kept_by_a_cache(app: Flask, client: FlaskClient, database: Database) -> None:
    kept, asked, statuses, password_hash = [], 0, set(), HASHER.hash(PHRASE)
    rules = [rule for rule in app.url_map.iter_rules() if rule.rule.startswith("/readers/")]
    assert len(rules) >= 16
    for rule in rules:
        path, mine = path_of(rule), signed_in(database, password_hash)
        # No cache keeps an answer to OPTIONS, which tells nothing of anybody. Source: RFC 9110, section 9.3.7.
        for method in sorted(((rule.methods or set()) | {"GET", "PUT"}) - {"OPTIONS"}):
            options = {"json": {}} if method in ("POST", "PUT", "PATCH") else {}
            for headers in ({}, mine):
                answer = client.open(path, method=method, headers=headers, **options)
                asked += 1
                statuses.add(answer.status_code)
                problem = keepable(answer)
                if problem:
                    kept.append((method, path, answer.status_code, problem))
    for path in ("/readers/v1/nothing", "/readers/v1", "/readers/v1/me/", "/readers/v2/me"):
        kept += [
            ("GET", path, answer.status_code, keepable(answer)) for answer in [client.get(path)] if keepable(answer)
        ]
    print(f"{asked} requests to {len(rules)} routes, answered {sorted(statuses)}")
    assert kept == []
    assert statuses >= {200, 204, 401, 404, 405, 422}


def test_successes_are_not_kept_either(app: Flask, client: FlaskClient, database: Database) -> None:
    mine = signed_in(database, HASHER.hash(PHRASE))
    for method, path, body in (
        ("GET", "/me", None), ("PATCH", "/me", {"display_name": "Ann"}), ("GET", "/sessions", None),
        ("POST", "/me/export", None), ("POST", "/me/email", {"email": "new@example.org", "password": PHRASE}),
        ("POST", "/codes", {"purpose": "reset_password", "email": "new@example.org"}),
        ("POST", "/me/delete", {"password": PHRASE}), ("GET", "/me", None),
    ):  # fmt: skip
        options = {"json": body} if body is not None else {}
        answer = client.open(f"/readers/v1{path}", method=method, headers=mine, **options)
        assert answer.headers["Cache-Control"] == "private, no-store", (method, path, answer.status_code)
        assert "ETag" not in answer.headers


# Members that would change what nobody may ask for, were they heard.
EXTRA = ("verified", "role", "is_admin", "id", "password_hash", "status", "account_id", "")


def test_members_that_nobody_asked_for_are_refused_on_every_route_and_change_nothing(
    app: Flask, client: FlaskClient, database: Database
) -> None:
    """Row S23, over all routes of readers that take a body, those of bookmarks and comments too."""
    mine, heard, asked = signed_in(database, HASHER.hash(PHRASE)), [], 0
    before = contents(database)
    for rule in (rule for rule in app.url_map.iter_rules() if rule.rule.startswith("/readers/")):
        for method in sorted((rule.methods or set()) & {"POST", "PUT", "PATCH"}):
            for name in EXTRA:
                answer = client.open(path_of(rule), method=method, headers=mine, json={name: True})
                errors = {(one["pointer"], one["code"]) for one in (answer.json or {}).get("errors", [])}
                asked += 1
                # A mail program that unsubscribes sends whatever it likes, and its token is what is asked for first.
                is_by_mail = "/unsubscribe/" in rule.rule and answer.status_code == 404
                if not is_by_mail and (answer.status_code != 422 or (f"/{name}", "unknown") not in errors):
                    heard.append((method, rule.rule, name, answer.status_code))
    print(f"{asked} bodies, {len(heard)} heard")
    assert asked >= 100
    assert heard == []
    assert contents(database) == before


def test_no_get_of_a_reader_changes_anything_and_no_cookie_or_form_is_heard(
    app: Flask, client: FlaskClient, database: Database
) -> None:
    """Row S95, for readers: their sessions are in no cookie, so no page of another site has one to use."""
    mine = signed_in(database, HASHER.hash(PHRASE))
    token = mine["Authorization"].removeprefix("Bearer ")
    before, wrong = contents(database), []
    for rule in (rule for rule in app.url_map.iter_rules() if rule.rule.startswith("/readers/")):
        path = path_of(rule)
        if "GET" in (rule.methods or set()):
            client.get(path, headers=mine)
            client.head(path, headers=mine)
        for method in sorted((rule.methods or set()) & {"POST", "PUT", "PATCH", "DELETE"}):
            for cookie in ("copydesk", "__Host-copydesk", "session", "token"):
                answer = client.open(path, method=method, headers={"Cookie": f"{cookie}={token}"})
                if answer.status_code not in (401, 404, 415, 422):
                    wrong.append((method, path, cookie, answer.status_code))
            for kind in ("text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x"):
                answer = client.open(path, method=method, headers=mine, data=b'{"email": "a@x.org"}', content_type=kind)
                if answer.status_code not in (404, 415):
                    wrong.append((method, path, kind, answer.status_code))
    assert wrong == []
    assert contents(database) == before


def test_a_short_link_that_is_opened_changes_nothing_but_its_count_and_one_that_is_looked_at_nothing(
    client: FlaskClient, editor: FlaskClient, database: Database
) -> None:
    """Row S95, for the addresses outside of `/readers`."""
    [article] = published(editor, "Pears")
    short = urlsplit(client.post(f"/readers/v1/articles/{article}/share").json["short_url"]).path
    before = contents(database)
    assert client.head(short).status_code == client.get(f"{short}?utm_source=x", headers=AHEAD).status_code == 302
    for path in (f"{short}x", "/s/bcdfghjk", "/s/", f"{short}/"):
        assert client.get(path).status_code == 404
    for method in ("POST", "PUT", "PATCH", "DELETE"):
        assert client.open(short, method=method, data=b"hits=9", content_type=FORM).status_code == 405
    assert contents(database) == before
    assert client.get(short).status_code == 302
    after = contents(database)
    [was], [is_now] = before.pop("short_links"), after.pop("short_links")
    assert before == after
    assert [(one, other) for one, other in zip(was, is_now, strict=True) if one != other] == [(0, 1)]


def contents(database: Database) -> dict[str, Any]:
    """Every row of every table, but for what is counted, not kept."""
    with database.reading() as session:
        return {
            table.name: [tuple(row) for row in session.execute(table.select().order_by(*table.primary_key))]
            for table in metadata().sorted_tables
            if not table.name.startswith("limit_")
        }

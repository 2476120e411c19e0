"""Row S113: what is secret is in no log, and nothing that somebody sends can break a line of one.

Real processes at their most talkative. Every secret is a word that occurs nowhere else, so that one search finds it.
"""

import base64
import json
import logging
import re
import socket
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import closing, suppress
from datetime import timedelta
from http.client import HTTPConnection
from pathlib import Path
from typing import Any
from urllib.parse import quote
from uuid import UUID

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select
from structlog.testing import capture_logs

from cms.identity.models import ApiToken
from cms.identity.rules import new_token
from cms.identity.tokens import issue_token
from cms.platform.actor import system
from cms.platform.clock import now
from cms.platform.db import Database
from cms.platform.logs import MASK, hide_addresses, mask_secrets
from tests.contracts.test_strange_texts import STRANGE
from tests.product import Product, product
from tests.servers import Broker, wait_until

PASSWORD = "canaryphrase of seven grey herons"
OTHER_PASSWORD = "canarysentence of nine brown owls"
CODE_SHAPE = re.compile(r"\b\d{3} \d{3}\b|\b[0-9A-Z]{4}-[0-9A-Z]{4}\b")
BREAKING = (
    "\r\n",
    "\n",
    "\r",
    "\x1b[31m",
    "\x1b]0;x\x07",
    "\x00",
    "\x0b",
    "\x85",
    "\u2028",
    "\u2029",
    "\x7f",
    "\x9b31m",
)


@pytest.fixture(scope="module")
def talkative(tmp_path_factory: pytest.TempPathFactory, shared_broker: Broker) -> Iterator[Product]:
    """API, relay, worker and mailbox at the level debug."""
    home = tmp_path_factory.mktemp("talkative")
    settings = {"redis_url": f"{shared_broker.url}/7" if shared_broker.url.count("/") < 3 else shared_broker.url}
    settings |= {"log_level": "debug", "code_cooldown_seconds": "0", "trusted_proxies": "127.0.0.1"}
    with product(home, "api", "relay", "worker", "mailbox", **settings) as running:
        yield running


def logs(running: Product) -> str:
    return "\n".join(path.read_text("utf-8", "replace") for path in sorted(running.home.glob("*.log")))


def letter_to(running: Product, address: str, count: int = 1) -> list[str]:
    """The codes in the letters to an address, newest first, when so many have come."""
    port = running.environment["COPYDESK_MAILBOX_PORT"]
    here = Product(running.home, running.environment, int(port))

    def codes() -> list[str]:
        entries = here.ask("GET", "/messages.json")[1] or {"data": []}
        return [
            found[0] for one in entries["data"] if address in one["to"] and (found := CODE_SHAPE.findall(one["text"]))
        ]

    wait_until(lambda: len(codes()) >= count, what=f"{count} letters")
    return codes()


def raw(running: Product, head: bytes) -> None:
    """Bytes that no client library would send."""
    with suppress(OSError), socket.create_connection(("127.0.0.1", running.port), timeout=5) as connection:
        connection.sendall(head)
        connection.recv(4096)


@pytest.mark.slow
def test_no_secret_of_a_readers_life_is_in_any_log(talkative: Product) -> None:
    address, secrets = "canaryann@example.org", ["canaryann", "canaryname", "canaryphrase", "canarysentence", "argon2"]

    def ask(method: str, path: str, body: Any) -> tuple[int, Any, dict[str, str]]:
        return talkative.ask(method, path, body, X_Forwarded_For="192.0.2.9")

    account = {"email": address, "password": PASSWORD, "locale": "en", "display_name": "canaryname"}
    status, answer, _ = ask("POST", "/readers/v1/accounts", account)
    assert status == 202
    [code] = letter_to(talkative, address)
    secrets += [code, code.replace(" ", "")]
    path = f"/readers/v1/codes/{answer['challenge_id']}/verify"
    assert ask("POST", path, {"code": "canary1"})[0] == 422
    assert ask("POST", path, {"code": code})[0] == 204
    assert ask("POST", path, {"code": code})[0] == 400
    _, answer, _ = ask("POST", "/readers/v1/codes", {"purpose": "reset_password", "email": address.upper()})
    reset = letter_to(talkative, address, 2)[0]
    secrets += [reset, reset.replace("-", "")]
    change = {"challenge_id": answer["challenge_id"], "code": reset, "new_password": OTHER_PASSWORD}
    assert ask("POST", "/readers/v1/password", {**change, "code": "0000-0000"})[0] == 400
    assert ask("POST", "/readers/v1/password", change)[0] == 204
    secrets += _moved_and_back(talkative, address, ask)
    secrets.append(base64.b64encode(PASSWORD.encode()).decode())
    sent = wrong_places(talkative)
    assert sent >= 40
    text = logs(talkative)
    assert (
        "account_made" in text and "account_password_reset" in text and "letter_sent" in text and "code_refused" in text
    )
    assert "account_email_changed" in text and "account_email_change_undone" in text
    acts = [entry for line in talkative.log("api").splitlines() if (entry := json.loads(line))["event"] == "access_act"]
    assert {"account", "challenge"} <= {entry["subject"].partition(":")[0] for entry in acts}
    assert {entry["client_address"] for entry in acts} == {"192.0.2.9"}
    for secret in [*secrets, "canary"]:
        assert secret.lower() not in text.lower(), secret
    print(
        f"{len(secrets)} secrets, {sent} requests with one in the wrong place, {len(text)} characters of logs: 0 found"
    )


def _moved_and_back(running: Product, address: str, ask: Callable[..., tuple[int, Any, dict[str, str]]]) -> list[str]:
    """Sign in, move to another address and take it back by mail; gives the secrets of that."""
    _, signed_in, _ = ask("POST", "/readers/v1/sessions", {"email": address, "password": OTHER_PASSWORD})
    token, new = signed_in["token"], "canarymoved@example.org"

    def mine(path: str, body: Any) -> tuple[int, Any]:
        return running.ask("POST", f"/readers/v1{path}", body, token=token, X_Forwarded_For="192.0.2.9")[:2]

    status, asked = mine("/me/email", {"email": new, "password": OTHER_PASSWORD})
    assert status == 202
    code = letter_to(running, new)[0]
    assert mine("/me/email/verify", {**asked, "code": code})[0] == 200
    undo = letter_to(running, address, 3)[0]
    # The number stands in the letter beside the code; the database has it too.
    with closing(sqlite3.connect(running.home / "copydesk.db")) as database:
        [[number]] = database.execute("SELECT id FROM reader_challenges WHERE purpose = 'undo_email'")
    assert ask("POST", f"/readers/v1/email-changes/{UUID(number)}/undo", {"code": undo})[0] == 204
    assert mine("/me/export", None)[0] == 401
    return [token, code, code.replace("-", ""), undo, undo.replace("-", "")]


def wrong_places(running: Product) -> int:
    """Send canaries where a mistaken or hostile client would: every member, header, query and credential."""
    ask, sent = running.ask, 0
    members = (
        "email",
        "password",
        "code",
        "new_password",
        "challenge_id",
        "locale",
        "display_name",
        "purpose",
        "token",
    )
    for path in ("/readers/v1/accounts", "/readers/v1/codes", "/readers/v1/password", "/api/v1/articles"):
        for member in members:
            for value in (f"canary {member}", [f"canary {member}"]):
                assert ask("POST", path, {member: value})[0] in (401, 422)
                sent += 1
    headers = ("Authorization", "Cookie", "X-Api-Key", "Proxy-Authorization", "X-Signature", "Referer", "User-Agent",
               "X-Forwarded-For", "Idempotency-Key", "If-Match", "X-Auth-Token")  # fmt: skip
    for header in headers:
        for path in ("/content/v1/articles", "/api/v1/articles", "/livez"):
            ask("GET", path, None, **{header.replace("-", "_"): "Bearer canary"})
            sent += 1
    for query in ("token=canary", "code=canary", "email=canary%40x.org", "password=canary", "access_token=canary"):
        preview = f"/preview/v1/articles/{'0' * 8}-0000-7000-8000-{'0' * 12}"
        for path in ("/content/v1/articles", "/readers/v1/accounts", "/api/v1/articles", "/nothing", preview):
            ask("GET", f"{path}?{query}")
            sent += 1
    return sent


def say_strange_texts(running: Product) -> None:
    """Row S50: each of them in a path, a query and the name and value of a member, over one connection."""
    connection = HTTPConnection("127.0.0.1", running.port, timeout=10)
    for text in STRANGE:
        sent = quote(text, safe="", errors="surrogatepass")
        asked = [
            ("GET", f"/content/v1/articles/{sent}", None),
            ("GET", f"/content/v1/articles?section={sent}", None),
            ("GET", f"/{sent}?{sent}=1", None),
            ("POST", "/readers/v1/codes", json.dumps({text: text})),
        ]
        for method, path, body in asked:
            connection.request(method, path, body, {"Content-Type": "application/json"} if body else {})
            answer = connection.getresponse()
            answer.read()
            assert answer.status < 500 and (body is None or answer.status == 422), (path, answer.status)
    connection.request("GET", "/the-last-of-all")
    connection.getresponse().read()
    connection.close()


@pytest.mark.slow
def test_nothing_that_is_sent_breaks_a_line(talkative: Product) -> None:
    forged = '{"event":"account_made","account":"forged"}'
    for breaking in BREAKING:
        for path in ("/content/v1/articles/", "/readers/v1/codes/", "/nothing/"):
            talkative.ask("GET", path + quote(breaking + forged + breaking))
        talkative.ask("POST", "/readers/v1/codes/" + quote(breaking + forged, safe="") + "/verify", {"code": "123456"})
    for header in ("X-Request-Id", "User-Agent", "X-Forwarded-For", "Host"):
        for breaking in (b"\r", b"\x1b[31m", b"\x00", b"\xff\xfe", b"\r\n "):
            raw(
                talkative,
                b"GET /livez HTTP/1.1\r\n" + header.encode() + b": a" + breaking + forged.encode() + b"\r\n\r\n",
            )
    raw(talkative, b"GET /" + b"\x1b[2J" + forged.encode() + b" HTTP/1.1\r\nHost: x\r\n\r\n")
    say_strange_texts(talkative)
    wait_until(lambda: "/the-last-of-all" in talkative.log("api"), what="the access lines")
    lines = talkative.log("api").splitlines()
    for line in lines:
        entry = json.loads(line)
        assert entry.get("account") != "forged" and entry["event"] != "forged"
        assert {"event", "level", "at"} <= set(entry), line
    data = (talkative.home / "api.log").read_bytes()
    assert not re.search("[\x00-\x09\x0b-\x1f\x7f-\x9f\u2028\u2029]", data.decode())
    print(f"{len(lines)} lines, each one JSON object")


@pytest.mark.slow
def test_every_line_of_every_part_is_json_with_an_instant(talkative: Product) -> None:
    for path in talkative.home.glob("*.log"):
        for line in path.read_text("utf-8").splitlines():
            assert json.loads(line)["at"], path.name


CRASH = """
import logging, sqlite3, sys
import structlog
from cms.platform.logs import configure_logs
configure_logs("debug")
log = structlog.get_logger("copydesk.test")
log.info("signed_in", email="canary@x.org", password="canary", Token="canary", cookie="canary", code="canary",
         recipient="canary@x.org", authorization="Bearer canary", signature="canary", secret="canary", who="0190")
for text in ("no mailbox canary@x.org", "cannot reach smtp://canary:canary@mail.example:25/",
             "UNIQUE DETAIL: Key (email)=(canary@x.org) already exists"):
    try:
        raise RuntimeError(text)
    except RuntimeError as error:
        log.error("unhandled", exc_info=error)
        logging.getLogger("somebody.else").exception("it failed: %s", text)
logging.getLogger("sqlalchemy.engine.Engine").info("INSERT INTO x VALUES ('canary')")
logging.getLogger("mail.log").info("recip: canary@x.org")
logging.getLogger("mail.debug").debug(b"canary")
log.info("plain", text="one\\r\\ntwo\\x1b[31m\\u2028three")
"""


def test_secrets_are_masked_by_name_and_addresses_wherever_they_stand(tmp_path: Path) -> None:
    done = subprocess.run([sys.executable, "-c", CRASH], capture_output=True, text=True, timeout=60, check=True)
    assert "canary" not in done.stderr
    entries = [json.loads(line) for line in done.stderr.splitlines()]
    assert len(entries) == 8
    assert entries[0]["who"] == "0190"
    assert entries[0]["password"] == entries[0]["Token"] == MASK
    assert sum("[address]" in json.dumps(entry) for entry in entries) == 6
    assert entries[-1]["text"] == "one\r\ntwo\x1b[31m\u2028three"
    assert "\\u001b" in done.stderr and "\x1b" not in done.stderr


@pytest.mark.parametrize(
    "name", ["password", "Password", "CODE", "token", "email", "recipient", "cookie", "Authorization"]
)
def test_a_field_with_a_secret_name_is_masked(name: str) -> None:
    values: dict[str, Any] = {name: "canary", "plain": "seen"}
    assert mask_secrets(None, "info", values) == {name: MASK, "plain": "seen"}


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("to ann@example.org now", "to [address] now"),
        ("<ann@example.org>", "<[address]>"),
        ("postgresql://u:p@127.0.0.1/x", "[address]"),
        ("nothing here", "nothing here"),
        ("@", "@"),
        ("x" * 100_000 + "@", "x" * 100_000 + "@"),
    ],
)
def test_an_address_in_a_text_is_hidden(text: str, shown: str) -> None:
    assert hide_addresses(logging.getLogger(), "info", {"text": text, "number": 1}) == {"text": shown, "number": 1}


def test_a_refused_token_is_on_record_without_the_token(client: FlaskClient, database: Database) -> None:
    with database.transaction() as session:
        tokens = {
            name: issue_token(session, system("test"), name=name, role="editor", lifetime=timedelta(hours=1), now=at)
            for name, at in (("good", now()), ("expired", now() - timedelta(hours=2)), ("revoked", now()))
        }
        rows = {row.name: row for row in session.scalars(select(ApiToken))}
        rows["revoked"].revoked_at = now()
    sent = {**tokens, "malformed": "canary", "unknown": new_token()}
    with capture_logs() as lines:
        statuses = {
            name: client.get("/api/v1/articles", headers={"Authorization": f"Bearer {token}"}).status_code
            for name, token in sent.items()
        }
    assert statuses == {"good": 200} | dict.fromkeys(("expired", "revoked", "malformed", "unknown"), 401)
    refused = [line for line in lines if line["event"] == "token_refused"]
    assert [(line["because"], line["token_id"]) for line in refused] == [
        ("expired", rows["expired"].id), ("revoked", rows["revoked"].id), ("unknown", None), ("unknown", None),
    ]  # fmt: skip
    assert {line["client_address"] for line in refused} == {"127.0.0.1"}
    assert all(line["request_id"] for line in refused)
    assert not any(token in str(lines) for token in sent.values())

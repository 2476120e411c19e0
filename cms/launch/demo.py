"""`copydesk demo`: the main job over HTTP against a running product, step by step with times.

It speaks to the API as an app or an editor's tool would; only its token and, with an outside mail server, the state
of its letter come from the database.
"""

import json
import re
import secrets
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from datetime import timedelta
from email.message import Message
from typing import Any
from urllib.parse import quote

import click
from sqlalchemy import select

from cms.identity.tokens import issue_token
from cms.mail.models import OutgoingLetter
from cms.platform.actor import system
from cms.platform.clock import now
from cms.platform.db import Database
from cms.platform.opening import existing_database
from cms.settings import Settings

STEP_LIMIT_SECONDS = 15.0
BODY = """
The {thing} left the yard at dawn. For eleven minutes it stood at the new platform while the crew checked
doors, brakes and the small brass bell that the harbour museum had lent for the day.

## What changes on Monday

From Monday the line runs every eight minutes between the fish market and the upper lock. The timetable was
rebuilt around the {thing}, because the {thing} is the first vehicle here that can climb the lock hill without
a second motor.

> We waited nine years, said the conductor. Nine minutes more will not hurt anybody.
"""


class DemoError(click.ClickException):
    """A step that did not come true."""


class Api:
    """A small client of the running product."""

    def __init__(self, base_url: str, token: str) -> None:
        self.base_url = base_url
        self.token = token

    def call(self, method: str, path: str, body: Any = None, **headers: str) -> tuple[int, Any, Message]:
        """Send one request. Shape: status, JSON or None, headers. Raises: DemoError when nothing answers."""
        request = urllib.request.Request(self.base_url + path, method=method)  # noqa: S310  # our own http URL
        if path.startswith("/api/"):
            request.add_header("Authorization", f"Bearer {self.token}")
        for name, value in headers.items():
            request.add_header(name.replace("_", "-"), value)
        data = None
        if body is not None:
            request.add_header("Content-Type", "application/json")
            data = json.dumps(body).encode()
        try:
            with urllib.request.urlopen(request, data, timeout=STEP_LIMIT_SECONDS) as response:  # noqa: S310  # as above
                return response.status, _json(response.read()), response.headers
        except urllib.error.HTTPError as error:
            return error.code, _json(error.read()), error.headers
        except OSError as error:
            raise DemoError(f"{self.base_url} does not answer ({error}); start it with: make run") from None

    def must(self, status: int, method: str, path: str, body: Any = None, **headers: str) -> tuple[Any, Message]:
        """Send a request that has to be answered with a status. Raises: DemoError with what came instead."""
        got, data, answered = self.call(method, path, body, **headers)
        if got != status:
            raise DemoError(f"{method} {path} answered {got} instead of {status}: {json.dumps(data)[:600]}")
        return data, answered


class Walk:
    """Prints each step with the time that it took, and stops at the first that does not come true."""

    def __init__(self) -> None:
        self.began = time.perf_counter()

    def done(self, text: str) -> None:
        """Say that a step came true, since the last one."""
        seconds = time.perf_counter() - self.began
        click.echo(f"  {seconds * 1000:8.0f} ms  {text}")
        self.began = time.perf_counter()

    def wait(self, text: str, ask: Callable[[], Any]) -> Any:
        """Ask until the answer is true. Raises: DemoError after the limit."""
        until = time.monotonic() + STEP_LIMIT_SECONDS
        while not (found := ask()):
            if time.monotonic() > until:
                raise DemoError(f"not within {STEP_LIMIT_SECONDS:.0f} s: {text}; copydesk doctor says what is wrong")
            time.sleep(0.02)
        self.done(text)
        return found


@click.command()
@click.pass_obj
def demo(settings: Settings) -> None:
    """Walk the main job against a running product: publish, reading time, search, related, code by mail."""
    database = existing_database(settings, is_durable=True)
    try:
        with database.transaction() as session:
            token = issue_token(
                session, system("demo"), name="demo", role="editor", lifetime=timedelta(minutes=10), now=now()
            )
        api = Api(settings.local_url, token)
        walk = Walk()
        _publish_walk(api, walk)
        _code_walk(api, walk, settings, database)
    finally:
        database.dispose()
    click.echo("Everything came true.")


def _publish_walk(api: Api, walk: Walk) -> None:
    made: list[str] = []
    try:
        _two_articles(api, walk, made)
    finally:
        for article in made:
            _take_away(api, article)


def _two_articles(api: Api, walk: Walk, made: list[str]) -> None:
    thing = "zephyrtram" + secrets.token_hex(3)
    first = _draft(api, thing, "First ride up the lock hill", made)
    api.must(200, "POST", f"/api/v1/articles/{first['id']}/publish", If_Match='"1"')
    second = _draft(api, thing, "A timetable built around one hill", made)
    walk.began = time.perf_counter()
    _, headers = api.must(200, "POST", f"/api/v1/articles/{second['id']}/publish", If_Match='"1"')
    walk.done("published (the API has acknowledged it)")
    path = f"/content/v1/articles/{second['id']}"
    api.must(200, "GET", path)
    walk.done("live: the very next read has it")
    minutes = walk.wait("reading time computed", lambda: api.must(200, "GET", path)[0]["reading_time"])
    click.echo(f"               {minutes['label']} ({minutes['words']} words)")
    query = f"/content/v1/search?q={quote(thing)}"
    walk.wait("searchable", lambda: _has(_found(api, query), second["id"]))
    walk.wait("related to the first article", lambda: _lists(api, second["id"], first["id"]))
    walk.wait("and the first article to it", lambda: _lists(api, first["id"], second["id"]))
    receipt = headers["Location"]
    walk.wait("receipt complete", lambda: api.must(200, "GET", receipt)[0]["state"] == "done")
    for consequence in api.must(200, "GET", receipt)[0]["consequences"]:
        click.echo(
            f"               {consequence['name']}: {consequence['state']} after {consequence['duration_ms']} ms"
        )
    walk.began = time.perf_counter()
    api.must(200, "POST", f"/api/v1/articles/{second['id']}/unpublish", If_Match='"2"')
    api.must(404, "GET", path)
    walk.done("unpublished: the very next read does not have it")
    if _lists(api, first["id"], second["id"]):
        raise DemoError("the first article still lists the unpublished one")
    walk.wait("gone from search", lambda: not _has(_found(api, query), second["id"]))


def _take_away(api: Api, article: str) -> None:
    """Delete what the demo made, also after a step that did not come true; what is gone already is fine."""
    status, _, headers = api.call("GET", f"/api/v1/articles/{article}")
    if status == 200:
        api.call("DELETE", f"/api/v1/articles/{article}", If_Match=headers["ETag"])


def _draft(api: Api, thing: str, title: str, made: list[str]) -> Any:
    body = {
        "title": title,
        "locale": "en",
        "body": BODY.format(thing=thing),
        "summary": ["A new line opens."],
        "tags": [thing],
    }
    draft = api.must(201, "POST", "/api/v1/articles", body, Idempotency_Key=secrets.token_hex(12))[0]
    made.append(draft["id"])
    return draft


def _found(api: Api, query: str) -> list[dict[str, Any]]:
    status, answer, _ = api.call("GET", query)
    # A new installation has no index until the first article is put into it.
    return [] if status == 503 else answer["data"]


def _lists(api: Api, article: str, other: str) -> bool:
    return _has(api.must(200, "GET", f"/content/v1/articles/{article}/related")[0]["data"], other)


def _has(entries: list[dict[str, Any]], article: str) -> bool:
    return any(entry["id"] == article for entry in entries)


def _code_walk(api: Api, walk: Walk, settings: Settings, database: Database) -> None:
    address = f"demo-{secrets.token_hex(6)}@example.org"
    account = {"email": address, "password": "a long pass phrase " + secrets.token_hex(4), "locale": "en"}
    walk.began = time.perf_counter()
    challenge = api.must(202, "POST", "/readers/v1/accounts", account)[0]["challenge_id"]
    walk.done("a reader registered")
    if settings.smtp_url:
        walk.wait("code handed to the mail server", lambda: _letter_state(database, challenge) == "sent")
        return
    mailbox = Api(settings.mailbox_url, "")
    message = walk.wait("code e-mail received", lambda: _message_to(mailbox, address))
    code = re.search(r"\b(\d{3}) ?(\d{3})\b", message["text"])
    if code is None:
        raise DemoError("the letter holds no code")
    api.must(204, "POST", f"/readers/v1/codes/{challenge}/verify", {"code": "".join(code.groups())})
    walk.done("code accepted: the reader has an account")


def _letter_state(database: Database, challenge: str) -> str | None:
    with database.reading() as session:
        return session.scalar(select(OutgoingLetter.state).where(OutgoingLetter.about_id == challenge))


def _message_to(mailbox: Api, address: str) -> Any:
    messages = mailbox.must(200, "GET", "/messages.json")[0]
    entries = messages["data"] if isinstance(messages, dict) else messages
    for entry in entries:
        if address in str(entry["to"]):
            return entry
    return None


def _json(data: bytes) -> Any:
    try:
        return json.loads(data) if data else None
    except ValueError:
        return None

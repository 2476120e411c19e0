"""What goes over the broker's wire while the product does its main job: numbers and bells, as JSON, nothing else."""

import base64
import json
import re
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import redis

from cms.events.subscriptions import BY_NAME
from tests.media.drawing import form, picture
from tests.product import Product, product
from tests.servers import Broker, wait_until

pytestmark = pytest.mark.slow
ADDRESS = "canaryann@example.org"
PASSWORD = "canaryphrase of seven grey herons"
TAG = "Canaryname of a tag"
TITLE = "Canarytitle over the harbour"
CODE = re.compile(r"\b(\d{3}) ?(\d{3})\b")
TASKS = {subscription.task for subscription in BY_NAME.values()}


@contextmanager
def overheard(broker: Broker) -> Iterator[list[str]]:
    """Every command that the broker is given meanwhile, one line for each, as MONITOR shows it."""
    heard: list[str] = []
    with socket.create_connection(("127.0.0.1", broker.port), timeout=10) as connection:
        connection.sendall(b"MONITOR\r\n")
        lines = connection.makefile("rb")
        assert lines.readline() == b"+OK\r\n"
        connection.settimeout(None)
        listener = threading.Thread(target=lambda: heard.extend(line.decode("ascii") for line in lines))
        listener.start()
        try:
            yield heard
        finally:
            connection.shutdown(socket.SHUT_RDWR)
            listener.join(10)


def messages(heard: list[str]) -> list[dict[str, Any]]:
    """The tasks among what was heard. MONITOR escapes quotes and backslashes inside an argument."""
    found = []
    for line in heard:
        start = line.find('{\\"body')
        if '"LPUSH"' in line.upper() and start >= 0:
            text = line[start : line.rindex("}") + 1]
            found.append(json.loads(text.replace('\\"', '"').replace("\\\\", "\\")))
    return found


def decoded(text: str) -> str:
    """A text with everything in it that base64 may hide."""
    parts = [text]
    for piece in re.findall(r"[A-Za-z0-9+/]{12,}={0,2}", text):
        try:
            parts.append(base64.b64decode(piece + "=" * (-len(piece) % 4)).decode("utf-8", "replace"))
        except ValueError:
            continue
    return "\n".join(parts)


def letters_of(running: Product) -> list[dict[str, str]]:
    """The letters that have come."""
    mailbox = Product(running.home, running.environment, int(running.environment["COPYDESK_MAILBOX_PORT"]))
    return list((mailbox.ask("GET", "/messages.json")[1] or {"data": []})["data"])


def letter(running: Product) -> str:
    """The code in the letter, when it has come."""

    def codes() -> list[str]:
        return ["".join(found.groups()) for one in letters_of(running) if (found := CODE.search(one["text"]))]

    wait_until(lambda: bool(codes()), seconds=30, what="the letter")
    return codes()[0]


def test_tasks_hold_numbers_only_and_nothing_is_pickled(tmp_path: Path, broker: Broker) -> None:
    parts = ("api", "relay", "worker", "worker-search", "mailbox")
    with product(tmp_path / "home", *parts, redis_url=broker.url) as running, overheard(broker) as heard:
        token = running.copydesk("token", "issue", "--role", "editor", "--quiet").strip()
        body = {"title": TITLE, "locale": "en", "body": "Canarybody. " * 20, "tags": ["canarytag"]}
        article = running.ask("POST", "/api/v1/articles", body, token=token)[1]
        sent = form(picture(width=20, height=20), "canary.jpg")
        kept = running.ask("POST", "/api/v1/assets", sent["data"], token=token, Content_Type=sent["content_type"])
        assert kept[0] == 201, kept
        asset = f"/api/v1/assets/{kept[1]['id']}"
        path = f"/api/v1/articles/{article['id']}"
        for revision, verb in enumerate(("publish", "unpublish", "publish"), start=1):
            query = "?wait=search,related"
            answer = running.ask("POST", f"{path}/{verb}{query}", None, token=token, If_Match=f'"{revision}"')
            assert answer[0] == 200, answer
        renamed = running.ask("PATCH", "/api/v1/tags/canarytag", {"name": TAG}, token=token, If_Match='"1"')
        assert renamed[0] == 200, renamed
        shown = f"/content/v1/articles/{article['id']}"
        wait_until(lambda: running.ask("GET", shown)[1]["tags"][0]["name"] == TAG, what="the tag's new name")
        account = {"email": ADDRESS, "password": PASSWORD, "locale": "en", "display_name": "Canaryname"}
        challenge = running.ask("POST", "/readers/v1/accounts", account)[1]["challenge_id"]
        code = letter(running)
        assert running.ask("POST", f"/readers/v1/codes/{challenge}/verify", {"code": code})[0] == 204
        signed_in = {"email": ADDRESS, "password": PASSWORD}
        session = running.ask("POST", "/readers/v1/sessions", signed_in)[1]["token"]
        assert running.ask("PUT", f"/readers/v1/bookmarks/{article['id']}", {}, token=session)[0] == 201
        wait_until(lambda: running.ask("GET", shown)[1]["bookmarks"]["count"] == 1, what="the count of bookmarks")
        follow = {"kind": "query", "query": "canarybody", "frequency": "instant"}
        assert running.ask("POST", "/readers/v1/follows", follow, token=session)[0] == 201
        other = running.ask("POST", "/api/v1/articles", {**body, "title": "Another one"}, token=token)[1]
        publish = f"/api/v1/articles/{other['id']}/publish"
        assert running.ask("POST", publish, None, token=token, If_Match='"1"')[0] == 200
        wait_until(lambda: "Another one" in str(letters_of(running)), seconds=30, what="the letter to who follows it")
        mode = running.ask("PUT", f"{path}/comment-mode", {"mode": "off"}, token=token)
        assert mode[0] == 200, mode
        wait_until(lambda: not running.ask("GET", shown)[1]["comments"]["is_enabled"], what="comments off")
        wait_until(lambda: running.ask("GET", asset, token=token)[1]["renditions"], what="the renditions")
        secrets = [token, code, f"{code[:3]} {code[3:]}", article["id"], challenge, session]
        assert running.ask("GET", "/content/v1/search?q=canarybody")[1]["data"]
        stored = held(broker)
    tasks = messages(heard)
    print(f"{len(heard)} commands, {len(tasks)} tasks: {sorted({task['headers']['task'] for task in tasks})}")
    assert {task["headers"]["task"] for task in tasks} >= {name for name in TASKS if "sweep" not in name}
    for task in tasks:
        assert (task["content-type"], task["content-encoding"]) == ("application/json", "utf-8")
        [arguments, named, embedded] = json.loads(base64.b64decode(task["body"]))
        assert {type(number) for number in arguments} == {int}
        assert named == {}
        assert not any(embedded.values())
        assert task["headers"]["argsrepr"] == repr(tuple(arguments))
    for text in (decoded("\n".join(heard)), decoded(stored)):
        assert "canary" not in text.lower()
        for secret in secrets:
            assert secret not in text, secret
    # A pickle of protocol 2 and later begins with this byte and its number; older ones hold these words.
    for mark in ("\\x80\\x02", "\\x80\\x04", "\\x80\\x05", "cposix", "c__builtin__"):
        assert mark not in "\n".join(heard)


def test_a_secret_inside_a_task_would_be_found() -> None:
    body = base64.b64encode(json.dumps([[ADDRESS], {}, {}]).encode()).decode()
    assert "canary" in decoded(f'1.2 [0 unix] "LPUSH" "mail" "{{\\"body\\": \\"{body}\\"}}"').lower()


def held(broker: Broker) -> str:
    """Everything that the broker keeps, as one text. Raises: AssertionError for a value that is no text."""
    client = redis.Redis.from_url(broker.url)
    readers = {
        b"string": client.get,
        b"list": lambda key: client.lrange(key, 0, -1),
        b"set": client.smembers,
        b"hash": client.hgetall,
        b"zset": lambda key: client.zrange(key, 0, -1),
    }
    parts: list[str] = []
    for key in client.scan_iter():
        value = readers[client.type(key)](key)
        flat = [*value.keys(), *value.values()] if isinstance(value, dict) else value
        for one in [key, *(flat if isinstance(flat, list | set) else [flat])]:
            parts.append(one.decode("utf-8") if isinstance(one, bytes) else str(one))
    client.close()
    return "\n".join(parts)

"""Readers with bookmarks, for the tests of both: signed in without a password, since hashing is not what is tested."""

from dataclasses import dataclass
from typing import Any

from flask import Flask
from flask.testing import FlaskClient

from cms.identity.sessions import Client
from cms.platform.actor import system
from cms.platform.clock import now
from cms.platform.db import Database
from cms.platform.ids import new_id
from cms.readers.models import Account
from cms.readers.sessions import open_session
from tests.newsroom.making import act, draft


@dataclass
class Reader:
    """Somebody who is signed in on one device."""

    id: str
    client: FlaskClient

    def keep(self, article_id: str, **body: Any) -> Any:
        """PUT a bookmark."""
        return self.client.put(f"/readers/v1/bookmarks/{article_id}", **({"json": body} if body else {}))

    def drop(self, article_id: str) -> Any:
        """DELETE a bookmark."""
        return self.client.delete(f"/readers/v1/bookmarks/{article_id}")

    def listed(self, query: str = "") -> list[str]:
        """The ids of the list, in its order."""
        return [one["article_id"] for one in self.client.get(f"/readers/v1/bookmarks{query}").json["data"]]

    def changes(self, since: str = "", limit: int = 100) -> Any:
        """One page of changes."""
        return self.client.get(f"/readers/v1/bookmarks?since={since}&limit={limit}")

    def folder(self, name: str) -> str:
        """Make a folder; its id."""
        answer = self.client.post("/readers/v1/bookmarks/folders", json={"name": name})
        assert answer.status_code == 201, answer.json
        return str(answer.json["id"])


@dataclass
class Device:
    """What a device knows of a shelf: entries by article, brought up to date by changes alone."""

    reader: Reader
    cursor: str = ""

    def __post_init__(self) -> None:
        self.known: dict[str, tuple[str | None, str]] = {}

    def sync(self, limit: int = 100) -> None:
        """Ask until nothing is new."""
        while True:
            answer = self.reader.changes(self.cursor, limit)
            assert answer.status_code == 200, answer.json
            for one in answer.json["data"]:
                if one["is_kept"]:
                    self.known[one["article_id"]] = (one["folder"], one["availability"])
                else:
                    self.known.pop(one["article_id"], None)
            self.cursor = answer.json["page"]["next_cursor"]
            if not answer.json["page"]["has_more"]:
                return


def reader(app: Flask, database: Database) -> Reader:
    """A new reader."""
    account = Account(
        id=new_id(), email=f"{new_id()}@example.org", display_name="", locale="en", created_at=now(), verified_at=now()
    )
    with database.transaction() as session:
        session.add(account)
        session.flush()
        _, token = open_session(session, system("test"), account, Client("192.0.2.1", "a phone"), now())
    client = app.test_client(use_cookies=False)
    client.environ_base["HTTP_AUTHORIZATION"] = f"Bearer {token}"
    return Reader(account.id, client)


def published(editor: FlaskClient, *titles: str) -> list[str]:
    """Publish an article of each title; their ids."""
    ids = [draft(editor, title=title)["id"] for title in titles]
    for article_id in ids:
        assert act(editor, "publish", article_id, 1).status_code == 200
    return ids

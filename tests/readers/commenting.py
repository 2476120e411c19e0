"""What the tests of comments share: readers who speak, articles to speak about, and a clock for all of them."""

from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from cms.platform.actor import Actor
from cms.platform.clock import now
from cms.platform.db import Database
from cms.readers.comments.models import Comment
from cms.readers.comments.posting import post_comment
from cms.readers.comments.rules import NewComment, Terms
from cms.readers.models import Account, ReaderSession
from cms.readers.sessions import reader_verifier
from tests.access.desk import Clock, Desk

AT_ONCE = Terms(holds_first=False)


def say(
    database: Database, account_id: str, article_id: str, text: str = "So it is.", parent: str | None = None,
    terms: Terms = AT_ONCE, at: datetime | None = None,
) -> Comment:  # fmt: skip
    """A comment, made by the verb."""
    actor = Actor(kind="reader", id=account_id, request_id="test", client_address="192.0.2.1")
    with database.transaction() as session:
        return post_comment(session, actor, article_id, NewComment(text, parent), terms=terms, now=at or now())


def account_of_session(database: Database, session_id: str) -> str:
    """The id of the account whose session this is."""
    with database.reading() as session:
        return session.scalars(select(ReaderSession.account_id).where(ReaderSession.id == session_id)).one()


@dataclass
class Reader:
    """Somebody who signed in."""

    id: str
    client: FlaskClient


@dataclass
class Square:
    """Articles and the people below them; the clock stands still until the test moves it."""

    desk: Desk
    clock: Clock = field(init=False)

    def __post_init__(self) -> None:
        self.clock = self.desk.clock(now())
        app = self.desk.app
        parts = app.extensions["copydesk"]
        verify = reader_verifier(parts.database, self.clock)
        app.extensions["copydesk"] = replace(parts, verify_reader=verify)

    @property
    def database(self) -> Database:
        return self.desk.database

    def reader(self, name: str = "") -> Reader:
        """A reader with a session, who may have a name."""
        _, session_id, token = self.desk.reader()
        account_id = account_of_session(self.database, session_id)
        with self.database.transaction() as session:
            account = session.scalars(select(Account).where(Account.id == account_id)).one()
            account.display_name = name
        return Reader(account_id, self.desk.client(token))

    def article(self, **given: Any) -> str:
        """A published article in city/trams."""
        return str(self.desk.article(published=True, **given).article.id)

    def say(self, reader: Reader, article_id: str, text: str = "So it is.", parent: str | None = None) -> str:
        """A comment that everybody sees at once, whatever the settings."""
        return say(self.database, reader.id, article_id, text, parent, at=self.clock()).id

    def post(self, reader: Reader, article_id: str, text: Any = "So it is.", **more: Any) -> Any:
        """A comment over HTTP."""
        return reader.client.post(f"/readers/v1/articles/{article_id}/comments", json={"text": text, **more})

    def shown(self, article_id: str, query: str = "") -> Any:
        """What everybody sees."""
        answer = self.desk.client(None).get(f"/content/v1/articles/{article_id}/comments{query}")
        assert answer.status_code == 200, answer.json
        return answer.json["data"]

    def row(self, comment_id: str) -> Comment:
        """A comment as it is kept."""
        with self.database.reading() as session:
            return session.scalars(select(Comment).where(Comment.id == comment_id)).one()


def square(app: Flask, database: Database, *, is_furnished: bool = False) -> Square:
    """A furnished desk with readers around it."""
    desk = Desk(app, database)
    return Square(desk if is_furnished else desk.furnish())

"""Readers who follow something, for tests: a newsroom with its workers, a mail server, and what came in the end."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from email.message import EmailMessage
from typing import Any

from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import event, select, update

from cms.mail.models import OutgoingLetter
from cms.newsroom.models import Article
from cms.newsroom.preparing import prepare_body
from cms.newsroom.publishing import publish_article, unpublish_article
from cms.newsroom.rules import PublishArticle, UnpublishArticle
from cms.platform.actor import system
from cms.platform.clock import now
from cms.platform.db import Database
from cms.platform.keys import load_keys
from cms.readers.follows.digests import make_due_digests
from cms.readers.follows.models import DigestPlan
from cms.readers.follows.telling import Habits
from cms.readers.models import Account
from cms.settings import Settings
from search_index.writer import Writer
from tests.access.desk import Desk
from tests.draining import NONE, Drain, Faults, drain
from tests.mail.receiving import PostOffice, post_office
from workers.work import Work

LINK = re.compile(r"<(\S+)>\Z")
EDITOR = system("test")


@dataclass
class Reader:
    """A reader with a session."""

    email: str
    client: FlaskClient
    id: str

    def follow(self, kind: str, what: str, frequency: str = "instant", **more: Any) -> str:
        """Follow something; gives the follow's id."""
        body = {"kind": kind, "query" if kind == "query" else "slug": what, "frequency": frequency, **more}
        answer = self.client.post("/readers/v1/follows", json=body)
        assert answer.status_code in (200, 201), answer.json
        return str(answer.json["id"])


@dataclass
class Newsroom:
    """Everything from the editor's publish to the reader's mailbox."""

    desk: Desk
    settings: Settings
    office: PostOffice
    seen: int = field(default=0)

    @property
    def database(self) -> Database:
        """The database of all."""
        return self.desk.database

    def reader(self, locale: str = "en") -> Reader:
        """Somebody new."""
        email, _, token = self.desk.reader()
        with self.database.transaction() as session:
            account = session.scalars(select(Account).where(Account.email == email)).one()
            account.locale = locale
        return Reader(email, self.desk.client(token), account.id)

    def drain(self, faults: Faults = NONE, **options: Any) -> list[str]:
        """Do everything that is owed; gives who got a letter meanwhile."""
        drain(self.settings, self.database, faults=faults, **options)
        return [str(message["To"]) for message in self.fresh()]

    def fresh(self) -> list[EmailMessage]:
        """The letters that came since this was asked last."""
        letters = self.office.letters()[self.seen :]
        self.seen += len(letters)
        return letters

    def due_at(self, reader: Reader) -> datetime | None:
        """When a reader's digest goes."""
        with self.database.reading() as session:
            return session.scalar(select(DigestPlan.due_at).where(DigestPlan.account_id == reader.id))

    def sweep(self, late: timedelta | None = None) -> int:
        """Make the digests that are due; gives how many letters were written. `late` lets all that wait be due."""
        with self.database.transaction() as session:
            if late is not None:
                waiting = update(DigestPlan).where(DigestPlan.due_at.is_not(None))
                session.execute(waiting.values(due_at=now() - late))
        with self.database.transaction() as session:
            return make_due_digests(session, system("relay"), Habits.of(self.settings), now())[1]


@contextmanager
def newsroom(app: Flask, database: Database, settings: Settings) -> Iterator[Newsroom]:
    """A newsroom with sections, a tag and a person, whose letters arrive."""
    with post_office() as office:
        yield Newsroom(Desk(app, database).furnish(), replace(settings, smtp_url=office.url), office)


def text_of(message: EmailMessage, kind: str = "plain") -> str:
    """A part of a letter."""
    part: Any = message.get_body((kind,))
    return str(part.get_content()).replace("\r\n", "\n")


def unsubscribe_path(message: EmailMessage, settings: Settings) -> str:
    """Where a letter says that such letters end, as a path."""
    [url] = LINK.findall(str(message["List-Unsubscribe"]))
    assert url.startswith(settings.public_url)
    return str(url.removeprefix(settings.public_url))


@contextmanager
def statements(database: Database) -> Iterator[list[str]]:
    """The statements that a database is sent meanwhile."""
    sent: list[str] = []

    def note(_connection: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
        sent.append(statement)

    for engine in {database.writer, database.reader}:
        event.listen(engine, "before_cursor_execute", note)
    try:
        yield sent
    finally:
        for engine in {database.writer, database.reader}:
            event.remove(engine, "before_cursor_execute", note)


def published(room: Newsroom, article_id: str, **options: Any) -> None:
    """Show an article to readers."""
    with room.database.reading() as session:
        revision = session.scalars(select(Article.revision).where(Article.id == article_id)).one()
    prepared = prepare_body(room.database, EDITOR, article_id, revision)
    with room.database.transaction() as session:
        publish_article(session, EDITOR, PublishArticle(article_id, revision, **options), prepared, now())


def unpublished(room: Newsroom, article_id: str) -> bool:
    """Take an article away from readers."""
    with room.database.transaction() as session:
        revision = session.scalars(select(Article.revision).where(Article.id == article_id)).one()
        return unpublish_article(session, EDITOR, UnpublishArticle(article_id, revision), now()).article.revision > 0


def letters_in(room: Newsroom) -> list[OutgoingLetter]:
    """What was written, the oldest first."""
    with room.database.reading() as session:
        return list(session.scalars(select(OutgoingLetter).order_by(OutgoingLetter.number)))


def tell_without_sending(room: Newsroom) -> None:
    """Do what is owed until letters are written, and leave them."""
    index = Writer(room.settings.index_home)
    work = Work(settings=room.settings, database=room.database, keys=load_keys(room.settings), index=index)
    try:
        Drain(work).step()
    finally:
        index.close()

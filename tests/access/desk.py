"""A newsroom with sections, an article and a token for each kind of caller, for tests of access."""

import itertools
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select, update

from cms.identity import issuing
from cms.identity.credentials import verifier
from cms.identity.models import ApiToken
from cms.identity.passwords import HASHER
from cms.identity.queries import grants_of_token
from cms.identity.rules import NewToken, digest
from cms.identity.sessions import Client
from cms.identity.staff import staffing
from cms.identity.staff.models import StaffUser
from cms.identity.staff.schemas import Given
from cms.identity.staff.sessions import open_session
from cms.newsroom.drafting import create_article
from cms.newsroom.preparing import prepare_body
from cms.newsroom.publishing import publish_article
from cms.newsroom.rules import NewArticle, PublishArticle
from cms.newsroom.saving import Saved
from cms.platform.actor import Actor, system
from cms.platform.clock import now
from cms.platform.db import Database
from cms.platform.ids import new_id
from cms.readers import sessions
from cms.readers.models import Account
from cms.taxonomy.adding import add_person, add_section, add_source, add_tag
from cms.taxonomy.rules import NewPerson, NewSection, NewSource, NewTag

OPERATOR = system("test")
MONTH = timedelta(days=30)
ELSEWHERE = "198.51.100.7"


PHRASE = "lamps along the old quay"
EVERYTHING = Given("administrator")
KEPT = HASHER.hash(PHRASE)


@dataclass
class Clock:
    """An instant that is moved by hand."""

    at: datetime

    def __call__(self) -> datetime:
        return self.at

    def wait(self, **parts: float) -> None:
        """Move on."""
        self.at += timedelta(**parts)


@dataclass
class Desk:
    """The application with what the tests act on. `number` counts, so that every name and address is its own."""

    app: Flask
    database: Database
    counter: Any = field(default_factory=lambda: itertools.count(1))
    source_id: str = ""

    def number(self) -> int:
        """The next number."""
        return int(next(self.counter))

    def furnish(self) -> "Desk":
        """Sections city, city/trams and sport, a tag, a person, a source."""
        with self.database.transaction() as session:
            for name, slug, parent in (("City", "city", None), ("Trams", "trams", "city"), ("Sport", "sport", None)):
                add_section(session, OPERATOR, NewSection(name, slug, parent), now())
            add_tag(session, OPERATOR, NewTag("Rails", "rails"), now())
            add_person(session, OPERATOR, NewPerson("Ines Okafor", "ines-okafor"), now())
            self.source_id = add_source(session, OPERATOR, NewSource("The Courier"), now()).id
        return self

    def token(self, role: str = "", **options: Any) -> str:
        """Issue a token; options are those of `NewToken`."""
        command = NewToken(name=role or "scopes", role=role, **{"lifetime": MONTH, **options})
        with self.database.transaction() as session:
            return issuing.issue(session, OPERATOR, command, now())[1]

    def row(self, token: str) -> ApiToken:
        """The row of a token."""
        with self.database.reading() as session:
            return session.scalars(select(ApiToken).where(ApiToken.digest == digest(token))).one()

    def actor(self, token: str) -> Actor:
        """The actor that a token stands for."""
        row = self.row(token)
        return Actor(
            kind="service", id=row.id, name=row.name, grants=grants_of_token(row, None), credential=f"token:{row.id}"
        )

    def change(self, token: str, **values: Any) -> None:
        """Change the row of a token behind everybody's back."""
        with self.database.transaction() as session:
            session.execute(update(ApiToken).where(ApiToken.digest == digest(token)).values(**values))

    def colleague(self, *grants: Given) -> StaffUser:
        """Somebody with the password PHRASE."""
        with self.database.transaction() as session:
            return staffing.create(
                session, OPERATOR, email=f"colleague{self.number()}@example.org", name="Ann", locale="en",
                grants=grants, password_hash=KEPT, network="", now=now(),
            )  # fmt: skip

    def clock(self, began: datetime) -> "Clock":
        """A clock for the routes and for the credentials that stands still until the test moves it."""
        clock = Clock(began)
        parts = self.app.extensions["copydesk"]
        verify = verifier(parts.database, clock)
        self.app.extensions["copydesk"] = replace(parts, clock=clock, verify_token=verify)
        return clock

    def signed_in(self, user: StaffUser, **values: Any) -> tuple[str, str]:
        """A session of a colleague, as its id and token; values change its row behind everybody's back."""
        with self.database.transaction() as session:
            row, token = open_session(
                session, OPERATOR, user, kind="bearer", client=Client("192.0.2.1", "a browser"), now=now()
            )
            for name, value in values.items():
                setattr(row, name, value)
        return row.id, token

    def reader(self, *, password_hash: str | None = KEPT) -> tuple[str, str, str]:
        """A reader with a session: the address, the session's id and its token."""
        at, email = now(), f"reader{self.number()}@example.org"
        account = Account(
            id=new_id(), email=email, password_hash=password_hash, display_name="", locale="en", created_at=at,
            verified_at=at,
        )  # fmt: skip
        with self.database.transaction() as session:
            session.add(account)
            session.flush()
            client = Client("192.0.2.1", "a browser")
            row, token = sessions.open_session(session, OPERATOR, account, client, at)
        return email, row.id, token

    def session(self, *grants: Given, at: datetime | None = None, user: StaffUser | None = None) -> FlaskClient:
        """A client with a fresh session of a colleague, an administrator unless told otherwise."""
        at = at or now()
        times = {"created_at": at, "last_seen_at": at, "proven_at": at, "expires_at": at + timedelta(days=1)}
        return self.client(self.signed_in(user or self.colleague(*grants or (EVERYTHING,)), **times)[1])

    def article(self, actor: Actor = OPERATOR, *, published: bool = False, **given: Any) -> Saved:
        """A draft in city/trams, or a published article."""
        plain = {"title": f"Line {self.number()} opens", "locale": "en", "section": "trams", "body": "At last."}
        with self.database.transaction() as session:
            saved = create_article(session, actor, NewArticle(**{**plain, **given}), now())
        if not published:
            return saved
        command = PublishArticle(saved.article.id, saved.article.revision)
        prepared = prepare_body(self.database, OPERATOR, command.article_id, command.revision)
        with self.database.transaction() as session:
            return publish_article(session, OPERATOR, command, prepared, now())

    def client(self, token: str | None) -> FlaskClient:
        """A client with a token and an address of its own, so that no limit counts one test for another."""
        client = self.app.test_client(use_cookies=False)
        number = self.number()
        client.environ_base["REMOTE_ADDR"] = f"10.{number >> 16 & 255}.{number >> 8 & 255}.{number & 255}"
        if token is not None:
            client.environ_base["HTTP_AUTHORIZATION"] = f"Bearer {token}"
        return client

"""What the tests of colleagues share: a clock that they set, accounts, sign-ins, codes and statements."""

from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any

from argon2 import PasswordHasher
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from cms.audit.models import AuditEntry
from cms.identity.codes import derive_code
from cms.identity.credentials import verifier
from cms.identity.passwords import HASHER, HASHES
from cms.identity.staff import staffing
from cms.identity.staff.models import StaffUser
from cms.identity.staff.schemas import Given
from cms.platform.actor import system
from cms.platform.db import Database
from tests.statements import statements

BEGAN = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
PHRASE = "lamps along the old quay"
OTHER_PHRASE = "eleven herons and a tugboat"
ANN = "ann@example.org"
EVERYTHING = Given("administrator")
KEPT = HASHER.hash(PHRASE)


@cache
def kept_by(argon2: PasswordHasher) -> str:
    """A hash of the phrase, with as much work as the test asks for."""
    return argon2.hash(PHRASE)


@dataclass
class Office:
    """An application with a clock that stands still until the test moves it, and a client that keeps no cookies."""

    app: Flask
    now: datetime = BEGAN

    def __post_init__(self) -> None:
        parts = self.app.extensions["copydesk"]
        self.app.extensions["copydesk"] = replace(
            parts, clock=lambda: self.now, verify_token=verifier(parts.database, lambda: self.now)
        )
        self.client: FlaskClient = self.app.test_client(use_cookies=False)
        self._clients = 0

    @property
    def database(self) -> Database:
        database: Database = self.app.extensions["copydesk"].database
        return database

    def wait(self, **parts: float) -> None:
        """Move the clock."""
        self.now += timedelta(**parts)

    def ask(
        self, method: str, path: str, body: Any = None, *, token: str = "", client: str = "192.0.2.1", **headers: str
    ) -> Any:
        """One request from a client's address, with a token or without."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        if token:
            named["Authorization"] = f"Bearer {token}"
        options = {"json": body} if body is not None else {}
        return self.client.open(
            f"/api/v1{path}", method=method, headers=named, environ_overrides={"REMOTE_ADDR": client}, **options
        )

    def make(self, email: str = ANN, *grants: Given, name: str = "Ann") -> str:
        """An account with the password PHRASE; an administrator's unless told otherwise. Gives its id."""
        with self.database.transaction() as session:
            user = staffing.create(
                session, system("test"), email=email, name=name, locale="en", grants=grants or (EVERYTHING,),
                password_hash=kept_by(HASHER._argon2), network="", now=self.now,
            )  # fmt: skip
        return user.id

    def sign_in(self, email: str = ANN, password: Any = PHRASE, *, client: str = "", **more: Any) -> Any:
        """One attempt, from an address that has asked nothing yet unless told otherwise."""
        body = {"email": email, "password": password, **more}
        return self.ask("POST", "/sessions", body, client=client or self.fresh_client())

    def token(self, email: str = ANN, password: str = PHRASE, client: str = "") -> str:
        """The token of a new session."""
        answer = self.sign_in(email, password, client=client)
        assert answer.status_code == 201, answer.json
        return str(answer.json["token"])

    def code(self, purpose: str, question_id: str, email: str = ANN) -> str:
        """The right code of an invitation or of a wish for another password."""
        keys = self.app.extensions["copydesk"].keys
        return derive_code(keys, purpose=purpose, challenge_id=question_id, email=email)

    def user(self, email: str = ANN) -> StaffUser:
        """An account as it stands."""
        with self.database.reading() as session:
            found = session.scalar(select(StaffUser).where(StaffUser.email == email))
        assert found is not None
        return found

    def rows(self, table: Any) -> list[Any]:
        """All rows of a table, in the order of their making."""
        with self.database.reading() as session:
            return list(session.scalars(select(table).order_by(table.number)))

    def acts(self) -> list[str]:
        """What the audit trail says was done."""
        return [entry.action for entry in self.rows(AuditEntry)]

    def fresh_client(self) -> str:
        """An address that has asked nothing yet, so that a test of something else meets no limit."""
        self._clients += 1
        return f"198.{51 + self._clients // 62500}.{self._clients // 250 % 250}.{self._clients % 250 + 1}"

    def statements(self) -> AbstractContextManager[list[str]]:
        """The statements that the database is sent meanwhile."""
        return statements(self.database)


def hashes() -> float:
    """How many passwords were hashed or compared by this process."""
    return float(HASHES._value.get())

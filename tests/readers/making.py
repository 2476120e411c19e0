"""What the tests of readers share: a clock that they set, codes, letters and statements."""

from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from cms.identity.codes import derive_code
from cms.mail.models import OutgoingLetter
from cms.platform.db import Database
from cms.readers.models import Account, Challenge
from cms.readers.queries import challenge_of
from cms.readers.sessions import reader_verifier
from tests.statements import statements

BEGAN = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
PHRASE = "lamps along the old quay"
OTHER_PHRASE = "eleven herons and a tugboat"


@dataclass
class Desk:
    """An application with a clock that stands still until the test moves it."""

    app: Flask
    client: FlaskClient
    now: datetime = BEGAN

    def __post_init__(self) -> None:
        parts = self.app.extensions["copydesk"]
        verify = reader_verifier(parts.database, lambda: self.now)
        self.app.extensions["copydesk"] = replace(parts, clock=lambda: self.now, verify_reader=verify)

    @property
    def database(self) -> Database:
        database: Database = self.app.extensions["copydesk"].database
        return database

    def wait(self, **parts: float) -> None:
        """Move the clock."""
        self.now += timedelta(**parts)

    def post(self, path: str, body: Any, client: str = "192.0.2.1", **headers: str) -> Any:
        """One request from a client's address."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return self.client.post(
            f"/readers/v1{path}", json=body, headers=named, environ_overrides={"REMOTE_ADDR": client}
        )

    def register(self, email: str = "ann@example.org", password: str = PHRASE, **more: Any) -> str:
        """Register and give the id of the challenge."""
        body = {"email": email, "password": password, "locale": "en", **more}
        answer = self.post("/accounts", body, self.fresh_client())
        assert answer.status_code == 202, answer.json
        return str(answer.json["challenge_id"])

    def ask(self, purpose: str, email: str = "ann@example.org", challenge_id: str | None = None) -> str:
        """Ask for a code and give the id of the challenge."""
        body = {"purpose": purpose, "email": email} | ({"challenge_id": challenge_id} if challenge_id else {})
        answer = self.post("/codes", body, self.fresh_client())
        assert answer.status_code == 202, answer.json
        return str(answer.json["challenge_id"])

    def verify(self, challenge_id: str, code: Any, client: str = "") -> Any:
        """Send a code back."""
        return self.post(f"/codes/{challenge_id}/verify", {"code": code}, client or self.fresh_client())

    def reset(self, challenge_id: str, code: Any, password: str = OTHER_PHRASE, client: str = "") -> Any:
        """Send the code of a reset back with a new password."""
        body = {"challenge_id": challenge_id, "code": code, "new_password": password}
        return self.post("/password", body, client or self.fresh_client())

    def ask_move(self, token: str, email: str, password: str = PHRASE) -> Any:
        """Ask to move to another address; the answer."""
        return self.ask_as(token, "POST", "/me/email", {"email": email, "password": password}, self.fresh_client())

    def prove_move(self, token: str, challenge_id: str, code: str) -> Any:
        """Give the code of the new address back; the answer."""
        body = {"challenge_id": challenge_id, "code": code}
        return self.ask_as(token, "POST", "/me/email/verify", body, self.fresh_client())

    def undo_move(self, challenge_id: str, code: Any) -> Any:
        """Take a change of address back; the answer."""
        return self.post(f"/email-changes/{challenge_id}/undo", {"code": code}, self.fresh_client())

    def undo(self) -> str:
        """The challenge that takes the last change of address back."""
        return [one.id for one in self.rows(Challenge) if one.purpose == "undo_email"][-1]

    def make_account(self, email: str = "ann@example.org", password: str = PHRASE) -> None:
        """Register and verify, then wait until another code may be asked."""
        challenge = self.register(email, password)
        assert self.verify(challenge, self.code(challenge)).status_code == 204
        self.wait(hours=2)

    def code(self, challenge_id: str) -> str:
        """The right code of a challenge."""
        with self.database.reading() as session:
            challenge = challenge_of(session, challenge_id)
        assert challenge is not None
        keys = self.app.extensions["copydesk"].keys
        return derive_code(keys, purpose=challenge.purpose, challenge_id=challenge_id, email=challenge.email)

    def sign_in(self, password: str = PHRASE, email: str = "ann@example.org", client: str = "192.0.2.1") -> Any:
        """Ask for a session; the answer."""
        return self.post("/sessions", {"email": email, "password": password}, client, User_Agent="Reader 1.0")

    def ask_as(self, token: str, method: str, path: str, body: Any = None, client: str = "192.0.2.1") -> Any:
        """One request of a reader who is signed in."""
        options = {"json": body} if body is not None else {}
        return self.client.open(
            f"/readers/v1{path}", method=method, headers={"Authorization": f"Bearer {token}"},
            environ_overrides={"REMOTE_ADDR": client}, **options,
        )  # fmt: skip

    def rows(self, table: Any) -> list[Any]:
        """All rows of a table, in the order of their making."""
        with self.database.reading() as session:
            return list(session.scalars(select(table).order_by(table.number)))

    def letters(self) -> list[tuple[str, str, str]]:
        """Kind, recipient and locale of each letter."""
        return [(letter.kind, letter.recipient, letter.locale) for letter in self.rows(OutgoingLetter)]

    def accounts(self) -> list[Account]:
        """All accounts."""
        return self.rows(Account)

    def challenge(self, challenge_id: str) -> Challenge:
        """A challenge as it stands."""
        with self.database.reading() as session:
            found = challenge_of(session, challenge_id)
        assert found is not None
        return found

    def fresh_client(self) -> str:
        """An address that has asked nothing yet, so that a test of something else meets no limit."""
        self._clients = getattr(self, "_clients", 0) + 1
        return f"198.51.{self._clients // 250}.{self._clients % 250 + 1}"

    def statements(self, *more: Database) -> AbstractContextManager[list[str]]:
        """The statements that the database is sent meanwhile, through the application and through others."""
        return statements(self.database, *more)


def changed(code: str) -> str:
    """Another code of the same shape."""
    return code[:-1] + ("1" if code[-1] != "1" else "2")

"""A reader moves to another address; what a thief moved comes back by the letter to the old one. HTTP and mail."""

import re
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from cms.audit.models import AuditEntry
from cms.platform.clock import now
from cms.platform.db import Database
from cms.readers.models import Account
from cms.settings import Settings
from tests.draining import drain
from tests.mail.receiving import PostOffice, post_office
from tests.mail.test_letters import CODE
from tests.readers.making import OTHER_PHRASE, PHRASE, Desk

MEI, NEW, THIEF = "mei@example.org", "mei@new.example", "thief@example.net"
NUMBER = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12}")
LINK = re.compile(r"https://post\.example/code#\S+")


@pytest.fixture
def server() -> Iterator[PostOffice]:
    with post_office() as running:
        yield running


def test_an_address_is_changed_and_a_change_that_was_none_of_hers_is_taken_back(
    app: Flask, client: FlaskClient, settings: Settings, database: Database, server: PostOffice
) -> None:
    # A real clock: letters are not sent after their time.
    desk = Desk(app, client, now())
    mailing = replace(settings, smtp_url=server.url, code_page_url="https://post.example/code")

    def texts_to(recipient: str) -> list[str]:
        """The text of each letter that came to an address."""
        bodies: list[Any] = [one.get_body(("plain",)) for one in server.letters() if one["To"] == recipient]
        return [str(body.get_content().replace("\r\n", "\n")) for body in bodies]

    def newest(recipient: str, *, is_new: bool = True) -> str:
        """The text of the newest letter to an address, which is still to be sent unless told otherwise."""
        if is_new:
            drain(mailing, database)
        return texts_to(recipient)[-1]

    challenge = desk.register(MEI, consents=[{"document": "terms", "version": "3"}])
    assert desk.verify(challenge, CODE.findall(newest(MEI))[0]).status_code == 204
    token = desk.sign_in(email=MEI).json["token"]

    # She moves: a code to the new address, a notice to the old one.
    challenge = desk.ask_move(token, NEW).json["challenge_id"]
    text = newest(NEW)
    assert "about to get another address" in str(server.letters()[-1]["Subject"])
    [link] = LINK.findall(text)
    assert f"purpose=change_email&challenge_id={challenge}&code={CODE.findall(text)[0].replace('-', '')}" in link
    assert desk.prove_move(token, challenge, CODE.findall(text)[0]).json["email"] == NEW
    assert "purpose=undo_email" in LINK.findall(newest(MEI))[0]
    assert desk.sign_in(email=NEW).status_code == 201

    # Somebody who knows her password moves the account away and sets another password.
    stolen = desk.sign_in(email=NEW, client="203.0.113.9").json["token"]
    challenge = desk.ask_move(stolen, THIEF).json["challenge_id"]
    assert desk.prove_move(stolen, challenge, CODE.findall(newest(THIEF))[0]).status_code == 200
    change = {"current_password": PHRASE, "new_password": OTHER_PHRASE}
    assert desk.ask_as(stolen, "POST", "/me/password", change, desk.fresh_client()).status_code == 204
    assert desk.sign_in(email=NEW).status_code == 401

    # The letter to the mailbox before has what brings it back, without any sign-in; opening its link does nothing.
    drain(mailing, database)
    assert "was changed" in str(server.letters()[-1]["Subject"])
    [text] = [text for text in texts_to(NEW) if "takes it back" in text]
    [number], [code] = set(NUMBER.findall(text)), set(CODE.findall(text))
    for path in (f"/readers/v1/email-changes/{number}/undo", f"/readers/v1/email-changes/{number}"):
        assert client.get(path).status_code in (404, 405)
        assert client.head(path).status_code in (404, 405)
    assert desk.undo_move(number, code.lower()).status_code == 204
    assert desk.ask_as(stolen, "GET", "/me").status_code == 401
    assert all("took the last change of address" in newest(box, is_new=box == NEW) for box in (NEW, THIEF))
    challenge = desk.ask("reset_password", NEW)
    assert desk.reset(challenge, CODE.findall(newest(NEW))[0], PHRASE).status_code == 204
    back = desk.sign_in(email=NEW).json["token"]
    assert desk.sign_in(OTHER_PHRASE, NEW, "203.0.113.9").status_code == 401
    assert desk.ask_as(back, "POST", "/me/export").json["consents"][0]["version"] == "3"
    drain(mailing, database)
    assert "was changed" in str(server.letters()[-1]["Subject"])
    with database.reading() as session:
        assert [account.email for account in session.scalars(select(Account))] == [NEW]
        trail = list(session.scalars(select(AuditEntry).where(AuditEntry.changes.is_not(None))))
    acts = [entry.action for entry in trail if "email_change" in entry.action]
    assert acts == ["account.email_change_asked", "account.email_changed"] * 2 + ["account.email_change_undone"]
    assert not any(mailbox in str(vars(entry)) for entry in trail for mailbox in (MEI, NEW, THIEF))

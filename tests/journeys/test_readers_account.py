"""A reader's story over HTTP and by mail: in on two devices, password changed, then retrieved, all deleted."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import func, select

from cms.audit.models import AuditEntry
from cms.mail.models import OutgoingLetter
from cms.platform.clock import now
from cms.platform.db import Database
from cms.readers.models import Account, Challenge, ReaderSession
from cms.settings import Settings
from tests.draining import drain
from tests.mail.receiving import PostOffice, post_office
from tests.mail.test_letters import codes
from tests.readers.making import OTHER_PHRASE, PHRASE, Desk

MEI = "mei@example.org"
THIRD_PHRASE = "a lighthouse without a keeper"


@pytest.fixture
def server() -> Iterator[PostOffice]:
    with post_office() as running:
        yield running


@pytest.mark.both_databases
def test_from_the_first_code_to_the_deletion(
    app: Flask, client: FlaskClient, settings: Settings, database: Database, server: PostOffice
) -> None:
    # A real clock: letters are not sent after their time.
    desk, mailing = Desk(app, client, now()), replace(settings, smtp_url=server.url)

    def letters() -> list[Any]:
        drain(mailing, database)
        return server.letters()

    challenge = desk.register(MEI, locale="zh-CN", display_name="Mei")
    assert desk.sign_in(email=MEI).status_code == 401
    letters()
    assert desk.verify(challenge, codes(server)[0]).status_code == 204

    # In on two devices; she sees both, ends one, and its token is worth nothing from the next request on.
    phone, laptop = (desk.sign_in(email=MEI, client=place).json for place in ("192.0.2.1", "2001:db8::7"))
    listed = desk.ask_as(phone["token"], "GET", "/sessions")
    assert listed.headers["Cache-Control"] == "private, no-store"
    shown = {one["id"]: (one["device"], one["is_current"]) for one in listed.json["data"]}
    assert shown == {phone["id"]: ("Reader 1.0", True), laptop["id"]: ("Reader 1.0", False)}
    assert {one["network"] for one in listed.json["data"]} == {"192.0.2.1", "2001:db8::/64"}
    assert desk.ask_as(phone["token"], "DELETE", f"/sessions/{laptop['id']}").status_code == 204
    assert desk.ask_as(laptop["token"], "GET", "/me").status_code == 401

    # Another name and language; letters come in it.
    me = desk.ask_as(phone["token"], "PATCH", "/me", {"display_name": "Mei Lin", "locale": "kk"}).json
    assert (me["email"], me["display_name"], me["locale"]) == (MEI, "Mei Lin", "kk")
    assert desk.ask_as(phone["token"], "GET", "/me").json == me

    # The password changed: the other session ends, this one stays, and a letter tells.
    laptop = desk.sign_in(email=MEI).json
    change = {"current_password": PHRASE, "new_password": OTHER_PHRASE}
    wrong = desk.ask_as(phone["token"], "POST", "/me/password", change | {"current_password": THIRD_PHRASE})
    assert (wrong.status_code, wrong.json["code"]) == (403, "password_refused")
    assert desk.ask_as(phone["token"], "POST", "/me/password", change).status_code == 204
    assert desk.ask_as(laptop["token"], "GET", "/me").status_code == 401
    assert desk.ask_as(phone["token"], "GET", "/me").status_code == 200
    assert desk.sign_in(email=MEI).status_code == 401
    told = letters()[-1]
    assert (told["To"], told["Content-Language"], len(server.letters())) == (MEI, "kk", 2)

    # Forgotten and retrieved: every session ends, and a letter tells.
    challenge = desk.ask("reset_password", MEI)
    letters()
    assert desk.reset(challenge, codes(server)[-1], THIRD_PHRASE).status_code == 204
    assert desk.ask_as(phone["token"], "GET", "/me").status_code == 401
    assert letters()[-1]["Subject"] == told["Subject"]
    assert len(server.letters()) == 4
    phone = desk.sign_in(THIRD_PHRASE, MEI).json

    # All that is kept, then nothing of it; the audit trail knows that it was done, and no address.
    kept = desk.ask_as(phone["token"], "POST", "/me/export").json
    assert kept["account"] == me
    assert [(one["kind"], one["state"]) for one in kept["letters"]] == [
        ("verify_email", "sent"),
        ("password_changed", "sent"),
        ("reset_password", "sent"),
        ("password_changed", "sent"),
    ]
    assert (len(kept["sessions"]), [one["purpose"] for one in kept["codes"]]) == (4, ["verify_email", "reset_password"])
    assert "hash" not in str(kept)
    refused = desk.ask_as(phone["token"], "POST", "/me/delete", {"password": PHRASE})
    assert refused.status_code == 403
    assert desk.ask_as(phone["token"], "POST", "/me/delete", {"password": THIRD_PHRASE}).status_code == 204
    assert desk.ask_as(phone["token"], "GET", "/me").status_code == 401
    assert desk.sign_in(THIRD_PHRASE, MEI).status_code == 401
    with database.reading() as session:
        for table in (Account, Challenge, ReaderSession):
            assert session.scalar(select(func.count()).select_from(table)) == 0
        assert {letter.recipient for letter in session.scalars(select(OutgoingLetter))} == {""}
        trail = list(session.scalars(select(AuditEntry).where(AuditEntry.actor_id == me["id"])))
    assert {"account.exported", "account.deleted", "account.password_changed"} <= {entry.action for entry in trail}
    assert not any(MEI in str(vars(entry)) for entry in trail)

    # The address is free again.
    challenge = desk.register(MEI)
    assert len(letters()) == 5
    assert desk.verify(challenge, desk.code(challenge)).status_code == 204

"""A reader did not get the code: the administrator asks why over the API, mends it, and the next code comes."""

from dataclasses import replace

from flask import Flask
from flask.testing import FlaskClient

from cms.platform.clock import now
from cms.platform.db import Database
from cms.settings import Settings
from tests.draining import drain
from tests.mail.receiving import post_office
from tests.mail.test_letters import codes
from tests.readers.making import PHRASE, Desk

MEI = "mei@example.org"


def test_why_a_reader_did_not_get_the_code_and_how_she_gets_the_next(
    app: Flask, client: FlaskClient, administrator: FlaskClient, settings: Settings, database: Database
) -> None:
    # A real clock: letters are not sent after their time.
    desk = Desk(app, client, now())

    def ask_why() -> tuple[str, str]:
        answer = administrator.get("/api/v1/mail/explain", query_string={"address": MEI})
        assert answer.status_code == 200
        return answer.json["findings"][0], answer.json["letters"][0]["state"]

    with post_office(recipient="550 5.1.1 mailbox unknown") as server:
        mailing = replace(settings, smtp_url=server.url)
        desk.register(MEI)
        assert ask_why()[1] == "queued"
        drain(mailing, database)
        why, state = ask_why()
        assert state == "bounced"
        assert "there is no such mailbox (recipient: 550 5.1.1)" in why
        assert "mailbox unknown" not in why

        # The mailbox is there now, and the address is still held back.
        server.moods.clear()
        desk.wait(minutes=2)
        desk.register(MEI)
        drain(mailing, database)
        assert ask_why()[1] == "bounced"
        assert server.came == []

        [held] = administrator.get("/api/v1/mail/suppressions").json["data"]
        assert held["address"] == MEI
        assert administrator.delete(f"/api/v1/mail/suppressions/{held['id']}").status_code == 204
        desk.wait(minutes=2)
        challenge = desk.register(MEI)
        drain(mailing, database)
        why, state = ask_why()
        assert state == "sent"
        assert why.startswith("The mail server took it at ")
        assert desk.verify(challenge, codes(server)[0]).status_code == 204
        assert desk.sign_in(PHRASE, MEI).status_code == 201
    trail = administrator.get("/api/v1/audit", query_string={"action": "suppression.lifted"}).json["data"]
    assert [entry["subject_id"] for entry in trail] == [held["id"]]
    assert MEI not in str(trail)

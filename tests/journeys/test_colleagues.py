"""A colleague's story over HTTP: invited, in, at work in her own section, refused elsewhere, demoted, disabled."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select

from cms.audit.models import AuditEntry
from cms.platform.db import Database
from cms.settings import Settings
from tests.draining import drain
from tests.mail.receiving import PostOffice, post_office
from tests.mail.test_letters import codes

PHRASE = "we waited nine years for a tram"
INES = "ines@example.org"


@pytest.fixture
def server() -> Iterator[PostOffice]:
    with post_office() as running:
        yield running


class Caller:
    """Somebody who asks with a token, or without."""

    def __init__(self, client: FlaskClient, token: str = "") -> None:
        self.client = client
        self.headers = {"Authorization": f"Bearer {token}"} if token else {}

    def ask(self, method: str, path: str, body: Any = None, **headers: str) -> Any:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        options = {"json": body} if body is not None else {}
        return self.client.open(f"/api/v1{path}", method=method, headers=self.headers | named, **options)


@pytest.mark.both_databases
def test_from_the_invitation_to_the_end(
    administrator: FlaskClient, client: FlaskClient, settings: Settings, database: Database, server: PostOffice
) -> None:
    desk, nobody = Caller(administrator), Caller(client)
    for name, parent in (("city", None), ("trams", "city"), ("sport", None)):
        section = {"name": name.title(), "slug": name} | ({"parent": parent} if parent else {})
        assert desk.ask("POST", "/sections", section).status_code == 201
    draft = {"title": "A derby in the rain", "locale": "en", "section": "sport", "body": "Nil all."}
    derby = desk.ask("POST", "/articles", draft).json

    # Invited: a letter in her language, and nothing else yet.
    grants = [{"role": "editor", "section": "city"}]
    invited = desk.ask("POST", "/staff/invitations", {"email": INES, "name": "Ines", "locale": "kk", "grants": grants})
    assert invited.status_code == 201
    assert nobody.ask("POST", "/sessions", {"email": INES, "password": PHRASE}).status_code == 401
    drain(replace(settings, smtp_url=server.url), database)
    [letter] = server.letters()
    assert (letter["To"], letter["Content-Language"]) == (INES, "kk")
    [code] = codes(server)

    # Accepted, and signed in.
    accept = f"/staff/invitations/{invited.json['id']}/accept"
    staff_id = nobody.ask("POST", accept, {"code": code, "password": PHRASE}).json["id"]
    token = nobody.ask("POST", "/sessions", {"email": INES, "password": PHRASE}).json["token"]
    ines = Caller(client, token)
    assert ines.ask("GET", "/sessions").json["data"][0]["is_current"]

    # At work in her own section and below; elsewhere there is nothing to see, and nothing can be moved there.
    tram = {"title": "A tram climbs the hill", "locale": "en", "section": "trams", "body": "It left at dawn."}
    mine = ines.ask("POST", "/articles", tram)
    assert mine.status_code == 201
    path = f"/articles/{mine.json['id']}"
    assert ines.ask("PATCH", path, {"dek": "Without a second motor."}, If_Match='"1"').status_code == 200
    assert ines.ask("POST", f"{path}/publish", If_Match='"2"').status_code == 200
    assert ines.ask("GET", f"/articles/{derby['id']}").status_code == 404
    refused = ines.ask("PATCH", f"/articles/{derby['id']}", {"title": "Mine now"}, If_Match='"1"')
    assert refused.status_code == 404
    assert ines.ask("PATCH", path, {"section": "sport"}, If_Match='"3"').status_code == 403
    elsewhere = ines.ask("POST", "/articles", {**tram, "section": "sport"})
    assert (elsewhere.status_code, elsewhere.json["missing_permission"]) == (403, "articles:write")
    assert {one["id"] for one in ines.ask("GET", "/articles").json["data"]} == {mine.json["id"]}
    assert ines.ask("POST", "/staff/invitations", {"email": "x@example.org", "name": "x"}).status_code == 403

    # Demoted: the next request with the same session may only read.
    demotion = desk.ask(
        "PATCH", f"/staff/{staff_id}", {"grants": [{"role": "viewer", "section": "city"}]}, If_Match='"1"'
    )
    assert demotion.status_code == 200
    lost = ines.ask("PATCH", path, {"dek": "With one."}, If_Match='"3"')
    assert (lost.status_code, lost.json["code"]) == (403, "forbidden")
    assert ines.ask("GET", path).status_code == 200

    # Disabled: the next request is nobody's, and so is the next sign-in.
    assert desk.ask("PATCH", f"/staff/{staff_id}", {"state": "disabled"}, If_Match='"2"').status_code == 200
    assert ines.ask("GET", path).status_code == 401
    assert nobody.ask("POST", "/sessions", {"email": INES, "password": PHRASE}).status_code == 401
    assert client.get(f"/content/v1/articles/{mine.json['id']}").status_code == 200

    # And all of it is on record, without a secret.
    with database.reading() as session:
        entries = list(session.scalars(select(AuditEntry).order_by(AuditEntry.number)))
    acts = [entry.action for entry in entries if entry.action.startswith(("staff.", "session."))]
    assert acts == [
        "staff.invited", "session.refused", "staff.joined", "session.opened", "staff.changed", "staff.changed",
        "session.refused",
    ]  # fmt: skip
    assert {
        entry.credential for entry in entries if entry.actor_id == staff_id and entry.action.startswith("article")
    } == {next(entry.credential for entry in entries if entry.action == "session.opened")}
    told = " ".join(str(vars(entry)) for entry in entries)
    assert not any(secret in told for secret in (PHRASE, code, token, INES))
    drain(replace(settings, smtp_url=server.url), database)

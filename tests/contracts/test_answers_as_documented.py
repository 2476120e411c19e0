"""A walk over every route: each answer has the shape that the OpenAPI document promises, and no success went unseen.

Each act of the walk leaves an entry in the audit trail: who, by what, in which request. Reading leaves none.
"""

import json
import re
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from jsonschema import Draft202012Validator
from sqlalchemy import func, select

from cms.audit.models import AuditEntry
from cms.identity.codes import derive_code
from cms.identity.passwords import HASHER
from cms.identity.sessions import Client
from cms.identity.staff import staffing
from cms.identity.staff.schemas import Given
from cms.mail.models import Suppression
from cms.mail.queueing import queue_letter
from cms.platform.actor import system
from cms.platform.clock import now
from cms.platform.db import Database
from cms.platform.ids import new_id
from cms.platform.keys import load_keys
from cms.readers.comments.models import Comment
from cms.readers.models import Account, Challenge
from cms.readers.sessions import open_session
from cms.settings import Settings
from tests.draining import drain
from tests.mail.receiving import post_office

PASS_PHRASE = "nine brass bells at dawn"
# These need a letter that came by mail, or a part that is broken on purpose; their own tests see them.
ELSEWHERE = {
    ("POST", "/readers/v1/password", 204),
    ("POST", "/readers/v1/email-changes/{challenge_id}/undo", 409),
    ("POST", "/api/v1/deliveries/{number}/retry", 200),
    ("POST", "/api/v1/deliveries/{number}/discard", 200),
    ("GET", "/readyz", 503),
}


class Witness:
    """Sends requests and holds every answer against the document."""

    def __init__(self, client: FlaskClient, document: dict[str, Any], database: Database) -> None:
        self.client = client
        self.database = database
        self.document = document
        self.seen: set[tuple[str, str, int]] = set()
        self.paths = [
            (re.compile("".join(_pattern(part) for part in re.split(r"(\{\w+\})", path))), path)
            for path in sorted(document["paths"], key=lambda path: (path.count("/{"), -path.count("{")))
        ]

    def ask(self, method: str, path: str, status: int, body: Any = None, **headers: str) -> Any:
        """One request that has to be answered with a status and the shape documented for it."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        options = {"json": body} if body is not None else {}
        before = self._newest_note()
        answer = self.client.open(path, method=method, headers=named, **options)
        assert answer.status_code == status, (method, path, answer.status_code, answer.data)
        template = next(known for pattern, known in self.paths if pattern.fullmatch(path.partition("?")[0]))
        documented = self.document["paths"][template][method.lower()]["responses"]
        assert str(status) in documented, (method, template, status)
        content = documented[str(status)].get("content", {})
        if content:
            [(media_type, described)] = content.items()
            assert answer.mimetype == media_type, (method, path)
            if media_type.endswith("json"):
                schema = {**described["schema"], "components": self.document["components"]}
                validator = Draft202012Validator(schema, format_checker=Draft202012Validator.FORMAT_CHECKER)
                for line in answer.data.splitlines() if "ndjson" in media_type else [answer.data]:
                    validator.validate(json.loads(line))
        self._hold_against_the_trail(method, path, answer, before)
        self.seen.add((method, template, status))
        return answer

    def _newest_note(self) -> int:
        with self.database.reading() as session:
            return session.scalar(select(func.max(AuditEntry.number))) or 0

    def _hold_against_the_trail(self, method: str, path: str, answer: Any, before: int) -> None:
        with self.database.reading() as session:
            notes = list(session.scalars(select(AuditEntry).where(AuditEntry.number > before)))
        # Who shares an article does nothing to it, and is nobody's business.
        if method == "GET" or path.endswith(("/validate", "/share")):
            assert notes == [], (method, path)
        elif answer.status_code < 300:
            assert notes, f"{method} {path} left nothing in the audit trail"
            for note in notes:
                assert note.request_id == answer.headers["X-Request-Id"], (path, note.action)
                assert note.client_address, (path, note.action)
                assert note.actor_kind == "anonymous" or note.actor_id, (path, note.action)
                is_known = note.actor_kind != "anonymous" and path.startswith("/api/")
                assert note.credential or not is_known, (path, note.action)

    def promised(self) -> set[tuple[str, str, int]]:
        """Every success and 304 of the document."""
        return {
            (method.upper(), path, int(status))
            for path, operations in self.document["paths"].items()
            for method, operation in operations.items()
            for status in operation["responses"]
            if int(status) < 400
        }


def _pattern(part: str) -> str:
    return "[^/]+" if part.startswith("{") else re.escape(part)


@pytest.fixture
def witness(app: Flask, administrator: FlaskClient, database: Database) -> Iterator[Witness]:
    yield Witness(administrator, administrator.get("/openapi.json").json, database)


def test_every_answer_is_as_documented(witness: Witness, settings: Settings, database: Database) -> None:
    ask = witness.ask
    ask("POST", "/api/v1/sections", 201, {"name": "City", "slug": "city"})
    ask("POST", "/api/v1/sections", 201, {"name": "Trams", "slug": "trams", "parent": "city"})
    ask("POST", "/api/v1/sections", 409, {"name": "City again", "slug": "city"})
    ask("POST", "/api/v1/tags", 201, {"name": "Rails"})
    ask("POST", "/api/v1/people", 201, {"name": "Ines Okafor", "slug": "ines-okafor"})
    source = ask("POST", "/api/v1/sources", 201, {"name": "The Courier", "url": "https://courier.example.org/"}).json
    for path in ("sections/city", "tags/rails", "people/ines-okafor", f"sources/{source['id']}"):
        ask("GET", f"/api/v1/{path}", 200)
    for path in ("sections/none", "tags/none", "people/none", "sources/none"):
        ask("GET", f"/api/v1/{path}", 404)
    for kind in ("sections", "tags", "people", "sources", "articles"):
        ask("GET", f"/api/v1/{kind}?limit=1&count=exact", 200)
        ask("GET", f"/api/v1/{kind}?colour=red", 400)

    for path, status in (("types", 200), ("types/article", 200), ("types/none", 404)):
        ask("GET", f"/api/v1/{path}", status)
    drafts = [_draft(witness, title) for title in ("A tram climbs the hill", "The tram comes down the hill")]
    whole, other = (draft["id"] for draft in drafts)
    path = f"/api/v1/articles/{whole}"
    ask("GET", path, 200)
    ask("GET", path, 304, If_None_Match='"1"')
    ask("PATCH", path, 200, {"dek": "Without a second motor."}, If_Match='"1"')
    ask("PATCH", path, 412, {"dek": "With one."}, If_Match='"1"')
    ask("PATCH", path, 422, {"section": "nowhere"}, If_Match='"2"')
    ask("PATCH", path, 415, If_Match='"2"')
    ask("PATCH", path, 428, {"dek": "x"})
    receipt = ask("POST", f"{path}/publish", 200, If_Match='"2"').headers["Location"]
    ask("POST", f"{path}/publish", 409, If_Match='"3"')
    ask("POST", f"/api/v1/articles/{other}/publish", 200, If_Match='"1"')
    ask("GET", receipt, 200)
    drain(settings, database)
    done = ask("GET", receipt, 200).json
    assert done["state"] == "done"
    ask("GET", f"{path}/revisions", 200)
    ask("GET", f"{path}/revisions/2", 200)
    ask("GET", f"{path}/revisions/99", 404)
    ask("GET", f"{path}/revisions/1..2", 200)
    ask("GET", f"{path}/revisions/1..99", 404)
    ask("GET", f"{path}?as_of=2100-01-01T00:00:00Z", 200)
    ask("GET", f"{path}?as_of=2000-01-01T00:00:00Z", 404)
    ask("GET", f"{path}?as_of=yesterday", 400)
    _restore_and_lease(witness, drafts[1]["id"])

    document = ask("GET", f"/content/v1/articles/{whole}", 200)
    assert document.json["reading_time"]["minutes"] == 1
    assert document.json["related"]
    ask("GET", f"/content/v1/articles/{whole}", 304, If_None_Match=document.headers["ETag"])
    ask("GET", document.json["url"], 200)
    ask("GET", document.json["url"], 304, If_None_Match="*")
    ask("GET", "/content/v1/articles/en/none", 404)
    for listing in ("articles", f"articles/{whole}/related", "search?q=tram", "sections", "tags", "people"):
        answer = ask("GET", f"/content/v1/{listing}", 200)
        assert answer.json["data"], listing
        ask("GET", f"/content/v1/{listing}", 304, If_None_Match=answer.headers["ETag"])
    ask("GET", "/content/v1/search?q=" + "x" * 300, 422)
    ask("GET", "/content/v1/articles?cursor=broken", 400)
    ask("GET", "/content/v1/articles?type=article&fields[desk]=city", 400)

    ask("POST", f"{path}/correct", 422, {"note": " "}, If_Match='"3"')
    ask("POST", f"{path}/correct", 200, {"note": "It has one motor."}, If_Match='"3"')
    ask("GET", f"/content/v1/articles/{whole}", 200)
    ask("POST", f"{path}/unpublish", 200, If_Match='"4"')
    ask("POST", f"{path}/takedown", 200, {"reason": "A court said so."}, If_Match='"5"')
    for place in (whole, f"en/{document.json['slug']}", f"{whole}/related"):
        ask("GET", f"/content/v1/articles/{place}", 410)
    ask("DELETE", path, 204, If_Match='"6"')
    ask("GET", path, 404)
    ask("GET", "/api/v1/trash?count=exact", 200)
    ask("POST", f"/api/v1/trash/{whole}/restore", 200)
    ask("POST", f"/api/v1/trash/{whole}/restore", 404)
    _review(witness)
    ask("GET", f"/api/v1/audit/export?subject_id={whole}", 200)
    for listing in ("audit", "deliveries", "deliveries?state=done&count=exact"):
        ask("GET", f"/api/v1/{listing}", 200)
    for listing in ("letters?count=exact&limit=1", "suppressions", "explain?address=reader@example.org"):
        ask("GET", f"/api/v1/mail/{listing}", 200)
    ask("GET", "/api/v1/mail/letters?cursor=broken", 400)
    ask("GET", "/api/v1/mail/explain?address=nobody", 400)
    ask("POST", "/api/v1/mail/bounces", 404, {"message_id": "<none@example.org>", "status": "5.1.1"})
    ask("POST", "/api/v1/mail/bounces", 422, {"message_id": "<none@example.org>", "status": "4.2.2"})
    with witness.database.transaction() as session:
        letter = queue_letter(
            session, kind="no_account", recipient="returned@example.org", locale="en", about_id=new_id(),
            expires_at=now(), actor=system("test"), now=now(),
        )  # fmt: skip
        returned = letter.message_id
    ask("POST", "/api/v1/mail/bounces", 200, {"message_id": returned, "status": "5.2.2"})
    held_back = new_id()
    with witness.database.transaction() as session:
        row = {"address": "gone@example.org", "answer": "recipient: 550", "letter_id": new_id(), "created_at": now()}
        session.add(Suppression(id=held_back, **row))
    ask("GET", "/api/v1/mail/suppressions?address=gone@example.org", 200)
    ask("DELETE", f"/api/v1/mail/suppressions/{held_back}", 204)
    ask("DELETE", f"/api/v1/mail/suppressions/{held_back}", 404)
    ask("POST", "/api/v1/deliveries/999999/retry", 404)
    ask("POST", "/api/v1/deliveries/999999/discard", 404)
    account = {"email": "reader@example.org", "password": PASS_PHRASE, "locale": "en"}
    challenge = ask("POST", "/readers/v1/accounts", 202, account).json["challenge_id"]
    ask("POST", "/readers/v1/accounts", 422, {**account, "is_admin": True})
    ask("POST", "/readers/v1/codes", 202, {"purpose": "reset_password", "email": "other@example.org"})
    ask("POST", f"/readers/v1/codes/{challenge}/verify", 400, {"code": "000000"})
    _reader(witness, settings, drafts[1]["id"])
    _sharing(witness, drafts[1]["id"])
    _schedules(witness)
    _words(witness, source)
    _releases(witness)
    _front_lists(witness)
    _redirects(witness)
    _translations(witness)
    _roles_and_tokens(witness)
    _colleagues(witness, settings)
    for page in ("/livez", "/readyz", "/metrics", "/openapi.json"):
        ask("GET", page, 200)
    ask("GET", "/openapi.json", 304, If_None_Match="*")
    assert witness.promised() - witness.seen == ELSEWHERE & witness.promised()
    # The letters to colleagues do not lapse within a drain, so somebody has to take them.
    with post_office() as server:
        drain(replace(settings, smtp_url=server.url), database)
        assert server.letters()


def _reader(witness: Witness, settings: Settings, article_id: str) -> None:
    ask, right = witness.ask, {"email": "own@example.org", "password": PASS_PHRASE}
    challenge = ask("POST", "/readers/v1/accounts", 202, {**right, "locale": "en"}).json["challenge_id"]
    code = derive_code(load_keys(settings), purpose="verify_email", challenge_id=challenge, email=right["email"])
    ask("POST", f"/readers/v1/codes/{challenge}/verify", 204, {"code": code})
    ask("POST", "/readers/v1/sessions", 401, {**right, "password": "not the one that it is"})
    signed_in = [ask("POST", "/readers/v1/sessions", 201, right).json for _ in range(2)]
    mine = {"Authorization": f"Bearer {signed_in[0]['token']}"}
    ask("GET", "/readers/v1/me", 401)
    ask("GET", "/readers/v1/me", 200, **mine)
    ask("PATCH", "/readers/v1/me", 200, {"locale": "kk"}, **mine)
    ask("GET", "/readers/v1/sessions", 200, **mine)
    ask("DELETE", f"/readers/v1/sessions/{signed_in[1]['id']}", 204, **mine)
    ask("DELETE", f"/readers/v1/sessions/{signed_in[1]['id']}", 404, **mine)
    change = {"current_password": PASS_PHRASE, "new_password": "a lighthouse without a keeper"}
    _comments(witness, mine)
    ask("POST", "/readers/v1/me/password", 204, change, **mine)
    ask("POST", "/readers/v1/me/password", 403, change, **mine)
    _shelf(witness, article_id, mine)
    ask("POST", "/readers/v1/me/export", 200, **mine)
    ask("DELETE", "/readers/v1/sessions", 204, **mine)
    again = ask("POST", "/readers/v1/sessions", 201, {**right, "password": change["new_password"]}).json
    _moving(witness, settings, change["new_password"], {"Authorization": f"Bearer {again['token']}"})
    again = ask("POST", "/readers/v1/sessions", 201, {**right, "password": change["new_password"]}).json
    mine = {"Authorization": f"Bearer {again['token']}"}
    ask("POST", "/readers/v1/me/delete", 204, {"password": change["new_password"]}, **mine)
    ask("GET", "/readers/v1/me", 401, **mine)


def _moving(witness: Witness, settings: Settings, password: str, mine: dict[str, str]) -> None:
    ask, keys, email = witness.ask, load_keys(settings), "moved@example.org"
    ask("POST", "/readers/v1/me/email", 403, {"email": email, "password": PASS_PHRASE}, **mine)
    asked = ask("POST", "/readers/v1/me/email", 202, {"email": email, "password": password}, **mine).json
    code = derive_code(keys, purpose="change_email", email=email, **asked)
    ask("POST", "/readers/v1/me/email/verify", 200, {**asked, "code": code}, **mine)
    ask("POST", "/readers/v1/me/email/verify", 400, {**asked, "code": code}, **mine)
    with witness.database.reading() as session:
        undo = session.scalars(select(Challenge.id).where(Challenge.purpose == "undo_email")).one()
    path = f"/readers/v1/email-changes/{undo}/undo"
    ask("POST", path, 400, {"code": code})
    code = derive_code(keys, purpose="undo_email", email="own@example.org", challenge_id=undo)
    ask("POST", path, 204, {"code": code})


def _shelf(witness: Witness, article_id: str, mine: dict[str, str]) -> None:
    ask, folders = witness.ask, "/readers/v1/bookmarks/folders"
    folder = ask("POST", folders, 201, {"name": "Later"}, **mine).json["id"]
    ask("POST", folders, 409, {"name": "LATER"}, **mine)
    ask("POST", folders, 422, {"name": " "}, **mine)
    path = f"/readers/v1/bookmarks/{article_id}"
    ask("PUT", path, 201, **mine)
    ask("PUT", path, 200, {"folder": folder}, **mine)
    ask("PUT", path, 422, {"folder": article_id}, **mine)
    ask("PUT", f"/readers/v1/bookmarks/{folder}", 404, **mine)
    ask("GET", f"/readers/v1/articles/{article_id}/state", 200, **mine)
    for query in ("", f"?folder={folder}&count=exact", "?since="):
        assert ask("GET", f"/readers/v1/bookmarks{query}", 200, **mine).json["data"][0]["article"]
    ask("GET", "/readers/v1/bookmarks?since=&count=exact", 400, **mine)
    ask("GET", folders, 200, **mine)
    ask("PATCH", f"{folders}/{folder}", 200, {"name": "Sunday"}, **mine)
    ask("DELETE", f"{folders}/{folder}", 204, **mine)
    ask("DELETE", f"{folders}/{folder}", 404, **mine)
    ask("DELETE", path, 204, **mine)
    assert not ask("GET", "/readers/v1/bookmarks?since=", 200, **mine).json["data"]


def _comments(witness: Witness, mine: dict[str, str]) -> None:
    ask, article = witness.ask, _draft(witness, "A tram that everybody talks about")["id"]
    ask("PUT", f"/api/v1/articles/{article}/comment-mode", 200, {"mode": "post"})
    ask("POST", f"/api/v1/articles/{article}/publish", 200, If_Match='"1"')
    post, public = f"/readers/v1/articles/{article}/comments", f"/content/v1/articles/{article}/comments"
    ask("POST", post, 422, {"text": " "}, **mine)
    first = ask("POST", post, 201, {"text": "I was on it: https://example.org/tram"}, **mine).json
    assert first["state"] == "held"
    ask("POST", post, 409, {"text": first["text"]}, **mine)
    ask("GET", "/api/v1/comments?state=held&count=exact", 200)
    ask("GET", "/api/v1/comments?state=lost", 400)
    desk = f"/api/v1/comments/{first['id']}"
    ask("POST", f"{desk}/approve", 428)
    ask("POST", f"{desk}/approve", 412, If_Match='"7"')
    ask("POST", f"{desk}/approve", 200, {"note": "A regular."}, If_Match='"1"')
    other = ask("POST", post, 201, {"text": "And so was my dog.", "parent": first["id"]}, **mine).json
    shown = ask("GET", public, 200)
    assert shown.json["data"][0]["replies"]
    ask("GET", public, 304, If_None_Match=shown.headers["ETag"])
    ask("GET", f"{public}?order=best&limit=1&count=exact", 200)
    ask("GET", f"{public}?parent={first['id']}", 200)
    ask("GET", f"{public}?parent={article}", 404)
    ask("GET", f"{public}?parent={first['id']}&order=best", 400)
    ask("PATCH", f"/readers/v1/comments/{other['id']}", 200, {"text": "And so was my cat."}, **mine)
    ask("GET", f"/readers/v1/comments?article={article}&count=exact", 200, **mine)
    ask("PUT", f"/readers/v1/comments/{first['id']}/like", 409, **mine)
    with witness.database.reading() as session:
        account = session.scalars(select(Comment.account_id).where(Comment.id == first["id"])).one()
    theirs = _second_reader(witness)
    ask("PUT", f"/readers/v1/comments/{first['id']}/like", 200, **theirs)
    ask("GET", f"/readers/v1/comments/likes?article={article}", 200, **theirs)
    ask("DELETE", f"/readers/v1/comments/{first['id']}/like", 200, **theirs)
    ask("DELETE", f"/readers/v1/comments/{first['id']}/like", 404, **theirs)
    report = {"reason": "off_topic", "note": "A cat is no tram."}
    ask("POST", f"/readers/v1/comments/{other['id']}/report", 422, {"reason": "ugly"}, **theirs)
    ask("POST", f"/readers/v1/comments/{other['id']}/report", 204, report, **theirs)
    ask("GET", f"/api/v1/comments/{other['id']}", 200)
    ask("POST", f"/api/v1/comments/{other['id']}/reject", 200, If_Match='"2"')
    ask("POST", f"/api/v1/comments/{other['id']}/spam", 200, If_Match='"3"')
    many = {"action": "approve", "comments": [{"id": other["id"], "revision": 4}, {"id": first["id"], "revision": 9}]}
    assert [one["status"] for one in ask("POST", "/api/v1/comments/decisions", 200, many).json["data"]] == [200, 412]
    ask("DELETE", f"/readers/v1/comments/{other['id']}", 204, **mine)
    ask("DELETE", f"/readers/v1/comments/{other['id']}", 404, **mine)
    ban = f"/api/v1/readers/{account}/ban"
    ask("PUT", ban, 422, {"until": "2001-01-01T00:00:00Z"})
    ask("PUT", ban, 200, {"until": "2100-01-01T00:00:00Z", "note": "Dogs."})
    ask("POST", post, 403, {"text": "Hello?"}, **mine)
    ask("GET", "/api/v1/bans?count=exact", 200)
    ask("DELETE", ban, 204)
    ask("DELETE", ban, 404)
    for place in ("comment-mode", "sections/trams/comment-mode", f"articles/{article}/comment-mode"):
        ask("PUT", f"/api/v1/{place}", 422, {"mode": "perhaps"})
        ask("PUT", f"/api/v1/{place}", 200, {"mode": "off"})
        ask("GET", f"/api/v1/{place}", 200)
    ask("POST", post, 409, {"text": "Hello?"}, **mine)
    ask("GET", "/api/v1/sections/none/comment-mode", 404)


def _second_reader(witness: Witness) -> dict[str, str]:
    """The header of another reader, whose account was made behind everybody's back."""
    account = Account(
        id=new_id(), email="second@example.org", display_name="", locale="en", created_at=now(), verified_at=now()
    )
    with witness.database.transaction() as session:
        session.add(account)
        session.flush()
        token = open_session(session, system("test"), account, Client("192.0.2.1", "a browser"), now())[1]
    return {"Authorization": f"Bearer {token}"}


def _sharing(witness: Witness, article_id: str) -> None:
    ask, path = witness.ask, f"/readers/v1/articles/{article_id}/share"
    ask("POST", path, 200)
    shared = ask("POST", path, 200, {"utm_source": "letter", "utm_campaign": "sunday"}).json
    ask("POST", path, 422, {"utm_source": "//other.example"})
    ask("POST", f"/readers/v1/articles/{new_id()}/share", 404)
    assert ask("GET", "/s/" + shared["short_url"].rpartition("/")[2], 302).headers["Location"] == shared["url"]
    ask("GET", "/s/none", 404)
    assert ask("GET", f"/api/v1/articles/{article_id}/audience", 200).json["shares"]["hits"] == 1
    ask("GET", f"/api/v1/articles/{new_id()}/audience", 404)


def _schedules(witness: Witness) -> None:
    ask = witness.ask
    path = f"/api/v1/articles/{_draft(witness, 'A tram that waits')['id']}/schedule"
    wanted = {"publish_at": "2036-01-01T08:00", "unpublish_at": "2036-01-02T08:00:00Z", "timezone": "Asia/Almaty"}
    ask("GET", path, 404)
    ask("PUT", path, 422, {**wanted, "timezone": None})
    ask("PUT", path, 422, {"publish_at": "2027-10-31T02:30", "timezone": "Europe/Berlin"})
    receipt = ask("PUT", path, 200, wanted).headers["Location"]
    ask("GET", receipt, 200)
    ask("PUT", path, 428, wanted)
    ask("PUT", path, 412, wanted, If_Match='"7"')
    ask("PUT", path, 200, wanted, If_Match='"1"')
    ask("GET", path, 200)
    ask("GET", "/api/v1/schedules?limit=1&count=exact", 200)
    ask("GET", "/api/v1/schedules?from=monday", 400)
    ask("DELETE", path, 428)
    ask("DELETE", path, 204, If_Match='"2"')
    secret = f"/api/v1/articles/{_draft(witness, 'A tram that nobody knows of')['id']}"
    ask("GET", f"{secret}/embargo", 404)
    ask("POST", f"{secret}/publish", 200, {"embargo_until": "2036-01-01T08:00:00Z"}, If_Match='"1"')
    ask("GET", f"{secret}/embargo", 200)
    ask("GET", "/content/v1/articles?embargoed=true", 200)
    ask("DELETE", f"{secret}/schedule", 204, If_Match='"1"')


def _words(witness: Witness, source: dict[str, Any]) -> None:
    ask = witness.ask
    for path in ("sections/city", "tags/rails", "people/ines-okafor"):
        ask("GET", f"/content/v1/{path}", 200)
        ask("GET", f"/content/v1/{path}?locale=kk", 304, If_None_Match="*")
        ask("GET", f"/api/v1/{path}", 304, If_None_Match='"1"')
        ask("PATCH", f"/api/v1/{path}", 428, {"name": "Other"})
        ask("PATCH", f"/api/v1/{path}", 412, {"name": "Other"}, If_Match='"7"')
        ask("PATCH", f"/api/v1/{path}", 200, {"names": {"kk": "Басқа"}}, If_Match='"1"')
        ask("DELETE", f"/api/v1/{path}", 409, If_Match='"2"')
    ask("GET", "/content/v1/tags/none", 404)
    sourced = f"/api/v1/sources/{source['id']}"
    ask("GET", sourced, 304, If_None_Match='"1"')
    renamed = ask("PATCH", sourced, 200, {"name": "The Evening Courier"}, If_Match='"1"').headers["Location"]
    ask("GET", renamed, 200)
    ask("POST", "/api/v1/tags/hills/merge", 422, {"into": "none"}, If_Match='"1"')
    ask("POST", "/api/v1/tags/hills/merge", 200, {"into": "rails"}, If_Match='"1"')
    ask("POST", "/api/v1/people", 201, {"name": "Mei Lin", "roles": ["photographer"], "bios": {"kk": "Суретші"}})
    ask("DELETE", "/api/v1/people/ines-okafor?reassign_to=mei-lin", 204, If_Match='"2"')
    other = ask("POST", "/api/v1/sources", 201, {"name": "The Herald"}).json["id"]
    ask("DELETE", f"{sourced}?reassign_to={other}", 204, If_Match='"2"')
    ask("POST", "/api/v1/sections", 201, {"name": "Works", "parent": "trams"})
    ask("POST", "/api/v1/tags", 201, {"name": "Unused", "synonyms": ["Idle"]})
    ask("DELETE", "/api/v1/sections/works", 204, If_Match='"1"')
    ask("DELETE", "/api/v1/tags/idle", 204, If_Match='"1"')


def _review(witness: Witness) -> None:
    ask = witness.ask
    path = f"/api/v1/articles/{_draft(witness, 'A third tram')['id']}"
    assert ask("POST", f"{path}/validate", 200).json["can_publish"]
    ask("POST", f"{path}/submit", 200, {"note": "Please read."}, If_Match='"1"')
    ask("POST", f"{path}/reject", 422, {}, If_Match='"2"')
    ask("POST", f"{path}/reject", 200, {"note": "Which hill?"}, If_Match='"2"')
    ask("POST", f"{path}/approve", 200, If_Match='"3"')
    ask("POST", f"{path}/archive", 200, If_Match='"4"')
    ask("POST", f"{path}/archive", 409, If_Match='"5"')
    ask("POST", f"{path}/unarchive", 200, If_Match='"5"')


def _restore_and_lease(witness: Witness, article_id: str) -> None:
    ask, path = witness.ask, f"/api/v1/articles/{article_id}"
    ask("PATCH", path, 200, {"dek": "Restored soon."}, If_Match='"2"')
    ask("POST", f"{path}/restore", 200, {"revision": 1, "note": "As it was"}, If_Match='"3"')
    ask("POST", f"{path}/restore", 404, {"revision": 99}, If_Match='"4"')
    ask("POST", f"{path}/restore", 412, {"revision": 1}, If_Match='"3"')
    ask("POST", f"{path}/restore", 422, {"revision": "one"}, If_Match='"4"')
    ask("GET", f"{path}/lease", 404)
    ask("PUT", f"{path}/lease", 200)
    ask("GET", f"{path}/lease", 200)
    ask("GET", path, 200)
    ask("PUT", f"{path}/lease", 422, {"force": "yes"})
    ask("DELETE", f"{path}/lease", 204)
    ask("DELETE", f"{path}/lease", 404)


def _releases(witness: Witness) -> None:
    ask = witness.ask
    article = _draft(witness, "A tram in company")["id"]
    ask("POST", "/api/v1/releases", 422, {"title": "Tonight", "articles": ["none"]})
    path = ask("POST", "/api/v1/releases", 201, {"title": "Tonight"}).headers["Location"]
    ask("GET", path, 200)
    ask("GET", "/api/v1/releases/none", 404)
    ask("POST", f"{path}/publish", 422, If_Match='"1"')
    ask("PATCH", path, 200, {"add": [article]}, If_Match='"1"')
    ask("PATCH", path, 412, {"add": [article]}, If_Match='"1"')
    ask("PUT", f"{path}/schedule", 200, {"release_at": "2036-01-01T08:00", "timezone": "Asia/Almaty"}, If_Match='"2"')
    ask("GET", "/api/v1/releases?limit=1&count=exact", 200)
    ask("GET", "/api/v1/schedules", 200)
    ask("DELETE", f"{path}/schedule", 200, If_Match='"3"')
    ask("POST", f"{path}/publish", 200, If_Match='"4"')
    ask("POST", f"{path}/publish", 409, If_Match='"5"')
    ask("DELETE", path, 409, If_Match='"5"')
    other = ask("POST", "/api/v1/releases", 201, {"title": "Never"}).headers["Location"]
    ask("DELETE", other, 428)
    ask("DELETE", other, 204, If_Match='"1"')


def _front_lists(witness: Witness) -> None:
    ask = witness.ask
    top, other = (_draft(witness, title)["id"] for title in ("A tram on the front page", "A ferry beside it"))
    ask("POST", f"/api/v1/articles/{top}/publish", 200, If_Match='"1"')
    body = {"name": "front-page", "title": "Front page", "entries": [{"article": top, "title": "Trams!"}]}
    ask("POST", "/api/v1/lists", 422, {**body, "entries": [{"article": top}, {"article": top}]})
    path = ask("POST", "/api/v1/lists", 201, body).headers["Location"]
    ask("POST", "/api/v1/lists", 409, body)
    ask("GET", "/api/v1/lists?limit=1&count=exact", 200)
    ask("GET", path, 200)
    ask("GET", "/api/v1/lists/none", 404)
    ask("POST", f"{path}/entries", 428, {"article": other})
    ask("POST", f"{path}/entries", 200, {"article": other, "position": 1, "is_pinned": True}, If_Match='"1"')
    ask("POST", f"{path}/entries", 412, {"article": other}, If_Match='"1"')
    ask("DELETE", f"{path}/entries/{other}", 200, If_Match='"2"')
    ask("DELETE", f"{path}/entries/{other}", 404, If_Match='"3"')
    whole = {"title": "Front page", "fill": {"limit": 3}, "entries": [{"article": top, "title": "Trams!"}]}
    ask("PUT", path, 200, whole, If_Match='"3"')
    ask("PUT", path, 422, {**whole, "section": "nowhere"}, If_Match='"4"')
    ask("GET", "/content/v1/lists", 200)
    shown = ask("GET", "/content/v1/lists/front-page?locale=en", 200)
    ask("GET", "/content/v1/lists/front-page?locale=en", 304, If_None_Match=shown.headers["ETag"])
    ask("GET", "/content/v1/lists", 304, If_None_Match="*")
    ask("GET", "/content/v1/lists/none", 404)
    ask("DELETE", path, 412, If_Match='"1"')
    ask("DELETE", path, 204, If_Match='"4"')


def _translations(witness: Witness) -> None:
    ask = witness.ask
    source, other = (_draft(witness, title) for title in ("The ferry bell rings", "The ferry bell is silent"))
    path = f"/api/v1/articles/{source['id']}"
    ask("POST", f"{path}/publish", 200, If_Match='"1"')
    started = ask("POST", f"{path}/translate", 201, {"locale": "kk", "title": "Паром қоңырауы"}).headers["Location"]
    ask("POST", f"{path}/translate", 409, {"locale": "kk"})
    ask("POST", f"{path}/copy", 201)
    ask("POST", f"{path}/copy", 409, {"slug": source["slug"]})
    ask("POST", f"{path}/copy", 422, {"section": "nowhere"})
    ask("POST", f"{path}/translate", 422, {"locale": "?"})
    ask("POST", f"{started}/publish", 200, If_Match='"1"')
    for asked in (path, f"{started}", "/api/v1/articles?translation=missing:ru&count=exact"):
        ask("GET", asked, 200)
    ask("GET", "/api/v1/articles?translation=ru", 400)
    ask("GET", f"/content/v1/articles/{source['id']}?locale=kk-KZ", 200)
    ask("GET", f"/content/v1/articles/{source['id']}?locale=ru", 404)
    ask("DELETE", f"{started}/translation", 428)
    ask("DELETE", f"{started}/translation", 204, If_Match='"2"')
    ask("DELETE", f"{started}/translation", 409, If_Match='"2"')
    ask("PUT", f"{started}/translation", 200, {"of": source["id"], "revision": 1}, If_Match='"2"')
    ask("PUT", f"{started}/translation", 422, {"of": source["id"], "revision": 99}, If_Match='"2"')
    ask("PUT", f"{started}/translation", 412, {"of": source["id"]}, If_Match='"1"')
    ask("PUT", f"/api/v1/articles/{other['id']}/translation", 409, {"of": source["id"]}, If_Match='"1"')


def _redirects(witness: Witness) -> None:
    ask = witness.ask
    moving = _draft(witness, "The ferry moves to another pier")
    path = f"/api/v1/articles/{moving['id']}"
    ask("POST", f"{path}/publish", 200, If_Match='"1"')
    ask("PATCH", path, 200, {"slug": "ferry"}, If_Match='"2"')
    ask("POST", f"{path}/publish", 200, If_Match='"3"')
    ask("GET", f"/content/v1/articles/en/{moving['slug']}", 301)
    resolve = f"/content/v1/resolve?path=/en/{moving['slug']}"
    tag = ask("GET", resolve, 200).headers["ETag"]
    ask("GET", resolve, 304, If_None_Match=tag)
    ask("GET", "/content/v1/resolve?path=/en/none", 404)
    ask("GET", "/content/v1/resolve", 400)
    given = {"path": "/ferry.html", "target": "/en/ferry", "status": 302}
    added = ask("POST", "/api/v1/redirects", 201, given).headers["Location"]
    ask("POST", "/api/v1/redirects", 409, given)
    ask("POST", "/api/v1/redirects", 422, {"path": "/x", "target": "//other.example"})
    ask("GET", "/api/v1/redirects?count=exact", 200)
    ask("GET", added, 200)
    ask("GET", "/api/v1/redirects/none", 404)
    ask("DELETE", added, 204)
    ask("DELETE", added, 404)


def _roles_and_tokens(witness: Witness) -> None:
    ask = witness.ask
    role = {"name": "clerk", "permissions": ["taxonomy:read"]}
    ask("POST", "/api/v1/roles", 201, role)
    ask("POST", "/api/v1/roles", 409, role)
    ask("POST", "/api/v1/roles", 422, {"name": "Clerk", "permissions": []})
    for name in ("clerk", "editor"):
        ask("GET", f"/api/v1/roles/{name}", 200)
    ask("GET", "/api/v1/roles/clerk", 304, If_None_Match='"1"')
    ask("GET", "/api/v1/roles/none", 404)
    ask("GET", "/api/v1/roles", 200)
    ask("PATCH", "/api/v1/roles/clerk", 200, {"description": "Knows every word."}, If_Match='"1"')
    ask("PATCH", "/api/v1/roles/clerk", 412, {"description": "Knows none."}, If_Match='"1"')
    ask("PATCH", "/api/v1/roles/editor", 403, {"description": "Mine."}, If_Match='"1"')
    mine = _root(witness)
    wanted = {"name": "clerk", "role": "clerk", "addresses": ["192.0.2.0/24"]}
    ask("POST", "/api/v1/tokens", 403, wanted)
    issued = ask("POST", "/api/v1/tokens", 201, wanted, **mine).json
    path = f"/api/v1/tokens/{issued['id']}"
    ask("POST", "/api/v1/tokens", 422, {"name": "both", "role": "clerk", "scopes": ["articles:read"]}, **mine)
    ask("GET", path, 200)
    ask("GET", "/api/v1/tokens?count=exact", 200)
    ask("GET", f"/api/v1/access/explain?action=articles:publish&on=city&for={issued['id']}", 200)
    ask("GET", "/api/v1/access/explain?action=articles:publish&on=none", 404)
    ask("GET", "/api/v1/access/explain?action=articles:publish", 400)
    ask("DELETE", "/api/v1/roles/clerk", 409, If_Match='"2"')
    ask("POST", f"{path}/rotate", 403)
    ask("POST", f"{path}/rotate", 200, {"overlap_minutes": 5}, **mine)
    ask("DELETE", path, 204)
    ask("POST", f"{path}/rotate", 409, **mine)
    ask("DELETE", "/api/v1/roles/clerk", 204, If_Match='"2"')


def _root(witness: Witness) -> dict[str, str]:
    """The header of an administrator's session."""
    root = {"email": "root@example.org", "password": PASS_PHRASE}
    with witness.database.transaction() as session:
        staffing.create(
            session, system("test"), email=root["email"], name="Root", locale="en", grants=(Given("administrator"),),
            password_hash=HASHER.hash(PASS_PHRASE), network="", now=now(),
        )  # fmt: skip
    return {"Authorization": "Bearer " + witness.ask("POST", "/api/v1/sessions", 201, root).json["token"]}


def _colleagues(witness: Witness, settings: Settings) -> None:
    ask, keys = witness.ask, load_keys(settings)
    eve = {"email": "eve@example.org", "password": PASS_PHRASE}
    person = {"email": eve["email"], "name": "Eve", "grants": [{"role": "editor", "section": "city", "locale": "en"}]}
    invited = ask("POST", "/api/v1/staff/invitations", 201, person).json["id"]
    ask("GET", "/api/v1/staff/invitations?count=exact", 200)
    other = ask("POST", "/api/v1/staff/invitations", 201, {"email": "dan@example.org", "name": "Dan"}).json["id"]
    ask("DELETE", f"/api/v1/staff/invitations/{other}", 204)
    ask("DELETE", f"/api/v1/staff/invitations/{other}", 404)
    ask("POST", "/api/v1/staff/invitations", 422, {**person, "grants": [{"role": "king"}]})
    code = derive_code(keys, purpose="staff_invitation", challenge_id=invited, email=eve["email"])
    accept = f"/api/v1/staff/invitations/{invited}/accept"
    ask("POST", accept, 400, {"code": "0000-0000", "password": PASS_PHRASE})
    staff = ask("POST", accept, 201, {"code": code, "password": PASS_PHRASE}).json["id"]
    ask("POST", "/api/v1/staff/invitations", 409, person)
    ask("GET", f"/api/v1/staff/{staff}", 200)
    ask("GET", f"/api/v1/staff/{staff}", 304, If_None_Match='"1"')
    ask("GET", "/api/v1/staff/none", 404)
    ask("GET", "/api/v1/staff?count=exact", 200)
    ask("PATCH", f"/api/v1/staff/{staff}", 200, {"grants": [{"role": "viewer"}]}, If_Match='"1"')
    ask("PATCH", f"/api/v1/staff/{staff}", 412, {"name": "Eva"}, If_Match='"1"')

    ask("POST", "/api/v1/sessions", 401, {**eve, "password": "not this one"})
    by_cookie = ask("POST", "/api/v1/sessions", 201, {**eve, "kind": "cookie"})
    mine = {"Authorization": "Bearer " + ask("POST", "/api/v1/sessions", 201, eve).json["token"]}
    ask("GET", "/api/v1/sessions", 403)
    ask("GET", "/api/v1/sessions", 200, **mine)
    ask("GET", "/api/v1/sessions/current", 200, **mine)
    ask("POST", "/api/v1/sessions/reauthenticate", 403, {"password": "not this one"}, **mine)
    ask("POST", "/api/v1/sessions/reauthenticate", 200, {"password": PASS_PHRASE}, **mine)
    ask("DELETE", f"/api/v1/sessions/{by_cookie.json['id']}", 204, **mine)
    another = {"current_password": PASS_PHRASE, "new_password": PASS_PHRASE + " again"}
    ask("POST", "/api/v1/staff/me/password", 204, another, **mine)
    asked = ask("POST", "/api/v1/staff/codes", 202, {"email": eve["email"]}).json["code_id"]
    code = derive_code(keys, purpose="staff_password", challenge_id=asked, email=eve["email"])
    ask("DELETE", "/api/v1/sessions", 204, **mine)
    ask("GET", "/api/v1/sessions", 401, **mine)
    ask("POST", "/api/v1/staff/password", 204, {"code_id": asked, "code": code, "new_password": PASS_PHRASE})
    ask("POST", "/api/v1/staff/password", 400, {"code_id": asked, "code": code, "new_password": PASS_PHRASE})


def _draft(witness: Witness, title: str) -> dict[str, Any]:
    body = {
        "title": title,
        "locale": "en",
        "section": "trams",
        "tags": ["rails", "hills"],
        "authors": ["ines-okafor"],
        "editor": "ines-okafor",
        "source": {"name": "The Courier", "url": "https://courier.example.org/trams"},
        "summary": ["It climbs.", "It comes down."],
        "body": "The tram left the yard at dawn and climbed the hill.\n\n| stop | minute |\n|---|---|\n| Quay | 4 |",
        "fields": {"desk": {"colour": "red"}, "weights": [1, 2]},
    }
    draft: dict[str, Any] = witness.ask("POST", "/api/v1/articles", 201, body).json
    return draft

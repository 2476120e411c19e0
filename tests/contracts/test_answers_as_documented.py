"""A walk over every route: each answer has the shape that the OpenAPI document promises, and no success went unseen.

Each act of the walk leaves an entry in the audit trail: who, by what, in which request. Reading leaves none.
"""

from collections.abc import Iterator
from dataclasses import replace

import pytest
from flask import Flask
from flask.testing import FlaskClient

from cms.mail.models import Suppression
from cms.mail.queueing import queue_letter
from cms.platform.actor import system
from cms.platform.clock import now
from cms.platform.db import Database
from cms.platform.ids import new_id
from cms.settings import Settings
from tests.contracts.walks.articles import (
    walk_front_lists,
    walk_previews,
    walk_related_lists,
    walk_releases,
    walk_restore_and_lease,
    walk_review,
    walk_schedules,
    walk_translations,
)
from tests.contracts.walks.media import walk_assets
from tests.contracts.walks.readers import walk_reader, walk_sharing
from tests.contracts.walks.staff import walk_colleagues, walk_roles_and_tokens
from tests.contracts.walks.words import walk_feeds, walk_redirects, walk_synonyms, walk_words
from tests.contracts.witness import PASS_PHRASE, Witness, make_draft
from tests.draining import drain
from tests.mail.receiving import post_office

# These need a letter that came by mail, or a part that is broken on purpose; their own tests see them.
ELSEWHERE = {
    ("POST", "/readers/v1/password", 204),
    ("POST", "/readers/v1/email-changes/{challenge_id}/undo", 409),
    ("POST", "/api/v1/deliveries/{number}/retry", 200),
    ("POST", "/api/v1/deliveries/{number}/discard", 200),
    ("GET", "/readyz", 503),
}


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
    drafts = [make_draft(witness, title) for title in ("A tram climbs the hill", "The tram comes down the hill")]
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
    walk_restore_and_lease(witness, drafts[1]["id"])

    document = ask("GET", f"/content/v1/articles/{whole}", 200)
    assert document.json["reading_time"]["minutes"] == 1
    assert document.json["related"]
    ask("GET", f"/content/v1/articles/{whole}", 304, If_None_Match=document.headers["ETag"])
    ask("GET", document.json["url"], 200)
    ask("GET", document.json["url"], 304, If_None_Match="*")
    ask("GET", f"{document.json['url']}?as_of=2000-01-01T00:00:00Z", 404)
    ask("GET", f"/content/v1/articles/{whole}?as_of=2100-01-01T00:00:00Z", 400)
    ask("GET", "/content/v1/changes", 304, If_None_Match=ask("GET", "/content/v1/changes", 200).headers["ETag"])
    ask("GET", "/content/v1/changes?since=broken", 400)
    ask("GET", "/content/v1/articles/en/none", 404)
    search = "search?q=tram&facets=section,tag,author,year,locale,type&count=exact"
    completions = "search/completions?q=tr"
    for listing in ("articles", f"articles/{whole}/related", search, completions, "sections", "tags", "people"):
        answer = ask("GET", f"/content/v1/{listing}", 200)
        assert answer.json["data"], listing
        ask("GET", f"/content/v1/{listing}", 304, If_None_Match=answer.headers["ETag"])
    ask("GET", "/content/v1/search?q=" + "x" * 300, 422)
    ask("GET", "/content/v1/search/completions?q=", 422)
    ask("GET", "/content/v1/articles?cursor=broken", 400)
    ask("GET", "/content/v1/articles?type=article&fields[desk]=city", 400)

    ask("POST", f"{path}/correct", 422, {"note": " "}, If_Match='"3"')
    ask("POST", f"{path}/correct", 200, {"note": "It has one motor."}, If_Match='"3"')
    ask("GET", f"/content/v1/articles/{whole}", 200)
    ask("POST", f"{path}/unpublish", 200, If_Match='"4"')
    ask("POST", f"{path}/takedown", 200, {"reason": "A court said so."}, If_Match='"5"')
    for place in (whole, f"en/{document.json['slug']}", f"{whole}/related"):
        ask("GET", f"/content/v1/articles/{place}", 410)
    ask("GET", "/content/v1/changes", 200)
    ask("DELETE", path, 204, If_Match='"6"')
    ask("GET", path, 404)
    ask("GET", "/api/v1/trash?count=exact", 200)
    ask("POST", f"/api/v1/trash/{whole}/restore", 200)
    ask("POST", f"/api/v1/trash/{whole}/restore", 404)
    walk_review(witness)
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
    walk_reader(witness, settings, drafts[1]["id"])
    walk_sharing(witness, drafts[1]["id"])
    walk_schedules(witness)
    walk_previews(witness)
    walk_words(witness, source)
    walk_assets(witness, settings)
    walk_releases(witness)
    walk_front_lists(witness)
    walk_related_lists(witness)
    walk_redirects(witness)
    walk_synonyms(witness)
    walk_feeds(witness)
    walk_translations(witness)
    walk_roles_and_tokens(witness)
    walk_colleagues(witness, settings)
    for page in ("/livez", "/readyz", "/metrics", "/openapi.json"):
        ask("GET", page, 200)
    ask("GET", "/openapi.json", 304, If_None_Match="*")
    assert witness.promised() - witness.seen == ELSEWHERE & witness.promised()
    # The letters to colleagues do not lapse within a drain, so somebody has to take them.
    with post_office() as server:
        drain(replace(settings, smtp_url=server.url), database)
        assert server.letters()

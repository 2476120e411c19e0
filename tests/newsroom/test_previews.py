"""Preview links: one working copy as readers would get it, for whoever has the link, until it ends (row S39)."""

import re
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import html5lib
import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import event, func, inspect, select, text, update
from structlog.testing import capture_logs

from cms.app import create_app
from cms.audit.models import AuditEntry
from cms.content.embargo.models import EmbargoedDocument
from cms.environment import SettingsError
from cms.events.models import Letter
from cms.identity.staff.models import StaffGrant, StaffUser
from cms.identity.staff.schemas import Given
from cms.newsroom.previews.models import PreviewLink, PreviewView
from cms.newsroom.previews.rules import LOOKS_PER_CLIENT, MOST_TOLD_APART
from cms.newsroom.previews.tokens import read_ticket, signed
from cms.newsroom.previews.viewing import look as see
from cms.newsroom.previews.viewing import note_view
from cms.platform.clock import now
from cms.platform.db import Database
from cms.platform.errors import Gone
from cms.platform.keys import Keys
from cms.settings import Settings
from tests.access.desk import Desk
from tests.draining import drain
from tests.newsroom.appointing import Clock
from tests.newsroom.making import act, draft, patch
from tests.newsroom.previewing import look, share
from workers.due import Chores, forget_old

DAY = timedelta(days=1)
CONTENT = "/content/v1/articles"


def test_a_link_shows_what_readers_get_once_it_is_published(
    editor: FlaskClient, administrator: FlaskClient, client: FlaskClient, settings: Settings, database: Database
) -> None:
    for path, body in (("sections", {"name": "City", "slug": "city"}), ("people", {"name": "Ines", "slug": "ines"})):
        assert administrator.post(f"/api/v1/{path}", json=body).status_code == 201
    given = {
        "section": "city", "tags": ["Bridges", "Harbour"], "authors": ["ines"], "editor": "ines",
        "dek": "After a year.",
        "summary": ["It opened."], "source": {"name": "The Courier", "url": "https://courier.example.org/"},
        "fields": {"desk": "city"}, "body": "The bridge.\n\n![A bridge](https://media.example.org/b.jpg)",
    }  # fmt: skip
    made = draft(editor, **given)
    link = share(editor, made["id"])
    before = look(client, link).json
    assert act(editor, "publish", made["id"], 1).status_code == 200
    drain(settings, database)
    after = client.get(f"{CONTENT}/{made['id']}").json
    assert before.pop("preview") == {"is_pinned": False, "is_published": False, "expires_at": link["expires_at"]}
    assert list(before) == list(after), "the same members in the same order"
    told_later = {"published_at", "first_published_at", "updated_at", "revision", "seo"}
    assert {name: before[name] for name in before if name not in told_later} == {
        name: after[name] for name in after if name not in told_later
    }
    for one in (before, after):
        one["seo"]["json_ld"] = set(one["seo"]["json_ld"])
    assert before["seo"] == after["seo"]
    seen = look(client, link).json
    assert (seen["preview"]["is_published"], seen["revision"]) == (True, after["revision"])
    chosen = client.get(link["path"] + "&fields=title&body=text").json
    assert set(chosen) == {"id", "title", "body", "preview"}, "the mark is never left out"
    assert chosen["body"]["text"].startswith("The bridge.")


def test_it_follows_the_working_copy_and_with_a_revision_shows_that_one_for_good(
    editor: FlaskClient, client: FlaskClient
) -> None:
    made = draft(editor, title="First", tags=["old-name"])
    act(editor, "publish", made["id"], 1)
    following, pinned = share(editor, made["id"]), share(editor, made["id"], revision=2, label="The minister")
    patch(editor, made["id"], 2, title="Second", body="Another text.")
    assert (look(client, following).json["title"], look(client, pinned).json["title"]) == ("Second", "First")
    assert (look(client, following).json["revision"], look(client, pinned).json["revision"]) == (3, 2)
    marks = [look(client, one).json["preview"] for one in (following, pinned)]
    assert [(mark["is_pinned"], mark["is_published"]) for mark in marks] == [(False, False), (True, True)]
    # Readers see nothing of it, and what they see has nothing in common with a preview in any cache.
    assert client.get(f"{CONTENT}/{made['id']}").json["title"] == "First"
    assert [one["label"] for one in editor.get(f"/api/v1/articles/{made['id']}/previews").json["data"]] == [
        "The minister", "",
    ]  # fmt: skip


def test_no_cache_keeps_it_no_search_engine_lists_it_and_no_conditional_request_is_answered_by_what_readers_have(
    editor: FlaskClient, client: FlaskClient
) -> None:
    made = draft(editor)
    act(editor, "publish", made["id"], 1)
    link, public = share(editor, made["id"]), client.get(f"{CONTENT}/{made['id']}")
    conditions = [{}, {"If-None-Match": public.headers["ETag"]}, {"If-None-Match": "*"},
                  {"If-Modified-Since": public.headers["Last-Modified"]}]  # fmt: skip
    answers = [look(client, link, headers=one) for one in conditions]
    assert [one.status_code for one in answers] == [200] * 4
    ended = share(editor, made["id"])
    editor.delete(ended["link"])
    paths = (link["page"], ended["path"], link["path"] + "x", f"/preview/v1/articles/{made['id']}?colour=red")
    answers += [client.head(link["path"]), *map(client.get, paths), client.post(link["path"])]
    assert [one.status_code for one in answers[4:]] == [200, 200, 410, 404, 400, 405]
    for one in answers:
        assert one.headers["Cache-Control"] == "private, no-store"
        assert one.headers.getlist("Referrer-Policy") == ["no-referrer"]
        assert not {"ETag", "Last-Modified", "Surrogate-Key", "Cache-Tag", "Set-Cookie"} & set(one.headers.keys())
        if one.status_code != 405:
            assert one.headers["X-Robots-Tag"] == "noindex, nofollow"
    # The draft's own reading leaves nothing in what the public gets.
    assert client.get(f"{CONTENT}/{made['id']}").headers["ETag"] == public.headers["ETag"]


def hostile_tokens(keys: Keys, link: dict[str, Any], other: dict[str, Any], article_id: str) -> dict[str, str]:
    """Texts that are no token of this article, by what is wrong with them."""
    token, prefix = link["token"], "cpd_prv_"
    ticket = read_ticket(keys, article_id, token)
    assert ticket is not None
    raw, mac = token[:-43], token[-43:]

    def forged(**changes: Any) -> str:
        """What somebody makes who knows how tokens are made, and not the key."""
        return signed(keys, replace(ticket, **changes))[0][:-43] + mac

    strange = signed(Keys(b"another secret, of another installation 123"), ticket)[0]
    return {
        "nothing": "", "a space": " ", "a word": "preview", "the prefix alone": prefix, "no prefix": token[8:],
        "another prefix": "cpd_pat_" + token[8:], "a capital prefix": "CPD_PRV_" + token[8:],
        "a token of another article": other["token"], "a key of another installation": strange,
        "a later end": forged(expires_at=ticket.expires_at + DAY), "a pinned revision": forged(revision=1),
        "another pinned revision": forged(revision=7), "another link": forged(link_id=other["id"]),
        "the other's signature": raw + other["token"][-43:], "our signature on the other": other["token"][:-43] + mac,
        "no signature": raw, "a signature of zeros": raw + "A" * 43, "the signature alone": prefix + mac,
        "the first character": prefix + ("B" if token[8] != "B" else "C") + token[9:],
        "the last character": token[:-1] + ("B" if token[-1] != "B" else "C"),
        "two characters exchanged": token[:20] + token[21] + token[20] + token[22:],
        "one too few": token[:-1], "one too many": token + "A", "twice": token + token, "padding": token + "==",
        "padding within": token[:-2] + "==", "a line break": token[:40] + "%0A" + token[40:],
        "a line break at the end": token + "%0A", "a space within": token[:40] + "%20" + token[41:],
        "a plus for a minus": token[:40] + "%2B" + token[41:], "a slash": token[:40] + "%2F" + token[41:],
        "a dot": token[:40] + "." + token[41:], "a star": token[:40] + "*" + token[41:],
        "lower case": token.lower(), "upper case": token.upper(), "reversed": token[::-1],
        "full width": "%EF%BD%83" + token[1:], "a Cyrillic letter": "%D1%81" + token[1:], "an accent": token + "%CC%81",
        "a NUL": token + "%00", "half a surrogate": token + "%ED%A0%80", "bytes that are no text": token + "%FF",
        "SQL": "'%20OR%201=1--", "SQL behind it": token + "'--", "a path": "../" + token, "a template": "{{7*7}}",
        "a JSON Web Token": "eyJhbGciOiJub25lIn0.eyJzdWIiOiIxIn0.", "very long": "A" * 5000, "long": "A" * 200,
        "long with the prefix": prefix + "A" * 80, "an array": f"{token}&token={token}", "the id": link["id"],
        "the id of the article": article_id,
    }  # fmt: skip


def test_what_is_no_token_of_this_article_opens_nothing_and_asks_the_database_nothing(
    app: Flask, editor: FlaskClient, client: FlaskClient
) -> None:
    parts = app.extensions["copydesk"]
    secret, elsewhere = draft(editor, title="The secret merger"), draft(editor, title="Another secret")
    act(editor, "publish", elsewhere["id"], 1)
    link, other = share(editor, secret["id"]), share(editor, elsewhere["id"])
    pat = editor.environ_base["HTTP_AUTHORIZATION"].split()[1]
    cases = hostile_tokens(parts.keys, link, other, secret["id"]) | {"a token of the API": pat}
    assert len(cases) >= 50
    sent: list[str] = []
    engines = {parts.database.writer, parts.database.reader}
    for engine in engines:
        event.listen(engine, "before_cursor_execute", lambda *told: sent.append(told[2]))
    wrong: list[tuple[str, str, int, str]] = []
    with capture_logs() as lines:
        for number, (name, token) in enumerate(cases.items()):
            for path in ("", "/page"):
                where = {"REMOTE_ADDR": f"10.0.0.{number}"}
                answer = client.get(f"/preview/v1/articles/{secret['id']}{path}?token={token}", environ_base=where)
                told = answer.get_data(as_text=True)
                if (
                    answer.status_code not in (400, 404)
                    or "secret" in told
                    or answer.mimetype != "application/problem+json"
                ):
                    wrong.append((name, path, answer.status_code, told[:100]))
        # The same by a header, where a text can stand in one.
        for number, (name, token) in enumerate(cases.items()):
            if token.isascii() and "%" not in token and "&" not in token:
                headers, where = {"Authorization": f"Bearer {token}"}, {"REMOTE_ADDR": f"10.0.1.{number}"}
                answer = client.get(f"/preview/v1/articles/{secret['id']}", headers=headers, environ_base=where)
                if answer.status_code != 404:
                    wrong.append((name, "header", answer.status_code, ""))
    assert wrong == []
    assert sent == [], "a forged token costs no statement"
    refused = [line for line in lines if line["event"] == "preview_refused"]
    assert len(refused) > 100 and {line["article_id"] for line in refused} == {secret["id"]}
    assert not [one for one in (link["token"], other["token"], pat) if one in str(lines)]
    good = client.get(f"/preview/v1/articles/{secret['id']}", headers={"Authorization": f"Bearer {link['token']}"})
    assert (good.status_code, good.json["title"]) == (200, "The secret merger")
    # A token is good for its article's preview and for nothing else: no other language, revision or instant of it.
    variant = editor.post(f"/api/v1/articles/{secret['id']}/translate", json={"locale": "kk", "title": "Secret"}).json
    bearing = {"Authorization": f"Bearer {link['token']}"}
    elsewheres = {
        f"/preview/v1/articles/{elsewhere['id']}?token={link['token']}": 404,
        f"/preview/v1/articles/{elsewhere['id']}/page?token={link['token']}": 404,
        f"/preview/v1/articles/{variant['id']}?token={link['token']}": 404,
        **{f"{link['path']}&{more}": 400 for more in ("locale=kk", "revision=1", "as_of=2026-11-26T00:00:00Z",
                                                     f"article={elsewhere['id']}", f"token={other['token']}")},
        f"/preview/v1/articles/{secret['number']}?token={link['token']}": 404,
        f"/preview/v1/articles/en/{secret['slug']}?token={link['token']}": 404,
        f"/preview/v1/articles?token={link['token']}": 404, f"/preview/v1/search?q=secret&token={link['token']}": 404,
        f"/preview/v1/articles/{secret['id']}/related?token={link['token']}": 404,
        f"{CONTENT}/{secret['id']}": 404, f"{CONTENT}/{secret['id']}?token={link['token']}": 400,
        f"{CONTENT}/en/{secret['slug']}": 404, f"/api/v1/articles/{secret['id']}": 401, "/api/v1/articles": 401,
        "/readers/v1/me": 401, f"/api/v1/articles/{secret['id']}?token={link['token']}": 401,
    }  # fmt: skip
    answers = {path: client.get(path, headers=bearing).status_code for path in elsewheres}
    assert answers == elsewheres
    for method in ("POST", "PUT", "PATCH", "DELETE"):
        assert client.open(link["path"], method=method).status_code == 405


def test_a_link_is_no_key_to_what_its_token_does_not_say(
    app: Flask, editor: FlaskClient, client: FlaskClient, database: Database
) -> None:
    """A row that was changed behind our back opens neither longer nor elsewhere than what was signed."""
    made, other = draft(editor, title="One"), draft(editor, title="Two")
    link, clock = share(editor, made["id"], expires_in_hours=1, revision=1), Clock()
    patch(editor, made["id"], 1, title="Later")

    def change(**values: Any) -> int:
        with database.transaction() as session:
            before = session.scalars(select(PreviewLink).where(PreviewLink.id == link["id"])).one()
            kept = {name: getattr(before, name) for name in values}
            session.execute(update(PreviewLink).where(PreviewLink.id == link["id"]).values(**values))
        status = look(client, link).status_code
        with database.transaction() as session:
            session.execute(update(PreviewLink).where(PreviewLink.id == link["id"]).values(**kept))
        return status

    assert look(client, link).json["title"] == "One"
    assert change(revision=None) == change(revision=2) == change(article_id=other["id"]) == 404
    assert change(expires_at=now() - DAY) == change(revoked_at=now()) == 410
    clock.at = now() + timedelta(hours=2)
    app.extensions["copydesk"] = replace(app.extensions["copydesk"], clock=clock)
    assert change(expires_at=now() + 90 * DAY) == 410, "what was signed ends when it said"


def test_it_ends_at_its_time_also_while_somebody_looks_and_when_it_is_withdrawn(
    app: Flask, clock: Clock, database: Database
) -> None:
    desk = Desk(app, database)
    clock.at = now()
    editor, client = desk.client(desk.token("editor")), desk.client(None)
    made = draft(editor)
    short, usual, gone = (
        share(editor, made["id"], expires_in_hours=1),
        share(editor, made["id"]),
        share(editor, made["id"]),
    )
    clock.wait(minutes=59, seconds=59)
    assert [look(client, one).status_code for one in (short, usual, gone)] == [200] * 3
    page = client.get(short["page"]).text
    assert '<meta http-equiv="refresh" content="2">' in page, "a page that is left open reloads when the link has ended"
    assert "http-equiv" not in client.get(usual["page"]).text
    clock.wait(seconds=1)
    ended = look(client, short)
    assert (ended.status_code, ended.json["code"]) == (410, "preview_ended")
    assert "expired" in ended.json["detail"] and "tombstone" not in ended.json
    assert editor.delete(gone["link"]).status_code == 204
    assert "withdrawn" in look(client, gone).json["detail"]
    assert editor.delete(gone["link"]).status_code == 204, "again is fine, and no act"
    with database.reading() as session:
        acts = [one.action for one in session.scalars(select(AuditEntry).where(AuditEntry.subject_id == made["id"]))]
    assert acts.count("article.preview_revoked") == 1
    states = [one["state"] for one in editor.get(f"/api/v1/articles/{made['id']}/previews").json["data"]]
    assert states == ["revoked", "active", "expired"]
    clock.wait(days=7)
    assert look(client, usual).status_code == 410


def test_a_link_that_is_withdrawn_between_reading_and_giving_gives_nothing(
    app: Flask, editor: FlaskClient, database: Database
) -> None:
    parts, made = app.extensions["copydesk"], draft(editor)
    link = share(editor, made["id"])
    ticket = read_ticket(parts.keys, made["id"], link["token"])
    assert ticket is not None
    sight = see(parts.database, ticket, parts.instant)
    editor.delete(link["link"])
    with pytest.raises(Gone), database.transaction() as session:
        note_view(session, sight.link, "0" * 6, now())
    assert editor.get(link["link"]).json["views"] == 0


def test_what_becomes_of_the_article_becomes_of_its_links(
    client_as: Callable[[str], FlaskClient], client: FlaskClient
) -> None:
    chief = client_as("editor-in-chief")
    made = draft(chief)
    path, link = f"/api/v1/articles/{made['id']}", share(chief, made["id"])

    def seen() -> tuple[int, str]:
        answer = look(client, link)
        state = chief.get(link["link"])
        return answer.status_code, state.json["state"] if state.status_code == 200 else "hidden"

    def done(verb: str, revision: int, **body: Any) -> tuple[int, str]:
        assert act(chief, verb, made["id"], revision, json=body or None).status_code == 200, verb
        return seen()

    assert seen() == (200, "active")
    assert [done("submit", 1), done("approve", 2), done("reject", 3, note="No.")] == [(200, "active")] * 3
    assert [done("publish", 4), done("unpublish", 5)] == [(200, "active")] * 2
    assert done("archive", 6) == (410, "suspended")
    assert chief.post(f"{path}/previews").status_code == 409, "what was put away is shown to nobody"
    assert done("unarchive", 7) == (200, "active")
    assert chief.delete(path, headers={"If-Match": '"8"'}).status_code == 204
    assert seen() == (410, "hidden")
    assert chief.post(f"{path}/previews").status_code == 404
    assert chief.post(f"/api/v1/trash/{made['id']}/restore").status_code == 200
    assert seen() == (200, "active")
    assert done("takedown", 10, reason="A court forbade it.") == (410, "revoked")
    assert look(client, link).json["tombstone"]["reason"] == "A court forbade it."
    assert chief.post(f"{path}/previews").status_code == 409
    # A link that went round before a takedown is over for good, whatever becomes of the article.
    assert done("publish", 11) == (410, "revoked")
    assert look(client, share(chief, made["id"])).status_code == 200


def test_a_takedown_of_what_only_partners_saw_tells_others_nothing(
    client_as: Callable[[str], FlaskClient], client: FlaskClient, settings: Settings, database: Database
) -> None:
    chief = client_as("editor-in-chief")
    made = draft(chief, title="The budget")
    link = share(chief, made["id"])
    act(chief, "publish", made["id"], 1, json={"embargo_until": "2036-01-01T00:00:00Z"})
    chores = Chores(settings, database)
    chores.do_due()
    chores.close()
    with database.reading() as session:
        assert session.scalar(select(func.count()).select_from(EmbargoedDocument)) == 1
    assert look(client, link).status_code == 200, "an embargo keeps nobody from being shown the article on purpose"
    revision = chief.get(f"/api/v1/articles/{made['id']}").json["revision"]
    assert act(chief, "takedown", made["id"], revision, json={"reason": "Leaked."}).status_code == 200
    answer = look(client, link)
    assert (answer.status_code, answer.json["code"]) == (410, "preview_ended")
    assert "Leaked" not in answer.text and "tombstone" not in answer.json


@pytest.mark.both_databases
def test_a_link_lives_by_the_rights_of_whoever_made_it(app: Flask, database: Database) -> None:
    desk = Desk(app, database).furnish()
    client, chief = desk.client(None), desk.client(desk.token("editor-in-chief"))
    saved = desk.article()
    article_id, path = saved.article.id, f"/api/v1/articles/{saved.article.id}"

    def maker(*grants: Given) -> tuple[StaffUser, dict[str, Any]]:
        user = desk.colleague(*grants)
        return user, share(desk.session(user=user), article_id)

    def set_to(user: StaffUser, **values: Any) -> None:
        with database.transaction() as session:
            session.execute(update(StaffUser).where(StaffUser.id == user.id).values(**values))

    # Suspended, and back.
    user, link = maker(Given("editor", "city/"))
    assert look(client, link).status_code == 200
    set_to(user, state="disabled")
    assert (look(client, link).status_code, chief.get(link["link"]).json["state"]) == (410, "suspended")
    set_to(user, state="active")
    assert look(client, link).status_code == 200
    # Fewer rights: a viewer reads the draft still, and shows it to nobody.
    with database.transaction() as session:
        session.execute(update(StaffGrant).where(StaffGrant.user_id == user.id).values(role="viewer"))
    assert look(client, link).status_code == 410
    # The article goes where the maker has no right.
    user, link = maker(Given("editor", "city/"))
    assert patch(chief, article_id, 1, section="sport").status_code == 200
    assert look(client, link).status_code == 410
    assert patch(chief, article_id, 2, section="trams").status_code == 200
    assert look(client, link).status_code == 200
    # A token that was revoked takes its links along; one that came to its end by itself was good.
    for name, status in (("expires_at", 200), ("revoked_at", 410)):
        token = desk.token("editor")
        link = share(desk.client(token), article_id)
        desk.change(token, **{name: now()})
        assert look(client, link).status_code == status, name
    # Whose token it was counts too.
    user = desk.colleague(Given("editor-in-chief"))
    token = desk.token("editor")
    link = share(desk.client(token), article_id)
    desk.change(token, issued_by=f"staff:{user.id}")
    assert look(client, link).status_code == 200
    set_to(user, state="disabled")
    assert look(client, link).status_code == 410
    # An author shows what is its own; a role that lost its permissions shows nothing.
    token = desk.token("author")
    own = desk.article(replace(desk.actor(token)))
    link = share(desk.client(token), own.article.id)
    assert look(client, link).status_code == 200
    desk.change(token, role="gone-role")
    assert look(client, link).status_code == 410
    assert desk.client(desk.token("author")).post(f"{path}/previews").status_code == 403


def test_source_and_target_are_looked_at_wherever_a_link_is_named(app: Flask, database: Database) -> None:
    desk = Desk(app, database).furnish()
    here, there = desk.article(), desk.article(section="sport")
    inside, outside = (desk.client(desk.token("editor", section_path=one)) for one in ("city/", "sport/"))
    locale = desk.client(desk.token("editor", locale="kk"))
    viewer, everywhere = desk.client(desk.token("viewer")), desk.client(desk.token("editor"))
    mine, theirs = share(inside, here.article.id), share(outside, there.article.id)
    patch(everywhere, there.article.id, 1, title="Second")
    path, other = f"/api/v1/articles/{here.article.id}/previews", f"/api/v1/articles/{there.article.id}/previews"
    nobody = "01890a5d-ac96-774b-bcce-b302099a8057"
    # A link by the path of another article, by who may see both; what is no id; what was never there.
    ids = [theirs["id"], nobody, here.article.id, "1", "-1", "0", "9" * 40, "none", "..", "%00", mine["id"].upper(),
           mine["id"].replace("-", ""), mine["token"], "' OR 1=1", "é"]  # fmt: skip
    wrong = []
    for one in ids:
        for method, suffix in (("GET", ""), ("HEAD", ""), ("GET", "/views"), ("DELETE", "")):
            answer = everywhere.open(f"{path}/{one}{suffix}", method=method)
            if answer.status_code not in (404, 405):
                wrong.append((method, one, suffix, answer.status_code))
    # Who may not know of the article, of its own links and of those of others.
    for asker in (outside, locale):
        for method, place in (("POST", path), ("GET", path), ("GET", mine["link"]), ("GET", mine["link"] + "/views"),
                              ("DELETE", mine["link"]), ("DELETE", f"{other}/{mine['id']}")):  # fmt: skip
            if asker.open(place, method=method).status_code != 404:
                wrong.append((method, place, "a foreign article"))
    for article_id in (nobody, "none", "1", str(here.article.number), mine["id"]):
        for method in ("GET", "POST"):
            if everywhere.open(f"/api/v1/articles/{article_id}/previews", method=method).status_code != 404:
                wrong.append((method, article_id, "no article"))
    # Who may only read sees who was shown the article, and shows it to nobody.
    if [viewer.get(path).status_code, viewer.post(path).status_code, viewer.delete(mine["link"]).status_code] != [
        200, 403, 403,
    ]:  # fmt: skip
        wrong.append(("viewer", path, ""))
    # A revision is one of this very article.
    for revision in (2, 3, 0, -1, 2**31, 2**63, "1", 1.5, True, [1], "last"):
        answer = everywhere.post(path, json={"revision": revision})
        if answer.status_code != 422:
            wrong.append(("revision", revision, answer.status_code))
    assert wrong == []
    assert everywhere.post(other, json={"revision": 2}).status_code == 201
    assert everywhere.get(mine["link"]).json["state"] == "active", "nobody withdrew it on the way"


def test_what_is_wrong_with_a_link_that_is_asked_for_is_said(app: Flask, editor: FlaskClient) -> None:
    made = draft(editor)
    path = f"/api/v1/articles/{made['id']}/previews"
    bodies: list[tuple[Any, str]] = [
        ({"expires_in_hours": hours}, "/expires_in_hours")
        for hours in (0, -1, 721, 10**30, "24", 1.5, True, [], {}, "forever")
    ]
    bodies += [({"label": label}, "/label") for label in ("x" * 121, "a\nb", "a\x00b", 7, None, ["a"], "a\u2028b")]
    bodies += [({name: 1}, f"/{name}") for name in ("token", "id", "article_id", "expires_at", "views", "created_by")]
    wrong = []
    for body, pointer in bodies:
        answer = editor.post(path, json=body)
        if answer.status_code not in (400, 422) or (
            answer.status_code == 422 and answer.json["errors"][0]["pointer"] != pointer
        ):
            wrong.append((body, answer.status_code, answer.json))
    assert wrong == []
    assert editor.get(f"{path}?count=exact").json["meta"]["count"] == 0
    week = share(editor, made["id"])
    month = share(editor, made["id"], expires_in_hours=720, label="Für „die Presse“ 👋")
    lives = [(_at(one["expires_at"]) - _at(one["created_at"])) / timedelta(hours=1) for one in (week, month)]
    assert lives == [168, 720]
    answer = editor.post(path, json={"expires_in_hours": 721})
    assert answer.json["errors"][0]["detail"] == "A preview link opens for at most 720 hours here."


def test_a_token_is_shown_once_and_stands_nowhere(
    app: Flask, editor: FlaskClient, administrator: FlaskClient, client: FlaskClient, database: Database,
    capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    made = draft(editor)
    path, headers = f"/api/v1/articles/{made['id']}/previews", {"Idempotency-Key": "once"}
    first = editor.post(path, headers=headers)
    assert (first.status_code, editor.post(path, headers=headers).status_code) == (201, 409)
    assert editor.get(f"{path}?count=exact").json["meta"]["count"] == 1
    token = first.json["token"]
    link = {"path": f"/preview/v1/articles/{made['id']}?token={token}"}
    assert look(client, link, "198.51.100.77").status_code == 200
    editor.delete(f"{path}/{first.json['id']}")
    with database.reading() as session:
        everything = "".join(
            str(row) for name in inspect(session.connection()).get_table_names()
            for row in session.execute(text(f"SELECT * FROM {name}"))
        )  # fmt: skip
        entries = [entry for entry in session.scalars(select(AuditEntry)) if "preview" in entry.action]
        letters = [row for row in session.scalars(select(Letter)) if "preview" in row.type]
    assert first.json["id"].replace("-", "") in everything.replace("-", "")
    told = everything + capsys.readouterr().out + editor.get(path).text + administrator.get("/api/v1/audit").text
    assert token not in told and token[30:70] not in told and "198.51.100" not in told
    assert [(one.action, one.subject_id, one.changes) for one in entries] == [
        ("article.preview_shared", made["id"], ["expires_at"]), ("article.preview_revoked", made["id"], ["revoked_at"]),
    ]  # fmt: skip
    assert [(one.type, one.data["preview_id"]) for one in letters] == [
        ("article.preview_shared", first.json["id"]), ("article.preview_revoked", first.json["id"]),
    ]  # fmt: skip


@pytest.mark.both_databases
def test_who_looked_is_told_apart_and_not_named_and_forgotten_after_a_while(
    app: Flask, database: Database, settings: Settings, clock: Clock
) -> None:
    clock.at = now().replace(hour=12)
    desk = Desk(app, database)
    editor, client = desk.client(desk.token("editor")), desk.client(None)
    made = draft(editor)
    link, other = share(editor, made["id"]), share(editor, made["id"])
    for address in ("192.0.2.1", "192.0.2.1", "192.0.2.2", "2001:db8::1", "2001:db8::2"):
        clock.wait(seconds=1)
        assert look(client, link, address).status_code == 200
    look(client, other)
    client.head(link["path"], environ_base={"REMOTE_ADDR": "192.0.2.9"})
    clock.wait(days=1)
    assert client.get(link["page"], environ_base={"REMOTE_ADDR": "192.0.2.1"}).status_code == 200
    views = editor.get(link["link"] + "/views?count=exact").json
    assert ([one["count"] for one in views["data"]], views["meta"]["count"]) == ([1, 2, 1, 2], 4)
    assert len({one["visitor"] for one in views["data"]}) == 3
    assert views["data"][0]["visitor"] == views["data"][3]["visitor"], "the same visitor on another day"
    assert all(re.fullmatch("[0-9a-f]{6}", one["visitor"]) for one in views["data"])
    assert views["data"][3]["first_at"] < views["data"][3]["last_at"]
    elsewhere = editor.get(other["link"] + "/views").json["data"]
    assert elsewhere[0]["visitor"] not in {one["visitor"] for one in views["data"]}
    shown = editor.get(link["link"]).json
    assert (shown["views"], shown["last_viewed_at"]) == (6, views["data"][0]["last_at"])
    first = editor.get(link["link"] + "/views?limit=3").json
    rest = editor.get(link["link"] + f"/views?limit=3&cursor={first['page']['next_cursor']}").json["data"]
    assert [*first["data"], *rest] == views["data"]
    # Where very many looked, further ones are only counted.
    with database.transaction() as session:
        session.execute(update(PreviewLink).where(PreviewLink.id == other["id"]).values(views=MOST_TOLD_APART))
    look(client, other, "192.0.2.50")
    assert (len(editor.get(other["link"] + "/views").json["data"]), editor.get(other["link"]).json["views"]) == (
        1, MOST_TOLD_APART + 1,
    )  # fmt: skip
    assert "preview_views" not in forget_old(settings, database, clock.at + 28 * DAY)
    later = forget_old(settings, database, clock.at + 30 * DAY + timedelta(hours=1))
    assert (later["preview_views"], "preview_links" in later) == (5, False), "the links' time is not over"
    assert forget_old(settings, database, clock.at + 37 * DAY)["preview_links"] == 2
    with database.reading() as session:
        assert session.scalar(select(func.count()).select_from(PreviewView)) == 0
    assert look(client, link).status_code in (404, 410)


def test_what_stands_around_a_draft_is_what_readers_see_and_nothing_else(
    editor: FlaskClient, administrator: FlaskClient, client: FlaskClient, settings: Settings, database: Database
) -> None:
    administrator.post("/api/v1/sections", json={"name": "City", "slug": "city"})
    given = {"section": "city", "tags": ["trams"], "body": "The tram climbs the hill to the quay at dawn."}
    shown = [draft(editor, title=f"Tram {name}", **given) for name in ("one", "two", "three")]
    for one in shown:
        assert act(editor, "publish", one["id"], 1).status_code == 200
    drain(settings, database)
    drafts = [draft(editor, title=f"Secret tram {name}", **given) for name in ("four", "five")]
    act(editor, "publish", drafts[0]["id"], 1, json={"embargo_until": "2036-01-01T00:00:00Z"})
    hidden = editor.post(f"/api/v1/articles/{shown[1]['id']}/translate", json={"locale": "kk", "title": "Secret"}).json
    public = editor.post(f"/api/v1/articles/{shown[1]['id']}/translate", json={"locale": "ru", "title": "Трамвай"}).json
    act(editor, "publish", public["id"], 1)
    patch(editor, shown[2]["id"], 2, title="Secret title of a draft")
    drain(settings, database)
    for one in (shown[1], drafts[1], hidden):
        seen = look(client, share(editor, one["id"])).json
        # What there is of the article itself is its own; all else is what readers find.
        around = {name: seen[name] for name in ("related", "translations", "previous", "next", "corrections")}
        around["works"] = {name: seen["seo"]["json_ld"].get(name) for name in ("workTranslation", "translationOfWork")}
        assert "ecret" not in str(around), one["title"]
        for entry in [*around["related"], *(one for one in (around["previous"], around["next"]) if one)]:
            assert client.get(f"{CONTENT}/{entry['id']}").status_code == 200
        for entry in around["translations"]:
            assert client.get(entry["url"]).status_code == 200
    live = look(client, share(editor, shown[1]["id"])).json
    document = client.get(f"{CONTENT}/{shown[1]['id']}").json
    for name in ("related", "translations", "previous", "next", "comments", "bookmarks"):
        assert live[name] == document[name], name
    assert [one["locale"] for one in live["translations"]] == ["ru"]
    translated = look(client, share(editor, hidden["id"])).json
    assert [one["locale"] for one in translated["translations"]] == ["en", "ru"]
    assert translated["seo"]["json_ld"]["translationOfWork"]["identifier"] == shown[1]["id"]
    alone = look(client, share(editor, drafts[1]["id"])).json
    assert (alone["related"], alone["previous"], alone["next"]) == ([], None, None)


def test_a_page_is_text_and_sanitised_html_and_asks_nobody_anything(editor: FlaskClient, client: FlaskClient) -> None:
    evil = "<script>alert(1)</script>\"'><img src=x onerror=alert(1)>"
    made = draft(
        editor, title=f"T {evil}", dek=f"D {evil}", summary=[f"S {evil}"], locale="kk",
        body=f"Body {evil}\n\n[x](javascript:alert(1))\n\n<iframe src='https://evil.example/'></iframe>",
        body_format="markdown",
    )  # fmt: skip
    answer = client.get(share(editor, made["id"])["page"])
    tree = html5lib.parse(answer.text, namespaceHTMLElements=False)
    names = {element.tag for element in tree.iter() if isinstance(element.tag, str)}
    assert not names & {"script", "iframe", "form", "object", "embed", "link", "base"}
    assert not [name for element in tree.iter() for name in element.attrib if name.startswith("on")]
    assert "javascript:" not in str([element.attrib for element in tree.iter()])
    assert tree.find("body/h1").text == f"T {evil}"
    assert "жарияланбаған" in tree.find("body/aside").text
    policy = answer.headers["Content-Security-Policy"]
    assert policy.startswith("default-src 'none'; ") and "unsafe" not in policy
    assert [element.attrib["content"] for element in tree.iter("meta") if element.attrib.get("name") == "robots"] == [
        "noindex, nofollow"
    ]
    act(editor, "publish", made["id"], 1)
    assert "Жарияланған нұсқаны" in client.get(share(editor, made["id"])["page"]).text


def test_looks_are_limited_by_the_network_and_links_by_the_article(
    app: Flask, editor: FlaskClient, client: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = draft(editor)
    link = share(editor, made["id"])
    for _ in range(LOOKS_PER_CLIENT.times):
        client.get(f"/preview/v1/articles/{made['id']}?token=guess", environ_base={"REMOTE_ADDR": "203.0.113.7"})
    held = look(client, link, "203.0.113.7")
    assert (held.status_code, held.headers["Cache-Control"]) == (429, "private, no-store")
    assert int(held.headers["Retry-After"]) >= 1
    assert look(client, link, "203.0.113.8").status_code == 200
    monkeypatch.setattr("cms.newsroom.previews.sharing.MOST_LINKS", 3)
    more = [share(editor, made["id"]) for _ in range(2)]
    full = editor.post(f"/api/v1/articles/{made['id']}/previews")
    assert (full.status_code, full.json["code"]) == (409, "too_many")
    editor.delete(more[0]["link"])
    assert editor.post(f"/api/v1/articles/{made['id']}/previews").status_code == 201


def test_a_link_outlives_one_change_of_the_key_and_says_so_when_a_second_one_ended_it(
    editor: FlaskClient, client: FlaskClient, app: Flask
) -> None:
    parts, made = app.extensions["copydesk"], draft(editor)
    link = share(editor, made["id"])
    secret = parts.keys.secret

    def with_keys(keys: Keys) -> tuple[int, str]:
        app.extensions["copydesk"] = replace(parts, keys=keys)
        return look(client, link).status_code, editor.get(link["link"]).json["state"]

    second, third = b"the second secret of this place 0123456789", b"the third secret of this place 0123456789"
    assert with_keys(parts.keys) == with_keys(Keys(second, secret)) == (200, "active")
    assert with_keys(Keys(third, second)) == (404, "expired")
    assert with_keys(Keys(second)) == (404, "expired"), "after a leak everything that the key signed ends at once"
    made_with_second = share(editor, made["id"])
    assert look(client, made_with_second).status_code == 200


@pytest.mark.both_databases
def test_a_look_costs_the_same_for_few_and_for_many_tags_authors_revisions_and_links(
    app: Flask, editor: FlaskClient, administrator: FlaskClient, client: FlaskClient
) -> None:
    people = [f"author-{number}" for number in range(6)]
    for slug in people:
        administrator.post("/api/v1/people", json={"slug": slug, "name": slug})
    database = app.extensions["copydesk"].database
    sent: list[str] = []
    for engine in {database.writer, database.reader}:
        event.listen(engine, "before_cursor_execute", lambda *told: sent.append(told[2]))

    def cost(ask: Callable[[], Any]) -> int:
        sent.clear()
        assert ask().status_code == 200
        return len(sent)

    spent = []
    for count, revisions, links in ((1, 1, 1), (6, 12, 9)):
        made = draft(editor, tags=[f"tag-{number}" for number in range(2 * count)], authors=people[:count])
        for number in range(1, revisions):
            patch(editor, made["id"], number, body=f"Text {number}.")
        for _ in range(links):
            link = share(editor, made["id"])
        path = f"/api/v1/articles/{made['id']}/previews"
        look(client, link)
        spent.append(
            {
                "look": cost(lambda link=link: look(client, link)),
                "pinned": cost(lambda made=made: look(client, share(editor, made["id"], revision=1))),
                "list": cost(lambda path=path: editor.get(path)),
                "views": cost(lambda link=link: editor.get(link["link"] + "/views")),
            }
        )
    print(spent[0])
    assert spent[0] == spent[1]
    assert spent[0]["look"] <= 20


def test_a_site_shows_previews_on_a_page_of_its_own_where_a_setting_says_so(settings: Settings) -> None:
    for good in ("https://www.example.org/preview/{id}#{token}", "http://localhost:3000/p?t={token}"):
        assert Settings.from_environment({"COPYDESK_PREVIEW_PAGE_URL": good}).preview_page_url == good
    bad = ("javascript:{token}", "https://{token}.example.org/", "https://example.org/", "www.example.org/{token}",
           "https://a@example.org/{token}", "https://example.org/{token}{slug}", 'https://e.org/"{token}')  # fmt: skip
    for page in bad:
        with pytest.raises(SettingsError, match="COPYDESK_PREVIEW_PAGE_URL"):
            Settings.from_environment({"COPYDESK_PREVIEW_PAGE_URL": page})
    with pytest.raises(SettingsError, match="COPYDESK_PREVIEW_HOURS"):
        Settings.from_environment({"COPYDESK_PREVIEW_HOURS": "48", "COPYDESK_PREVIEW_LONGEST_HOURS": "24"})
    told = replace(
        settings, preview_page_url="https://www.example.org/p/{id}#{token}", preview_hours=5, preview_longest_hours=6,
        article_page_url="https://www.example.org/{locale}/{slug}", base_url="https://cms.example.org",
    )  # fmt: skip
    app = create_app(told)
    desk = Desk(app, Database(told.database, is_durable=True))
    editor = desk.client(desk.token("editor"))
    made = draft(editor)
    link = share(editor, made["id"])
    assert link["page_url"] == f"https://www.example.org/p/{made['id']}#{link['token']}"
    assert link["url"] == f"https://cms.example.org{link['path']}"
    assert _at(link["expires_at"]) - _at(link["created_at"]) == timedelta(hours=5)
    assert editor.post(f"/api/v1/articles/{made['id']}/previews", json={"expires_in_hours": 7}).status_code == 422
    seen = look(desk.client(None), link).json
    assert seen["share"]["url"] == seen["seo"]["canonical_url"] == "https://www.example.org/en/harbour-bridge-reopens"
    desk.database.dispose()
    app.extensions["copydesk"].database.dispose()
    app.extensions["copydesk"].index.close()


def _at(text: str) -> datetime:
    return datetime.fromisoformat(text)

"""Preview links: what opens one, and what ends it (row S39)."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import event, func, inspect, select, text, update
from structlog.testing import capture_logs

from cms.audit.models import AuditEntry
from cms.content.embargo.models import EmbargoedDocument
from cms.events.models import Letter
from cms.newsroom.previews.models import PreviewLink
from cms.newsroom.previews.tokens import read_ticket, signed
from cms.newsroom.previews.viewing import look as see
from cms.newsroom.previews.viewing import note_view
from cms.platform.clock import now
from cms.platform.db import Database
from cms.platform.errors import Gone
from cms.platform.keys import Keys
from cms.settings import Settings
from tests.access.desk import Desk
from tests.newsroom.appointing import Clock
from tests.newsroom.making import act, draft, patch
from tests.newsroom.previewing import look, share
from workers.due import Chores

DAY = timedelta(days=1)
CONTENT = "/content/v1/articles"


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

"""Preview links: whose rights one lives by, and who may make, see and withdraw it (row S39)."""

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import update

from cms.identity.staff.models import StaffGrant, StaffUser
from cms.identity.staff.schemas import Given
from cms.platform.clock import now
from cms.platform.db import Database
from tests.access.desk import Desk
from tests.newsroom.making import draft, patch
from tests.newsroom.previewing import look, share

DAY = timedelta(days=1)
CONTENT = "/content/v1/articles"


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


def _at(text: str) -> datetime:
    return datetime.fromisoformat(text)

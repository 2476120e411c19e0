"""Pins and bans of related lists: what is refused, what is written, and what is remembered."""

from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select
from werkzeug.test import TestResponse

from cms.audit.models import AuditEntry
from cms.content.related.models import RelatedArrangement, RelatedChoice
from cms.events.models import Delivery, Letter
from cms.newsroom.related.rules import MOST_BANS, MOST_PINS
from cms.platform.db import Database
from cms.settings import Settings
from tests.access.desk import Desk
from tests.draining import drain
from tests.newsroom.making import UNKNOWN, act, draft

PATH = "/api/v1/articles/{0}/related"


def arrange(client: FlaskClient, article_id: str, revision: int, **body: Any) -> TestResponse:
    """Decide about an article's list."""
    return client.put(PATH.format(article_id), json=body, headers={"If-Match": f'"{revision}"'})


def written(database: Database) -> list[Any]:
    """Everything that the verb can write."""
    with database.reading() as session:
        rows = [session.scalars(select(kind)).all() for kind in (RelatedArrangement, RelatedChoice, AuditEntry, Letter)]
        return [len(found) for found in rows]


def test_what_cannot_be_pinned_or_banned_is_refused_by_its_place_and_writes_nothing(
    editor: FlaskClient, database: Database
) -> None:
    mine, other, kazakh = (draft(editor, title=title, locale=locale)["id"] for title, locale in (
        ("Mine", "en"), ("Other", "en"), ("Басқа", "kk"),
    ))  # fmt: skip
    before = written(database)
    cases: list[tuple[dict[str, Any], str, str]] = [
        ({"pins": [mine]}, "/pins/0", "itself"), ({"bans": [other, mine]}, "/bans/1", "itself"),
        ({"pins": [other, other]}, "/pins/1", "twice"), ({"bans": [other, other]}, "/bans/1", "twice"),
        ({"pins": [other], "bans": [other]}, "/bans/0", "twice"), ({"pins": [UNKNOWN]}, "/pins/0", "unknown"),
        ({"bans": [UNKNOWN]}, "/bans/0", "unknown"), ({"pins": [other, kazakh]}, "/pins/1", "wrong_locale"),
        ({"bans": [kazakh]}, "/bans/0", "wrong_locale"), ({"pins": "x"}, "/pins", ""), ({"pins": ["x"]}, "/pins/0", ""),
        ({"pins": [1]}, "/pins/0", ""), ({"pins": None}, "/pins", ""), ({"pins": {}}, "/pins", ""),
        ({"pins": [None]}, "/pins/0", ""), ({"pins": [[other]]}, "/pins/0", ""), ({"order": [other]}, "/order", ""),
        ({"bans": [{}]}, "/bans/0", ""), ({"pins": [UNKNOWN] * (MOST_PINS + 1)}, "/pins", ""),
        ({"bans": [UNKNOWN] * (MOST_BANS + 1)}, "/bans", ""), ({"entries": []}, "/entries", ""),
    ]  # fmt: skip
    wrong = []
    for body, pointer, code in cases:
        answer = arrange(editor, mine, 0, **body)
        errors = answer.json.get("errors", [{}]) if answer.json else [{}]
        first = next((one for one in errors if one.get("pointer") == pointer), None)
        if answer.status_code != 422 or first is None or (code and first["code"] != code):
            wrong.append((body, answer.status_code, errors))
    assert wrong == []
    assert arrange(editor, UNKNOWN, 0).status_code == 404
    assert editor.put(PATH.format(mine), json={}).status_code == 428
    assert arrange(editor, mine, 0, pins=[]).status_code == 200, "nothing decided is nothing to write"
    assert written(database) == before


@pytest.mark.both_databases
def test_a_decision_is_counted_audited_and_sent_once(editor: FlaskClient, database: Database) -> None:
    mine, one, two = (draft(editor, title=title)["id"] for title in ("Mine", "One", "Two"))
    nothing = editor.get(PATH.format(mine))
    assert (nothing.headers["ETag"], nothing.json["pins"], nothing.json["updated_at"]) == ('"0"', [], None)
    first = arrange(editor, mine, 0, pins=[two, one])
    assert (first.status_code, first.headers["ETag"], first.json["revision"]) == (200, '"1"', 1)
    # Readers know of neither, so their titles are not told.
    assert first.json["pins"] == [{"article": two, "title": None}, {"article": one, "title": None}]
    assert editor.get(first.headers["Location"]).json["event"]["type"] == "article.related_arranged"
    stale = arrange(editor, mine, 0, bans=[one])
    assert (stale.status_code, stale.headers["ETag"], stale.json["code"]) == (412, '"1"', "stale")
    before = written(database)
    again = arrange(editor, mine, 1, pins=[two, one])
    assert again.headers["ETag"] == '"1"' and "Location" not in again.headers and written(database) == before
    assert arrange(editor, mine, 1, pins=[one, two]).headers["ETag"] == '"2"', "the order is part of what is decided"
    assert arrange(editor, mine, 2, bans=[two]).json["bans"] == [{"article": two, "title": None}]
    with database.reading() as session:
        asked = select(AuditEntry).where(AuditEntry.action == "article.related_arranged").order_by(AuditEntry.number)
        notes = session.scalars(asked).all()
        assert [(entry.subject_id, entry.changes) for entry in notes] == [
            (mine, ["pins"]), (mine, ["pins"]), (mine, ["pins", "bans"]),
        ]  # fmt: skip
        letters = select(Delivery.subscription).join(Letter).where(Letter.type == "article.related_arranged")
        assert session.scalars(letters).all() == ["related"] * 3


def test_who_may_not_read_an_article_cannot_pin_it_and_who_edits_elsewhere_decides_nothing(
    app: Flask, database: Database
) -> None:
    desk, client = Desk(app, database).furnish(), app.test_client()
    mine, far = desk.article(section="trams").article.id, desk.article(section="sport").article.id
    inside = {"Authorization": f"Bearer {desk.token('editor', section_path='city/')}", "If-Match": '"0"'}
    answer = client.put(PATH.format(mine), json={"pins": [far]}, headers=inside)
    assert (answer.status_code, answer.json["errors"][0]["code"]) == (422, "unknown")
    assert client.put(PATH.format(far), json={"bans": [mine]}, headers=inside).status_code == 404
    assert client.get(PATH.format(far), headers=inside).status_code == 404


@pytest.mark.both_databases
def test_an_editor_pins_orders_and_bans_and_it_is_remembered(
    editor: FlaskClient, client: FlaskClient, settings: Settings, database: Database
) -> None:
    body = "Engineers test the brakes of the tram on Lock Hill before it carries passengers again. "
    titles = ("Tram", "Brakes", "Depot", "Rails", "Bread")
    ids = {
        title: draft(editor, title=title, body=body + title if title != "Bread" else "Bakers bake bread.")["id"]
        for title in titles
    }
    names = {article_id: title for title, article_id in ids.items()}

    def shown() -> list[str]:
        drain(settings, database)
        document = client.get(f"/content/v1/articles/{ids['Tram']}").json["related"]
        listed = client.get(f"/content/v1/articles/{ids['Tram']}/related").json["data"]
        assert [one["id"] for one in document] == [one["id"] for one in listed]
        return [names[one["id"]] for one in document]

    for article_id in ids.values():
        assert act(editor, "publish", article_id, 1).status_code == 200
    assert sorted(shown()) == ["Brakes", "Depot", "Rails"]
    assert arrange(editor, ids["Tram"], 0, pins=[ids["Bread"], ids["Rails"]], bans=[ids["Depot"]]).status_code == 200
    assert shown() == ["Bread", "Rails", "Brakes"]
    entries = editor.get(PATH.format(ids["Tram"])).json["entries"]
    assert [(one["title"], one["is_pinned"], one["why"][0]) for one in entries] == [
        ("Bread", True, "pinned"), ("Rails", True, "pinned"), ("Brakes", False, "text"),
    ]  # fmt: skip
    # What is unpublished leaves at once and comes back to its place; the article's own absence changes nothing.
    assert act(editor, "unpublish", ids["Bread"], 2).status_code == 200
    assert [one["id"] for one in client.get(f"/content/v1/articles/{ids['Tram']}").json["related"]] == [
        ids["Rails"], ids["Brakes"],
    ]  # fmt: skip
    assert shown() == ["Rails", "Brakes"]
    assert act(editor, "unpublish", ids["Tram"], 2).status_code == 200
    drain(settings, database)
    for title in ("Tram", "Bread"):
        assert act(editor, "publish", ids[title], 3).status_code == 200
    assert shown() == ["Bread", "Rails", "Brakes"]
    assert arrange(editor, ids["Tram"], 1, pins=[ids["Rails"], ids["Bread"]]).status_code == 200
    assert shown()[:2] == ["Rails", "Bread"] and "Depot" in shown()
    # The list of the other one was never decided about.
    assert "Tram" in [one["title"] for one in editor.get(PATH.format(ids["Depot"])).json["entries"]]


def test_an_author_reads_why_and_decides_nothing(client_as: Callable[[str], FlaskClient], editor: FlaskClient) -> None:
    mine, other = (draft(editor, title=title)["id"] for title in ("Mine", "Other"))
    author = client_as("author")
    assert author.get(PATH.format(mine)).status_code == 200
    answer = arrange(author, mine, 0, pins=[other])
    assert (answer.status_code, answer.json["missing_permission"]) == (403, "lists:write")

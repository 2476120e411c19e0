"""What acts on an article cost: as many statements with many tags, authors and revisions as with few."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import event

from tests.newsroom.making import act, draft, patch

pytestmark = pytest.mark.both_databases
TAGS = [f"tag-{number}" for number in range(12)]
AUTHORS = [f"author-{number}" for number in range(6)]
# The most that each act may take on either database; fewer is better, and then the number here goes down too.
MOST = {"save": 13, "edit": 19, "publish": 24, "publish_again": 37}


@pytest.fixture
def cost(app: Flask) -> Callable[[Callable[[], Any]], int]:
    """A function that says how many statements an act sends by sessions; prepared reads past them are not counted."""
    database = app.extensions["copydesk"].database

    @contextmanager
    def noted() -> Iterator[list[str]]:
        sent: list[str] = []

        def note(_connection: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
            # How a transaction of SQLite begins, and what a token notes once a minute, is no cost of an act.
            if statement != "BEGIN IMMEDIATE" and "SET last_used_at" not in statement:
                sent.append(statement)

        engines = {database.writer, database.reader}
        for engine in engines:
            event.listen(engine, "before_cursor_execute", note)
        yield sent
        for engine in engines:
            event.remove(engine, "before_cursor_execute", note)

    def count(doing: Callable[[], Any]) -> int:
        with noted() as sent:
            answer = doing()
        assert not hasattr(answer, "status_code") or answer.status_code < 300, answer.json
        return len(sent)

    return count


@pytest.fixture
def words(editor: FlaskClient, administrator: FlaskClient) -> None:
    """The tags and people that the articles name, so that no act has to make them first."""
    for slug in AUTHORS:
        answer = administrator.post("/api/v1/people", json={"slug": slug, "name": slug})
        assert answer.status_code == 201, answer.json
    draft(editor, tags=TAGS)


@pytest.mark.usefixtures("words")
def test_saving_and_publishing_cost_the_same_for_few_and_for_many_tags_authors_and_revisions(
    editor: FlaskClient, cost: Callable[[Callable[[], Any]], int]
) -> None:
    spent: list[dict[str, int]] = []
    for count, revisions in ((1, 1), (6, 14)):
        given = {"tags": TAGS[: 2 * count], "authors": AUTHORS[:count]}
        made: dict[str, Any] = {}
        costs = {"save": cost(lambda made=made, given=given: made.update(draft(editor, **given)))}
        for number in range(1, revisions):
            assert patch(editor, made["id"], number, body=f"Text {number}.").status_code == 200
        at, other = revisions, {"tags": given["tags"][::-1], "dek": "Another."}
        costs["edit"] = cost(lambda made=made, at=at, other=other: patch(editor, made["id"], at, **other))
        costs["publish"] = cost(lambda made=made, at=at: act(editor, "publish", made["id"], at + 1))
        assert patch(editor, made["id"], at + 2, body="A last text.").status_code == 200
        costs["publish_again"] = cost(lambda made=made, at=at: act(editor, "publish", made["id"], at + 3))
        spent.append(costs)
    assert spent[0] == spent[1]
    assert all(spent[0][name] <= most for name, most in MOST.items()), spent[0]


@pytest.mark.usefixtures("words")
def test_every_other_read_and_act_costs_the_same_for_few_and_for_many_tags_authors_and_revisions(
    editor: FlaskClient, client_as: Callable[[str], FlaskClient], cost: Callable[[Callable[[], Any]], int]
) -> None:
    chief = client_as("editor-in-chief")
    # The first request of a token is written down.
    assert chief.get("/api/v1/articles?limit=1").status_code == 200
    spent = [_spent(editor, chief, cost, {"tags": TAGS[: 2 * count], "authors": AUTHORS[:count]}, revisions)
             for count, revisions in ((1, 2), (6, 14))]  # fmt: skip
    assert spent[0] == spent[1]


def _spent(
    editor: FlaskClient,
    chief: FlaskClient,
    cost: Callable[[Callable[[], Any]], int],
    given: dict[str, Any],
    revisions: int,
) -> dict[str, int]:
    """What a whole life costs of an article with these words, after so many revisions."""
    made = draft(editor, title=f"After {revisions} revisions", body="The first text.", **given)
    path, spent = f"/api/v1/articles/{made['id']}", {}
    for number in range(1, revisions):
        assert patch(editor, made["id"], number, body=f"Text {number}.").status_code == 200
    for name, address in (
        ("read", path), ("revisions", f"{path}/revisions"), ("revision", f"{path}/revisions/1"),
        ("compare", f"{path}/revisions/1..{revisions}"), ("past", f"{path}?as_of=2035-01-01T00:00:00Z"),
        ("list", "/api/v1/articles?limit=1"),
    ):  # fmt: skip
        spent[name] = cost(lambda address=address: editor.get(address))
    spent["validate"] = cost(lambda: editor.post(f"{path}/validate"))
    at = revisions

    def done(name: str, doing: Callable[[dict[str, str]], Any]) -> None:
        nonlocal at
        spent[name] = cost(lambda: doing({"If-Match": f'"{at}"'}))
        # The article says itself where it is by now; one in the trash is one further.
        shown = editor.get(path)
        at = shown.json["revision"] if shown.status_code == 200 else at + 1

    def verb(name: str, body: dict[str, Any] | None = None, by: FlaskClient = editor) -> None:
        done(name, lambda headers: by.post(f"{path}/{name}", headers=headers, json=body or {}))

    verb("submit")
    verb("reject", {"note": "Who says so?"})
    verb("approve")
    done("schedule", lambda _: editor.put(f"{path}/schedule", json={"publish_at": "2035-01-01T00:00:00Z"}))
    spent["read_schedule"] = cost(lambda: editor.get(f"{path}/schedule"))
    done("unschedule", lambda _: editor.delete(f"{path}/schedule", headers={"If-Match": '"1"'}))
    verb("restore", {"revision": 1})
    spent["copy"] = cost(lambda: editor.post(f"{path}/copy", json={}))
    spent["translate"] = cost(lambda: editor.post(f"{path}/translate", json={"locale": "kk"}))
    verb("publish")
    assert patch(editor, made["id"], at, dek="It was Friday.").status_code == 200
    at += 1
    verb("correct", {"note": "It was Friday."})
    verb("takedown", {"reason": "A court said so."}, by=chief)
    verb("publish", by=chief)
    verb("unpublish")
    verb("archive")
    verb("unarchive")
    done("delete", lambda headers: editor.delete(path, headers=headers))
    spent["trash"] = cost(lambda: editor.get("/api/v1/trash?limit=1"))
    done("recover", lambda _: editor.post(f"/api/v1/trash/{made['id']}/restore"))
    return spent


def test_a_related_list_costs_the_same_with_many_pins_and_bans(
    editor: FlaskClient, cost: Callable[[Callable[[], Any]], int]
) -> None:
    mine, *others = (draft(editor, title=f"Story {number}")["id"] for number in range(13))
    path = f"/api/v1/articles/{mine}/related"

    def arrange(revision: int, count: int) -> int:
        body = {"pins": others[:count], "bans": others[-count:]}
        return cost(lambda: editor.put(path, json=body, headers={"If-Match": f'"{revision}"'}))

    arrange(0, 1)
    few = (arrange(1, 2), cost(lambda: editor.get(path)))
    assert (arrange(2, 6), cost(lambda: editor.get(path))) == few

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
MOST = {"save": 15, "edit": 21, "publish": 24, "publish_again": 37}


@pytest.fixture
def cost(app: Flask) -> Callable[[Callable[[], Any]], int]:
    """A function that says how many statements an act sends to the database."""
    database = app.extensions["copydesk"].database

    @contextmanager
    def noted() -> Iterator[list[str]]:
        sent: list[str] = []

        def note(_connection: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
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
        assert not hasattr(answer, "status_code") or answer.status_code == 200, answer.json
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

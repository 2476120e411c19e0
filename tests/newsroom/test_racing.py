"""Many editors at once: nothing is lost, nothing happens twice. Of slugs: `test_naming.py`."""

import time
from collections import Counter
from collections.abc import Callable
from threading import Barrier, Thread
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import text
from sqlalchemy.orm import Session

from cms.newsroom.editing import edit_article
from cms.newsroom.queries import article_by_id, contents
from cms.newsroom.rules import EditArticle
from cms.newsroom.saving import locked
from cms.newsroom.words.removing import remove_word
from cms.newsroom.words.rules import RemoveWord
from cms.platform.clock import now
from cms.platform.db import Database
from cms.taxonomy.models import Section
from tests.access.desk import OPERATOR, Desk
from tests.newsroom.making import OWED, counts, draft

pytestmark = pytest.mark.both_databases


def race(app: Flask, editor: FlaskClient, runners: int, run: Callable[[FlaskClient, int], None]) -> None:
    """Let every runner go at the same moment, each with a client of its own; a runner's exception is the test's."""
    start, failures = Barrier(runners), []

    def go(number: int) -> None:
        client = app.test_client()
        client.environ_base = editor.environ_base
        start.wait()
        try:
            run(client, number)
        except Exception as error:  # noqa: BLE001  # raised again in the test's own thread
            failures.append(error)

    threads = [Thread(target=go, args=(number,)) for number in range(runners)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if failures:
        raise failures[0]


def test_sixteen_editors_of_one_article_lose_no_change(app: Flask, editor: FlaskClient) -> None:
    made = draft(editor)
    path = f"/api/v1/articles/{made['id']}"
    answers: Counter[int] = Counter()

    def write(client: FlaskClient, number: int) -> None:
        etag, change = '"1"', {"fields": {f"editor-{number}": number}}
        while True:
            answer = client.patch(path, json=change, headers={"If-Match": etag})
            answers[answer.status_code] += 1
            if answer.status_code == 200:
                return
            assert answer.status_code == 412, answer.json
            assert answer.json["conflicts"] == []
            etag, change = answer.json["etag"], answer.json["merge"]

    race(app, editor, 16, write)
    after = editor.get(path).json
    assert after["fields"] == {f"editor-{number}": number for number in range(16)}
    assert after["revision"] == 17
    assert answers[200] == 16
    assert len(editor.get(f"{path}/revisions").json["data"]) == 17
    print(f"answers: {dict(answers)}")


def test_of_two_that_change_one_field_one_is_told(app: Flask, editor: FlaskClient) -> None:
    made = draft(editor)
    answers: list[Any] = []

    def write(client: FlaskClient, number: int) -> None:
        headers = {"If-Match": '"1"'}
        answers.append(client.patch(f"/api/v1/articles/{made['id']}", json={"dek": f"By {number}"}, headers=headers))

    race(app, editor, 8, write)
    assert Counter(answer.status_code for answer in answers) == {200: 1, 412: 7}
    for answer in answers:
        if answer.status_code == 412:
            assert [conflict["pointer"] for conflict in answer.json["conflicts"]] == ["/dek"]


def test_one_key_at_once_makes_one_article(app: Flask, editor: FlaskClient, database: Database) -> None:
    answers: list[Any] = []

    def write(client: FlaskClient, _number: int) -> None:
        body = {"title": "Once", "locale": "en"}
        answers.append(client.post("/api/v1/articles", json=body, headers={"Idempotency-Key": "one"}))

    race(app, editor, 8, write)
    assert {answer.status_code for answer in answers} == {201}
    assert len({answer.data for answer in answers}) == 1
    assert sum("Idempotency-Replayed" in answer.headers for answer in answers) == 7
    assert (counts(database)["articles"], counts(database)["letters"]) == (1, 1)


def test_of_many_publishes_of_one_revision_one_happens(app: Flask, editor: FlaskClient, database: Database) -> None:
    made = draft(editor)
    answers: list[Any] = []

    def publish(client: FlaskClient, _number: int) -> None:
        answers.append(client.post(f"/api/v1/articles/{made['id']}/publish", headers={"If-Match": '"1"'}))

    race(app, editor, 8, publish)
    assert Counter(answer.status_code for answer in answers) == {200: 1, 412: 7}
    assert counts(database)["deliveries"] == len(OWED)


def test_a_section_is_given_up_while_its_article_is_edited_and_neither_waits_for_ever(
    app: Flask, database: Database
) -> None:
    article = Desk(app, database).furnish().article(section="trams").article
    outcomes: list[Any] = []

    def give_up() -> None:
        try:
            with database.transaction() as session:
                command = RemoveWord("trams", 1, into="sport")
                outcomes.append(remove_word(session, OPERATOR, Section, command, now()).into.slug)
        except Exception as error:  # noqa: BLE001  # looked at in the test's own thread
            outcomes.append(error)

    thread = Thread(target=give_up)
    with database.transaction() as session:
        locked(session, OPERATOR, "articles:write", article.id)
        thread.start()
        _await_a_waiting_session(session)
        # Whoever holds the article asks for its section now: here two would wait for each other.
        edit_article(session, OPERATOR, EditArticle(article.id, article.revision, {"dek": "At noon"}), now())
    thread.join()
    assert outcomes == ["sport"]
    with database.reading() as session:
        after = contents(session, [article_by_id(session, article.id)])[article.id]
    assert (after["section"], after["dek"]) == ("sport", "At noon")


def _await_a_waiting_session(session: Session) -> None:
    """Until another one waits for a lock, on the server that can tell; on SQLite it waits for the file anyway."""
    if session.get_bind().dialect.name != "postgresql":
        return
    waiting = text("SELECT count(*) FROM pg_locks WHERE NOT granted")
    for _ in range(1_000):
        if session.scalar(waiting):
            return
        time.sleep(0.01)
    pytest.fail("nobody waits")

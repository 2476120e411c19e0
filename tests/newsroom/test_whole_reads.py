"""What is done to articles, and what workers do about it, never reads a table whole that grows with the articles."""

from collections.abc import Callable

from flask import Flask
from flask.testing import FlaskClient

from cms.newsroom.revisions.thinning import thin_revisions
from cms.platform.clock import now
from cms.platform.db import Database
from cms.settings import Settings
from tests.draining import drain
from tests.newsroom.making import act, draft, patch
from tests.scanning import tables_read_whole


def test_the_life_of_an_article_and_all_that_follows_from_it_reads_no_growing_table_whole(
    app: Flask,
    editor: FlaskClient,
    administrator: FlaskClient,
    client_as: Callable[[str], FlaskClient],
    database: Database,
    settings: Settings,
) -> None:
    assert administrator.post("/api/v1/people", json={"slug": "mei-lin", "name": "Mei Lin"}).status_code == 201
    chief = client_as("editor-in-chief")
    for number in range(3):
        other = draft(editor, title=f"Brakes are tested {number}", tags=["rail"])
        assert act(editor, "publish", other["id"], 1).status_code == 200
    # The first index is built from all articles.
    drain(settings, database)
    with tables_read_whole(database, app.extensions["copydesk"].database) as read:
        made = draft(editor, title="Brakes are tested again", tags=["rail", "depot"], authors=["mei-lin"])
        assert act(editor, "publish", made["id"], 1).status_code == 200
        drain(settings, database)
        assert patch(editor, made["id"], 2, body="Another text about brakes.").status_code == 200
        assert act(editor, "publish", made["id"], 3).status_code == 200
        drain(settings, database)
        assert act(chief, "takedown", made["id"], 4, json={"reason": "A court said so."}).status_code == 200
        drain(settings, database)
        with database.transaction() as session:
            thin_revisions(session, now())
    # There are few of these, however many articles there are.
    assert read <= {"sections"}


def test_a_read_of_a_whole_table_is_noticed(database: Database) -> None:
    with tables_read_whole(database) as read, database.reading() as session:
        session.connection().exec_driver_sql("SELECT title FROM documents WHERE text = 'brakes'").all()
        session.connection().exec_driver_sql("SELECT d.title FROM documents d WHERE d.article_id = 'x'").all()
        session.connection().exec_driver_sql("SELECT a.title FROM articles AS a WHERE a.title = 'brakes'").all()
    assert read == {"documents", "articles"}

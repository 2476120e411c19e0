"""Every cell of the table of access is asked (rows S30 and S31), and no route is missing from it."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from cms.platform.http.guard import OPEN_ROUTES
from tests.access.asking.together import ASK
from tests.access.room import PARTICULAR, Room, furnished_room, plain
from tests.access.table import Row, rows

ROWS = rows()
REFUSED = (401, 403, 404)
EVERYBODY = ("none", "viewer", "admin", "signed", "cookie-bare")


@pytest.fixture(scope="module")
def room(tmp_path_factory: pytest.TempPathFactory, sqlite_template: Path) -> Iterator[Room]:
    with furnished_room(tmp_path_factory.mktemp("access"), sqlite_template) as room:
        yield room


@pytest.mark.parametrize("row", ROWS, ids=[f"{row.method} {row.rule}" for row in ROWS])
def test_every_kind_of_credential_is_answered_as_the_table_says(room: Room, row: Row) -> None:
    build = ASK.get(f"{row.method} {row.rule}", plain(row.rule))
    wrong, asked = [], None
    # What is the same for everybody cannot see who asks; a few kinds are enough, since some compare passwords.
    columns = EVERYBODY if row.is_for_everybody else tuple(row.statuses)
    for column, status in ((column, row.statuses[column]) for column in columns):
        changes_nothing = row.method == "GET" or status in REFUSED
        for client in room.clients(column, is_fresh=not changes_nothing):
            for method in ("GET", "HEAD") if row.method == "GET" else (row.method,):
                # What was asked for and not changed is asked for again by the next, unless it is somebody's own.
                if asked is None or column in PARTICULAR:
                    asked = build(room, column)
                path, options = asked
                answer = client.open(path, method=method, **options)
                if answer.status_code != status:
                    wrong.append((column, method, status, answer.status_code, answer.get_data(as_text=True)[:200]))
                if answer.status_code >= 400 and method != "HEAD":
                    assert answer.mimetype == "application/problem+json"
                if column in PARTICULAR or not changes_nothing:
                    asked = None
    assert wrong == []


def test_no_route_is_missing_from_the_table_and_none_is_invented(room: Room) -> None:
    routes = {
        f"{method} {rule.rule}"
        for rule in room.desk.app.url_map.iter_rules()
        for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}
    }
    table = [f"{row.method} {row.rule}" for row in ROWS]
    assert set(table) == routes, "tests/access/table.py and the routes differ"
    assert len(table) == len(set(table))


def test_every_private_route_tells_the_kinds_apart() -> None:
    for row in ROWS:
        if row.rule.startswith("/api/") and (row.method, row.rule) not in OPEN_ROUTES:
            assert row.statuses["none"] == row.statuses["bad"] == 401, row
            assert not row.is_for_everybody


def test_no_credential_of_a_reader_works_in_the_newsroom_and_none_of_the_newsroom_is_a_readers() -> None:
    for row in ROWS:
        if row.rule.startswith("/api/") and not row.is_for_everybody:
            assert row.statuses["reader"] == row.statuses["other-reader"] == 401, row
        if row.rule.startswith("/readers/") and not row.is_for_everybody:
            assert {row.statuses[column] for column in row.statuses if "reader" not in column} == {401}, row

"""Prepared statements give what a session gives, are part of its transaction, and fail as it fails."""

from typing import Any

import pytest
from sqlalchemy import bindparam, delete, event, select, text
from sqlalchemy.exc import DBAPIError, IntegrityError

from cms.platform.clock import now
from cms.platform.db import Database, columns_of, insert_into
from cms.platform.ids import new_id
from cms.platform.prepared import PreparedRead, PreparedWrite
from cms.taxonomy.models import Tag

pytestmark = pytest.mark.both_databases
TAGS = columns_of(Tag)
TAG = insert_into(Tag)
NAMED = PreparedRead(
    select(TAGS.c.slug, TAGS.c.names, TAGS.c.created_at, TAGS.c.id, TAGS.c.revision)
    .where(TAGS.c.slug.in_(bindparam("slugs", expanding=True)), TAGS.c.name != "hidden")
    .order_by(TAGS.c.slug)
)
FORGET = PreparedWrite(delete(TAGS).where(TAGS.c.slug == bindparam("slug"), TAGS.c.name.in_(["A", "B"])))


def row(slug: str, name: str = "A") -> dict[str, object]:
    return {"id": new_id(), "slug": slug, "name": name, "names": {"kk": "Ә"}, "created_at": now()}


def test_values_lists_and_defaults_are_those_of_the_session(database: Database) -> None:
    rows = [row("a"), row("b", "B"), row("c", "hidden")]
    with database.transaction() as session:
        TAG.run_all(session, rows)
        TAG.run_all(session, [])
        TAG.run(session, **row("d"))
    with database.reading() as session:
        for asked, expected in ([], []), (["a"], ["a"]), (["d", "c", "b", "x"], ["b", "d"]):
            found = NAMED.rows(session, slugs=asked)
            assert [one.slug for one in found] == expected
            assert [tuple(one) for one in NAMED.rows(database.direct, slugs=asked)] == [tuple(one) for one in found]
        [kept] = session.scalars(select(Tag).where(Tag.slug == "a"))
        mine = NAMED.first(session, slugs=["a"])
        assert (mine.names, mine.created_at, mine.id, mine.revision) == (
            kept.names, kept.created_at, kept.id, kept.revision
        )  # fmt: skip
        assert (mine.id, mine.created_at, mine.revision) == (rows[0]["id"], rows[0]["created_at"], 1)


def test_a_few_rows_go_to_sqlite_by_one_statement_and_many_by_one_for_each(database: Database) -> None:
    sent: list[tuple[int, bool]] = []

    def note(_connection: Any, _cursor: Any, statement: str, _given: Any, _context: Any, are_many: bool) -> None:
        sent.append((statement.count("VALUES ("), are_many))

    few, many = [row(f"few-{number}") for number in range(3)], [row(f"many-{number:02}") for number in range(12)]
    with database.transaction() as session:
        session.connection()
        event.listen(database.writer, "before_cursor_execute", note)
        TAG.run_all(session, few)
        TAG.run_all(session, many)
    event.remove(database.writer, "before_cursor_execute", note)
    # On PostgreSQL each insert gives the number of its row back, and the driver sends those of many rows together.
    assert sent == [(1, not database.is_sqlite), (1, True)]
    with database.reading() as session:
        for rows in (few, many):
            found = NAMED.rows(session, slugs=[one["slug"] for one in rows])
            assert [(one.id, one.slug, one.created_at) for one in found] == [
                (one["id"], one["slug"], one["created_at"]) for one in rows
            ]
    with pytest.raises(IntegrityError), database.transaction() as session:
        TAG.run_all(session, [row("new"), row("few-1")])
    with database.reading() as session:
        assert NAMED.rows(session, slugs=["new"]) == []


def test_a_write_says_how_many_rows_it_concerned_and_is_undone_with_its_transaction(database: Database) -> None:
    with database.transaction() as session:
        TAG.run_all(session, [row("a"), row("c", "C")])
    with pytest.raises(ZeroDivisionError), database.transaction() as session:
        assert [FORGET.run(session, slug=slug) for slug in ("a", "a", "c")] == [1, 0, 0]
        raise ZeroDivisionError
    with database.transaction() as session:
        assert len(NAMED.rows(session, slugs=["a", "c"])) == 2


def test_the_drivers_errors_come_as_the_sessions(database: Database) -> None:
    with database.transaction() as session:
        TAG.run(session, **row("a"))
    with pytest.raises(IntegrityError) as refused, database.transaction() as session:
        TAG.run(session, **row("a", "a name that nobody else may read"))
    assert "nobody else" not in str(refused.value)
    with database.transaction() as session:
        with pytest.raises(IntegrityError), session.begin_nested():
            TAG.run(session, **row("a"))
        TAG.run(session, **row("b"))
    with database.reading() as session:
        assert [one.slug for one in NAMED.rows(session, slugs=["a", "b"])] == ["a", "b"]


def test_a_connection_that_was_lost_meanwhile_is_not_used_again(database: Database) -> None:
    with pytest.raises(DBAPIError) as lost, database.transaction() as session:
        session.connection().connection.dbapi_connection.close()  # type: ignore[union-attr]  # it has one, as it is used
        TAG.run(session, **row("a"))
    assert lost.value.connection_invalidated
    with database.transaction() as session:
        TAG.run(session, **row("a"))


def test_a_direct_read_asks_again_when_the_server_ended_its_connection_meanwhile(
    database: Database, database_kind: str
) -> None:
    def ask() -> list[tuple[str, ...]]:
        return database.direct.rows("SELECT slug FROM tags WHERE slug = ?", ("a",))

    with database.transaction() as session:
        TAG.run(session, **row("a"))
    assert ask() == [("a",)]
    if database_kind == "postgresql":
        others = "datname = current_database() AND pid <> pg_backend_pid()"
        with database.transaction() as session:
            session.execute(text(f"SELECT pg_terminate_backend(pid, 2000) FROM pg_stat_activity WHERE {others}"))
    assert ask() == [("a",)]

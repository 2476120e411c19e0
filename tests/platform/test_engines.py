"""Statements are put into SQL once for all engines of a process that speak to one server."""

from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, event, literal, select
from sqlalchemy.engine.interfaces import CacheStats

from cms.identity.models import ApiToken
from cms.platform.db import Database
from tests.servers import PostgreSQL


def outcomes(engine: Engine, column: str) -> list[CacheStats]:
    """Whether a statement was found compiled, asked twice of an engine."""
    heard: list[CacheStats] = []

    @event.listens_for(engine, "after_cursor_execute")
    def on_execute(_connection: Any, _cursor: Any, text: str, _values: Any, context: Any, _many: bool) -> None:
        if column in text:
            heard.append(context.cache_hit)

    for _ in range(2):
        with engine.connect() as connection:
            connection.execute(select(ApiToken.__table__.c.id, literal(1).label(column))).all()
    return heard


def test_what_one_engine_compiled_the_others_of_its_server_find(database: Database, tmp_path: Path) -> None:
    outcomes(database.reader, "warm")
    column = f"once_{tmp_path.parent.name.replace('-', '_')}"
    assert outcomes(database.writer, column) == [CacheStats.CACHE_MISS, CacheStats.CACHE_HIT]
    assert outcomes(database.reader, column) == [CacheStats.CACHE_HIT] * 2
    other = Database(f"{database.url}.other", is_durable=False)
    try:
        ApiToken.metadata.create_all(other.writer)
        assert outcomes(other.writer, column) == [CacheStats.CACHE_HIT] * 2
    finally:
        other.dispose()


@pytest.mark.both_databases
def test_an_engine_of_a_known_server_still_reads_what_is_in_its_own_database(database: Database) -> None:
    with database.transaction() as session:
        assert session.execute(select(ApiToken.id)).all() == []
    assert database.writer.dialect.server_version_info is not None


@pytest.mark.slow
@pytest.mark.postgresql
def test_each_kind_of_database_has_statements_of_its_own(
    database: Database, postgresql_server: PostgreSQL, tmp_path: Path
) -> None:
    other = Database(postgresql_server.url("template_copydesk").replace("://", "+psycopg://"), is_durable=True)
    try:
        column = f"each_{tmp_path.parent.name.replace('-', '_')}"
        outcomes(database.reader, "warm")
        outcomes(other.reader, "warm")
        assert outcomes(database.reader, column) == [CacheStats.CACHE_MISS, CacheStats.CACHE_HIT]
        assert outcomes(other.reader, column) == [CacheStats.CACHE_MISS, CacheStats.CACHE_HIT]
    finally:
        other.dispose()

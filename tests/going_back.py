"""A database as an earlier version left it, for tests of migrations."""

from typing import Any

from alembic import command
from sqlalchemy import text

from cms.migrations.running import configuration
from cms.platform.db import Database


def go_back(database: Database, kind: str, step: str) -> None:
    """Empty the database and bring it to an earlier step."""
    with database.writer.connect() as connection:
        if kind == "postgresql":
            connection.execute(text("DROP SCHEMA public CASCADE"))
            connection.execute(text("CREATE SCHEMA public"))
        else:
            connection.exec_driver_sql("COMMIT")
            connection.exec_driver_sql("PRAGMA foreign_keys=OFF")
            connection.exec_driver_sql("BEGIN IMMEDIATE")
            for name in connection.scalars(text("SELECT name FROM sqlite_master WHERE type = 'table'")).all():
                if not name.startswith("sqlite_"):
                    connection.exec_driver_sql(f"DROP TABLE {name}")
        command.upgrade(configuration(connection), step)
        connection.commit()
        connection.invalidate()


def insert(session: Any, table: str, **values: Any) -> None:
    """Write a row as an earlier program would have."""
    names = ", ".join(values)
    # PostgreSQL takes text for any type when it is not told one.
    kind = session.get_bind().dialect.name
    marks = ", ".join(_literal(value, kind) for value in values.values())
    session.execute(text(f"INSERT INTO {table} ({names}) VALUES ({marks})"))


def _literal(value: Any, kind: str) -> str:
    if isinstance(value, bytes):
        return f"X'{value.hex()}'" if kind == "sqlite" else rf"'\x{value.hex()}'"
    return str(value) if isinstance(value, int) else "'" + value.replace(":", r"\:") + "'"

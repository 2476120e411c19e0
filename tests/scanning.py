"""Which tables are read whole: what is quick in a test is slow for whoever has a hundred thousand articles."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from cms.platform.db import Database
from tests.statements import each_statement

# How SQLite says that it reads every row of a table, or of an index that holds every row.
SCAN = re.compile(r"SCAN (\w+)(?: USING (?:COVERING )?INDEX (\w+))?")
NAMED = re.compile(r"\b(?:FROM|JOIN) (\w+) (?:AS )?(\w+)")


@contextmanager
def tables_read_whole(*databases: Database) -> Iterator[set[str]]:
    """The tables of a SQLite database of which statements of sessions read every row meanwhile, by whichever of these
    ways to it. Partial indexes hold few."""
    found: set[str] = set()
    with databases[0].reading() as session:
        known = session.connection().exec_driver_sql("SELECT type, name, sql FROM sqlite_master").all()
    tables = {name for kind, name, _ in known if kind == "table"}
    partial = {name for kind, name, sql in known if kind == "index" and " WHERE " in (sql or "")}

    def explain(_connection: Any, cursor: Any, statement: str, values: Any, _context: Any, is_many: bool) -> None:
        if not statement.startswith(("SELECT", "UPDATE", "DELETE", "INSERT", "WITH")):
            return
        asked = cursor.connection.cursor()
        asked.execute(f"EXPLAIN QUERY PLAN {statement}", values[0] if is_many else values)
        tables_by_name = {name: table for table, name in NAMED.findall(statement)} | {name: name for name in tables}
        for *_, detail in asked.fetchall():
            scan = SCAN.match(detail)
            table = tables_by_name.get(scan[1], "") if scan else ""
            if scan is not None and table in tables and scan[2] not in partial:
                found.add(table)

    with each_statement(explain, *databases):
        yield found

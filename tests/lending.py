"""PostgreSQL databases that tests borrow: emptied between two tests, which costs a tenth of making a new one.

What comes back is as it was made, or it is dropped: rows of the template are put back, all others are gone, numbers
begin at one again, and a database whose tables were changed, or that grew, is not lent again.
"""

import uuid
from dataclasses import dataclass, field

import psycopg
from psycopg import sql

from tests.servers import PostgreSQL

TEMPLATE = "template_copydesk"
# Deleted rows stay in the files of a table, so a database is not lent for ever.
MOST_LOANS = 40
MOST_BYTES = 4_000_000

OTHERS = """
SELECT pg_terminate_backend(pid, 2000) FROM pg_stat_activity
WHERE datname = current_database() AND pid <> pg_backend_pid()
"""
TABLES = """
SELECT relname, pg_relation_size(oid) FROM pg_class
WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace AND pg_relation_size(oid) > 0
"""
NUMBERS = "SELECT setval(seqrelid::regclass, seqstart, false) FROM pg_sequence"
# Whatever is made, dropped or changed in a schema has another number, another count or another text here.
SHAPE = """
SELECT (SELECT (count(*), max(oid)) FROM pg_class)::text, (SELECT (count(*), max(oid)) FROM pg_constraint)::text,
       (SELECT (count(*), max(oid)) FROM pg_trigger)::text, (SELECT (count(*), max(oid)) FROM pg_proc)::text,
       (SELECT (count(*), max(oid)) FROM pg_namespace)::text, (SELECT count(*) FROM pg_extension)::text,
       (SELECT count(*) FROM pg_db_role_setting)::text,
       (SELECT md5(string_agg((attrelid, attnum, attname, atttypid, attnotnull, atthasdef, attisdropped)::text, ','
        ORDER BY attrelid, attnum)) FROM pg_attribute WHERE attrelid >= 16384)
"""


@dataclass
class Lendings:
    """The databases of one server."""

    server: PostgreSQL
    free: list[str] = field(default_factory=list)
    loans: dict[str, int] = field(default_factory=dict)
    shapes: dict[str, object] = field(default_factory=dict)
    seeds: dict[str, bytes] = field(default_factory=dict)

    def __post_init__(self) -> None:
        with self._connect(TEMPLATE) as connection:
            for name, _ in connection.execute(TABLES).fetchall():
                with connection.cursor().copy(sql.SQL("COPY {} TO STDOUT").format(sql.Identifier(name))) as rows:
                    self.seeds[name] = b"".join(bytes(part) for part in rows)

    def lend(self) -> str:
        """The name of an empty, migrated database."""
        if not self.free:
            name = f"test_{uuid.uuid4().hex}"
            self.server.execute(f"CREATE DATABASE {name} TEMPLATE {TEMPLATE} STRATEGY FILE_COPY")
            with self._connect(name) as connection:
                self.shapes[name] = connection.execute(SHAPE).fetchone()
            self.free.append(name)
        name = self.free.pop()
        self.loans[name] = self.loans.get(name, 0) + 1
        return name

    def take_back(self, name: str) -> None:
        """Empty a database for the next test, or drop it."""
        if self.loans[name] < MOST_LOANS and self._is_emptied(name):
            self.free.append(name)
        else:
            self.server.execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")

    def _is_emptied(self, name: str) -> bool:
        try:
            with self._connect(name) as connection:
                connection.execute(OTHERS)
                used = connection.execute(TABLES).fetchall()
                is_as_made = connection.execute(SHAPE).fetchone() == self.shapes[name]
                if not is_as_made or sum(size for _, size in used) > MOST_BYTES:
                    return False
                self._empty(connection, [table for table, _ in used])
        except psycopg.OperationalError:
            # A test may have dropped the database, or told it to take nobody.
            return False
        return True

    def _empty(self, connection: psycopg.Connection, used: list[str]) -> None:
        # References between tables are not looked at while all of them are emptied.
        connection.execute("SET session_replication_role = replica")
        for table in {*used, *self.seeds}:
            connection.execute(sql.SQL("DELETE FROM {}").format(sql.Identifier(table)))
        for table, rows in self.seeds.items():
            with connection.cursor().copy(sql.SQL("COPY {} FROM STDIN").format(sql.Identifier(table))) as into:
                into.write(rows)
        connection.execute(NUMBERS)

    def _connect(self, name: str) -> psycopg.Connection:
        return psycopg.connect(self.server.url(name))

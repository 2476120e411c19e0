"""The databases that tests borrow: what comes back is lent again as it was made, or not at all."""

from collections.abc import Iterator

import psycopg
import pytest

from tests.lending import MOST_LOANS, Lendings
from tests.servers import PostgreSQL

pytestmark = [pytest.mark.slow, pytest.mark.postgresql]

MANY_ROLES = """
INSERT INTO roles (name, description, permissions, revision, created_at, updated_at)
SELECT n::text, repeat('x', 90), '[]', 1, now(), now() FROM generate_series(1, {}) AS n
"""


@pytest.fixture
def lendings(postgresql_server: PostgreSQL) -> Iterator[Lendings]:
    """Databases of this test alone."""
    lendings = Lendings(postgresql_server)
    yield lendings
    for name in lendings.free:
        postgresql_server.execute(f"DROP DATABASE {name} WITH (FORCE)")


def run(lendings: Lendings, name: str, *statements: str) -> None:
    with psycopg.connect(lendings.server.url(name)) as connection:
        for statement in statements:
            connection.execute(statement)  # type: ignore[call-overload]  # the test's own text


def test_rows_and_numbers_are_as_in_the_template_when_it_is_lent_again(lendings: Lendings) -> None:
    name = lendings.lend()
    lasting = psycopg.connect(lendings.server.url(name))
    run(
        lendings,
        name,
        MANY_ROLES.format(1),
        "SELECT nextval(seqrelid::regclass) FROM pg_sequence",
        "UPDATE alembic_version SET version_num = 'far away'",
    )
    lendings.take_back(name)
    assert lendings.lend() == name
    with pytest.raises(psycopg.OperationalError):
        lasting.execute("SELECT 1")
    lasting.close()
    with psycopg.connect(lendings.server.url(name)) as connection:
        assert connection.execute("SELECT count(*) FROM roles").fetchone() == (0,)
        used = connection.execute("SELECT count(*) FROM pg_sequences WHERE last_value IS NOT NULL").fetchone()
        assert used == (0,)
        [version] = connection.execute("SELECT version_num FROM alembic_version").fetchone() or [""]
        assert f"{version}\n".encode() == lendings.seeds["alembic_version"]
    lendings.take_back(name)


@pytest.mark.parametrize(
    "change",
    [
        "DROP TABLE roles CASCADE",
        "CREATE TABLE another (id int)",
        "ALTER TABLE roles ADD COLUMN colour text",
        "ALTER TABLE roles ALTER COLUMN name DROP NOT NULL",
        "CREATE INDEX ON roles (permissions)",
        "ALTER TABLE roles RENAME COLUMN name TO title",
        "ALTER TABLE roles ADD CONSTRAINT short CHECK (length(name) < 9)",
        "CREATE FUNCTION one() RETURNS int LANGUAGE sql AS 'SELECT 1'",
        "CREATE SCHEMA away",
        MANY_ROLES.format(30_000),
    ],
)
def test_one_whose_tables_were_changed_or_grew_is_not_lent_again(lendings: Lendings, change: str) -> None:
    name = lendings.lend()
    run(lendings, name, change)
    lendings.take_back(name)
    assert name not in lendings.free
    with pytest.raises(psycopg.OperationalError):
        run(lendings, name, "SELECT 1")


def test_one_that_its_test_dropped_or_that_was_lent_often_is_made_anew(lendings: Lendings) -> None:
    name = lendings.lend()
    lendings.server.execute(f"DROP DATABASE {name}")
    lendings.take_back(name)
    other = lendings.lend()
    assert other != name
    lendings.loans[other] = MOST_LOANS
    lendings.take_back(other)
    assert lendings.lend() not in (name, other)

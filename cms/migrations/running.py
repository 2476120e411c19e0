"""Bringing a database to the head of the migrations."""

from pathlib import Path

from alembic import command
from alembic.config import Config
from sqlalchemy import Connection, text

from cms.platform.db import Database

FOLDER = Path(__file__).parent


def upgrade(database: Database) -> None:
    """Run the migrations that this database lacks, all in one transaction.

    SQLite rebuilds a table to change it, so its foreign keys are off meanwhile and checked afterwards.
    Raises: RuntimeError when a reference points nowhere afterwards.
    """
    with database.writer.connect() as connection:
        if database.is_sqlite:
            connection.exec_driver_sql("COMMIT")
            connection.exec_driver_sql("PRAGMA foreign_keys=OFF")
            connection.exec_driver_sql("BEGIN IMMEDIATE")
        else:
            # Several processes may start at once: the first migrates, the others wait and find nothing to do.
            connection.execute(text("SELECT pg_advisory_xact_lock(7260001)"))
        command.upgrade(configuration(connection), "head")
        if database.is_sqlite and connection.exec_driver_sql("PRAGMA foreign_key_check").first() is not None:
            raise RuntimeError("a migration left references that point nowhere; nothing was changed")
        connection.commit()
        connection.invalidate()


def configuration(connection: Connection) -> Config:
    """Alembic's configuration for one open connection."""
    config = Config()
    config.set_main_option("script_location", str(FOLDER))
    config.attributes["connection"] = connection
    return config

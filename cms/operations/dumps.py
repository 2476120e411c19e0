"""The database's part of a backup: a consistent snapshot in a file, and a snapshot put into an empty database.

SQLite by its backup API, PostgreSQL by its own client programs. Not here: the archive around it (`backup.py`).
"""

import os
import shutil
import sqlite3
import subprocess
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import TypeVar

from sqlalchemy import URL, Connection, create_engine, inspect, make_url, text
from sqlalchemy.exc import SQLAlchemyError

from cms.settings import Settings

# What SQLite keeps beside a database; with another database under the same name it would be played into that one.
SIDE_FILES = ("-wal", "-shm", "-journal")

T = TypeVar("T")


class BackupError(Exception):
    """A backup or restore that was refused; the text says why and what to do."""


def dump_and_look(settings: Settings, snapshot: Path, look: Callable[[Connection], T]) -> T:
    """Write a snapshot, and give what `look` reads in the very state that it holds. Raises: BackupError."""
    if is_sqlite(settings):
        dump(settings, snapshot)
        engine = create_engine(f"sqlite+pysqlite:///{snapshot}")
    else:
        engine = create_engine(settings.database, hide_parameters=True, isolation_level="REPEATABLE READ")
    try:
        with engine.connect() as connection:
            if not is_sqlite(settings):
                # Another connection sees what this one sees for as long as its transaction lasts.
                dump(settings, snapshot, str(connection.scalar(text("SELECT pg_export_snapshot()"))))
            return look(connection)
    except SQLAlchemyError as error:
        raise BackupError(f"the database does not answer: {type(error).__name__}") from error
    finally:
        engine.dispose()


def dump(settings: Settings, snapshot: Path, as_seen_by: str = "") -> None:
    """Write a snapshot of the database, consistent while writes go on. Raises: BackupError.

    `as_seen_by` names a state that another connection of PostgreSQL holds.
    """
    if is_sqlite(settings):
        _dump_sqlite(sqlite_path(settings), snapshot)
        return
    state = [f"--snapshot={as_seen_by}"] if as_seen_by else []
    _run(
        settings,
        [_program("pg_dump"), "--format=custom", "--no-owner", "--no-privileges", *state, f"--file={snapshot}",
         _url_without_password(settings)],
    )  # fmt: skip


def refuse_filled(settings: Settings) -> None:
    """Refuse to restore over data, or into a database that does not answer. Raises: BackupError."""
    if is_sqlite(settings):
        path = sqlite_path(settings)
        if path.exists() and path.stat().st_size > 0:
            raise BackupError(f"{path} is there already; restore into an empty COPYDESK_HOME")
        return
    engine = create_engine(settings.database, hide_parameters=True)
    try:
        tables = inspect(engine).get_table_names()
    except SQLAlchemyError as error:
        raise BackupError(f"the database does not answer: {type(error).__name__}") from error
    finally:
        engine.dispose()
    if tables:
        raise BackupError("tables are there already; restore into an empty database")


def fill(settings: Settings, snapshot: Path) -> None:
    """Make a snapshot the database, which `refuse_filled` found empty. Raises: BackupError."""
    if is_sqlite(settings):
        _put_sqlite(snapshot, sqlite_path(settings))
        return
    _run(
        settings,
        [_program("pg_restore"), "--exit-on-error", "--single-transaction", "--no-owner", "--no-privileges",
         f"--dbname={_url_without_password(settings)}", str(snapshot)],
    )  # fmt: skip


def place_of(settings: Settings) -> Path:
    """The folder from which a snapshot can be renamed into its place."""
    return sqlite_path(settings).parent if is_sqlite(settings) else settings.home


def is_sqlite(settings: Settings) -> bool:
    """Whether the database is a file, and not a server's."""
    return settings.database.startswith("sqlite")


def sqlite_path(settings: Settings) -> Path:
    """The database's file, where the database is SQLite."""
    return Path(str(make_url(settings.database).database))


def sync(path: Path) -> None:
    """Put a file's bytes, or a folder's names, on disk."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _dump_sqlite(source: Path, snapshot: Path) -> None:
    if not source.exists():
        raise BackupError(f"there is no database at {source}")
    # One step copies all pages under one read lock, so a writer that goes on never makes the copy begin again.
    with closing(sqlite3.connect(source)) as live, closing(sqlite3.connect(snapshot)) as copy:
        live.backup(copy, pages=-1)
        copy.execute("PRAGMA journal_mode=DELETE")
        damage = copy.execute("PRAGMA integrity_check").fetchone()[0]
    if damage != "ok":
        raise BackupError(f"the database is damaged: {damage}; run copydesk doctor")
    sync(snapshot)


def _put_sqlite(snapshot: Path, target: Path) -> None:
    # Left by a database that was removed. Without it they hold nothing that can be read: SQLite itself deletes a
    # write-ahead log that it finds beside an empty file. Beside the restored one they would be played into it.
    for suffix in SIDE_FILES:
        target.with_name(target.name + suffix).unlink(missing_ok=True)
    sync(target.parent)
    sync(snapshot)
    snapshot.rename(target)
    sync(target.parent)


def _run(settings: Settings, command: list[str]) -> None:
    # Every user of the machine can read the arguments of a process, and only its own user the environment.
    password = make_url(settings.database).password
    environment = {**os.environ, "PGPASSWORD": str(password)} if password else None
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)  # noqa: S603  # our own words, no shell
    if done.returncode != 0:
        raise BackupError(f"{Path(command[0]).name} failed: {done.stderr.strip().splitlines()[-1:] or done.returncode}")


def _program(name: str) -> str:
    found = shutil.which(name)
    if found is None:
        raise BackupError(f"{name} is not on the PATH; install PostgreSQL's client programs")
    return found


def _url_without_password(settings: Settings) -> str:
    url = make_url(settings.database)
    # Another way to hand over a password is libpq's own parameter, which the URL may hold too.
    if "password" in url.query:
        raise BackupError("COPYDESK_DATABASE_URL: write the password before the host, not as a parameter")
    bare = URL.create("postgresql", url.username, None, url.host, url.port, url.database, url.query)
    # SQLAlchemy writes a space as it is, and libpq refuses one.
    return bare.render_as_string(hide_password=False).replace(" ", "%20")

"""At which step of the migrations a database stands, and which one this program needs; read by path and by table."""

import functools
from pathlib import Path

from sqlalchemy import Connection, inspect, text

VERSIONS = Path(__file__).parent.parent / "migrations" / "versions"


def current_step(connection: Connection) -> str | None:
    """The step that the database stands at, or None before the first."""
    if not inspect(connection).has_table("alembic_version"):
        return None
    return connection.scalar(text("SELECT version_num FROM alembic_version"))


@functools.cache
def head_step() -> str:
    """The newest step of this program: steps are numbered, and a file's name begins with its number."""
    return max(path.name.split("_")[0] for path in VERSIONS.glob("[0-9]*.py"))

"""Putting the article types of a folder in force: for the command line, and for each start."""

from datetime import datetime
from pathlib import Path

from cms.newsroom.queries import types_in_use
from cms.platform.actor import Actor
from cms.platform.db import Database
from cms.platform.errors import Conflict
from cms.taxonomy.article_types.declaring import declare_types, read_folder


class TypesRefused(ValueError):
    """The folder cannot take effect; the text says what is wrong where, line by line."""


def reload_types(database: Database, folder: Path, actor: Actor, now: datetime) -> list[str]:
    """Make the types of a folder the ones in force, all or none; gives the names that changed.

    Raises: TypesRefused; the types that were in force stay.
    """
    found = read_folder(folder)
    if found.faults:
        raise TypesRefused("\n".join(found.faults))
    try:
        with database.transaction() as session:
            return declare_types(session, actor, found.types, types_in_use(session), now)
    except Conflict as conflict:
        raise TypesRefused(conflict.detail) from None

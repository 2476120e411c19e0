"""What a database is asked meanwhile, by sessions; reads and writes past them are not heard."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import event

from cms.platform.db import Database


@contextmanager
def each_statement(act: Callable[..., object], *databases: Database) -> Iterator[None]:
    """Call for each statement, before it is sent by any of these, what SQLAlchemy calls for `before_cursor_execute`."""
    engines = {engine for database in databases for engine in (database.writer, database.reader)}
    for engine in engines:
        event.listen(engine, "before_cursor_execute", act)
    try:
        yield
    finally:
        for engine in engines:
            event.remove(engine, "before_cursor_execute", act)


@contextmanager
def statements(*databases: Database) -> Iterator[list[str]]:
    """The statements that are sent meanwhile, by any of these."""
    sent: list[str] = []

    def note(_connection: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
        sent.append(statement)

    with each_statement(note, *databases):
        yield sent

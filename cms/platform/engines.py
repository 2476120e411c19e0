"""Engines that share what they know of one kind of server: each statement is put into SQL once in a process.

The engine that writes and the one that reads would otherwise each compile and keep the same statements, and so would
the thousands of engines of the tests. Here is no setting of a connection; those are in `db.py`.
"""

from typing import Any

from sqlalchemy import Dialect, Engine, create_engine, event, make_url
from sqlalchemy.util import LRUCache

MOST_STATEMENTS = 1000

_statements: LRUCache[Any, Any] = LRUCache(MOST_STATEMENTS)
# SQLAlchemy looks a compiled statement up by the very object of the dialect, so engines have to share that one too.
_dialects: dict[str, Dialect] = {}


def sharing_engine(url: str, **options: Any) -> Engine:
    """An engine that compiles no statement that another engine of this process has compiled for the same server."""
    engine = create_engine(url, execution_options={"compiled_cache": _statements}, **options)
    server = make_url(url).set(database="").render_as_string()
    if server in _dialects:
        engine.dialect = _dialects[server]

    # A dialect learns on its first connection what the server can do, and is given to others only afterwards. This is
    # heard after SQLAlchemy's own listener of the first connection.
    @event.listens_for(engine, "connect", once=True)
    def on_first_connect(_connection: Any, _record: Any) -> None:
        engine.dialect = _dialects.setdefault(server, engine.dialect)

    return engine

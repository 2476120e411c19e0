"""Statements that are written with SQLAlchemy and run without it: compiled once, then one statement of the driver's.

For what every request of a kind asks and writes: a session's way to the driver costs several times what the statement
itself does. Reads go by a connection of their own (`DirectReads`), which sees the latest commit, or by a session;
writes go by a session alone, and are part of its transaction. They do not see what the session has not flushed, and
change no object that it holds.
"""

from collections import namedtuple
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Connection, Delete, Dialect, Insert, SelectBase, Update
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.elements import BindParameter
from sqlalchemy.sql.visitors import iterate

from cms.platform.direct_reads import DirectReads, by_place

Processor = Callable[[Any], Any] | None
Values = Mapping[str, Any]
# Finding it out costs a session nearly as much as a statement costs the driver.
CONNECTION = "copydesk.connection"


@dataclass(frozen=True)
class Compiled:
    """A statement for one kind of database and one length of each of its lists: its text, and its values by place.

    `lists` has the names of each list's members, `defaults` what holds where nothing is given.
    """

    text: str
    places: Sequence[tuple[str, Processor]]
    lists: Mapping[str, Sequence[str]] = field(default_factory=dict)
    defaults: Mapping[str, Callable[[], Any]] = field(default_factory=dict)

    def given(self, values: Values) -> list[Any]:
        """What the driver gets for these values."""
        if self.lists or self.defaults:
            whole = {name: default() for name, default in self.defaults.items()} | dict(values)
            for name, members in self.lists.items():
                whole.update(zip(members, values[name], strict=True))
            values = whole
        return [process(values[name]) if process else values[name] for name, process in self.places]


class Prepared:
    """What reads and writes share: the statement, put into the driver's words when it is first run."""

    def __init__(self, statement: SelectBase | Insert | Update | Delete) -> None:
        self._statement = statement
        self._has_columns_given = isinstance(statement, Insert | Update)
        self._compiled: dict[Any, Compiled] = {}
        binds = (one for one in iterate(statement) if isinstance(one, BindParameter))
        self._lists = tuple({one.key: None for one in binds if one.expanding and one.required})

    def _for(self, dialect: Dialect, values: Values) -> Compiled:
        key: tuple[Any, ...] = (dialect.name, *(len(values[name]) for name in self._lists))
        if self._has_columns_given:
            key = (*key, *values)
        compiled = self._compiled.get(key)
        if compiled is None:
            compiled = self._compiled[key] = self._compile(dialect, values)
        return compiled

    def _compile(self, dialect: Dialect, values: Values) -> Compiled:
        sql = self._statement.compile(dialect=dialect, column_keys=list(values) if self._has_columns_given else None)
        assert isinstance(sql, SQLCompiler)
        whole = sql.construct_expanded_state(dict(values))
        members = {name: whole.parameter_expansion[name] for name in self._lists}
        known = {*values, *(member for one in members.values() for member in one)}
        defaults = {str(column.key): _default(column) for column in sql.insert_prefetch}
        places = []
        for name in whole.positiontup or ():
            if name not in known and name not in defaults:
                defaults[name] = _always(whole.parameters[name])
            process = whole.processors.get(name)
            if process is None and name in sql.binds:
                process = sql.binds[name].type.dialect_impl(dialect).bind_processor(dialect)
            places.append((name, process))
        return Compiled(whole.statement, places, members, defaults)


class PreparedRead(Prepared):
    """One SELECT. Its values and columns go through their types, as in a session."""

    def __init__(self, statement: SelectBase) -> None:
        super().__init__(statement)
        columns = statement.selected_columns
        self._types = [column.type for column in columns]
        self._row = _row([str(column.key) for column in columns])
        self._to: dict[str, list[Processor]] = {}

    def rows(self, asked: DirectReads | Session, **values: Any) -> list[Any]:
        """All rows, with columns by their names. Raises: Unavailable where it is asked directly."""
        if isinstance(asked, DirectReads):
            compiled = self._for(asked.dialect, values)
            return self._shown(asked.dialect, asked.rows(compiled.text, compiled.given(values)))
        connection = _connection(asked)
        dialect = by_place(connection.dialect.name)
        compiled = self._for(dialect, values)
        return self._shown(dialect, _execute(connection, compiled.text, compiled.given(values)).fetchall())

    def first(self, asked: DirectReads | Session, **values: Any) -> Any:
        """The first row, or None. Raises: Unavailable where it is asked directly."""
        return next(iter(self.rows(asked, **values)), None)

    def _shown(self, dialect: Dialect, rows: Iterable[Sequence[Any]]) -> list[Any]:
        to = self._to.get(dialect.name)
        if to is None:
            to = [one.dialect_impl(dialect).result_processor(dialect, None) for one in self._types]
            self._to[dialect.name] = to
        return [self._row(*(one(value) if one else value for one, value in zip(to, row, strict=True))) for row in rows]


class PreparedWrite(Prepared):
    """One INSERT, UPDATE or DELETE. Its values go through their types, as in a session.

    The values of an INSERT or UPDATE say which columns it has, beside those that it names itself. Defaults that are
    Python's own hold for the others.
    """

    def run(self, session: Session, **values: Any) -> int:
        """Write once; gives how many rows it concerned."""
        connection = _connection(session)
        compiled = self._for(by_place(connection.dialect.name), values)
        count: int = _execute(connection, compiled.text, compiled.given(values)).rowcount
        return count

    def run_all(self, session: Session, rows: Sequence[Values]) -> None:
        """Write once for each of these, which have the same names. Without any, nothing is asked of the database."""
        if rows:
            connection = _connection(session)
            compiled = self._for(by_place(connection.dialect.name), rows[0])
            _execute(connection, compiled.text, [compiled.given(row) for row in rows], are_many=True)


def _connection(session: Session) -> Connection:
    """The connection of a session's transaction, or of its savepoint, which begins with it if it has not begun."""
    known: tuple[Any, Connection] | None = session.info.get(CONNECTION)
    if known is None or known[0] is not (session.get_nested_transaction() or session.get_transaction()):
        connection = session.connection()
        known = (session.get_nested_transaction() or session.get_transaction(), connection)
        session.info[CONNECTION] = known
    return known[1]


def _execute(connection: Connection, text: str, given: list[Any], *, are_many: bool = False) -> Any:
    """Run a statement in a transaction that goes on, on the driver's own connection. Raises: as a session would."""
    driver: Any = connection.connection.dbapi_connection
    cursor = driver.cursor()
    for hear in connection.engine.dispatch.before_cursor_execute:
        hear(connection, cursor, text, given, None, are_many)
    try:
        if are_many:
            cursor.executemany(text, given)
        else:
            cursor.execute(text, given)
    except connection.dialect.loaded_dbapi.Error as error:
        is_lost = connection.dialect.is_disconnect(error, driver, cursor)
        if is_lost:
            connection.invalidate(error)
        raise DBAPIError.instance(
            text,
            None,
            error,
            connection.dialect.loaded_dbapi.Error,
            hide_parameters=True,
            connection_invalidated=is_lost,
            dialect=connection.dialect,
        ) from error
    return cursor


def _row(names: Sequence[str]) -> Callable[..., Any]:
    return namedtuple("Row", names)


def _default(column: Any) -> Callable[[], Any]:
    default = column.default
    # A default of Python's own may ask for the context of its statement, and none of ours does.
    return (lambda: default.arg(None)) if default.is_callable else _always(default.arg)


def _always(value: Any) -> Callable[[], Any]:
    return lambda: value

"""Statements that are written with SQLAlchemy and run without it: compiled once, then one statement of the driver's.

For what every request of a kind asks and writes: a session's way to the driver costs several times what the statement
itself does. Reads go by a connection of their own (`DirectReads`), which sees the latest commit, or by a session;
writes go by a session alone, and are part of its transaction. They do not see what the session has not flushed, and
change no object that it holds.
"""

import re
from collections import namedtuple
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Connection, Delete, Dialect, Insert, SelectBase, Update
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session, SessionTransaction
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.elements import BindParameter
from sqlalchemy.sql.visitors import iterate

from cms.platform.direct_reads import DirectReads, by_place

Processor = Callable[[Any], Any]
Values = Mapping[str, Any]
# A few rows go by one statement, so that the driver is asked once; each number of them has a statement of its own.
MOST_TOGETHER = 8
ROW = re.compile(r" VALUES (\([^()]*\))$")
# How each driver marks the place of a value.
STYLES = {"sqlite": "qmark", "postgresql": "format"}
# Finding it out costs a session nearly as much as a statement costs the driver.
LINE = "copydesk.line"


@dataclass(frozen=True)
class Compiled:
    """A statement for one kind of database and one length of each of its lists: its text, and its values by place.

    `processed` are the places whose values go through their types. `lists` has the names of each list's members,
    `defaults` what holds where nothing is given. `row` is what an INSERT without conditions ends with, for one row.
    """

    text: str
    names: Sequence[str]
    processed: Sequence[tuple[int, Processor]]
    lists: Mapping[str, Sequence[str]] = field(default_factory=dict)
    defaults: Mapping[str, Callable[[], Any]] = field(default_factory=dict)
    row: str = ""

    def given(self, values: Values) -> list[Any]:
        """What the driver gets for these values."""
        if self.lists or self.defaults:
            whole = {name: default() for name, default in self.defaults.items()} | dict(values)
            for name, members in self.lists.items():
                whole.update(zip(members, values[name], strict=True))
            values = whole
        given = [values[name] for name in self.names]
        for place, process in self.processed:
            given[place] = process(given[place])
        return given


class Prepared:
    """What reads and writes share: the statement, put into the driver's words when it is first run."""

    def __init__(self, statement: SelectBase | Insert | Update | Delete) -> None:
        self._statement = statement
        self._has_columns_given = isinstance(statement, Insert | Update)
        self._compiled: dict[Any, Compiled] = {}
        binds = (one for one in iterate(statement) if isinstance(one, BindParameter))
        self._lists = tuple({one.key: None for one in binds if one.expanding and one.required})

    def _for(self, dialect: Dialect, values: Values) -> Compiled:
        key: tuple[Any, ...] = (dialect.name, dialect.paramstyle, *(values if self._has_columns_given else ()))
        if self._lists:
            key += tuple([len(values[name]) for name in self._lists])
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
        names, processed = whole.positiontup or [], []
        for place, name in enumerate(names):
            if name not in known and name not in defaults:
                defaults[name] = _always(whole.parameters[name])
            process = whole.processors.get(name)
            if process is None and name in sql.binds:
                process = sql.binds[name].type.dialect_impl(dialect).bind_processor(dialect)
            if process is not None:
                processed.append((place, process))
        row = ROW.search(whole.statement) if isinstance(self._statement, Insert) else None
        return Compiled(whole.statement, names, processed, members, defaults, row[1] if row else "")


class PreparedRead(Prepared):
    """One SELECT. Its values and columns go through their types, as in a session."""

    def __init__(self, statement: SelectBase) -> None:
        super().__init__(statement)
        columns = statement.selected_columns
        self._types = [column.type for column in columns]
        self._row = _row([str(column.key) for column in columns])
        self._to: dict[str, list[tuple[int, Callable[[Any], Any]]]] = {}

    def rows(self, asked: DirectReads | Session, **values: Any) -> list[Any]:
        """All rows, with columns by their names. Raises: Unavailable where it is asked directly."""
        if isinstance(asked, DirectReads):
            compiled = self._for(asked.dialect, values)
            return self._shown(asked.dialect, asked.rows(compiled.text, compiled.given(values)))
        line = _line(asked)
        compiled = self._for(line.dialect, values)
        return self._shown(line.dialect, line.execute(compiled.text, compiled.given(values)).fetchall())

    def first(self, asked: DirectReads | Session, **values: Any) -> Any:
        """The first row, or None. Raises: Unavailable where it is asked directly."""
        return next(iter(self.rows(asked, **values)), None)

    def _shown(self, dialect: Dialect, rows: Iterable[Sequence[Any]]) -> list[Any]:
        to = self._to.get(dialect.name)
        if to is None:
            processors = (one.dialect_impl(dialect).result_processor(dialect, None) for one in self._types)
            to = self._to[dialect.name] = [(place, one) for place, one in enumerate(processors) if one is not None]
        make = self._row._make
        if not to:
            return [make(row) for row in rows]
        shown = []
        for row in rows:
            values = list(row)
            for place, process in to:
                values[place] = process(values[place])
            shown.append(make(values))
        return shown


class PreparedWrite(Prepared):
    """One INSERT, UPDATE or DELETE. Its values go through their types, as in a session.

    The values of an INSERT or UPDATE say which columns it has, beside those that it names itself. Defaults that are
    Python's own hold for the others.
    """

    def run(self, session: Session, **values: Any) -> int:
        """Write once; gives how many rows it concerned."""
        line = _line(session)
        compiled = self._for(line.dialect, values)
        count: int = line.execute(compiled.text, compiled.given(values)).rowcount
        return count

    def written(self, session: Session, **values: Any) -> list[tuple[Any, ...]]:
        """Write once; gives what the statement returns of each row that it wrote, as the driver has it."""
        line = _line(session)
        compiled = self._for(line.dialect, values)
        rows: list[tuple[Any, ...]] = line.execute(compiled.text, compiled.given(values)).fetchall()
        return rows

    def run_all(self, session: Session, rows: Sequence[Values]) -> None:
        """Write once for each of these, which have the same names. Without any, nothing is asked of the database."""
        if not rows:
            return
        line = _line(session)
        compiled = self._for(line.dialect, rows[0])
        if compiled.row and len(rows) <= MOST_TOGETHER:
            together = compiled.text + f", {compiled.row}" * (len(rows) - 1)
            line.execute(together, [value for row in rows for value in compiled.given(row)])
        else:
            line.execute(compiled.text, [compiled.given(row) for row in rows], are_many=True)


@dataclass(frozen=True)
class Line:
    """The way to the driver for as long as one transaction goes on, or one savepoint of it.

    `hears` are those who listen for statements.
    """

    transaction: SessionTransaction | None
    connection: Connection
    driver: Any
    dialect: Dialect
    hears: Sequence[Callable[..., Any]]

    def execute(self, text: str, given: list[Any], *, are_many: bool = False) -> Any:
        """Run a statement. Raises: as a session would."""
        cursor = self.driver.cursor()
        for hear in self.hears:
            hear(self.connection, cursor, text, given, None, are_many)
        try:
            if are_many:
                cursor.executemany(text, given)
            else:
                cursor.execute(text, given)
        except self.connection.dialect.loaded_dbapi.Error as error:
            raise self._failure(text, error, cursor) from error
        return cursor

    def _failure(self, text: str, error: Exception, cursor: Any) -> Exception:
        dialect = self.connection.dialect
        is_lost = dialect.is_disconnect(error, self.driver, cursor)  # type: ignore[arg-type]  # the driver's own error
        if is_lost:
            self.connection.invalidate(error)
        return DBAPIError.instance(
            text,
            None,
            error,
            dialect.loaded_dbapi.Error,
            hide_parameters=True,
            connection_invalidated=is_lost,
            dialect=dialect,
        )


def line_of(connection: Connection, transaction: SessionTransaction | None = None) -> Line:
    """The line of a connection."""
    return Line(
        transaction,
        connection,
        connection.connection.dbapi_connection,
        by_place(connection.dialect.name, STYLES[connection.dialect.name]),
        tuple(connection.engine.dispatch.before_cursor_execute),
    )


def _line(session: Session) -> Line:
    """The line of a session's transaction, or of its savepoint, which begins with it if it has not begun."""
    known: Line | None = session.info.get(LINE)
    if known is None or known.transaction is not (session.get_nested_transaction() or session.get_transaction()):
        connection = session.connection()
        transaction = session.get_nested_transaction() or session.get_transaction()
        known = session.info[LINE] = line_of(connection, transaction)
    return known


def _row(names: Sequence[str]) -> Any:
    return namedtuple("Row", names)


def _default(column: Any) -> Callable[[], Any]:
    default = column.default
    # A default of Python's own may ask for the context of its statement, and none of ours does.
    return (lambda: default.arg(None)) if default.is_callable else _always(default.arg)


def _always(value: Any) -> Callable[[], Any]:
    return lambda: value

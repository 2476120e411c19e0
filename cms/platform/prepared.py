"""A read that is written with SQLAlchemy and runs without it: compiled once, then one statement of the driver's.

For the reads that every request of a kind makes. A session's begin, execution and end cost several times what the
statement itself does.
"""

from collections import namedtuple
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Dialect, Select
from sqlalchemy.sql.compiler import SQLCompiler

from cms.platform.direct_reads import DirectReads

Processor = Callable[[Any], Any] | None


@dataclass(frozen=True)
class Compiled:
    """A statement for one kind of database: its text, the names of its values by place, and what makes its rows."""

    text: str
    values: Sequence[tuple[str, Processor]]
    columns: Sequence[Processor]
    row: Callable[..., Any]


class PreparedRead:
    """One SELECT without lists of values. Its values and columns go through their types, as in a session."""

    def __init__(self, statement: Select[Any]) -> None:
        self._statement = statement
        self._compiled: dict[str, Compiled] = {}

    def rows(self, reads: DirectReads, **values: Any) -> list[Any]:
        """All rows, with columns by their names, of the latest commit. Raises: Unavailable."""
        compiled = self._compiled.get(reads.dialect.name) or self._compile(reads.dialect)
        given = [process(values[name]) if process else values[name] for name, process in compiled.values]
        return [
            compiled.row(*(to(value) if to else value for to, value in zip(compiled.columns, row, strict=True)))
            for row in reads.rows(compiled.text, given)
        ]

    def first(self, reads: DirectReads, **values: Any) -> Any:
        """The first row, or None. Raises: Unavailable."""
        return next(iter(self.rows(reads, **values)), None)

    def _compile(self, dialect: Dialect) -> Compiled:
        sql = self._statement.compile(dialect=dialect)
        assert isinstance(sql, SQLCompiler)
        columns = self._statement.selected_columns
        made = Compiled(
            text=str(sql),
            values=[
                (name, sql.binds[name].type.dialect_impl(dialect).bind_processor(dialect))
                for name in sql.positiontup or ()
            ],
            columns=[column.type.dialect_impl(dialect).result_processor(dialect, None) for column in columns],
            row=namedtuple("Row", [str(column.key) for column in columns]),
        )
        self._compiled[dialect.name] = made
        return made

"""One page of a keyset-ordered list, in either direction: a range read that costs the same on page 400 as on page 2."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Select, literal, tuple_
from sqlalchemy.orm import Session


def one_page(
    session: Session,
    statement: Select[Any],
    columns: Sequence[Any],
    after: Sequence[Any] | None,
    *,
    limit: int,
    is_falling: bool = False,
    is_backwards: bool = False,
) -> list[Any]:
    """Up to `limit` rows in the list's order, beyond a position, or before it when reading backwards.

    `columns` together are unique and say the order; ask for one row more than is shown to see whether there are more.
    """
    is_downwards = is_falling != is_backwards
    if after is not None:
        place = tuple_(*columns)
        bound = tuple_(*(literal(value, column.type) for value, column in zip(after, columns, strict=True)))
        statement = statement.where(place < bound if is_downwards else place > bound)
    statement = statement.order_by(*(column.desc() if is_downwards else column.asc() for column in columns))
    rows = list(session.scalars(statement.limit(limit)))
    return rows[::-1] if is_backwards else rows

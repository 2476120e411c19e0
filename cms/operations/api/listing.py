"""A page of a list that is ordered by a falling number, as receipts and the audit trail have it."""

from collections.abc import Callable, Sequence
from typing import Any

from flask import Response

from cms.platform.http.answers import answer
from cms.platform.http.paging import Cursor, decode_cursor, encode_cursor, link_header, page_of
from cms.platform.http.services import services

Read = Callable[[int, str, int | None], Sequence[Any]]


def page_answer(
    listing: str, query: dict[str, Any], read: Read, dump: Callable[[Any], dict[str, Any]], count: int | None
) -> Response:
    """The page that a query asks for. `listing` names the list with its filters; `read` gives one row too many."""
    keys, limit = services().keys, query["limit"]
    cursor = decode_cursor(keys, listing, query["cursor"])
    direction = cursor.direction if cursor else "next"
    rows = list(read(limit, direction, cursor.position[0] if cursor else None))
    has_over = len(rows) > limit
    rows = (rows[:limit] if direction == "next" else rows[-limit:]) if has_over else rows
    has_next = has_over if direction == "next" else bool(rows)
    has_previous = cursor is not None if direction == "next" else has_over
    next_cursor = encode_cursor(keys, listing, Cursor("next", (rows[-1].number,))) if rows and has_next else None
    prev_cursor = encode_cursor(keys, listing, Cursor("prev", (rows[0].number,))) if rows and has_previous else None
    data = page_of(
        [dump(row) for row in rows], limit=limit, next_cursor=next_cursor, prev_cursor=prev_cursor, count=count
    )
    return answer(data, headers=link_header(services().settings.public_url, next_cursor, prev_cursor))

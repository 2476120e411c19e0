"""Answering one page of a list: cursors in both directions, `Link`, the count where it was asked for."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from flask import Response

from cms.platform.http.answers import answer, encode, public_answer
from cms.platform.http.guard import current_actor
from cms.platform.http.paging import Cursor, decode_cursor, encode_cursor, link_header, page_of
from cms.platform.http.services import services

ReadChanges = Callable[[tuple[Any, ...] | None, int], tuple[Sequence[Any], tuple[Any, ...], bool]]
Read = Callable[[int, tuple[Any, ...] | None, bool], Sequence[Any]]


def page_answer(
    listing: str,
    query: Mapping[str, Any],
    *,
    read: Read,
    position: Callable[[Any], tuple[Any, ...]],
    dump: Callable[[Any], Any],
    count: Callable[[], int],
    is_public: bool = False,
) -> Response:
    """The page that a query with `limit`, `cursor` and `count` asks for. `listing` names the list with its filters.

    `read(limit, after, is_backwards)` gives rows in the list's order; it is asked for one more than is shown.
    `is_public` lists are the same for everybody, and caches may keep the answer. A cursor of any other works for
    the caller who was given it and for nobody else.
    Raises: BadRequest for a cursor that is broken or of another list.
    """
    keys, limit = services().keys, query["limit"]
    if not is_public:
        actor = current_actor()
        listing = f"{listing}|by {actor.kind}:{actor.id}"
    cursor = decode_cursor(keys, listing, query["cursor"])
    is_backwards = cursor is not None and cursor.direction == "prev"
    rows = list(read(limit + 1, cursor.position if cursor else None, is_backwards))
    has_over = len(rows) > limit
    rows = rows[-limit:] if is_backwards else rows[:limit]
    has_next = is_backwards or has_over
    has_previous = has_over if is_backwards else cursor is not None
    following = encode_cursor(keys, listing, Cursor("next", position(rows[-1]))) if rows and has_next else None
    preceding = encode_cursor(keys, listing, Cursor("prev", position(rows[0]))) if rows and has_previous else None
    data = page_of(
        [dump(row) for row in rows],
        limit=limit,
        next_cursor=following,
        prev_cursor=preceding,
        count=count() if query["count"] else None,
    )
    links = link_header(services().settings.public_url, following, preceding)
    return public_answer(encode(data), headers=links) if is_public else answer(data, headers=links)


def changes_answer(listing: str, since: str, limit: int, *, read: ReadChanges) -> Response:
    """What changed after a cursor, oldest first; `next_cursor` is always there, also when nothing is new.

    `read(position, limit)` gives entries, where to go on from, and whether there are more; the position is None for
    an empty `since`. Raises: BadRequest for a cursor that is broken or of another list.
    """
    keys = services().keys
    cursor = decode_cursor(keys, listing, since or None)
    entries, position, has_more = read(cursor.position if cursor is not None else None, limit)
    data = page_of(
        entries, limit=limit, next_cursor=encode_cursor(keys, listing, Cursor("next", position)), prev_cursor=None
    )
    data["page"]["has_more"] = has_more
    return answer(data)

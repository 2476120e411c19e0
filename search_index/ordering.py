"""The order of results, by relevance or by date, and where the next page of them begins; the same for every engine."""

from collections.abc import Sequence
from typing import Any

from search_index.engine import NEWEST, RELEVANCE, Hit, Position
from search_index.query import QueryError

# -score, -published, id: ascending order of this is the order of results by relevance. Units: microseconds since 1970
Ranked = tuple[float, int, str]


def place_of(ranked: Ranked, sort: str) -> Position:
    """What orders the results, the first one smallest."""
    score, published, key = ranked
    if sort == RELEVANCE:
        return ranked
    return (published if sort == NEWEST else -published, score, key)


def hit_of(place: Position, sort: str) -> Hit:
    """The result at a place."""
    first, second, key = place
    score = -(first if sort == RELEVANCE else second)
    return Hit(key, score, (-first, -second, key))


def start_of(after: Sequence[Any] | None, sort: str) -> Position | None:
    """The place after which a page begins. Raises: QueryError"""
    if after is None:
        return None
    match list(after):
        case [float() | int() as score, int() as published, str() as key] if sort == RELEVANCE and score == score:
            return -float(score), -published, key
        case [int() as published, float() | int() as score, str() as key] if sort != RELEVANCE and score == score:
            return -published, -float(score), key
    raise QueryError("this is no place in the results")

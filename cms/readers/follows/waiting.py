"""Queries that wait for articles: which of them ask for one that is here now."""

from collections.abc import Iterable
from dataclasses import dataclass, field

from sqlalchemy import Row, or_, select
from sqlalchemy.orm import Session

from cms.readers.follows.models import FollowedQuery
from search_index.matching import Page, is_asked_for, keys_of
from search_index.query import parse
from search_index.schema import INDEX_NAME

ANCHORS_AT_ONCE = 500
ROWS_AT_ONCE = 500


@dataclass
class Asking:
    """The keys of the queries that ask for an article, and how many were compared with it."""

    keys: set[str] = field(default_factory=set)
    compared: int = 0


def queries_asking_for(session: Session, page: Page) -> Asking:
    """Compare an article with the queries that may ask for it.

    Those are the ones whose anchor it holds, by as many reads of an index as it has hundreds of terms; those without
    an anchor, which name only beginnings of words; and those that another version of the search took apart.
    """
    asking = Asking()
    wanted = select(FollowedQuery.key, FollowedQuery.text)
    for anchors in _portions(sorted(set(keys_of(page)))):
        is_likely = FollowedQuery.anchor.in_(anchors) & (FollowedQuery.analysis == INDEX_NAME)
        _compare(session.execute(wanted.where(is_likely)), page, asking)
    # Not `!=`, for which every row would be read.
    is_of_another_version = or_(FollowedQuery.analysis < INDEX_NAME, FollowedQuery.analysis > INDEX_NAME)
    is_open = or_(FollowedQuery.anchor == "", is_of_another_version)
    _compare(session.execute(wanted.where(is_open).execution_options(yield_per=ROWS_AT_ONCE)), page, asking)
    return asking


def _portions(keys: list[str]) -> Iterable[list[str]]:
    return (keys[start : start + ANCHORS_AT_ONCE] for start in range(0, len(keys), ANCHORS_AT_ONCE))


def _compare(rows: Iterable[Row[tuple[str, str]]], page: Page, asking: Asking) -> None:
    for row in rows:
        asking.compared += 1
        if is_asked_for(parse(row.text), page):
            asking.keys.add(row.key)

"""Reads of synonyms that never write."""

from typing import Any

import orjson
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from cms.content.synonyms.models import SynonymSet
from cms.platform.direct_reads import DirectReads
from cms.platform.keyset import one_page

TURN = "SELECT turn FROM synonym_turn WHERE id = 1"
ALL = "SELECT words, is_one_way, locale FROM synonym_sets ORDER BY number"


def set_by_id(session: Session, set_id: str, *, is_locked: bool = False) -> SynonymSet | None:
    """The set of this id."""
    statement = select(SynonymSet).where(SynonymSet.id == set_id)
    return session.scalar(statement.with_for_update() if is_locked else statement)


def sets(session: Session, *, limit: int, after: tuple[Any, ...] | None, is_backwards: bool) -> list[SynonymSet]:
    """One page of sets, the newest first."""
    return one_page(
        session,
        select(SynonymSet),
        [SynonymSet.number],
        after,
        limit=limit,
        is_falling=True,
        is_backwards=is_backwards,
    )


def count_of(session: Session) -> int:
    """How many sets there are."""
    return session.scalar(select(func.count()).select_from(SynonymSet)) or 0


def turn_of(reads: DirectReads) -> int:
    """A number that moves with every change of any set."""
    rows = reads.rows(TURN)
    return int(rows[0][0]) if rows else 0


def all_sets(reads: DirectReads) -> list[tuple[list[str], bool, str]]:
    """Words, whether one way, and locale of every set."""
    return [
        (orjson.loads(words) if isinstance(words, str | bytes) else words, bool(is_one_way), locale)
        for words, is_one_way, locale in reads.rows(ALL)
    ]

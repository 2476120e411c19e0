"""What was published before and after an article, in the same section and language: read when documents are assembled.

Not here: which documents have to be assembled again (`relating.py`, `publishing.py`).
"""

from collections import defaultdict
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ScalarSelect, bindparam, or_, select, tuple_
from sqlalchemy.orm import Session

from cms.content.models import Document
from cms.platform.clock import rfc3339
from cms.platform.db import columns_of

DOCUMENTS = columns_of(Document)
MINE, OTHER = DOCUMENTS.alias("mine"), DOCUMENTS.alias("other")


def _nearest(*, is_before: bool) -> ScalarSelect[int]:
    place, own = tuple_(OTHER.c.published_at, OTHER.c.number), tuple_(MINE.c.published_at, MINE.c.number)
    order = (OTHER.c.published_at, OTHER.c.number)
    return (
        select(OTHER.c.number)
        .where(OTHER.c.section_path == MINE.c.section_path, OTHER.c.locale == MINE.c.locale)
        .where(place < own if is_before else place > own)
        .order_by(*(column.desc() if is_before else column.asc() for column in order))
        .limit(1)
        .correlate(MINE)
        .scalar_subquery()
    )


# Every publish and every refreshed list of related articles runs these, so they are built once.
NEAREST = select(MINE.c.article_id, _nearest(is_before=True), _nearest(is_before=False)).where(
    MINE.c.article_id.in_(bindparam("articles", expanding=True))
)
MENTIONED = select(
    DOCUMENTS.c.number, DOCUMENTS.c.article_id.label("id"), DOCUMENTS.c.title, DOCUMENTS.c.published_at,
    DOCUMENTS.c.content["url"].label("url"), DOCUMENTS.c.content["section"].label("section"),
).where(DOCUMENTS.c.number.in_(bindparam("numbers", expanding=True)))  # fmt: skip


@dataclass(frozen=True)
class Beside:
    """An article's neighbours in time as its document mentions them, or None at either end."""

    previous: Mapping[str, Any] | None = None
    next: Mapping[str, Any] | None = None

    @property
    def previous_id(self) -> str | None:
        """The one before."""
        return self.previous["id"] if self.previous else None

    @property
    def next_id(self) -> str | None:
        """The one after."""
        return self.next["id"] if self.next else None

    def members(self) -> dict[str, Any]:
        """The members of the document."""
        return {"previous": self.previous, "next": self.next}


def beside(session: Session, article_ids: Collection[str]) -> Mapping[str, Beside]:
    """The neighbours of these published articles. Two statements, however many there are."""
    session.flush()
    rows = session.execute(NEAREST, {"articles": list(article_ids)}).all()
    numbers = {number for _, *pair in rows for number in pair if number is not None}
    known = _mentions(session, numbers)
    found = {key: Beside(known.get(before), known.get(after)) for key, before, after in rows}
    return defaultdict(Beside, found)


def naming(session: Session, article_id: str) -> set[str]:
    """The published articles whose documents name this one as published before or after them."""
    statement = select(Document.article_id).where(
        or_(Document.previous_id == article_id, Document.next_id == article_id)
    )
    return set(session.scalars(statement))


def neighbours_of(session: Session, article_id: str) -> set[str]:
    """The published articles before and after this one, whether or not they name it yet."""
    near = beside(session, [article_id])[article_id]
    return {one for one in (near.previous_id, near.next_id) if one is not None}


def _mentions(session: Session, numbers: Collection[int]) -> dict[int | None, Mapping[str, Any]]:
    return {row.number: _mention(row) for row in session.execute(MENTIONED, {"numbers": list(numbers)})}


def _mention(row: Any) -> dict[str, Any]:
    at = rfc3339(row.published_at)
    return {"id": row.id, "url": row.url, "section": row.section, "title": row.title, "published_at": at}

"""What was published before and after an article, in the same section and language: read when documents are assembled.

Not here: which documents have to be assembled again (`relating.py`, `publishing.py`).
"""

from collections import defaultdict
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ScalarSelect, or_, select, tuple_
from sqlalchemy.orm import Session, aliased

from cms.content.models import Document
from cms.platform.clock import rfc3339


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
    mine = aliased(Document)
    statement = select(mine.article_id, _nearest(mine, is_before=True), _nearest(mine, is_before=False))
    rows = session.execute(statement.where(mine.article_id.in_(article_ids))).all()
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


def _nearest(mine: Any, *, is_before: bool) -> ScalarSelect[int]:
    other = aliased(Document)
    place, own = tuple_(other.published_at, other.number), tuple_(mine.published_at, mine.number)
    order = (other.published_at, other.number)
    return (
        select(other.number)
        .where(other.section_path == mine.section_path, other.locale == mine.locale)
        .where(place < own if is_before else place > own)
        .order_by(*(column.desc() if is_before else column.asc() for column in order))
        .limit(1)
        .correlate(mine)
        .scalar_subquery()
    )


def _mentions(session: Session, numbers: Collection[int]) -> dict[int | None, Mapping[str, Any]]:
    content = Document.content
    columns = (
        Document.number, Document.article_id.label("id"), Document.title, Document.published_at,
        content["url"].label("url"), content["section"].label("section"),
    )  # fmt: skip
    rows = session.execute(select(*columns).where(Document.number.in_(numbers)))
    return {row.number: _mention(row) for row in rows}


def _mention(row: Any) -> dict[str, Any]:
    at = rfc3339(row.published_at)
    return {"id": row.id, "url": row.url, "section": row.section, "title": row.title, "published_at": at}

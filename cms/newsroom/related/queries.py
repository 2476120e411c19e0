"""Reads of related lists as editors have them. Nothing here writes."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from cms.content.models import Document, RelatedEntry
from cms.content.related.models import RelatedArrangement
from cms.content.related.queries import choices_of
from cms.content.related.rules import Neighbour, rank
from cms.newsroom.related.rules import Arrangement


def arrangement_row(session: Session, article_id: str) -> RelatedArrangement | None:
    """That editors decided something of an article's list; None where nobody ever did."""
    return session.get(RelatedArrangement, article_id, populate_existing=True)


def arrangement_of(session: Session, article_id: str) -> Arrangement:
    """What editors decided of an article's list."""
    choices = choices_of(session, [article_id])[article_id]
    return Arrangement(choices.pins, tuple(sorted(choices.bans)))


def related_data(session: Session, article_id: str) -> dict[str, Any]:
    """An article's list in the shape of `ArrangedListShape`; as many statements for a hundred bans as for one."""
    row, arrangement = arrangement_row(session, article_id), arrangement_of(session, article_id)
    entries = _entries(session, article_id)
    titles = _titles(session, [*arrangement.pins, *arrangement.bans, *(entry.other_id for entry in entries)])
    return {
        "revision": row.revision if row is not None else 0,
        "updated_at": row.updated_at if row is not None else None,
        "pins": [_named(one, titles) for one in arrangement.pins],
        "bans": [_named(one, titles) for one in arrangement.bans],
        "entries": [
            {
                **_named(entry.other_id, titles),
                "score": entry.score,
                "why": list(entry.why),
                "is_pinned": entry.pin > 0,
                "is_hidden": entry.is_hidden,
            }
            for entry in entries
        ],
    }


def _entries(session: Session, article_id: str) -> list[Neighbour]:
    rows = session.scalars(select(RelatedEntry).where(RelatedEntry.article_id == article_id))
    found = (Neighbour(row.other_id, row.score, tuple(row.why), row.pin, row.is_hidden) for row in rows)
    return sorted(found, key=rank)


def _titles(session: Session, article_ids: Sequence[str]) -> dict[str, str]:
    """The titles of those that readers see, so nothing is told here that they do not know."""
    if not article_ids:
        return {}
    statement = select(Document.article_id, Document.title).where(Document.article_id.in_(article_ids))
    return dict(session.execute(statement).all())


def _named(article_id: str, titles: dict[str, str]) -> dict[str, Any]:
    return {"article": article_id, "title": titles.get(article_id)}

"""What related lists must be: every pair of published articles compared, the slow way."""

from sqlalchemy import select
from sqlalchemy.orm import Session

from cms.content.models import Document, RelatedEntry
from cms.content.portraits import portraits
from cms.content.relating import List, stored_lists
from cms.content.rules import best, neighbour


def published(session: Session) -> list[str]:
    """The ids of all published articles."""
    return list(session.scalars(select(Document.article_id)))


def compared(session: Session) -> dict[str, List]:
    """The lists that comparing every pair gives."""
    faces = portraits(session, published(session))
    lists = {}
    for owner, mine in faces.items():
        entries = [neighbour(mine, other) for other in faces.values()]
        lists[owner] = {entry.other_id: entry for entry in best(entry for entry in entries if entry is not None)}
    return lists


def stored(session: Session) -> dict[str, List]:
    """The lists that are kept."""
    return stored_lists(session, published(session))


def assert_entries_are_right(session: Session) -> None:
    """Every entry is between two published articles and has the score that they have now."""
    faces = portraits(session, published(session))
    for entry in session.scalars(select(RelatedEntry)):
        right = neighbour(faces[entry.article_id], faces[entry.other_id])
        assert right is not None
        assert (entry.score, tuple(entry.why)) == (right.score, right.why)

"""What related lists must be: every pair of published articles compared, the slow way."""

from dataclasses import replace

from sqlalchemy import select
from sqlalchemy.orm import Session

from cms.content.models import Document, RelatedEntry
from cms.content.portraits import portraits
from cms.content.related.queries import choices_of
from cms.content.related.rules import Neighbour, list_of, neighbour, pinned, rank
from cms.content.relating import List, stored_lists
from cms.platform.text.sketches import ALIKE_FROM, Sketch, resemblance, sketch


def published(session: Session) -> list[str]:
    """The ids of all published articles."""
    return list(session.scalars(select(Document.article_id)))


def compared(session: Session) -> dict[str, List]:
    """The lists that comparing every pair gives, of scores and of texts."""
    faces = portraits(session, published(session))
    choices = choices_of(session, faces)
    texts = {key: sketch(text) for key, text in session.execute(select(Document.article_id, Document.text))}
    return {owner: hidden_slowly(list_of(mine, faces.values(), choices[owner]), texts) for owner, mine in faces.items()}


def hidden_slowly(entries: list[Neighbour], texts: dict[str, Sketch]) -> List:
    """The entries of a list, each compared with all that are shown before it."""
    shown: list[str] = []
    result: List = {}
    for entry in sorted(entries, key=rank):
        is_alike = any(resemblance(texts[entry.other_id], texts[one]) >= ALIKE_FROM for one in shown)
        result[entry.other_id] = replace(entry, is_hidden=is_alike and not entry.pin)
        if not result[entry.other_id].is_hidden:
            shown.append(entry.other_id)
    return result


def stored(session: Session) -> dict[str, List]:
    """The lists that are kept."""
    return stored_lists(session, published(session))


def assert_entries_are_right(session: Session) -> None:
    """Every entry is between two published articles and has the score that they have now."""
    faces = portraits(session, published(session))
    choices = choices_of(session, faces)
    for entry in session.scalars(select(RelatedEntry)):
        chosen, pair = choices[entry.article_id], (faces[entry.article_id], faces[entry.other_id])
        assert entry.other_id not in chosen.bans
        assert entry.pin == (chosen.pins.index(entry.other_id) + 1 if entry.other_id in chosen.pins else 0)
        right = pinned(*pair, entry.pin) if entry.pin else neighbour(*pair)
        assert right is not None
        assert (entry.score, tuple(entry.why)) == (right.score, right.why)

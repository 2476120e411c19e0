"""Reads of what editors decided of related lists. Nothing here writes."""

from collections import defaultdict
from collections.abc import Collection, Mapping

from sqlalchemy import bindparam, select
from sqlalchemy.orm import Session

from cms.content.related.models import RelatedChoice
from cms.content.related.rules import NO_CHOICES, Choices
from cms.platform.db import columns_of

IDS_PER_STATEMENT = 400
# Every refresh of related lists runs these, so they are built once.
ROWS = columns_of(RelatedChoice)
CHOICES = (
    select(ROWS.c.article_id, ROWS.c.other_id, ROWS.c.pin)
    .where(ROWS.c.article_id.in_(bindparam("ids", expanding=True)))
    .order_by(ROWS.c.article_id, ROWS.c.pin, ROWS.c.other_id)
)
PINNING = select(ROWS.c.article_id).where(ROWS.c.other_id == bindparam("article"), ROWS.c.pin > 0)


def choices_of(session: Session, article_ids: Collection[str]) -> Mapping[str, Choices]:
    """What editors decided of the lists of these articles; nothing, for most."""
    pins: dict[str, list[str]] = defaultdict(list)
    bans: dict[str, set[str]] = defaultdict(set)
    ids = sorted(set(article_ids))
    for start in range(0, len(ids), IDS_PER_STATEMENT):
        for owner, other, pin in session.execute(CHOICES, {"ids": ids[start : start + IDS_PER_STATEMENT]}):
            if pin:
                pins[owner].append(other)
            else:
                bans[owner].add(other)
    found = {owner: Choices(tuple(pins[owner]), frozenset(bans[owner])) for owner in pins.keys() | bans.keys()}
    return defaultdict(lambda: NO_CHOICES, found)


def pinning(session: Session, article_id: str) -> set[str]:
    """The articles to whose lists this one is pinned, whether or not readers see either."""
    return set(session.scalars(PINNING, {"article": article_id}))

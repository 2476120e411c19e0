"""Noting changes of what readers see, in the transaction that makes them, and forgetting what is old.

Not here: what counts as a change (`rules.py`), reading (`queries.py`).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import bindparam, delete, select, update
from sqlalchemy.orm import Session

from cms.content.changes.models import Change, ChangeFloor, DocumentVersion
from cms.content.changes.rules import GONE
from cms.platform.db import change_rows, columns_of, insert_into
from cms.platform.ids import new_id

# Every publish runs these, so they are built once.
CHANGES = columns_of(Change)
REPLACED = (
    delete(CHANGES)
    .where(CHANGES.c.article_id.in_(bindparam("articles", expanding=True)))
    .returning(CHANGES.c.article_id, CHANGES.c.shown_at, CHANGES.c.locale, CHANGES.c.slug)
)
CHANGE, VERSION = insert_into(Change), insert_into(DocumentVersion)


@dataclass(frozen=True)
class Noted:
    """A change of one article. `former` is the version that readers saw before, where they see another one or none."""

    article_id: str
    type: str
    locale: str
    slug: str
    reason: str = ""
    former: bytes | None = None


def note_changes(session: Session, noted: Sequence[Noted], now: datetime) -> None:
    """Tell apps that follow of changes, from the commit on, and keep the versions that they end.

    The transaction holds the published documents (`assembling.hold_content`): numbers that are given meanwhile become
    visible in their order, because no other transaction can be given one before this one has ended.
    """
    if not noted:
        return
    known = {row.article_id: row for row in session.execute(REPLACED, {"articles": [one.article_id for one in noted]})}
    rows, versions = [], []
    for one in noted:
        before = known.get(one.article_id)
        began = before.shown_at if before is not None else None
        if one.former is not None and began is not None:
            place = {"article_id": one.article_id, "locale": before.locale, "slug": before.slug}  # type: ignore[union-attr]  # it began
            versions.append({**place, "shown_at": began, "replaced_at": now, "kept": one.former})
        is_same_version = one.former is None and began is not None
        shown_at = None if one.type in GONE else began if is_same_version else now
        rows.append(_row(one, shown_at, now))
    session.execute(CHANGE, rows)
    if versions:
        session.execute(VERSION, versions)


def forget_versions(session: Session, article_id: str) -> None:
    """Let go of every version that readers saw of an article."""
    change_rows(session, delete(DocumentVersion).where(DocumentVersion.article_id == article_id))


def forget_gone(session: Session, before: datetime, most: int) -> int:
    """Let go of some changes of articles that were gone before an instant; gives how many.

    Whoever stands before them can no longer be told of them: the floor says so.
    """
    old = select(Change.number, Change.at).where(Change.shown_at.is_(None)).order_by(Change.number).limit(most)
    numbers = []
    for number, at in session.execute(old.with_for_update(skip_locked=True)):
        if at >= before:
            # Those behind it are later ones.
            break
        numbers.append(number)
    if numbers:
        change_rows(session, delete(Change).where(Change.number.in_(numbers)))
        floor = update(ChangeFloor).where(ChangeFloor.number < numbers[-1]).values(number=numbers[-1])
        change_rows(session, floor)
    return len(numbers)


def _row(one: Noted, shown_at: datetime | None, now: datetime) -> dict[str, Any]:
    return {
        "id": new_id(), "article_id": one.article_id, "type": one.type, "at": now, "shown_at": shown_at,
        "locale": one.locale, "slug": one.slug, "reason": one.reason,
    }  # fmt: skip

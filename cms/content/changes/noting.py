"""Noting changes of what readers see, in the transaction that makes them, and forgetting what is old.

Not here: what counts as a change (`rules.py`), reading (`queries.py`).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import bindparam, delete, insert, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from cms.content.changes.models import Change, ChangeFloor, DocumentVersion
from cms.content.changes.rules import GONE, UPDATED
from cms.platform.db import Instant, change_rows, columns_of
from cms.platform.ids import new_id
from cms.platform.prepared import PreparedWrite

CHANGES, VERSIONS = columns_of(Change), columns_of(DocumentVersion)
# What a version began with is known of its last change.
VERSION = PreparedWrite(insert(VERSIONS).from_select(
    ("article_id", "locale", "slug", "shown_at", "replaced_at", "kept"),
    select(
        CHANGES.c.article_id, CHANGES.c.locale, CHANGES.c.slug, CHANGES.c.shown_at,
        bindparam("ended_at", type_=Instant()), bindparam("former", type_=VERSIONS.c.kept.type),
    ).where(CHANGES.c.article_id == bindparam("article"), CHANGES.c.shown_at.is_not(None)),
))  # fmt: skip


def _in_place(kind: str, *, keeps_version: bool) -> PreparedWrite:
    """An insert that takes the place of the article's change before, under the number of a new one."""
    statement = (postgresql.insert if kind == "postgresql" else sqlite.insert)(CHANGES)
    new = statement.excluded
    values = {name: new[name] for name in ("number", "id", "type", "at", "locale", "slug", "reason")}
    values |= {} if keeps_version else {"shown_at": new.shown_at}
    return PreparedWrite(statement.on_conflict_do_update(index_elements=[CHANGES.c.article_id], set_=values))


# Every publish runs these, so they are built once.
IN_PLACE = {
    (kind, keeps): _in_place(kind, keeps_version=keeps) for kind in ("postgresql", "sqlite") for keeps in (True, False)
}


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
    ended = [{"article": one.article_id, "ended_at": now, "former": one.former} for one in noted if one.former]
    VERSION.run_all(session, ended)
    kind = session.get_bind().dialect.name
    for keeps in (False, True):
        rows = [_row(one, now) for one in noted if (one.type == UPDATED and one.former is None) == keeps]
        IN_PLACE[kind, keeps].run_all(session, rows)


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


def _row(one: Noted, now: datetime) -> dict[str, Any]:
    return {
        "id": new_id(), "article_id": one.article_id, "type": one.type, "at": now,
        "shown_at": None if one.type in GONE else now, "locale": one.locale, "slug": one.slug, "reason": one.reason,
    }  # fmt: skip

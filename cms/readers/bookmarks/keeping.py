"""Keeping articles and keeping them no more. Each change takes the next number of the shelf while the account is held.

So changes of one reader are committed in the order of their numbers, and a device that was told of one has been told of
all before it. The audit trail notes that something changed on a shelf, never which article: what somebody reads is
nobody's business, and the trail outlives the account.
"""

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime
from typing import Any

from sqlalchemy import bindparam, delete, func, select, update
from sqlalchemy.orm import Session

from cms.audit.recording import note
from cms.events.catalogue import ArticleAudienceChanged
from cms.events.outbox import record_all
from cms.platform.actor import Actor
from cms.platform.db import change_rows, columns_of
from cms.platform.errors import CHALLENGE, Conflict, FieldError, Gone, Invalid, NotFound, Unauthenticated
from cms.readers.bookmarks import queries
from cms.readers.bookmarks.models import Bookmark, Folder, Shelf
from cms.readers.bookmarks.rules import MOST_BOOKMARKS, REMOVALS_KEPT, REMOVALS_KEPT_FOR
from cms.readers.bookmarks.schemas import Placing
from cms.readers.models import Account

ROWS = columns_of(Bookmark)
NO_ARTICLE = "There is no published article of this id."


def keep_article(
    session: Session, actor: Actor, article_id: str, placing: Placing, now: datetime
) -> tuple[Bookmark, bool]:
    """Keep an article, or move it to another folder; whether it is new comes with it. Kept already, nothing changes.

    Raises: NotFound and Gone for an article that readers do not see, unless it is kept already; Invalid for a folder
    that is not the reader's; Conflict (`shelf_full`). Emits: ArticleAudienceChanged
    """
    shelf = held_shelf(session, actor.id)
    folder_id = _own_folder(session, actor, placing.folder_id)
    row = queries.bookmark_of(session, actor.id, article_id)
    if row is not None and row.removed_at is None:
        if placing.is_given and row.folder_id != folder_id:
            row.folder_id, row.changed = folder_id, next_number(shelf)
            _note(session, actor, "bookmark.moved", now)
        return row, False
    _refuse_unseen(session, article_id)
    if queries.count_of_all(session, actor.id) >= MOST_BOOKMARKS:
        raise Conflict(f"You keep {MOST_BOOKMARKS} articles; remove some to keep others.", code="shelf_full")
    if row is None:
        row = Bookmark(account_id=actor.id, article_id=article_id)
        session.add(row)
    row.placed = row.changed = next_number(shelf)
    row.folder_id, row.availability, row.added_at, row.removed_at = folder_id, "published", now, None
    session.flush()
    _note(session, actor, "bookmark.added", now)
    _tell_counters(session, actor, [article_id], now)
    return row, True


def drop_article(session: Session, actor: Actor, article_id: str, now: datetime) -> bool:
    """Keep an article no more; False where it was not kept. Emits: ArticleAudienceChanged"""
    shelf = held_shelf(session, actor.id)
    row = queries.bookmark_of(session, actor.id, article_id)
    if row is None or row.removed_at is not None:
        return False
    row.removed_at, row.folder_id, row.changed = now, None, next_number(shelf)
    session.flush()
    forget_removals(session, shelf, now)
    _note(session, actor, "bookmark.removed", now)
    _tell_counters(session, actor, [article_id], now)
    return True


def note_strayed(session: Session, actor: Actor) -> None:
    """Put on the reader's shelf as changes that articles were taken away or came back since devices were told last.

    Done when a device asks, so that a publish never has to look through everybody's shelves.
    """
    shelf = held_shelf(session, actor.id)
    changes = [
        {"of": number, "changed": next_number(shelf), "availability": available}
        for number, available in queries.strayed(session, actor.id)
    ]
    renumber(session, changes)


def forget_shelf(session: Session, actor: Actor, now: datetime) -> None:
    """Delete all that a reader keeps, with folders and removals. Emits: ArticleAudienceChanged for each article"""
    shelf = held_shelf(session, actor.id)
    mine = select(Bookmark.article_id).where(Bookmark.account_id == actor.id, Bookmark.removed_at.is_(None))
    articles = list(session.scalars(mine))
    for table in (Bookmark, Folder):
        change_rows(session, delete(table).where(table.account_id == actor.id))
    session.delete(shelf)
    session.flush()
    _tell_counters(session, actor, articles, now)


def forget_removals(session: Session, shelf: Shelf, now: datetime) -> int:
    """Let go of removals of a shelf that is held which are old, or too many; gives how many."""
    removed = (Bookmark.account_id == shelf.account_id, Bookmark.removed_at.is_not(None))
    beyond = select(Bookmark.changed).where(*removed).order_by(Bookmark.changed.desc()).offset(REMOVALS_KEPT).limit(1)
    old = select(func.max(Bookmark.changed)).where(*removed, Bookmark.removed_at < now - REMOVALS_KEPT_FOR)
    last = max(session.scalar(beyond) or 0, session.scalar(old) or 0)
    if not last:
        return 0
    shelf.forgotten = max(shelf.forgotten, last)
    return change_rows(session, delete(Bookmark).where(*removed, Bookmark.changed <= last))


def held_shelf(session: Session, account_id: str) -> Shelf:
    """A reader's shelf, held until the transaction ends, as is the account. Raises: Unauthenticated."""
    held = select(Account.id).where(Account.id == account_id).with_for_update(key_share=True)
    if session.scalar(held) is None:
        raise Unauthenticated("The session is unknown or over; sign in again.", headers=CHALLENGE)
    shelf = session.get(Shelf, account_id, populate_existing=True)
    if shelf is None:
        shelf = Shelf(account_id=account_id, sequence=0, forgotten=0)
        session.add(shelf)
    return shelf


def next_number(shelf: Shelf) -> int:
    """The number of the next change on a shelf that is held."""
    shelf.sequence += 1
    return shelf.sequence


def renumber(session: Session, changes: list[dict[str, object]]) -> None:
    """Write changes of bookmarks down by one statement; `of` is the number of each row, the rest are its new values."""
    if not changes:
        return
    new: dict[str, Any] = {name: bindparam(f"new_{name}") for name in changes[0] if name != "of"}
    statement = update(ROWS).where(ROWS.c.number == bindparam("of")).values(new)
    values = [{name if name == "of" else f"new_{name}": value for name, value in one.items()} for one in changes]
    session.execute(statement, values)


def _own_folder(session: Session, actor: Actor, folder_id: str | None) -> str | None:
    if folder_id is not None and queries.folder_of(session, actor.id, folder_id) is None:
        raise Invalid(errors=[FieldError("/folder", "unknown", "You have no folder of this id.")])
    return folder_id


def _refuse_unseen(session: Session, article_id: str) -> None:
    look = queries.looks(session, [article_id]).get(article_id, queries.HIDDEN)
    if look.tombstone is not None and look.card is None:
        raise Gone("This article was taken down.", extra={"tombstone": look.tombstone})
    if look.card is None:
        raise NotFound(NO_ARTICLE)


def _note(session: Session, actor: Actor, action: str, now: datetime) -> None:
    note(session, actor=actor, action=action, subject_kind="shelf", subject_id=actor.id, now=now)


def _tell_counters(session: Session, actor: Actor, article_ids: Iterable[str], now: datetime) -> None:
    events = [ArticleAudienceChanged(subject=article_id) for article_id in article_ids]
    # Letters are kept for days and name the article, so they do not name the reader.
    record_all(session, events, actor=replace(actor, id=""), now=now)

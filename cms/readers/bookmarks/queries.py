"""Reads of bookmarks and folders that never write. All but the counts are of one reader, whose id they are given."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, case, exists, func, or_, select
from sqlalchemy.orm import Session

from cms.content.models import Document, DocumentCard, Tombstone
from cms.content.rules import tombstone_data
from cms.platform.ids import is_id
from cms.platform.keyset import one_page
from cms.readers.bookmarks.models import Bookmark, Folder, Shelf
from cms.readers.bookmarks.rules import REMOVALS_KEPT_FOR, is_too_old

IS_PUBLISHED = exists().where(Document.article_id == Bookmark.article_id)
IS_TAKEN_DOWN = exists().where(Tombstone.article_id == Bookmark.article_id)
AVAILABLE = case((IS_PUBLISHED, "published"), (IS_TAKEN_DOWN, "taken_down"), else_="unavailable")


def keepers_of(session: Session, article_ids: Collection[str]) -> dict[str, int]:
    """How many readers keep each of these articles; those that nobody keeps are missing."""
    statement = select(Bookmark.article_id, func.count()).where(
        Bookmark.article_id.in_(article_ids), Bookmark.removed_at.is_(None)
    )
    return dict(session.execute(statement.group_by(Bookmark.article_id)).all())


@dataclass(frozen=True)
class Look:
    """What readers get of an article now: its card, a tombstone, or neither."""

    card: bytes | None = None
    tombstone: dict[str, str] | None = None

    @property
    def availability(self) -> str:
        """One of `AVAILABILITIES`."""
        return "published" if self.card is not None else "unavailable" if self.tombstone is None else "taken_down"


HIDDEN = Look()


def looks(session: Session, article_ids: Collection[str]) -> dict[str, Look]:
    """What readers get of these articles now; those of which they get nothing are missing. Two statements."""
    buried = select(Tombstone).where(Tombstone.article_id.in_(article_ids))
    found = {one.article_id: Look(tombstone=_told(one)) for one in session.scalars(buried)}
    cards = select(Document.article_id, DocumentCard.card).join(DocumentCard, DocumentCard.number == Document.number)
    cards = cards.where(Document.article_id.in_(article_ids))
    return found | {article_id: Look(card=bytes(card)) for article_id, card in session.execute(cards)}


def bookmark_of(session: Session, account_id: str, article_id: str) -> Bookmark | None:
    """What the reader's shelf knows of an article, kept or removed."""
    statement = select(Bookmark).where(Bookmark.account_id == account_id, Bookmark.article_id == article_id)
    return session.scalar(statement, execution_options={"populate_existing": True})


def kept(
    session: Session, account_id: str, folder_id: str | None, *, limit: int, after: Sequence[Any] | None,
    is_backwards: bool,
) -> list[Bookmark]:  # fmt: skip
    """One page of what the reader keeps and can get now, the newest first."""
    return one_page(
        session,
        _shown(account_id, folder_id),
        [Bookmark.placed],
        after,
        limit=limit,
        is_falling=True,
        is_backwards=is_backwards,
    )


def count_of_kept(session: Session, account_id: str, folder_id: str | None) -> int:
    """How many entries the list has."""
    return session.scalar(select(func.count()).select_from(_shown(account_id, folder_id).subquery())) or 0


def count_of_all(session: Session, account_id: str) -> int:
    """How many bookmarks the reader has, those of articles that nobody sees now among them."""
    statement = select(func.count()).where(Bookmark.account_id == account_id, Bookmark.removed_at.is_(None))
    return session.scalar(statement) or 0


@dataclass(frozen=True)
class Changes:
    """Changes of a shelf in their order, and where to go on from: the last one told, and what was forgotten when the
    device began."""

    rows: list[Bookmark]
    position: tuple[int, int]
    has_more: bool


def changes(session: Session, account_id: str, since: Sequence[int] | None, limit: int) -> Changes | None:
    """What changed on a shelf since a position, or all that is on it. None for a position that is too long ago."""
    shelf = session.get(Shelf, account_id, populate_existing=True)
    sequence, forgotten = (shelf.sequence, shelf.forgotten) if shelf is not None else (0, 0)
    position, began = (0, forgotten) if since is None else since
    if is_too_old(position, began, forgotten):
        return None
    statement = select(Bookmark).where(Bookmark.account_id == account_id, Bookmark.changed > position)
    if since is None:
        statement = statement.where(Bookmark.removed_at.is_(None))
    rows = list(session.scalars(statement.order_by(Bookmark.changed).limit(limit + 1)))
    has_more, rows = len(rows) > limit, rows[:limit]
    last = rows[-1].changed if rows else position
    # Every change up to the shelf's number was committed before that number was read.
    return Changes(rows, (last if has_more else max(last, sequence), began), has_more)


def strayed(session: Session, account_id: str) -> list[tuple[int, str]]:
    """The numbers of bookmarks whose article can be got otherwise than devices were told last, and how it can be."""
    statement = select(Bookmark.number, AVAILABLE).where(
        Bookmark.account_id == account_id, Bookmark.removed_at.is_(None), Bookmark.availability != AVAILABLE
    )
    return [(number, available) for number, available in session.execute(statement.order_by(Bookmark.changed))]


def shelves_to_tidy(session: Session, now: datetime, limit: int) -> list[str]:
    """Some of the accounts that have removals which were kept long enough."""
    is_old = Bookmark.removed_at < now - REMOVALS_KEPT_FOR
    return list(session.scalars(select(Bookmark.account_id).where(is_old).distinct().limit(limit)))


def folder_of(session: Session, account_id: str, folder_id: str) -> Folder | None:
    """One of the reader's own folders."""
    if not is_id(folder_id):
        return None
    return session.scalar(select(Folder).where(Folder.account_id == account_id, Folder.id == folder_id))


def folder_named(session: Session, account_id: str, key: str) -> Folder | None:
    """The reader's folder of a name, in the form in which names are compared."""
    return session.scalar(select(Folder).where(Folder.account_id == account_id, Folder.key == key))


def folders_of(session: Session, account_id: str) -> list[tuple[Folder, int]]:
    """All folders of the reader by name, with how many entries each shows. Two statements."""
    counts = select(Bookmark.folder_id, func.count()).where(
        Bookmark.account_id == account_id, Bookmark.removed_at.is_(None), or_(IS_PUBLISHED, IS_TAKEN_DOWN)
    )
    found: dict[str | None, int] = dict(session.execute(counts.group_by(Bookmark.folder_id)).all())
    folders = session.scalars(select(Folder).where(Folder.account_id == account_id).order_by(Folder.key))
    return [(folder, found.get(folder.id, 0)) for folder in folders]


def all_bookmarks(session: Session, account_id: str) -> list[Bookmark]:
    """Every row that is kept of a reader's bookmarks, removals too, in the order in which they came."""
    statement = select(Bookmark).where(Bookmark.account_id == account_id)
    return list(session.scalars(statement.order_by(Bookmark.placed)))


def _shown(account_id: str, folder_id: str | None) -> Select[Bookmark]:
    conditions: list[ColumnElement[bool]] = [Bookmark.account_id == account_id, Bookmark.removed_at.is_(None)]
    if folder_id is not None:
        conditions.append(Bookmark.folder_id == folder_id)
    return select(Bookmark).where(*conditions, or_(IS_PUBLISHED, IS_TAKEN_DOWN))


def _told(tombstone: Tombstone) -> dict[str, str]:
    return tombstone_data(tombstone.article_id, tombstone.taken_down_at, tombstone.reason)

"""Folders: made, renamed, deleted. What is in a folder that is deleted stays kept, in no folder."""

from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from cms.audit.recording import note
from cms.platform.actor import Actor
from cms.platform.errors import Conflict, NotFound
from cms.platform.ids import new_id
from cms.readers.bookmarks import queries
from cms.readers.bookmarks.keeping import held_shelf, next_number, renumber
from cms.readers.bookmarks.models import Bookmark, Folder
from cms.readers.bookmarks.rules import MOST_FOLDERS, folder_key

NO_FOLDER = "You have no folder of this id."


def make_folder(session: Session, actor: Actor, name: str, now: datetime) -> Folder:
    """A new folder. Raises: Conflict (`name_taken` with the folder's id, `shelf_full`)."""
    held_shelf(session, actor.id)
    _refuse_taken(session, actor, name)
    count = session.scalar(select(func.count()).where(Folder.account_id == actor.id)) or 0
    if count >= MOST_FOLDERS:
        raise Conflict(f"You have {MOST_FOLDERS} folders; delete one to make another.", code="shelf_full")
    folder = Folder(id=new_id(), account_id=actor.id, name=name, key=folder_key(name), created_at=now)
    session.add(folder)
    session.flush()
    _note(session, actor, "folder.made", folder.id, now)
    return folder


def rename_folder(session: Session, actor: Actor, folder_id: str, name: str, now: datetime) -> Folder:
    """Give a folder another name. Raises: NotFound; Conflict (`name_taken`)."""
    held_shelf(session, actor.id)
    folder = _own(session, actor, folder_id)
    if folder_key(name) != folder.key:
        _refuse_taken(session, actor, name)
    folder.name, folder.key = name, folder_key(name)
    session.flush()
    _note(session, actor, "folder.renamed", folder.id, now)
    return folder


def delete_folder(session: Session, actor: Actor, folder_id: str, now: datetime) -> None:
    """Delete a folder; its bookmarks stay, in no folder, and devices are told so. Raises: NotFound."""
    shelf = held_shelf(session, actor.id)
    folder = _own(session, actor, folder_id)
    inside = select(Bookmark.number).where(Bookmark.account_id == actor.id, Bookmark.folder_id == folder.id)
    numbers = session.scalars(inside.order_by(Bookmark.changed)).all()
    renumber(session, [{"of": one, "changed": next_number(shelf), "folder_id": None} for one in numbers])
    session.delete(folder)
    session.flush()
    _note(session, actor, "folder.deleted", folder.id, now)


def _own(session: Session, actor: Actor, folder_id: str) -> Folder:
    folder = queries.folder_of(session, actor.id, folder_id)
    if folder is None:
        raise NotFound(NO_FOLDER)
    return folder


def _refuse_taken(session: Session, actor: Actor, name: str) -> None:
    taken = queries.folder_named(session, actor.id, folder_key(name))
    if taken is not None:
        raise Conflict(
            f"You have a folder named {taken.name!r} already.", code="name_taken", extra={"folder_id": taken.id}
        )


def _note(session: Session, actor: Actor, action: str, folder_id: str, now: datetime) -> None:
    note(session, actor=actor, action=action, subject_kind="folder", subject_id=folder_id, now=now)

"""Bookmarks over HTTP: a reader's own shelf, its folders, and what changed on it. Nobody sees another's."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

import orjson
from flask import Blueprint, Response

from cms.platform.errors import Gone, NotFound
from cms.platform.http.answers import answer
from cms.platform.http.endpoint import endpoint
from cms.platform.http.guard import current_actor
from cms.platform.http.pages import changes_answer, page_answer
from cms.platform.http.paging import page_of
from cms.platform.http.services import services
from cms.platform.http.transactions import reading, transaction
from cms.readers.bookmarks import filing, keeping, queries
from cms.readers.bookmarks.models import Bookmark, Folder
from cms.readers.bookmarks.queries import HIDDEN, Look
from cms.readers.bookmarks.schemas import (
    BookmarkPageShape,
    BookmarkShape,
    BookmarksQueryShape,
    FolderInputShape,
    FolderListShape,
    FolderShape,
    Placing,
    PlacingShape,
    ReaderStateShape,
)

bookmarks = Blueprint("bookmarks", __name__, url_prefix="/readers/v1")


@bookmarks.get("/bookmarks")
@endpoint(
    summary="What the reader keeps",
    needs_reader=True,
    query=BookmarksQueryShape,
    answers={200: BookmarkPageShape},
    refuses=(404, 410),
    description="Newest first. An article that is not published now is left out and comes back with its next publish; "
    "of one that was taken down the tombstone is shown. With `since` it is what changed since a `next_cursor`, for "
    "devices: also removals, and articles that were taken away or came back. Folders are few: read their list beside "
    "it. 410 with the code `sync_too_old` says that removals since then are not known any more; begin with `?since=`.",
)
def list_bookmarks(query: dict[str, Any]) -> Response:
    """The reader's own shelf."""
    me, folder = current_actor().id, query["folder"]
    if query["since"] is not None:
        return _changes(me, query)
    with reading() as session:
        if folder is not None and queries.folder_of(session, me, folder) is None:
            raise NotFound(filing.NO_FOLDER)

        def read(limit: int, after: tuple[Any, ...] | None, is_backwards: bool) -> list[tuple[Bookmark, Look]]:
            rows = queries.kept(session, me, folder, limit=limit, after=after, is_backwards=is_backwards)
            found = queries.looks(session, [row.article_id for row in rows])
            return [(row, found.get(row.article_id, HIDDEN)) for row in rows]

        return page_answer(
            f"bookmarks|{me}|{folder}",
            query,
            read=read,
            position=lambda pair: (pair[0].placed,),
            dump=lambda pair: _entry(*pair),
            count=lambda: queries.count_of_kept(session, me, folder),
        )


@bookmarks.put("/bookmarks/<uuid:article_id>")
@endpoint(
    summary="Keep an article",
    needs_reader=True,
    body=PlacingShape,
    is_body_optional=True,
    answers={200: BookmarkShape, 201: BookmarkShape},
    refuses=(404, 409, 410),
    description="Sent again it changes nothing (200); with a `folder` it moves the bookmark there.",
)
def keep_article(body: Placing, article_id: UUID) -> Response:
    """Collect an article; 201 when it was not kept before."""
    with transaction() as session:
        row, is_new = keeping.keep_article(session, current_actor(), str(article_id), body, services().clock())
        look = queries.looks(session, [row.article_id]).get(row.article_id, HIDDEN)
        return answer(_entry(row, look), 201 if is_new else 200)


@bookmarks.delete("/bookmarks/<uuid:article_id>")
@endpoint(summary="Keep an article no more", needs_reader=True, answers={204: None})
def drop_article(article_id: UUID) -> Response:
    """Remove a bookmark; the same answer where there is none."""
    with transaction() as session:
        keeping.drop_article(session, current_actor(), str(article_id), services().clock())
        return answer(None, 204)


@bookmarks.get("/articles/<uuid:article_id>/state")
@endpoint(summary="What an article is to the reader", needs_reader=True, answers={200: ReaderStateShape})
def read_state(article_id: UUID) -> Response:
    """Whether the reader keeps it; the same answer for an article that does not exist."""
    with reading() as session:
        row = queries.bookmark_of(session, current_actor().id, str(article_id))
    is_kept = row is not None and row.removed_at is None
    return answer(
        {
            "article_id": article_id,
            "is_bookmarked": is_kept,
            "folder": row.folder_id if row is not None and is_kept else None,
            "bookmarked_at": row.added_at if row is not None and is_kept else None,
        }
    )


@bookmarks.get("/bookmarks/folders")
@endpoint(summary="A reader's folders", needs_reader=True, answers={200: FolderListShape})
def list_folders() -> Response:
    """All folders by name, with how many entries each shows."""
    with reading() as session:
        found = queries.folders_of(session, current_actor().id)
    data = [_folder(folder, count) for folder, count in found]
    return answer(page_of(data, limit=len(data), next_cursor=None, prev_cursor=None))


@bookmarks.post("/bookmarks/folders")
@endpoint(
    summary="Make a folder", needs_reader=True, body=FolderInputShape, answers={201: FolderShape}, refuses=(409,),
    description="409 with the code `name_taken` names the `folder_id` of the one that there is.",
)  # fmt: skip
def make_folder(body: dict[str, str]) -> Response:
    """A folder of one's own."""
    with transaction() as session:
        folder = filing.make_folder(session, current_actor(), body["name"], services().clock())
        return answer(_folder(folder, 0), 201)


@bookmarks.patch("/bookmarks/folders/<folder_id>")
@endpoint(
    summary="Rename a folder", needs_reader=True, body=FolderInputShape, answers={200: FolderShape}, refuses=(404, 409)
)
def rename_folder(body: dict[str, str], folder_id: str) -> Response:
    """Another name. The last change counts: a shelf has one owner."""
    with transaction() as session:
        folder = filing.rename_folder(session, current_actor(), folder_id, body["name"], services().clock())
        return answer(_folder(folder, queries.count_of_kept(session, current_actor().id, folder.id)))


@bookmarks.delete("/bookmarks/folders/<folder_id>")
@endpoint(
    summary="Delete a folder", needs_reader=True, answers={204: None}, refuses=(404,),
    description="The bookmarks in it stay kept, in no folder.",
)  # fmt: skip
def delete_folder(folder_id: str) -> Response:
    """The folder goes, what is in it stays."""
    with transaction() as session:
        filing.delete_folder(session, current_actor(), folder_id, services().clock())
        return answer(None, 204)


def _changes(me: str, query: Mapping[str, Any]) -> Response:
    with reading() as session:
        has_strayed = bool(queries.strayed(session, me))
    if has_strayed:
        with transaction() as session:
            keeping.note_strayed(session, current_actor())
    with reading() as session:

        def read(since: tuple[Any, ...] | None, limit: int) -> tuple[list[Any], tuple[Any, ...], bool]:
            found = queries.changes(session, me, since, limit)
            if found is None:
                raise Gone("Removals since then are not known any more; begin anew with ?since=", code="sync_too_old")
            seen = queries.looks(session, [row.article_id for row in found.rows if row.removed_at is None])
            entries = [_entry(row, seen.get(row.article_id, HIDDEN)) for row in found.rows]
            return entries, found.position, found.has_more

        return changes_answer(f"bookmarks|changes|{me}", query["since"], query["limit"], read=read)


def _entry(row: Bookmark, look: Look) -> dict[str, Any]:
    return {
        "article_id": row.article_id,
        "is_kept": row.removed_at is None,
        "folder": row.folder_id,
        "added_at": row.added_at,
        "availability": look.availability,
        # The very bytes that lists of the content API are made of.
        "article": orjson.Fragment(look.card) if look.card is not None else None,
        "tombstone": look.tombstone if look.card is None else None,
    }


def _folder(folder: Folder, count: int) -> dict[str, Any]:
    return {"id": folder.id, "name": folder.name, "created_at": folder.created_at, "count": count}

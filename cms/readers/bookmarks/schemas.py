"""Shapes of bookmarks and folders on the wire."""

from dataclasses import dataclass
from typing import Any

from marshmallow import ValidationError, fields, post_load, validate, validates_schema

from cms.content.schemas import CardShape
from cms.identity.fields import PublicId
from cms.platform.http.query_input import PageShape
from cms.platform.http.shapes import Flag, ListShape, Shape, Text, UtcInstant
from cms.readers.bookmarks.rules import AVAILABILITIES, LONGEST_KEY, LONGEST_NAME, folder_key


@dataclass(frozen=True)
class Placing:
    """Where a reader puts a bookmark. With `is_given` false it stays where it is, or is in no folder when it is new."""

    folder_id: str | None = None
    is_given: bool = False


class PlacingShape(Shape):
    """Where a bookmark goes."""

    folder = PublicId(
        allow_none=True,
        metadata={"description": "Id of one of your folders; null takes it out; left out, it stays where it is"},
    )

    @post_load
    def _command(self, values: dict[str, Any], **_options: Any) -> Placing:
        return Placing(values.get("folder"), is_given="folder" in values)


class BookmarksQueryShape(PageShape):
    """Which bookmarks are wanted: one page of the list, or what changed since a cursor."""

    folder = PublicId(load_default=None, metadata={"description": "Only those in this folder"})
    since = fields.String(
        load_default=None,
        validate=validate.Length(max=2000),
        metadata={
            "description": "What changed since this `next_cursor`, oldest change first, removals too; nothing "
            "(`?since=`) for all from the beginning. Not with folder, cursor and count"
        },
    )

    @validates_schema
    def _one_way(self, values: dict[str, Any], **_options: Any) -> None:
        if values["since"] is not None and any(values[name] for name in ("folder", "cursor", "count")):
            raise ValidationError("Changes are of the whole shelf; send since and limit alone.", "since")


class KeptTombstoneShape(Shape):
    """What is told of an article that was taken down."""

    id = fields.UUID(required=True)
    taken_down_at = UtcInstant(required=True)
    reason = fields.String(metadata={"description": "Left out where none is public"})


class BookmarkShape(Shape):
    """An article that the reader keeps. `article` is its card as lists show it, as long as readers see it."""

    article_id = fields.UUID(required=True)
    is_kept = Flag(
        required=True, metadata={"description": "False only among changes: it was removed, here or on another device"}
    )
    folder = fields.UUID(required=True, allow_none=True)
    added_at = UtcInstant(required=True)
    availability = fields.String(
        required=True,
        validate=validate.OneOf(AVAILABILITIES),
        metadata={"description": "`unavailable` only among changes: it is not published now, and may come back"},
    )
    article = fields.Nested(CardShape, required=True, allow_none=True)
    tombstone = fields.Nested(KeptTombstoneShape, required=True, allow_none=True)


class BookmarkPageShape(ListShape):
    """What a reader keeps, newest first; or changes, for which `next_cursor` is always there."""

    data = fields.List(fields.Nested(BookmarkShape), required=True)


class ReaderStateShape(Shape):
    """What an article is to the reader. Never a part of the document, which everybody shares."""

    article_id = fields.UUID(required=True)
    is_bookmarked = Flag(required=True)
    folder = fields.UUID(required=True, allow_none=True)
    bookmarked_at = UtcInstant(required=True, allow_none=True)


class FolderInputShape(Shape):
    """How a folder is called."""

    name = Text(required=True, validate=validate.Length(1, LONGEST_NAME), metadata={"example": "For the weekend"})

    @post_load
    def _trimmed(self, values: dict[str, str], **_options: Any) -> dict[str, str]:
        name = " ".join(values["name"].split())
        # A single character can stand for a whole phrase.
        if not folder_key(name) or len(folder_key(name)) > LONGEST_KEY:
            raise ValidationError("Must be a name that can be read.", "name")
        return {"name": name}


class FolderShape(Shape):
    """A folder; `count` is how many entries its list shows now."""

    id = fields.UUID(required=True)
    name = fields.String(required=True)
    created_at = UtcInstant(required=True)
    count = fields.Integer(required=True)


class FolderListShape(ListShape):
    """All folders of a reader, by name."""

    data = fields.List(fields.Nested(FolderShape), required=True)


class ExportedBookmarkShape(Shape):
    """A bookmark as it is kept; one with `removed_at` is there to tell other devices of the removal."""

    article_id = fields.UUID(required=True)
    folder = fields.UUID(required=True, allow_none=True)
    added_at = UtcInstant(required=True)
    removed_at = UtcInstant(required=True, allow_none=True)


class ExportedFolderShape(Shape):
    """A folder as it is kept."""

    id = fields.UUID(required=True)
    name = fields.String(required=True)
    created_at = UtcInstant(required=True)

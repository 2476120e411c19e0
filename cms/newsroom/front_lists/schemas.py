"""Shapes of front lists on the wire, for editors."""

from typing import Any

from marshmallow import fields, post_load, validate

from cms.newsroom.front_lists import rules
from cms.newsroom.front_lists.rules import Entry, Fill, ListContent, NewList, PutEntry
from cms.platform.http.query_input import PageShape
from cms.platform.http.shapes import Flag, ListShape, Locale, Shape, Text, UtcInstant
from cms.taxonomy.schemas import check_not_blank, slug_field


class EntryInputShape(Shape):
    """An article in a list."""

    article = fields.UUID(required=True, metadata={"description": "Id of an article"})
    is_pinned = Flag(metadata={"description": "Keeps its place while others come and go"})
    from_at = UtcInstant(allow_none=True, data_key="from", metadata={"description": "From when readers see it"})
    until_at = UtcInstant(allow_none=True, data_key="until", metadata={"description": "When they see it no more"})
    title = Text(
        validate=validate.Length(max=rules.LONGEST_ENTRY_TITLE),
        metadata={"description": "Stands in the place of the article's own title; empty: its own"},
    )

    @post_load
    def _command(self, values: dict[str, Any], **_options: Any) -> Any:
        return Entry(**{**values, "article": str(values["article"])})


class PutEntryShape(EntryInputShape):
    """An article to put into a list, or to move there. What is left out stays as it was."""

    position = fields.Integer(
        strict=True,
        validate=validate.Range(1, rules.MOST_ENTRIES),
        metadata={
            "description": "From 1; behind the last counts as last. Left out: where it is, or last. One that "
            "a pinned entry has is refused, unless this entry is pinned too"
        },
    )

    @post_load
    def _command(self, values: dict[str, Any], **_options: Any) -> Any:
        article, position = str(values.pop("article")), values.pop("position", None)
        return PutEntry(article, values, position)


class FillShape(Shape):
    """With what a list is filled up to `limit` entries: the newest of a section and below it, or of the site."""

    section = slug_field(load_default=None, allow_none=True)
    limit = fields.Integer(required=True, strict=True, validate=validate.Range(1, rules.MOST_ENTRIES))

    @post_load
    def _command(self, values: dict[str, Any], **_options: Any) -> Fill:
        return Fill(**values)


class ListInputShape(Shape):
    """A whole list."""

    title = Text(required=True, validate=[validate.Length(max=rules.LONGEST_TITLE), check_not_blank])
    section = slug_field(
        load_default=None,
        allow_none=True,
        metadata={"description": "Where it belongs: editors of it may change it. Null: the site"},
    )
    fill = fields.Nested(FillShape, load_default=None, allow_none=True)
    entries = fields.List(
        fields.Nested(EntryInputShape), load_default=list, validate=validate.Length(max=rules.MOST_ENTRIES)
    )

    @post_load
    def _command(self, values: dict[str, Any], **_options: Any) -> Any:
        return ListContent(**{**values, "entries": tuple(values["entries"])})


class NewListShape(ListInputShape):
    """A list to make."""

    name = slug_field(required=True, metadata={"description": "By which apps ask for it", "example": "front-page"})
    locale = Locale(
        load_default=None,
        allow_none=True,
        metadata={"description": "The only language that it takes. Null: every language"},
    )

    @post_load
    def _command(self, values: dict[str, Any], **_options: Any) -> Any:
        name, locale = values.pop("name"), values.pop("locale") or ""
        return NewList(name, ListContent(**{**values, "entries": tuple(values["entries"])}), locale)


class ListsQueryShape(PageShape):
    """Which lists."""

    name = fields.String(load_default=None, validate=validate.Length(1, 120))


class EntryShape(Shape):
    """An article in a list, for editors."""

    position = fields.Integer(required=True)
    article = fields.String(required=True)
    is_pinned = Flag(required=True)
    from_at = UtcInstant(required=True, allow_none=True, data_key="from")
    until_at = UtcInstant(required=True, allow_none=True, data_key="until")
    title = fields.String(required=True)
    is_shown = Flag(required=True, metadata={"description": "Whether readers see it now"})


class FrontListCardShape(Shape):
    """A list without its entries."""

    id = fields.String(required=True)
    name = fields.String(required=True)
    locale = fields.String(required=True, allow_none=True, metadata={"description": "Null: every language"})
    title = fields.String(required=True)
    section = fields.String(required=True, allow_none=True)
    fill = fields.Nested(FillShape, required=True, allow_none=True)
    revision = fields.Integer(required=True)
    created_at = UtcInstant(required=True)
    updated_at = UtcInstant(required=True)


class FrontListShape(FrontListCardShape):
    """A list for editors."""

    entries = fields.List(fields.Nested(EntryShape), required=True)


class FrontListPageShape(ListShape):
    """Lists by name and language."""

    data = fields.List(fields.Nested(FrontListCardShape), required=True)

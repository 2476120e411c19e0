"""Shapes of front lists for readers."""

from marshmallow import fields

from cms.content.schemas import AskedLocale, CardShape
from cms.platform.http.shapes import ListShape, Shape


class ShownQueryShape(Shape):
    """In which language."""

    locale = AskedLocale(
        load_default=None,
        metadata={
            "description": "Such as en or zh-CN. Left out: the list for every language, else the first by its tag"
        },
    )


class KnownListShape(Shape):
    """A list as apps know it; `section` is the slug of where it belongs."""

    name = fields.String(required=True)
    title = fields.String(required=True)
    section = fields.String(required=True, allow_none=True)
    locale = fields.String(required=True, allow_none=True, metadata={"description": "Null: every language"})


class KnownListsShape(ListShape):
    """Every list, by name and language."""

    data = fields.List(fields.Nested(KnownListShape), required=True)


class ShownListShape(ListShape):
    """What a list shows now, in order."""

    list = fields.Nested(KnownListShape, required=True)
    data = fields.List(fields.Nested(CardShape), required=True)

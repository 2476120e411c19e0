"""Shapes of translations on the wire."""

from typing import Any

from marshmallow import fields, post_load, validate

from cms.newsroom.schemas.articles import ArticlePatchShape
from cms.newsroom.translations.rules import LARGEST_REVISION
from cms.platform.http.shapes import Flag, Locale, Shape, Text

LONGEST_ID = 36


class TranslateShape(ArticlePatchShape):
    """A translation to start. What else is given stands in it from the beginning, in place of what the source has."""

    locale = Locale(required=True, metadata={"description": "BCP 47, such as kk or zh-CN", "example": "kk"})
    copy = Flag(
        load_default=True,
        metadata={"description": "Whether the words of the source are brought over, to be written over"},
    )

    @post_load
    def _by_wire_names(self, values: dict[str, Any], **options: Any) -> dict[str, Any]:
        given: dict[str, Any] = {"fields" if name == "fields_" else name: value for name, value in values.items()}
        locale, is_copy, note = given.pop("locale"), given.pop("copy"), given.pop("revision_note", None)
        return {"locale": locale, "is_copy": is_copy, "revision_note": note or "", "patch": given}


class TranslationInputShape(Shape):
    """What an article is a translation of."""

    of = Text(
        required=True,
        validate=validate.Length(1, LONGEST_ID),
        metadata={"description": "Id of the article that it was translated from"},
    )
    revision = fields.Integer(
        strict=True,
        allow_none=True,
        load_default=None,
        validate=validate.Range(1, LARGEST_REVISION),
        metadata={
            "description": "The revision of that article that the translation follows. Without it, what its readers "
            "see; or its working copy where they see nothing",
            "example": None,
        },
    )

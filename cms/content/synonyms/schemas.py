"""Shapes of synonyms on the wire."""

from typing import Any

from marshmallow import ValidationError, fields, post_load, validate, validates

from cms.content.synonyms.rules import LONGEST_WORD, MOST_WORDS, SynonymContent, repeated
from cms.platform.http.shapes import Flag, ListShape, Locale, Shape, Text, UtcInstant


class SynonymInputShape(Shape):
    """Words that mean the same to a search."""

    words = fields.List(
        Text(validate=validate.And(validate.Length(1, LONGEST_WORD), validate.Regexp(r"\s*\S"))),
        required=True,
        validate=validate.Length(2, MOST_WORDS),
        metadata={"description": "Words or short phrases", "example": ["UK", "United Kingdom", "Britain"]},
    )
    locale = Locale(
        load_default="", allow_none=True, metadata={"description": "Only for searches in this language; null: for all"}
    )
    is_one_way = Flag(
        load_default=False,
        metadata={"description": "Who searches for the first word finds the others, and not the other way round"},
    )

    @validates("words")
    def _each_once(self, words: list[str], **_options: Any) -> None:
        wrong = {position: ["This stands in the set already."] for position in repeated(words)}
        if wrong:
            raise ValidationError(wrong)

    @post_load
    def _command(self, values: dict[str, Any], **_options: Any) -> SynonymContent:
        words = tuple(" ".join(word.split()) for word in values["words"])
        return SynonymContent(words, values["locale"] or "", values["is_one_way"])


class SynonymShape(Shape):
    """A set of synonyms."""

    id = fields.UUID(required=True)
    words = fields.List(fields.String(), required=True)
    locale = fields.String(required=True, allow_none=True)
    is_one_way = Flag(required=True)
    revision = fields.Integer(required=True)
    created_at = UtcInstant(required=True)
    updated_at = UtcInstant(required=True)


class SynonymPageShape(ListShape):
    """Sets of synonyms, the newest first."""

    data = fields.List(fields.Nested(SynonymShape), required=True)

"""Shapes of related lists on the wire, for editors."""

from typing import Any

from marshmallow import fields, post_load, validate

from cms.newsroom.related import rules
from cms.newsroom.related.rules import Arrangement
from cms.newsroom.schemas.lifecycle import WaitQueryShape
from cms.platform.http.shapes import Flag, Shape, UtcInstant


class ArrangementShape(Shape):
    """All that editors decide of a list. What is left out is empty."""

    pins = fields.List(
        fields.UUID(),
        load_default=list,
        validate=validate.Length(max=rules.MOST_PINS),
        metadata={"description": "Ids of articles in the same language that stand first, in this order"},
    )
    bans = fields.List(
        fields.UUID(),
        load_default=list,
        validate=validate.Length(max=rules.MOST_BANS),
        metadata={"description": "Ids of articles that never stand in this list"},
    )

    @post_load
    def _command(self, values: dict[str, Any], **_options: Any) -> Arrangement:
        return Arrangement(*(tuple(str(one) for one in values[name]) for name in rules.FIELDS))


class ArrangeQueryShape(WaitQueryShape):
    """What the answer to an arrangement waits for."""

    event_type = "article.related_arranged"


class NamedArticleShape(Shape):
    """An article that a list names."""

    article = fields.String(required=True)
    title = fields.String(
        required=True, allow_none=True, metadata={"description": "Null while readers do not see the article"}
    )


class ArrangedEntryShape(NamedArticleShape):
    """An entry of a list with what made it one."""

    score = fields.Float(required=True)
    why = fields.List(fields.String(), required=True)
    is_pinned = Flag(required=True)
    is_hidden = Flag(
        required=True,
        metadata={"description": "Says nearly the same as one above it, or as the article; readers do not see it here"},
    )


class ArrangedListShape(Shape):
    """A related list for editors: what they decided, and the entries as they stand, spares included."""

    revision = fields.Integer(required=True, metadata={"description": "0 until editors decide something"})
    updated_at = UtcInstant(required=True, allow_none=True)
    pins = fields.List(fields.Nested(NamedArticleShape), required=True)
    bans = fields.List(fields.Nested(NamedArticleShape), required=True)
    entries = fields.List(fields.Nested(ArrangedEntryShape), required=True)

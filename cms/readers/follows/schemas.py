"""Shapes of follows on the wire."""

from dataclasses import dataclass
from typing import Any

from marshmallow import ValidationError, fields, post_load, validate, validates_schema

from cms.platform.http.shapes import Locale, Shape, Text, UtcInstant
from cms.platform.zones import is_zone
from cms.readers.follows.rules import FREQUENCIES, KINDS
from search_index.matching import asks_for_something
from search_index.query import QueryError, parse


@dataclass(frozen=True)
class NewFollow:
    """Somebody wants to follow something: a word by its slug, or a query. An empty locale means every language."""

    kind: str
    slug: str
    query: str
    locale: str
    frequency: str


@dataclass(frozen=True)
class DigestChange:
    """When the own digest is to go. What is in `named` is changed; None goes back to the site's setting."""

    named: frozenset[str]
    hour: int | None
    time_zone: str | None


def _frequency(**options: Any) -> fields.String:
    told = "instant: a letter for each article; daily: one letter a day; off: none, the follow is only listed"
    return fields.String(validate=validate.OneOf(FREQUENCIES), metadata={"description": told}, **options)


class NewFollowShape(Shape):
    """What to follow: a `section` with all below it, a `tag` or an `author` by its slug, or a `query` of the search."""

    kind = fields.String(required=True, validate=validate.OneOf(KINDS))
    slug = Text(load_default="", validate=validate.Length(max=120), metadata={"example": "world"})
    query = Text(
        load_default="",
        metadata={
            "example": '"rail strike" section:world',
            "description": "As in the search; all of it has to be there",
        },
    )
    locale = Locale(load_default="", metadata={"description": "Only articles in this language; without it, in all"})
    frequency = _frequency(load_default="daily")

    @validates_schema
    def _check(self, values: dict[str, Any], **_options: Any) -> None:
        wanted, other = ("query", "slug") if values["kind"] == "query" else ("slug", "query")
        if not values[wanted].strip():
            raise ValidationError(f"Must be given for a {values['kind']}.", wanted)
        if values[other]:
            raise ValidationError(f"Does not go with a {values['kind']}.", other)
        if wanted == "query":
            _check_query(values["query"])

    @post_load
    def _command(self, values: dict[str, Any], **_options: Any) -> NewFollow:
        return NewFollow(**values)


def _check_query(text: str) -> None:
    try:
        query = parse(text)
    except QueryError as error:
        raise ValidationError(f"This cannot be searched for: {error}.", "query") from None
    if not asks_for_something(query):
        raise ValidationError("Must name something that an article says, not only what it does not say.", "query")


class FollowChangeShape(Shape):
    """How often letters come."""

    frequency = _frequency(required=True)


class FollowShape(Shape):
    """One follow. `slug` and `name` are those of the word as it is called now, null where it is gone."""

    id = fields.String(required=True)
    kind = fields.String(required=True)
    slug = fields.String(required=True, allow_none=True)
    name = fields.String(required=True, allow_none=True)
    query = fields.String(required=True, allow_none=True)
    locale = fields.String(required=True, allow_none=True)
    frequency = fields.String(required=True)
    created_at = UtcInstant(required=True)


class FollowListShape(Shape):
    """All follows of one reader, the newest first."""

    data = fields.List(fields.Nested(FollowShape), required=True)


class DigestShape(Shape):
    """When the own digest goes: at a full hour by the clocks of a zone. `next_at` is null while no article waits
    for it, and is set by the first that does."""

    hour = fields.Integer(required=True)
    time_zone = fields.String(required=True)
    next_at = UtcInstant(required=True, allow_none=True)


class DigestChangeShape(Shape):
    """Another hour or zone; null is the site's own again, and what is left out stays."""

    hour = fields.Integer(strict=True, allow_none=True, validate=validate.Range(0, 23))
    time_zone = Text(allow_none=True, metadata={"example": "Asia/Almaty", "description": "A zone of the IANA database"})

    @validates_schema
    def _check(self, values: dict[str, Any], **_options: Any) -> None:
        zone = values.get("time_zone")
        if zone is not None and not is_zone(zone):
            raise ValidationError("Must be a zone of the IANA database, such as Asia/Almaty.", "time_zone")

    @post_load
    def _command(self, values: dict[str, Any], **_options: Any) -> DigestChange:
        return DigestChange(frozenset(values), values.get("hour"), values.get("time_zone"))


class ExportedDigestShape(Shape):
    """What the reader chose for the daily letter, and the day of the last one."""

    hour = fields.Integer(required=True, allow_none=True)
    time_zone = fields.String(required=True, allow_none=True)
    last_period = fields.Date(required=True, allow_none=True)


class ExportedMatchShape(Shape):
    """An article that the reader was told of, or is to be told of in the next digest."""

    article_id = fields.String(required=True)
    follows = fields.List(fields.String(), required=True, metadata={"description": "Ids of what asked for it"})
    frequency = fields.String(required=True)
    matched_at = UtcInstant(required=True)

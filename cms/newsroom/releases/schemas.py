"""Shapes of releases on the wire."""

from typing import Any

from marshmallow import ValidationError, fields, post_load, validate, validates_schema

from cms.newsroom.releases import rules
from cms.newsroom.schedules.rules import read_instant
from cms.platform.http.query_input import PageShape
from cms.platform.http.shapes import Flag, ListShape, Shape, Text, UtcInstant
from cms.platform.zones import LONGEST_ZONE, is_zone
from cms.taxonomy.schemas import check_not_blank

LONGEST_ID = 36
LONGEST_TIME = 40


def _title(**options: Any) -> Text:
    return Text(validate=[validate.Length(max=rules.LONGEST_TITLE), check_not_blank], **options)


def _ids(about: str) -> fields.List:
    return fields.List(
        Text(validate=validate.Length(1, LONGEST_ID)),
        load_default=list,
        validate=validate.Length(max=rules.MOST_ARTICLES),
        metadata={"description": about},
    )


class NewReleaseShape(Shape):
    """A release to make."""

    title = _title(required=True)
    articles = _ids("Ids of articles, in the order in which they are published")


class ReleasePatchShape(Shape):
    """A change of a release."""

    title = _title(load_default=None)
    add = _ids("Ids of articles to add behind the others")
    remove = _ids("Ids of articles to take out")


class ReleaseScheduleShape(Shape):
    """When a release happens by itself."""

    release_at = Text(
        required=True,
        validate=validate.Length(1, LONGEST_TIME),
        metadata={
            "description": "A wall-clock time in `timezone`, such as `2026-12-01T08:00`, or RFC 3339 with an offset",
            "example": "2036-12-01T08:00:00+05:00",
        },
    )
    timezone = Text(
        load_default=None,
        allow_none=True,
        validate=validate.Length(1, LONGEST_ZONE),
        metadata={"description": "A zone of the IANA database, in which times without an offset are read"},
    )

    @validates_schema
    def _zone_is_known(self, values: dict[str, Any], **_options: Any) -> None:
        if values["timezone"] is not None and not is_zone(values["timezone"]):
            raise ValidationError("Must be a zone of the IANA database, such as Asia/Almaty.", "timezone")

    @post_load
    def _read(self, values: dict[str, Any], **_options: Any) -> dict[str, Any]:
        found = read_instant(values["release_at"], values["timezone"], "/release_at")
        return {"release_at": found, "timezone": values["timezone"] or "UTC"}


class ReleaseQueryShape(PageShape):
    """Which releases to list."""

    state = fields.String(load_default=None, validate=validate.OneOf(rules.RELEASE_STATES))


class ReleaseArticleShape(Shape):
    """An article of a release."""

    id = fields.String(required=True)
    title = fields.String(required=True)
    locale = fields.String(required=True)
    section = fields.String(required=True, allow_none=True)
    state = fields.String(required=True)
    is_deleted = Flag(required=True)
    revision = fields.Integer(
        required=True, allow_none=True, metadata={"description": "The one for readers, once there is a schedule"}
    )
    has_later_changes = Flag(required=True)
    receipt = fields.String(required=True, allow_none=True)


class ReleaseProblemShape(Shape):
    """Why a release did not happen at its instant, or what went wrong so far with one that still waits."""

    status = fields.Integer(required=True)
    code = fields.String(required=True)
    detail = fields.String(required=True)
    errors = fields.List(fields.Dict(), required=True)
    articles = fields.List(fields.Dict())


class ReleaseShape(Shape):
    """Several articles that readers see at one moment."""

    id = fields.String(required=True)
    title = fields.String(required=True)
    state = fields.String(required=True, validate=validate.OneOf(rules.RELEASE_STATES))
    timezone = fields.String(required=True)
    release_at = UtcInstant(required=True, allow_none=True)
    local = fields.String(required=True, allow_none=True)
    released_at = UtcInstant(required=True, allow_none=True)
    articles = fields.List(fields.Nested(ReleaseArticleShape), required=True)
    problem = fields.Nested(ReleaseProblemShape, required=True, allow_none=True)
    created_at = UtcInstant(required=True)
    updated_at = UtcInstant(required=True)


class ReleasePageShape(ListShape):
    """Releases, the ones made last first."""

    data = fields.List(fields.Nested(ReleaseShape), required=True)

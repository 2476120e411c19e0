"""Shapes of schedules on the wire."""

from typing import Any

from marshmallow import ValidationError, fields, post_load, validate, validates_schema

from cms.newsroom.schedules import rules
from cms.newsroom.schedules.rules import Times
from cms.newsroom.schemas.lifecycle import FindingShape
from cms.platform.errors import FieldError
from cms.platform.http.query_input import PageShape
from cms.platform.http.shapes import Flag, ListShape, Shape, Text, UtcInstant
from cms.platform.zones import LONGEST_ZONE, is_zone

TIME = "A wall-clock time in `timezone`, such as `2026-12-01T08:00`, or RFC 3339 with an offset"
LONGEST_TIME = 40


def time_field(about: str) -> Text:
    """A time that is read with the zone of its schedule."""
    return Text(
        load_default=None,
        allow_none=True,
        validate=validate.Length(1, LONGEST_TIME),
        metadata={"description": f"{about}. {TIME}"},
    )


class ScheduleInputShape(Shape):
    """When to publish and when to take away."""

    publish_at = time_field("When readers see it; under an embargo, when it is shared with those who may read it early")
    embargo_until = time_field("When an embargo ends and everybody sees the article")
    unpublish_at = time_field("When it is taken away again")
    timezone = Text(
        load_default=None,
        allow_none=True,
        validate=validate.Length(1, LONGEST_ZONE),
        metadata={"description": "A zone of the IANA database, in which times without an offset are read"},
    )
    revision = fields.Integer(
        load_default=None,
        allow_none=True,
        strict=True,
        validate=validate.Range(1, 2**31 - 1),
        metadata={"description": "The revision of the article that you read; another one by now is refused"},
    )

    @validates_schema
    def _zone_is_known(self, values: dict[str, Any], **_options: Any) -> None:
        if values["timezone"] is not None and not is_zone(values["timezone"]):
            raise ValidationError("Must be a zone of the IANA database, such as Asia/Almaty.", "timezone")

    @post_load
    def _read(self, values: dict[str, Any], **_options: Any) -> dict[str, Any]:
        read, wrong = read_times(values)
        times = Times(timezone=values["timezone"] or "UTC", **read)
        return {"times": times, "wrong": wrong, "revision": values["revision"]}


def read_times(values: dict[str, Any]) -> tuple[dict[str, Any], list[FieldError]]:
    """The instants of a body's times, and what is wrong with those that name none."""
    read: dict[str, Any] = {}
    wrong: list[FieldError] = []
    for name in rules.TIMES:
        if values.get(name) is None:
            continue
        found = rules.read_instant(values[name], values["timezone"], f"/{name}")
        if isinstance(found, FieldError):
            wrong.append(found)
        else:
            read[name] = found
    return read, wrong


class MissedShape(Shape):
    """Why something was not done at its instant; of one that waits, what went wrong the last time."""

    status = fields.Integer(required=True)
    code = fields.String(required=True)
    detail = fields.String(required=True)
    errors = fields.List(fields.Dict(), required=True)
    articles = fields.List(fields.Dict())


class AppointmentShape(Shape):
    """One thing to do at an instant."""

    does = fields.String(required=True, validate=validate.OneOf(rules.DOINGS))
    at = UtcInstant(required=True)
    state = fields.String(required=True, validate=validate.OneOf(rules.APPOINTMENT_STATES))
    finished_at = UtcInstant(required=True, allow_none=True)
    late_seconds = fields.Float(required=True, allow_none=True)
    problem = fields.Nested(MissedShape, required=True, allow_none=True)
    failures = fields.Integer(
        required=True, metadata={"description": "How often the database failed to do it, and it was put off"}
    )
    next_try_at = UtcInstant(
        required=True, allow_none=True, metadata={"description": "When one that failed is tried again"}
    )


class LocalTimesShape(Shape):
    """The instants as the clocks of the zone show them."""

    publish_at = fields.String(required=True, allow_none=True)
    embargo_until = fields.String(required=True, allow_none=True)
    unpublish_at = fields.String(required=True, allow_none=True)


class WhoShape(Shape):
    """Whose decision something is."""

    kind = fields.String(required=True)
    id = fields.String(required=True)


class ScheduleShape(Shape):
    """What will happen to an article at which instants, and what came of it."""

    article_id = fields.String(required=True)
    state = fields.String(required=True, validate=validate.OneOf(("waiting", "done", "missed")))
    revision = fields.Integer(
        required=True, allow_none=True, metadata={"description": "The revision that readers will see"}
    )
    has_later_changes = Flag(
        required=True, metadata={"description": "Whether edits since wait for a new schedule or publish"}
    )
    timezone = fields.String(required=True)
    publish_at = UtcInstant(required=True, allow_none=True)
    embargo_until = UtcInstant(required=True, allow_none=True)
    unpublish_at = UtcInstant(required=True, allow_none=True)
    local = fields.Nested(LocalTimesShape, required=True)
    appointments = fields.List(fields.Nested(AppointmentShape), required=True)
    scheduled_by = fields.Nested(WhoShape, required=True)
    warnings = fields.List(
        fields.Nested(FindingShape),
        metadata={"description": "What a publish would warn about; in the answer to a PUT alone"},
    )
    created_at = UtcInstant(required=True)
    updated_at = UtcInstant(required=True)


class EarlyReaderShape(Shape):
    """Who read an article under embargo, by which credential: when first, when last, how often."""

    credential = fields.String(required=True)
    actor = fields.String(required=True)
    name = fields.String(required=True)
    at = UtcInstant(required=True)
    last_at = UtcInstant(required=True)
    count = fields.Integer(required=True)


class EmbargoShape(Shape):
    """An embargo, and who read the article under it. `shared` means that those who may read it early can, now."""

    article_id = fields.String(required=True)
    state = fields.String(required=True, validate=validate.OneOf(("waiting", "shared", "lifted", "ended")))
    until = UtcInstant(required=True, allow_none=True)
    shared_at = UtcInstant(
        required=True,
        allow_none=True,
        metadata={
            "description": "Since when those could read it who may read it early; stays when the embargo is over"
        },
    )
    fetched_by = fields.List(fields.Nested(EarlyReaderShape), required=True)


class CalendarQueryShape(PageShape):
    """Which part of the calendar to list. In a query, a `+` of an offset is written `%2B`."""

    from_ = UtcInstant(data_key="from", load_default=None, metadata={"description": "From this instant on"})
    to = UtcInstant(load_default=None, metadata={"description": "Before this instant"})
    state = fields.String(load_default=None, validate=validate.OneOf(rules.APPOINTMENT_STATES))


class SubjectShape(Shape):
    """The article or release that an appointment is about."""

    kind = fields.String(required=True, validate=validate.OneOf(("article", "release")))
    id = fields.String(required=True)
    title = fields.String(required=True)
    locale = fields.String(allow_none=True)
    section = fields.String(allow_none=True)


class CalendarEntryShape(AppointmentShape):
    """One entry of the calendar."""

    subject = fields.Nested(SubjectShape, required=True)
    scheduled_by = fields.Nested(WhoShape, required=True)


class CalendarPageShape(ListShape):
    """What is to happen, the earliest first."""

    data = fields.List(fields.Nested(CalendarEntryShape), required=True)

"""What may be scheduled, and which instant a wall-clock time in a zone is. Plain Python."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Literal
from zoneinfo import ZoneInfo

from cms.platform.errors import FieldError

# Source: RFC 3339, section 5.6; a leap second and an unknown local offset name no instant that a clock shows.
WALL_CLOCK = re.compile(r"(\d{4}-\d\d-\d\d)T(\d\d:\d\d)(:\d\d(?:\.\d{1,6})?)?(Z|[+-]\d\d:\d\d)?", re.ASCII)
MOST_AHEAD = timedelta(days=3653)
TIMES = ("publish_at", "embargo_until", "unpublish_at")

Do = Literal["share", "publish", "unpublish", "release"]
DOINGS: tuple[Do, ...] = ("share", "publish", "unpublish", "release")
AppointmentState = Literal["waiting", "done", "missed", "ended"]
APPOINTMENT_STATES: tuple[AppointmentState, ...] = ("waiting", "done", "missed", "ended")
# What an act of an editor makes pointless: an article that is taken away by hand does not come back by itself.
ENDED_BY: Mapping[str, frozenset[str]] = {
    "article.published": frozenset({"share", "publish"}),
    "article.unpublished": frozenset({"share", "publish", "unpublish"}),
    "article.taken_down": frozenset({"share", "publish", "unpublish"}),
    "article.archived": frozenset({"share", "publish", "unpublish"}),
    "article.deleted": frozenset({"share", "publish", "unpublish"}),
    "article.rejected": frozenset({"share", "publish"}),
}


@dataclass(frozen=True)
class Times:
    """The instants of a schedule, in the zone that they are told in.

    Under an embargo the article is shared with those who may read it early at `publish_at`, or at once, and is public
    at `embargo_until`; without one it is public at `publish_at`.
    """

    timezone: str = "UTC"
    publish_at: datetime | None = None
    embargo_until: datetime | None = None
    unpublish_at: datetime | None = None

    @property
    def public_at(self) -> datetime | None:
        """When readers see the article; None where it is only taken away."""
        return self.embargo_until or self.publish_at

    def doings(self, now: datetime) -> dict[Do, datetime]:
        """What is to be done when; an embargo without a beginning begins now."""
        wanted: dict[Do, datetime | None] = {
            "share": (self.publish_at or now) if self.embargo_until else None,
            "publish": self.public_at,
            "unpublish": self.unpublish_at,
        }
        return {do: at for do, at in wanted.items() if at is not None}


@dataclass(frozen=True)
class PutSchedule:
    """A schedule for an article. `revision` is the one that was read, `version` that of the schedule to change."""

    article_id: str
    times: Times
    revision: int | None = None
    version: int | None = None
    must_be_new: bool = False


def local(instant: datetime, zone: str) -> str:
    """An instant as the clocks of a zone show it, with the offset that they have then."""
    return instant.astimezone(ZoneInfo(zone)).isoformat()


def read_instant(text: str, zone: str | None, pointer: str) -> datetime | FieldError:
    """The instant of an RFC 3339 text with an offset, or of a wall-clock time in a zone; or what is wrong with it.

    A time that the clocks of the zone skip is refused. One that they show twice is refused with both readings.
    """
    found = WALL_CLOCK.fullmatch(text)
    try:
        told = datetime.fromisoformat(f"{found[1]}T{found[2]}{found[3] or ':00'}{found[4] or ''}") if found else None
        if told is not None and told.tzinfo is not None:
            return told.astimezone(UTC)
    except (ValueError, OverflowError):
        told = None
    if told is None:
        form = "Must be a time such as 2026-12-01T08:00 in the timezone, or with an offset, 2026-12-01T08:00:00+05:00."
        return FieldError(pointer, "bad_time", form)
    if zone is None:
        return FieldError(
            "/timezone", "required", f"{pointer} is a wall-clock time: name its zone, such as Asia/Almaty."
        )
    return _in_zone(told, zone, pointer)


def _in_zone(told: datetime, zone: str, pointer: str) -> datetime | FieldError:
    # Where the clocks are moved, the two folds of one wall-clock time have different offsets: the later one is smaller
    # where an hour is shown twice, and greater where an hour is skipped. Source: PEP 495.
    first, second = (told.replace(tzinfo=ZoneInfo(zone), fold=fold) for fold in (0, 1))
    try:
        one, other = first.astimezone(UTC), second.astimezone(UTC)
    except OverflowError:
        return FieldError(pointer, "bad_time", "No calendar reaches this far.")
    if one == other:
        return one
    readings = f"{told.isoformat()}{_offset(first)} or {told.isoformat()}{_offset(second)}"
    if one < other:
        return FieldError(
            pointer, "ambiguous_time", f"Clocks in {zone} show this twice; send the one that you mean: {readings}."
        )
    after, before = local(one, zone), local(other, zone)
    return FieldError(
        pointer, "no_such_time", f"Clocks in {zone} skip this time; nearest are {before} and {after}: send one of them."
    )


def _offset(at: datetime) -> str:
    return at.isoformat()[len(at.replace(tzinfo=None).isoformat()) :]


def wrong_times(times: Times, now: datetime) -> list[FieldError]:
    """What is wrong with the instants of a schedule as a whole."""
    given = {name: at for name in TIMES if (at := getattr(times, name)) is not None}
    errors = [
        FieldError(f"/{name}", "in_the_past", "This instant is over; do it now instead, or name a later one.")
        for name, at in given.items()
        if at <= now
    ]
    errors += [
        FieldError(f"/{name}", "too_late", "This is more than ten years ahead.")
        for name, at in given.items()
        if at > now + MOST_AHEAD
    ]
    if not given:
        errors.append(FieldError("/publish_at", "required", "Name when to publish, when to unpublish, or both."))
    if times.embargo_until and times.publish_at and times.publish_at >= times.embargo_until:
        errors.append(
            FieldError("/embargo_until", "too_early", "An embargo ends after the article was shared under it.")
        )
    if times.unpublish_at and times.public_at and times.unpublish_at <= times.public_at:
        errors.append(FieldError("/unpublish_at", "too_early", "What is unpublished must have been published before."))
    return errors


def state_of(states: Mapping[str, str]) -> str:
    """The state of a schedule, from those of what is to be done: `missed` before `waiting` before `done`."""
    held = set(states.values())
    return next((state for state in ("missed", "waiting", "done") if state in held), "ended")


def problem_data(status: int, code: str, detail: str, errors: Any = ()) -> dict[str, Any]:
    """Why an appointment was missed, as it is kept and shown."""
    return {
        "status": status,
        "code": code,
        "detail": detail,
        "errors": [{"pointer": one.pointer, "code": one.code, "detail": one.detail} for one in errors],
    }
